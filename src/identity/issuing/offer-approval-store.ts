// Offers that somebody must approve before anything is issued on them, and what was decided.
import type { Queryable } from '../../platform/postgres/database.ts';
import { credentialLimits } from './credential-request.ts';

export type ApprovalState = 'awaiting' | 'approved' | 'refused';
export type Decision = Exclude<ApprovalState, 'awaiting'>;

export interface AwaitingOffer {
  offer_id: string;
  type: string;
  reference: string;
  /** ISO 8601, UTC. */
  created_at: string;
  expires_at: string;
}

export async function insertApproval(
  to: Queryable,
  approval: { offerId: string; type: string; reference: string; createdAt: Date; expiresAt: Date },
): Promise<void> {
  await to.query(
    `INSERT INTO identity.offer_approvals (offer_id, credential_type, reference, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [approval.offerId, approval.type, approval.reference, approval.createdAt, approval.expiresAt],
  );
}

/** What was decided; `refused` also for an approval that ran out. */
export async function approvalState(from: Queryable, offerId: string, now: Date): Promise<ApprovalState> {
  const { rows } = await from.query<{ state: ApprovalState }>(
    `SELECT coalesce(decision, 'awaiting') AS state FROM identity.offer_approvals WHERE offer_id = $1 AND expires_at > $2`,
    [offerId, now],
  );
  return rows[0]?.state ?? 'refused';
}

/**
 * Decides an offer that waits. A refusal ends the offer, and the claims of who has taken it already.
 *
 * @returns false where it waits no more, or never did
 */
export async function decideApproval(
  to: Queryable,
  given: { offerId: string; decision: Decision; now: Date },
): Promise<{ type: string; reference: string } | null> {
  const { rows } = await to.query<{ type: string; reference: string }>(
    `WITH decided AS (
       UPDATE identity.offer_approvals SET decision = $2, decided_at = $3
       WHERE offer_id = $1 AND decision IS NULL AND expires_at > $3
       RETURNING offer_id, credential_type, reference
     ), ended AS (
       DELETE FROM identity.offers WHERE $2 = 'refused' AND id IN (SELECT offer_id FROM decided)
     ), erased AS (
       UPDATE identity.granted_credentials SET claims = NULL, credentials_left = 0
       WHERE $2 = 'refused' AND approval_of IN (SELECT offer_id FROM decided)
     )
     SELECT credential_type AS type, reference FROM decided`,
    [given.offerId, given.decision, given.now],
  );
  return rows[0] ?? null;
}

/** Those that wait, of `types` alone, the oldest first. */
export async function awaitingOffers(
  from: Queryable,
  types: readonly string[],
  now: Date,
  limit: number,
): Promise<AwaitingOffer[]> {
  const { rows } = await from.query<
    Omit<AwaitingOffer, 'created_at' | 'expires_at'> & Record<'created_at' | 'expires_at', Date>
  >(
    `SELECT offer_id, credential_type AS type, reference, created_at, expires_at FROM identity.offer_approvals
     WHERE decision IS NULL AND credential_type = ANY($1) AND expires_at > $2 ORDER BY created_at, offer_id LIMIT $3`,
    [types, now, limit],
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  }));
}

/** Removes what has ended, at most `credentialLimits.sweepRows` rows; says how many went. */
export async function sweepApprovals(to: Queryable, now: Date): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM identity.offer_approvals WHERE offer_id IN (
       SELECT offer_id FROM identity.offer_approvals WHERE expires_at <= $1 LIMIT $2)`,
    [now, credentialLimits.sweepRows],
  );
  return rowCount ?? 0;
}
