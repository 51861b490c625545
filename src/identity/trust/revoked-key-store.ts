// All SQL about the issuer's keys: those that were revoked, what they signed, and the word to running services.
import type { Queryable } from '../../platform/postgres/database.ts';

/** The channel on which running services hear that the issuer's keys changed. */
export const ISSUER_KEYS_CHANNEL = 'naru_issuer_keys';

export async function insertRevokedKeys(
  to: Queryable,
  fragments: readonly string[],
  why: { reason: string; actor: string; revokedAt_ms: number },
): Promise<void> {
  await to.query(
    `INSERT INTO identity.revoked_issuer_key (fragment, reason, actor, revoked_at)
     SELECT fragment, $2, $3, to_timestamp($4::float8 / 1000) FROM unnest($1::text[]) AS fragment
     ON CONFLICT DO NOTHING`,
    [fragments, why.reason, why.actor, why.revokedAt_ms],
  );
}

export async function revokedKeys(from: Queryable): Promise<{ fragment: string; reason: string; revoked_at: Date }[]> {
  const { rows } = await from.query<{ fragment: string; reason: string; revoked_at: Date }>(
    'SELECT fragment, reason, revoked_at FROM identity.revoked_issuer_key ORDER BY revoked_at, fragment',
  );
  return rows;
}

/** @param after the last id of the page before */
export async function credentialsSignedWith(
  from: Queryable,
  fragments: readonly string[],
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await from.query<{ id: string }>(
    `SELECT id FROM identity.credential
     WHERE signing_key = ANY ($1::text[]) AND revoked_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [fragments, after, limit],
  );
  return rows.map(({ id }) => id);
}

/** Heard when the transaction commits. */
export async function notifyIssuerKeys(transaction: Queryable, fragments: readonly string[]): Promise<void> {
  await transaction.query('SELECT pg_notify($1, $2)', [ISSUER_KEYS_CHANNEL, fragments.join(' ')]);
}
