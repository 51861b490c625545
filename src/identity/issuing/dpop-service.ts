// DPoP (RFC 9449): proofs that whoever sends a request holds the key its tokens are bound to, each accepted once.
import { Oauth2AuthorizationServer, Oauth2ErrorCodes } from '@openid4vc/oauth2';
import type { HttpMethod } from '@openid4vc/utils';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { isProtocolFault, OauthRefusal } from '../oauth-refusal.ts';
import { openidCallbacks, protocolAlgorithm } from '../openid-callbacks.ts';
import { secretHash } from '../secrets.ts';
import type { ProtocolRequest } from './grant.ts';
import { insertServerNonce, knowsNonce, latestNonce, type NoncePurpose, spendProof } from './proof-guard-store.ts';

export const proofLimits = {
  /** How old a proof may be, and how far ahead the wallet's clock. Source: FAPI 2.0 Security Profile, 5.3.2.1. */
  age_s: 300,
  ahead_s: 60,
  /** A nonce is given out for this long, and accepted for this long. */
  nonceGiven_s: 60,
  nonceLifetime_s: 300,
  jti_chars: 256,
} as const;

export interface DpopService {
  /**
   * Checks the request's `DPoP` header and spends the proof. `thumbprint` is of its key; `nonce` is for the wallet's next
   * proof. Source: RFC 9449, 4.3 and 8.
   *
   * @param bound what the proof must be bound to: an access token (`ath`), a key
   * @throws OauthRefusal `invalid_dpop_proof`, `use_dpop_nonce` (with `DPoP-Nonce`)
   */
  verifyProof(
    request: ProtocolRequest,
    bound?: { accessToken?: string; thumbprint?: string },
  ): Promise<{ thumbprint: string; nonce: string }>;
}

export function createDpopService(parts: { pool: Pool; clock: Clock; random: Random }): DpopService {
  const { clock } = parts;
  const library = new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) });
  return {
    async verifyProof(request, bound = {}) {
      const now_ms = clock.now_ms();
      const jwt = request.headers.get('dpop');
      if (jwt === null) throw invalidProof('The DPoP proof is missing.');
      const { payload, jwkThumbprint } = await library
        .verifyDpopJwt({
          dpopJwt: jwt,
          request: { headers: request.headers, url: request.url, method: request.method as HttpMethod },
          allowedSigningAlgs: [protocolAlgorithm],
          now: new Date(now_ms),
          ...(bound.accessToken === undefined ? {} : { accessToken: bound.accessToken }),
          ...(bound.thumbprint === undefined ? {} : { expectedJwkThumbprint: bound.thumbprint }),
        })
        .catch((error: unknown) => {
          // The library's words repeat what was sent.
          if (isProtocolFault(error)) throw invalidProof(wrongProof);
          throw error;
        });
      if (payload.jti === '' || payload.jti.length > proofLimits.jti_chars) throw invalidProof(wrongProof);
      if (!(await isOurNonce(parts, 'dpop', payload.nonce))) {
        throw new OauthRefusal(Oauth2ErrorCodes.UseDpopNonce, 'The DPoP proof needs the nonce of this answer.', {
          headers: { 'dpop-nonce': await currentNonce(parts, 'dpop') },
        });
      }
      if (!isFresh(payload.iat, now_ms)) throw invalidProof("The DPoP proof's 'iat' is too far from now.");
      if (!(await spendOnce(parts, `${jwkThumbprint}.${payload.jti}`))) {
        throw invalidProof('The DPoP proof was used before.');
      }
      return { thumbprint: jwkThumbprint, nonce: await currentNonce(parts, 'dpop') };
    },
  };
}

const nonceForm = /^[\w-]{43}$/;
const wrongProof = "The DPoP proof's signature, type, key, 'htm', 'htu', 'ath' or 'jti' is wrong.";

export function isFresh(iat_s: number, now_ms: number): boolean {
  const age_s = now_ms / 1_000 - iat_s;
  return age_s <= proofLimits.age_s && age_s >= -proofLimits.ahead_s;
}

/** True for exactly one caller per `id`, for as long as its proof could be taken for fresh. */
export function spendOnce({ pool, clock }: { pool: Pool; clock: Clock }, id: string): Promise<boolean> {
  const expiresAt = new Date(clock.now_ms() + (proofLimits.age_s + proofLimits.ahead_s) * 1_000);
  return spendProof(pool, secretHash('naru/spent-proof/1', id), expiresAt);
}

/** Whether `nonce` was given out for `purpose` and is still accepted. */
export async function isOurNonce(
  { pool, clock }: { pool: Pool; clock: Clock },
  purpose: NoncePurpose,
  nonce: unknown,
): Promise<boolean> {
  if (typeof nonce !== 'string' || !nonceForm.test(nonce)) return false;
  return knowsNonce(pool, purpose, nonce, new Date(clock.now_ms()));
}

/** The nonce to give out now, the same from every copy of the service for about a minute. */
export async function currentNonce(
  { pool, clock, random }: { pool: Pool; clock: Clock; random: Random },
  purpose: NoncePurpose,
): Promise<string> {
  const now_ms = clock.now_ms();
  const since = new Date(now_ms - proofLimits.nonceGiven_s * 1_000);
  const latest = await latestNonce(pool, purpose, since);
  if (latest !== null) return latest;
  const nonce = randomToken(random);
  const expiresAt = new Date(now_ms + proofLimits.nonceLifetime_s * 1_000);
  await insertServerNonce(pool, { nonce, purpose, issuedAt: new Date(now_ms), expiresAt });
  return nonce;
}

function invalidProof(description: string): OauthRefusal {
  return new OauthRefusal(Oauth2ErrorCodes.InvalidDpopProof, description);
}
