// Grants, the tokens that stand for them and the claims they hold. Each step that may happen once is one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import { type Grant, type GrantedCredential, grantLimits } from './grant.ts';

export interface NewGrant {
  id: string;
  clientId: string | null;
  dpopThumbprint: string | null;
  reference: string;
  expiresAt: Date;
}

export interface NewGrantedCredential extends GrantedCredential {
  claims: Record<string, unknown>;
  claimsUntil: Date;
  credentialsLeft: number;
  /** Whether all is over once a wallet says that it has the credential. */
  once: boolean;
}

export async function insertGrant(
  to: Queryable,
  grant: NewGrant,
  credentials: readonly NewGrantedCredential[],
): Promise<void> {
  await to.query(
    'INSERT INTO identity.grants (id, client_id, dpop_thumbprint, reference, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [grant.id, grant.clientId, grant.dpopThumbprint, grant.reference, grant.expiresAt],
  );
  for (const { claims, claimsUntil, credentialsLeft, once, approvalOf, ...credential } of credentials) {
    const { identifier, configurationId, byIdentifier } = credential;
    await to.query(
      `INSERT INTO identity.granted_credentials
         (identifier, grant_id, configuration_id, by_identifier, claims, claims_until, credentials_left, once, approval_of)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        ...[identifier, grant.id, configurationId, byIdentifier, JSON.stringify(claims), claimsUntil, credentialsLeft],
        ...[once, approvalOf ?? null],
      ],
    );
  }
}

export async function insertAccessToken(
  to: Queryable,
  token: { hash: Buffer; grantId: string; expiresAt: Date },
): Promise<void> {
  await to.query('INSERT INTO identity.access_tokens (token_hash, grant_id, expires_at) VALUES ($1, $2, $3)', [
    token.hash,
    token.grantId,
    token.expiresAt,
  ]);
}

export async function grantByToken(from: Queryable, tokenHash: Buffer, now: Date): Promise<Grant | null> {
  const { rows } = await from.query<Omit<Grant, 'credentials'> & GrantedCredential>({
    name: 'identity-grant-by-token',
    text: `SELECT g.id, g.client_id AS "clientId", g.dpop_thumbprint AS "dpopThumbprint", ${grantedColumns}
      FROM identity.access_tokens t JOIN identity.grants g ON g.id = t.grant_id
      JOIN identity.granted_credentials c ON c.grant_id = g.id
      WHERE t.token_hash = $1 AND t.expires_at > $2 AND g.expires_at > $2 ORDER BY configuration_id`,
    values: [tokenHash, now],
  });
  const [first] = rows;
  if (first === undefined) return null;
  const { id, clientId, dpopThumbprint } = first;
  return {
    ...{ id, clientId, dpopThumbprint },
    credentials: rows.map(({ identifier, configurationId, byIdentifier, approvalOf }) => ({
      ...{ identifier, configurationId, byIdentifier },
      approvalOf: approvalOf ?? null,
    })),
  };
}

const grantedColumns =
  'identifier, configuration_id AS "configurationId", by_identifier AS "byIdentifier", approval_of AS "approvalOf"';

export async function grantedCredentials(from: Queryable, grantId: string): Promise<GrantedCredential[]> {
  const { rows } = await from.query<GrantedCredential>(
    `SELECT ${grantedColumns} FROM identity.granted_credentials WHERE grant_id = $1 ORDER BY configuration_id`,
    [grantId],
  );
  return rows;
}

export interface Taking {
  grantId: string;
  identifier: string;
  credentials: number;
  now: Date;
  /** What the wallet proved its keys with; each serves once. */
  nonceHashes: readonly Buffer[];
  noncesUntil: Date;
}

/**
 * Spends the nonces and takes the claims for `credentials` credentials, erased with the last of them, in one statement.
 *
 * @returns `fresh`: whether none of the nonces was spent before, true for exactly one of any number of callers; `taken`:
 *   null when so many credentials are not left
 */
export async function takeClaims(
  to: Queryable,
  given: Taking,
): Promise<{ fresh: boolean; taken: { claims: Record<string, unknown>; reference: string } | null }> {
  const { rows } = await to.query<{ spent: number; claims: Record<string, unknown> | null; reference: string }>({
    name: 'identity-take-claims',
    text: `WITH spent AS (
        INSERT INTO identity.spent_nonces (nonce_hash, expires_at) SELECT unnest($6::bytea[]), $7
        ON CONFLICT DO NOTHING RETURNING nonce_hash
      ), held AS (
        SELECT c.identifier, c.claims, g.reference, c.credentials_left - $3 AS left_then
        FROM identity.granted_credentials c JOIN identity.grants g ON g.id = c.grant_id
        WHERE c.grant_id = $1 AND c.identifier = $2 AND c.credentials_left >= $3 AND c.claims IS NOT NULL
          AND c.claims_until > $4
        FOR UPDATE OF c
      ), taken AS (
        UPDATE identity.granted_credentials c
        SET credentials_left = held.left_then, claims = CASE WHEN held.left_then = 0 THEN NULL ELSE c.claims END,
            claims_until = LEAST(c.claims_until, $5)
        FROM held WHERE c.identifier = held.identifier
        RETURNING held.claims, held.reference
      )
      SELECT (SELECT count(*) FROM spent) AS spent, taken.claims, taken.reference
      FROM (VALUES (1)) AS one LEFT JOIN taken ON true`,
    values: [
      ...[given.grantId, given.identifier, given.credentials, given.now],
      new Date(given.now.getTime() + grantLimits.claimsAfterIssue_s * 1_000),
      ...[given.nonceHashes, given.noncesUntil],
    ],
  });
  const [row] = rows;
  const claims = row?.claims ?? null;
  return {
    fresh: row?.spent === given.nonceHashes.length,
    taken: row === undefined || claims === null ? null : { claims, reference: row.reference },
  };
}

/**
 * Erases what is left of the claims of an office's offer, for a wallet that has what it was for; what people signed in for
 * stays for as long as they may fetch it again. Tokens go on to serve deferred answers and notifications.
 */
export async function eraseClaims(to: Queryable, identifier: string): Promise<void> {
  await to.query(
    'UPDATE identity.granted_credentials SET claims = NULL, credentials_left = 0 WHERE identifier = $1 AND once',
    [identifier],
  );
}

/** Removes the grant with its tokens, codes and claims. */
export async function revokeGrant(to: Queryable, grantId: string): Promise<void> {
  await to.query('DELETE FROM identity.grants WHERE id = $1', [grantId]);
}

/** Removes what has expired, at most `grantLimits.sweepRows` rows of each kind; says how many went or were emptied. */
export async function sweepGrants(to: Queryable, now: Date): Promise<number> {
  let removed = 0;
  for (const statement of [
    'DELETE FROM identity.grants WHERE id IN (SELECT id FROM identity.grants WHERE expires_at <= $1 LIMIT $2)',
    `UPDATE identity.granted_credentials SET claims = NULL, credentials_left = 0 WHERE identifier IN (
       SELECT identifier FROM identity.granted_credentials WHERE claims IS NOT NULL AND claims_until <= $1 LIMIT $2)`,
    `DELETE FROM identity.access_tokens WHERE token_hash IN (
       SELECT token_hash FROM identity.access_tokens WHERE expires_at <= $1 LIMIT $2)`,
  ]) {
    const { rowCount } = await to.query(statement, [now, grantLimits.sweepRows]);
    removed += rowCount ?? 0;
  }
  return removed;
}

/** Ends every grant that was given for `reference`, with its tokens and claims. */
export async function endGrantsOf(to: Queryable, reference: string): Promise<void> {
  await to.query('DELETE FROM identity.grants WHERE reference = $1', [reference]);
}
