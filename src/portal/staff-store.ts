// Staff links and sessions, and the audit of what staff did, in PostgreSQL.
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

export async function insertStaffSession(
  db: Queryable,
  hash: Buffer,
  signedInAt: Date,
  expiresAt: Date,
): Promise<void> {
  await db.query('INSERT INTO portal.staff_session (token_hash, signed_in_at, expires_at) VALUES ($1, $2, $3)', [
    hash,
    signedInAt,
    expiresAt,
  ]);
}

export async function hasStaffSession(db: Queryable, hash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await db.query('SELECT 1 FROM portal.staff_session WHERE token_hash = $1 AND expires_at > $2', [
    hash,
    now,
  ]);
  return rowCount === 1;
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

export interface AuditEntry {
  at: Date;
  /** Hash of the session that acted. */
  actor: Buffer;
  action: 'offer_made' | 'credential_revoked';
  servicePoint: string | null;
  credentialId: string | null;
}

export async function insertAudit(db: Queryable, entry: AuditEntry): Promise<void> {
  await db.query(
    'INSERT INTO portal.audit (at, actor, action, service_point, credential_id) VALUES ($1, $2, $3, $4, $5)',
    [entry.at, entry.actor, entry.action, entry.servicePoint, entry.credentialId],
  );
}
