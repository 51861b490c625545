// Citizens' sign-ins, links to service points and sessions in PostgreSQL.
import type { TraceStep } from '../identity/presenting/verdict.ts';
import type { Queryable } from '../platform/postgres/database.ts';

export interface Link {
  pseudonym: Buffer;
  servicePoint: string;
  role: string;
  /** First and last day, YYYY-MM-DD, of the period whose readings may be seen; null where it has no end. */
  from: string;
  until: string | null;
  credentialId: string;
}

export interface CitizenSession extends Link {
  /** Of the session's token. */
  hash: Buffer;
  trace: TraceStep[];
  signedInAt: Date;
}

export async function insertSignIn(
  db: Queryable,
  requestId: string,
  browserHash: Buffer,
  expiresAt: Date,
): Promise<void> {
  await db.query('INSERT INTO portal.sign_in (request_id, browser_hash, expires_at) VALUES ($1, $2, $3)', [
    requestId,
    browserHash,
    expiresAt,
  ]);
}

export async function hasSignIn(db: Queryable, requestId: string, browserHash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    'SELECT 1 FROM portal.sign_in WHERE request_id = $1 AND browser_hash = $2 AND expires_at > $3',
    [requestId, browserHash, now],
  );
  return rowCount === 1;
}

/** @returns false where another request took it first: a sign-in is completed once. */
export async function takeSignIn(db: Queryable, requestId: string, browserHash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    'DELETE FROM portal.sign_in WHERE request_id = $1 AND browser_hash = $2 AND expires_at > $3',
    [requestId, browserHash, now],
  );
  return rowCount === 1;
}

export async function upsertLink(db: Queryable, link: Link): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `INSERT INTO portal.link (pseudonym, service_point, role, from_date, until_date, credential_id)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (pseudonym, service_point, credential_id)
     DO UPDATE SET role = EXCLUDED.role, from_date = EXCLUDED.from_date, until_date = EXCLUDED.until_date
     RETURNING id`,
    [link.pseudonym, link.servicePoint, link.role, link.from, link.until, link.credentialId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
  return row.id;
}

export async function insertCitizenSession(
  db: Queryable,
  session: { hash: Buffer; linkId: number; trace: TraceStep[]; signedInAt: Date; expiresAt: Date },
): Promise<void> {
  await db.query(
    'INSERT INTO portal.citizen_session (token_hash, link_id, trace, signed_in_at, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [session.hash, session.linkId, JSON.stringify(session.trace), session.signedInAt, session.expiresAt],
  );
}

export async function findCitizenSession(db: Queryable, hash: Buffer, now: Date): Promise<CitizenSession | null> {
  const { rows } = await db.query<CitizenSession>(
    `SELECT s.token_hash AS hash, l.pseudonym, l.service_point AS "servicePoint", l.role, l.from_date::text AS "from", l.until_date::text AS "until",
            l.credential_id AS "credentialId", s.trace, s.signed_in_at AS "signedInAt"
       FROM portal.citizen_session s JOIN portal.link l ON l.id = s.link_id
      WHERE s.token_hash = $1 AND s.expires_at > $2`,
    [hash, now],
  );
  return rows[0] ?? null;
}

export async function deleteCitizenSession(db: Queryable, hash: Buffer): Promise<void> {
  await db.query('DELETE FROM portal.citizen_session WHERE token_hash = $1', [hash]);
}

/** Sessions go with their links. */
export async function deleteCitizen(db: Queryable, pseudonym: Buffer): Promise<void> {
  await db.query('DELETE FROM portal.reduction_proof WHERE pseudonym = $1', [pseudonym]);
  await db.query('DELETE FROM portal.bill_offer WHERE pseudonym = $1', [pseudonym]);
  await db.query('DELETE FROM portal.link WHERE pseudonym = $1', [pseudonym]);
}

export async function deleteExpiredSessions(db: Queryable, now: Date): Promise<void> {
  await db.query('DELETE FROM portal.citizen_session WHERE expires_at <= $1', [now]);
  await db.query('DELETE FROM portal.staff_session WHERE expires_at <= $1', [now]);
  await db.query('DELETE FROM portal.sign_in WHERE expires_at <= $1', [now]);
  await db.query('DELETE FROM portal.staff_link WHERE expires_at <= $1', [now]);
}
