// Pushed requests, people on the way to the provider and back, and the codes that come of it. Single uses are single
// statements.
import type { Queryable } from '../../platform/postgres/database.ts';
import { type AskedCredential, type AuthorizationRequest, authorizationLimits } from './authorization-request.ts';

export interface NewRequest extends Omit<AuthorizationRequest, 'issuerState'> {
  id: string;
  requestUriHash: Buffer;
  clientId: string;
  signInOffer: string | null;
  usableUntil: Date;
  expiresAt: Date;
}

export interface KeptRequest {
  id: string;
  clientId: string;
  redirectUri: string;
  state: string | null;
  codeChallenge: string;
  dpopThumbprint: string | null;
  asked: AskedCredential[];
  signInOffer: string | null;
}

const requestColumns = `id, client_id AS "clientId", redirect_uri AS "redirectUri", state,
  code_challenge AS "codeChallenge", dpop_thumbprint AS "dpopThumbprint", asked, sign_in_offer AS "signInOffer"`;

export async function insertRequest(to: Queryable, request: NewRequest): Promise<void> {
  await to.query(
    `INSERT INTO identity.authorization_requests (id, request_uri_hash, client_id, redirect_uri, state, code_challenge,
       dpop_thumbprint, asked, sign_in_offer, usable_until, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      ...[request.id, request.requestUriHash, request.clientId, request.redirectUri, request.state],
      ...[request.codeChallenge, request.dpopThumbprint, JSON.stringify(request.asked), request.signInOffer],
      ...[request.usableUntil, request.expiresAt],
    ],
  );
}

/** The id of a request that people may still be sent to the provider for, or null. */
export async function usableRequest(
  from: Queryable,
  given: { requestUriHash: Buffer; clientId: string; now: Date },
): Promise<string | null> {
  const { rows } = await from.query<{ id: string }>(
    `SELECT id FROM identity.authorization_requests
     WHERE request_uri_hash = $1 AND client_id = $2 AND usable_until > $3`,
    [given.requestUriHash, given.clientId, given.now],
  );
  return rows[0]?.id ?? null;
}

export interface ProviderSignIn {
  requestId: string;
  nonce: string;
  codeVerifier: string;
}

export async function insertSignIn(
  to: Queryable,
  signIn: ProviderSignIn & { stateHash: Buffer; browserHash: Buffer },
): Promise<void> {
  await to.query(
    `INSERT INTO identity.provider_sign_ins (state_hash, request_id, browser_hash, nonce, code_verifier)
     VALUES ($1, $2, $3, $4, $5)`,
    [signIn.stateHash, signIn.requestId, signIn.browserHash, signIn.nonce, signIn.codeVerifier],
  );
}

/** Ends the way back, for the browser that began it and exactly once. */
export async function endSignIn(
  to: Queryable,
  given: { stateHash: Buffer; browserHash: Buffer; now: Date },
): Promise<ProviderSignIn | null> {
  const { rows } = await to.query<ProviderSignIn>(
    `DELETE FROM identity.provider_sign_ins s USING identity.authorization_requests r
     WHERE s.state_hash = $1 AND s.browser_hash = $2 AND r.id = s.request_id AND r.expires_at > $3
     RETURNING s.request_id AS "requestId", s.nonce, s.code_verifier AS "codeVerifier"`,
    [given.stateHash, given.browserHash, given.now],
  );
  return rows[0] ?? null;
}

/** Ends the request, so that it leads to one answer; null when it already has. */
export async function endRequest(to: Queryable, id: string): Promise<KeptRequest | null> {
  const { rows } = await to.query<KeptRequest>(
    `DELETE FROM identity.authorization_requests WHERE id = $1 RETURNING ${requestColumns}`,
    [id],
  );
  return rows[0] ?? null;
}

export async function insertCode(
  to: Queryable,
  code: { hash: Buffer; grantId: string; redirectUri: string; codeChallenge: string; expiresAt: Date },
): Promise<void> {
  await to.query(
    `INSERT INTO identity.authorization_codes (code_hash, grant_id, redirect_uri, code_challenge, expires_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [code.hash, code.grantId, code.redirectUri, code.codeChallenge, code.expiresAt],
  );
}

export interface HeldCode {
  grantId: string;
  clientId: string | null;
  dpopThumbprint: string | null;
  redirectUri: string;
  codeChallenge: string;
  spent: boolean;
  expired: boolean;
}

/** The code and its grant, locked until the transaction ends. */
export async function lockCode(to: Queryable, hash: Buffer, now: Date): Promise<HeldCode | null> {
  const { rows } = await to.query<HeldCode>(
    `SELECT c.grant_id AS "grantId", g.client_id AS "clientId", g.dpop_thumbprint AS "dpopThumbprint",
            c.redirect_uri AS "redirectUri", c.code_challenge AS "codeChallenge", c.spent, c.expires_at <= $2 AS expired
     FROM identity.authorization_codes c JOIN identity.grants g ON g.id = c.grant_id
     WHERE c.code_hash = $1 AND g.expires_at > $2 FOR UPDATE OF c`,
    [hash, now],
  );
  return rows[0] ?? null;
}

/** Spends the code: from here on the grant is bound to the wallet's key, and its claims are kept for the wallet. */
export async function spendCode(
  to: Queryable,
  given: { hash: Buffer; grantId: string; dpopThumbprint: string; claimsUntil: Date },
): Promise<void> {
  await to.query('UPDATE identity.authorization_codes SET spent = true WHERE code_hash = $1', [given.hash]);
  await to.query('UPDATE identity.grants SET dpop_thumbprint = $2 WHERE id = $1', [
    given.grantId,
    given.dpopThumbprint,
  ]);
  await to.query('UPDATE identity.granted_credentials SET claims_until = $2 WHERE grant_id = $1', [
    given.grantId,
    given.claimsUntil,
  ]);
}

/** Removes requests that have expired, at most `authorizationLimits.sweepRows`; says how many went. */
export async function sweepAuthorizationRequests(to: Queryable, now: Date): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM identity.authorization_requests WHERE id IN (
       SELECT id FROM identity.authorization_requests WHERE expires_at <= $1 LIMIT $2)`,
    [now, authorizationLimits.sweepRows],
  );
  return rowCount ?? 0;
}
