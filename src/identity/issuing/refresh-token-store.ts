// Refresh tokens: one use each; a spent one is remembered for as long as its grant lives.
import type { Queryable } from '../../platform/postgres/database.ts';

export async function insertRefreshToken(to: Queryable, token: { hash: Buffer; grantId: string }): Promise<void> {
  await to.query('INSERT INTO identity.refresh_tokens (token_hash, grant_id) VALUES ($1, $2)', [
    token.hash,
    token.grantId,
  ]);
}

export interface RefreshableGrant {
  grantId: string;
  clientId: string | null;
  dpopThumbprint: string | null;
}

/** Whose the token is, without taking it; null where there is none. */
export async function findRefreshToken(from: Queryable, hash: Buffer): Promise<RefreshableGrant | null> {
  const { rows } = await from.query<RefreshableGrant>(
    `SELECT g.id AS "grantId", g.client_id AS "clientId", g.dpop_thumbprint AS "dpopThumbprint"
     FROM identity.refresh_tokens t JOIN identity.grants g ON g.id = t.grant_id WHERE t.token_hash = $1`,
    [hash],
  );
  return rows[0] ?? null;
}

/** The token and its grant, locked until the transaction ends; null where there is none or the grant has expired. */
export async function lockRefreshToken(
  to: Queryable,
  hash: Buffer,
  now: Date,
): Promise<(RefreshableGrant & { spent: boolean }) | null> {
  const { rows } = await to.query<RefreshableGrant & { spent: boolean }>(
    `SELECT t.spent, g.id AS "grantId", g.client_id AS "clientId", g.dpop_thumbprint AS "dpopThumbprint"
     FROM identity.refresh_tokens t JOIN identity.grants g ON g.id = t.grant_id
     WHERE t.token_hash = $1 AND g.expires_at > $2 FOR UPDATE OF t`,
    [hash, now],
  );
  return rows[0] ?? null;
}

export async function spendRefreshToken(to: Queryable, hash: Buffer): Promise<void> {
  await to.query('UPDATE identity.refresh_tokens SET spent = true WHERE token_hash = $1', [hash]);
}
