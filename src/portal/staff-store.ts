// Staff links and sessions in PostgreSQL.
import type { Queryable } from '../platform/postgres/database.ts';

export async function insertStaffLink(db: Queryable, hash: Buffer, expiresAt: Date): Promise<void> {
  await db.query('INSERT INTO portal.staff_link (token_hash, expires_at) VALUES ($1, $2)', [hash, expiresAt]);
}

/** @returns false for a link that is unknown, used or expired. */
export async function takeStaffLink(db: Queryable, hash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM portal.staff_link WHERE token_hash = $1 AND expires_at > $2', [
    hash,
    now,
  ]);
  return rowCount === 1;
}

export interface StaffSession {
  hash: Buffer;
  duty: string;
  zones: string[];
  credentialId: string | null;
}

export async function insertStaffSession(
  db: Queryable,
  session: StaffSession,
  signedInAt: Date,
  expiresAt: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO portal.staff_session (token_hash, duty, zones, credential_id, signed_in_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [session.hash, session.duty, session.zones, session.credentialId, signedInAt, expiresAt],
  );
}

export async function findStaffSession(db: Queryable, hash: Buffer, now: Date): Promise<StaffSession | null> {
  const { rows } = await db.query<StaffSession>(
    `SELECT token_hash AS hash, duty, zones, credential_id AS "credentialId" FROM portal.staff_session
     WHERE token_hash = $1 AND expires_at > $2`,
    [hash, now],
  );
  return rows[0] ?? null;
}

export async function deleteStaffSession(db: Queryable, hash: Buffer): Promise<void> {
  await db.query('DELETE FROM portal.staff_session WHERE token_hash = $1', [hash]);
}

/** Whether anybody was ever let in, or holds a link that would. */
export async function isStaffKnown(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query(
    'SELECT 1 FROM portal.staff_link UNION ALL SELECT 1 FROM portal.staff_session UNION ALL SELECT 1 FROM portal.audit LIMIT 1',
  );
  return rowCount === 1;
}
