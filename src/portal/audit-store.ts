// The audit of what staff and citizens did, in PostgreSQL. Rows are only ever added, and hold no claim and no name.
import type { Queryable } from '../platform/postgres/database.ts';
import type { Actor } from './actor.ts';
import type { AuditAction } from './audit-actions.ts';

/** A citizen is the hash of a session, which says nothing once the session is gone. */
export type AuditActor = Pick<Actor, 'hash'> & { duty: Actor['duty'] | 'citizen' };

export interface AuditObject {
  servicePoint?: string;
  type?: string;
  offerId?: string;
  credentialId?: string;
  importId?: string;
}

export interface AuditRow {
  id: number;
  at: string;
  /** The first 16 hexadecimal digits of the session's hash: tells sessions apart, and is of use for nothing else. */
  actor: string;
  duty: string | null;
  action: string;
  service_point: string | null;
  type: string | null;
  offer_id: string | null;
  credential_id: string | null;
  import_id: string | null;
}

/** @param db the transaction of what is recorded */
export async function insertAudit(
  db: Queryable,
  entry: { at: Date; actor: AuditActor; action: AuditAction } & AuditObject,
): Promise<void> {
  await db.query(
    `INSERT INTO portal.audit
       (at, actor, duty, action, service_point, credential_type, offer_id, credential_id, import_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      entry.at,
      entry.actor.hash,
      entry.actor.duty,
      entry.action,
      entry.servicePoint ?? null,
      entry.type ?? null,
      entry.offerId ?? null,
      entry.credentialId ?? null,
      entry.importId ?? null,
    ],
  );
}

/** Who made an offer at the desk, and the staff credential they had signed in with; null where it was not made there. */
export async function findOfferMaker(
  db: Queryable,
  offerId: string,
): Promise<{ hash: Buffer; credentialId: string | null } | null> {
  const { rows } = await db.query<{ hash: Buffer; credentialId: string | null }>(
    `SELECT made.actor AS hash, signed_in.credential_id AS "credentialId" FROM portal.audit made
     LEFT JOIN portal.audit signed_in ON signed_in.actor = made.actor AND signed_in.action = 'signed_in'
     WHERE made.offer_id = $1 AND made.action IN ('offer_made', 'credential_replaced') LIMIT 1`,
    [offerId],
  );
  return rows[0] ?? null;
}

/** The newest first, below the row with the id `before`. */
export async function listAudit(
  db: Queryable,
  before: number | null,
  action: AuditAction | null,
  limit: number,
): Promise<AuditRow[]> {
  const { rows } = await db.query<Omit<AuditRow, 'at' | 'actor'> & { at: Date; actor: Buffer }>(
    `SELECT id, at, actor, duty, action, service_point, credential_type AS type, offer_id, credential_id, import_id
     FROM portal.audit WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR action = $2)
     ORDER BY id DESC LIMIT $3`,
    [before, action, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString(), actor: row.actor.toString('hex').slice(0, 16) }));
}
