// What is remembered of credential requests: nonces that were spent, requests that wait, answers that went out, and what
// the wallets said became of them. Each step that may happen once is one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { WalletEvent } from '../credentials/wallet-event.ts';
import { credentialLimits } from './credential-request.ts';
import type { HolderKey } from './holder-proof.ts';

/** True for exactly one of any number of callers, and only where none of the nonces was spent before. */
export async function spendNonces(to: Queryable, nonceHashes: readonly Buffer[], until: Date): Promise<boolean> {
  const { rowCount } = await to.query(
    `INSERT INTO identity.spent_nonces (nonce_hash, expires_at) SELECT unnest($1::bytea[]), $2
     ON CONFLICT DO NOTHING`,
    [nonceHashes, until],
  );
  return rowCount === nonceHashes.length;
}

export async function insertAnswer(
  to: Queryable,
  answer: { notificationHash: Buffer; identifier: string; credentialIds: readonly string[] },
): Promise<void> {
  await to.query({
    name: 'identity-insert-answer',
    text: 'INSERT INTO identity.credential_answers (notification_hash, identifier, credential_ids) VALUES ($1, $2, $3)',
    values: [answer.notificationHash, answer.identifier, answer.credentialIds],
  });
}

/** Notes what became of the credentials of one answer; a second time changes nothing. @returns whose they are, or null */
export async function noteEvent(
  to: Queryable,
  given: { notificationHash: Buffer; grantId: string; event: WalletEvent; now: Date },
): Promise<{ identifier: string } | null> {
  const { rows } = await to.query<{ identifier: string }>(
    `WITH answer AS (
       SELECT a.identifier, a.credential_ids FROM identity.credential_answers a
       JOIN identity.granted_credentials c USING (identifier)
       WHERE a.notification_hash = $1 AND c.grant_id = $2
     ), noted AS (
       INSERT INTO identity.credential_events (credential_id, event, noted_at)
       SELECT unnest(credential_ids), $3, $4 FROM answer ON CONFLICT DO NOTHING
     )
     SELECT identifier FROM answer`,
    [given.notificationHash, given.grantId, given.event, given.now],
  );
  return rows[0] ?? null;
}

/**
 * Keeps a request that waits, and its claims for as long as its grant lives. A request made again takes the place of the
 * one before, whose transaction ends.
 */
export async function deferIssue(
  to: Queryable,
  given: { identifier: string; transactionHash: Buffer; keys: readonly HolderKey[] },
): Promise<void> {
  await to.query(
    `WITH kept AS (
       UPDATE identity.granted_credentials c SET claims_until = g.expires_at
       FROM identity.grants g WHERE g.id = c.grant_id AND c.identifier = $1
     )
     INSERT INTO identity.deferred_issues (identifier, transaction_hash, holder_keys) VALUES ($1, $2, $3)
     ON CONFLICT (identifier) DO UPDATE SET transaction_hash = $2, holder_keys = $3`,
    [given.identifier, given.transactionHash, JSON.stringify(given.keys)],
  );
}

/** The granted credential that a transaction of this grant waits for, or null. */
export async function deferredIdentifier(
  from: Queryable,
  given: { transactionHash: Buffer; grantId: string },
): Promise<string | null> {
  const { rows } = await from.query<{ identifier: string }>(
    `SELECT d.identifier FROM identity.deferred_issues d JOIN identity.granted_credentials c USING (identifier)
     WHERE d.transaction_hash = $1 AND c.grant_id = $2`,
    [given.transactionHash, given.grantId],
  );
  return rows[0]?.identifier ?? null;
}

/** Ends a transaction and hands over the keys that wait in it: to exactly one of any number of callers. */
export async function endDeferredIssue(to: Queryable, transactionHash: Buffer): Promise<HolderKey[] | null> {
  const { rows } = await to.query<{ holder_keys: HolderKey[] }>(
    'DELETE FROM identity.deferred_issues WHERE transaction_hash = $1 RETURNING holder_keys',
    [transactionHash],
  );
  return rows[0]?.holder_keys ?? null;
}

/** Removes nonces that have ended, at most `credentialLimits.sweepRows`; says how many. What hangs on grants goes with them. */
export async function sweepSpentNonces(to: Queryable, now: Date): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM identity.spent_nonces WHERE nonce_hash IN (
       SELECT nonce_hash FROM identity.spent_nonces WHERE expires_at <= $1 LIMIT $2)`,
    [now, credentialLimits.sweepRows],
  );
  return rowCount ?? 0;
}
