// The token endpoint: a pre-authorized code and its transaction code become an access token, once.
import {
  type AccessTokenResponse,
  Oauth2AuthorizationServer,
  Oauth2ErrorCodes,
  Oauth2ServerErrorResponseError,
  preAuthorizedCodeGrantIdentifier,
} from '@openid4vc/oauth2';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, secretHash, txCodeHash } from '../secrets.ts';
import { offerLimits } from './offer.ts';
import { countWrongTry, takeOffer } from './offer-store.ts';

export interface TokenService {
  /**
   * Source: OpenID4VCI 1.0, 6. Every failure is an `Oauth2ServerErrorResponseError`; a wrong code, a wrong transaction
   * code, one used before and one expired all answer alike.
   */
  grantToken(form: Record<string, unknown>, request: { headers: Headers; url: string }): Promise<AccessTokenResponse>;
}

export function tokenHash(token: string): Buffer {
  return secretHash('naru/access-token/1', token);
}

export function createTokenService(parts: { pool: Pool; clock: Clock; random: Random }): TokenService {
  const { pool, clock, random } = parts;
  const library = new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) });
  return {
    async grantToken(form, { headers, url }) {
      const { grant } = library.parseAccessTokenRequest({
        accessTokenRequest: form,
        request: { headers, method: 'POST', url },
      });
      if (grant.grantType !== preAuthorizedCodeGrantIdentifier) {
        throw refusal(Oauth2ErrorCodes.UnsupportedGrantType, 'Only the pre-authorized code grant is supported.');
      }
      if (grant.txCode === undefined) throw refusal(Oauth2ErrorCodes.InvalidRequest, "'tx_code' is missing.");
      const code = codeHash(grant.preAuthorizedCode);
      const token = randomToken(random);
      const now_ms = clock.now_ms();
      const taken = await takeOffer(pool, {
        codeHash: code,
        txCodeHash: txCodeHash(grant.preAuthorizedCode, grant.txCode),
        tokenHash: tokenHash(token),
        tokenExpiresAt: new Date(now_ms + offerLimits.tokenLifetime_s * 1_000),
        now: new Date(now_ms),
      });
      if (!taken) {
        await countWrongTry(pool, code);
        throw refusal(
          Oauth2ErrorCodes.InvalidGrant,
          'The code or the transaction code is wrong, was used before, or has expired.',
        );
      }
      return { access_token: token, token_type: 'Bearer', expires_in: offerLimits.tokenLifetime_s };
    },
  };
}

function refusal(error: Oauth2ErrorCodes, error_description: string): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError({ error, error_description });
}
