// What people proved for reductions, in PostgreSQL: a pseudonym, a place, a predicate and a number; never a claim.
import type { Queryable } from '../platform/postgres/database.ts';
import type { EndReason } from './reduction-standing.ts';

export interface NewProof {
  pseudonym: Buffer;
  servicePoint: string;
  predicate: string;
  /** The issuer's number, for asking the status again. */
  reference: string;
  /** Credential id of the water account under which the person has the place. */
  account: string;
  /** Days, YYYY-MM-DD. */
  from: string;
  until: string;
  expires: string;
  at: Date;
}

export interface LiveProof extends Omit<NewProof, 'at'> {
  id: number;
  confirmedAt: Date;
}

export interface DueProof extends LiveProof {
  /** Last day of the tenancy that the water account said; null where it said none, or the link is gone. */
  livesUntil: string | null;
}

export interface ProofOfHome {
  predicate: string;
  mine: boolean;
  from: string;
  until: string;
  ended: EndReason | null;
  confirmedAt: Date;
  checkedAt: Date;
}

const columns = `p.id, p.pseudonym, p.service_point AS "servicePoint", p.predicate, p.status_reference AS reference,
  p.account, p.from_date::text AS "from", p.until_date::text AS "until", p.expires_date::text AS expires,
  p.confirmed_at AS "confirmedAt"`;

export async function insertReductionRequest(
  db: Queryable,
  request: { requestId: string; sessionHash: Buffer; predicate: string; expiresAt: Date },
): Promise<void> {
  await db.query(
    `INSERT INTO portal.reduction_request (request_id, session_hash, predicate, expires_at) VALUES ($1, $2, $3, $4)`,
    [request.requestId, request.sessionHash, request.predicate, request.expiresAt],
  );
}

export async function hasReductionRequest(
  db: Queryable,
  of: { requestId: string; sessionHash: Buffer; predicate: string },
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT 1 FROM portal.reduction_request
     WHERE request_id = $1 AND session_hash = $2 AND predicate = $3 AND expires_at > $4`,
    [of.requestId, of.sessionHash, of.predicate, now],
  );
  return rowCount === 1;
}

/** @returns false where another call took it first */
export async function takeReductionRequest(db: Queryable, requestId: string): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM portal.reduction_request WHERE request_id = $1', [requestId]);
  return rowCount === 1;
}

/** One at a time for what was shown: two homes cannot take it up together. */
export async function lockReference(transaction: Queryable, reference: string): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('naru/reduction/' || $1, 0))`, [reference]);
}

export async function isUsedElsewhere(db: Queryable, reference: string, servicePoint: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT 1 FROM portal.reduction_proof
     WHERE status_reference = $1 AND service_point <> $2 AND ended_because IS NULL LIMIT 1`,
    [reference, servicePoint],
  );
  return rowCount === 1;
}

/** Locked until the transaction ends. */
export async function liveProofAt(
  transaction: Queryable,
  servicePoint: string,
  predicate: string,
): Promise<LiveProof | null> {
  const { rows } = await transaction.query<LiveProof>(
    `SELECT ${columns} FROM portal.reduction_proof p
     WHERE p.service_point = $1 AND p.predicate = $2 AND p.ended_because IS NULL FOR UPDATE`,
    [servicePoint, predicate],
  );
  return rows[0] ?? null;
}

/** Of one person, wherever they live; locked until the transaction ends. */
export async function liveProofsOf(transaction: Queryable, pseudonym: Buffer): Promise<LiveProof[]> {
  const { rows } = await transaction.query<LiveProof>(
    `SELECT ${columns} FROM portal.reduction_proof p WHERE p.pseudonym = $1 AND p.ended_because IS NULL FOR UPDATE`,
    [pseudonym],
  );
  return rows;
}

export async function insertProof(transaction: Queryable, proof: NewProof): Promise<void> {
  await transaction.query(
    `INSERT INTO portal.reduction_proof (pseudonym, service_point, predicate, status_reference, account, from_date,
       until_date, expires_date, confirmed_at, checked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
    [
      ...[proof.pseudonym, proof.servicePoint, proof.predicate, proof.reference, proof.account],
      ...[proof.from, proof.until, proof.expires, proof.at],
    ],
  );
}

/** The numbers by which it could be asked after are erased. */
export async function endProof(transaction: Queryable, id: number, until: string, because: EndReason): Promise<void> {
  await transaction.query(
    `UPDATE portal.reduction_proof SET until_date = greatest($2::date, from_date), ended_because = $3,
       status_reference = NULL, account = NULL WHERE id = $1`,
    [id, until, because],
  );
}

export async function moveEnd(transaction: Queryable, id: number, until: string): Promise<void> {
  await transaction.query('UPDATE portal.reduction_proof SET until_date = $2 WHERE id = $1', [id, until]);
}

/** Proofs under way that were last checked before an instant; those that another copy has in hand are passed over. */
export async function lockDueProofs(transaction: Queryable, before: Date, limit: number): Promise<DueProof[]> {
  const { rows } = await transaction.query<DueProof>(
    `SELECT ${columns}, l.until_date::text AS "livesUntil" FROM portal.reduction_proof p
     LEFT JOIN portal.link l
       ON l.pseudonym = p.pseudonym AND l.service_point = p.service_point AND l.credential_id = p.account
     WHERE p.ended_because IS NULL AND p.checked_at < $1 ORDER BY p.checked_at LIMIT $2 FOR UPDATE OF p SKIP LOCKED`,
    [before, limit],
  );
  return rows;
}

export async function recordCheck(
  transaction: Queryable,
  checked: readonly number[],
  confirmed: readonly number[],
  at: Date,
): Promise<void> {
  await transaction.query(
    `UPDATE portal.reduction_proof SET checked_at = $3,
       confirmed_at = CASE WHEN id = ANY($2::bigint[]) THEN $3 ELSE confirmed_at END WHERE id = ANY($1::bigint[])`,
    [checked, confirmed, at],
  );
}

/** Of each predicate the newest that the person may know of: any under way at the place, and their own that ended. */
export async function newestProofsAt(db: Queryable, servicePoint: string, pseudonym: Buffer): Promise<ProofOfHome[]> {
  const { rows } = await db.query<ProofOfHome>(
    `SELECT DISTINCT ON (predicate) predicate, pseudonym = $2 AS mine, from_date::text AS "from",
            until_date::text AS "until", ended_because AS ended, confirmed_at AS "confirmedAt", checked_at AS "checkedAt"
       FROM portal.reduction_proof
      WHERE service_point = $1 AND (pseudonym = $2 OR ended_because IS NULL)
      ORDER BY predicate, id DESC`,
    [servicePoint, pseudonym],
  );
  return rows;
}

export async function deleteExpiredReductions(db: Queryable, now: Date, endedBefore: string): Promise<void> {
  await db.query('DELETE FROM portal.reduction_request WHERE expires_at <= $1', [now]);
  await db.query('DELETE FROM portal.reduction_proof WHERE ended_because IS NOT NULL AND until_date < $1', [
    endedBefore,
  ]);
}
