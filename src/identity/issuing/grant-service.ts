// What a resource endpoint asks of an access token: whose grant it is, and the claims to issue from.
import { Oauth2ErrorCodes } from '@openid4vc/oauth2';
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Transaction } from '../../platform/postgres/database.ts';
import { OauthRefusal } from '../oauth-refusal.ts';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import { secretHash } from '../secrets.ts';
import type { DpopService } from './dpop-service.ts';
import type { Grant, ProtocolRequest } from './grant.ts';
import { eraseClaims, grantByToken, type Taking, takeClaims } from './grant-store.ts';

export interface GrantService {
  /**
   * The grant behind the request's access token, its DPoP proof checked and spent. The answer should carry `dpopNonce`,
   * where there is one, as `DPoP-Nonce`.
   * Source: RFC 9449, 7; RFC 6750, 2.1 and 3.1.
   *
   * @throws OauthRefusal `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, each with its challenge
   */
  grantOf(request: ProtocolRequest): Promise<Grant & { dpopNonce: string | null }>;
  /**
   * Spends the nonces and takes the claims to issue `credentials` credentials from, inside the transaction that records the
   * issue; they are erased with the last one. `taken` is null when the grant has been used up or its claims were erased.
   */
  takeClaims(transaction: Transaction, given: Omit<Taking, 'now'>): ReturnType<typeof takeClaims>;
  /** For a wallet that says it has what an office's offer was for: nothing more is issued on that. */
  eraseClaims(transaction: Transaction, identifier: string): Promise<void>;
}

export function accessTokenHash(token: string): Buffer {
  return secretHash('naru/access-token/1', token);
}

export function createGrantService(parts: { pool: Pool; clock: Clock; dpop: DpopService }): GrantService {
  const { pool, clock, dpop } = parts;
  return {
    async grantOf(request) {
      const { scheme, token } = authorizationOf(request.headers);
      if (token === null) throw unauthorized(scheme);
      const grant = await grantByToken(pool, accessTokenHash(token), new Date(clock.now_ms()));
      if (grant === null) throw unauthorized(scheme, 'The access token is unknown, was revoked, or has expired.');
      if (grant.dpopThumbprint === null) {
        if (scheme !== 'Bearer')
          throw unauthorized(scheme, 'The access token is not bound to a key; send it as Bearer.');
        return { ...grant, dpopNonce: null };
      }
      // A bound token sent as Bearer is a stolen one, for all we know. Source: RFC 9449, 7.2.
      if (scheme !== 'DPoP') throw unauthorized('DPoP', 'The access token is bound to a key; send it with DPoP.');
      try {
        const { nonce } = await dpop.verifyProof(request, { accessToken: token, thumbprint: grant.dpopThumbprint });
        return { ...grant, dpopNonce: nonce };
      } catch (error) {
        if (error instanceof OauthRefusal) throw challenge('DPoP', error.errorResponse.error, error);
        throw error;
      }
    },

    takeClaims: (transaction, given) => takeClaims(transaction, { ...given, now: new Date(clock.now_ms()) }),

    eraseClaims,
  };
}

type Scheme = 'Bearer' | 'DPoP';

/** Schemes are told apart without regard to case. Source: RFC 9110, 11.1. A token in a query is never read. */
function authorizationOf(headers: Headers): { scheme: Scheme; token: string | null } {
  const [, scheme, token] = /^(Bearer|DPoP) +([\w.~+/-]+=*)$/i.exec(headers.get('authorization') ?? '') ?? [];
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token: token ?? null };
}

function unauthorized(scheme: Scheme, description?: string): OauthRefusal {
  const error = Oauth2ErrorCodes.InvalidToken;
  return challenge(
    scheme,
    error,
    new OauthRefusal(error, description ?? 'The access token is missing.', { status: 401 }),
  );
}

/** `WWW-Authenticate` beside the error. Source: RFC 9449, 7.1; RFC 6750, 3. */
function challenge(scheme: Scheme, error: string, cause: OauthRefusal): OauthRefusal {
  const algorithms = scheme === 'DPoP' ? `, algs="${protocolAlgorithm}"` : '';
  return new OauthRefusal(error, cause.errorResponse.error_description ?? '', {
    status: 401,
    headers: { ...cause.headers, 'www-authenticate': `${scheme} error="${error}"${algorithms}` },
    cause,
  });
}
