// The token endpoint: a code or a refresh token becomes an access token, once, bound to the wallet's key.
import {
  type AccessTokenResponse,
  Oauth2AuthorizationServer,
  Oauth2ErrorCodes,
  Oauth2ServerErrorResponseError,
  preAuthorizedCodeGrantIdentifier,
  refreshTokenGrantIdentifier,
} from '@openid4vc/oauth2';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { type Random, randomToken, randomUuid } from '../../platform/random.ts';
import { OauthRefusal } from '../oauth-refusal.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, secretHash, txCodeHash } from '../secrets.ts';
import type { DpopService } from './dpop-service.ts';
import { type GrantedCredential, grantLimits, type ProtocolRequest } from './grant.ts';
import { accessTokenHash } from './grant-service.ts';
import { grantedCredentials, insertAccessToken, insertGrant, revokeGrant } from './grant-store.ts';
import { takeOffer } from './offer-store.ts';
import { insertRefreshToken, lockRefreshToken, spendRefreshToken } from './refresh-token-store.ts';

export interface TokenService {
  /**
   * Source: OpenID4VCI 1.0, 6; RFC 6749, 5 and 6; RFC 9449, 5. Every failure is an `Oauth2ServerErrorResponseError`; a
   * wrong code, a wrong transaction code, one used before and one expired all answer alike. `dpopNonce`, where there is
   * one, goes out as `DPoP-Nonce`.
   */
  grantToken(
    form: Record<string, unknown>,
    request: ProtocolRequest,
  ): Promise<{ response: AccessTokenResponse; dpopNonce: string | null }>;
}

export interface TokenServiceOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  dpop: DpopService;
  /** Whether a wallet that knows no DPoP may take a pre-authorized offer; HAIP 1.0 wants every token bound to a key. */
  bearerTokens: 'refused' | 'allowed';
}

type Proof = Awaited<ReturnType<DpopService['verifyProof']>> | null;

export function createTokenService(options: TokenServiceOptions): TokenService {
  const { pool, clock, random, dpop, bearerTokens } = options;
  const library = new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) });

  /** Tokens of a grant: the access token, and where they are bound to a key, a refresh token. */
  async function tokensOf(
    transaction: Transaction,
    grantId: string,
    proof: Proof,
    credentials: readonly GrantedCredential[],
  ): Promise<AccessTokenResponse> {
    const accessToken = randomToken(random);
    const expiresAt = new Date(clock.now_ms() + grantLimits.accessTokenLifetime_s * 1_000);
    await insertAccessToken(transaction, { hash: accessTokenHash(accessToken), grantId, expiresAt });
    const details = authorizationDetails(credentials);
    const answer: AccessTokenResponse = {
      access_token: accessToken,
      token_type: proof === null ? 'Bearer' : 'DPoP',
      expires_in: grantLimits.accessTokenLifetime_s,
      ...(details.length === 0 ? {} : { authorization_details: details }),
    };
    if (proof === null) return answer;
    const refreshToken = randomToken(random);
    await insertRefreshToken(transaction, { hash: refreshTokenHash(refreshToken), grantId });
    return { ...answer, refresh_token: refreshToken };
  }

  async function redeemOffer(code: string, txCode: string | undefined, proof: Proof): Promise<AccessTokenResponse> {
    if (txCode === undefined) throw refusal(Oauth2ErrorCodes.InvalidRequest, "'tx_code' is missing.");
    const now_ms = clock.now_ms();
    const answer = await inTransaction(pool, async (transaction) => {
      const offer = await takeOffer(transaction, {
        codeHash: codeHash(code),
        txCodeHash: txCodeHash(code, txCode),
        now: new Date(now_ms),
      });
      if (offer === null) return null;
      const id = randomUuid(random);
      const credential = { identifier: randomUuid(random), configurationId: offer.type, byIdentifier: false };
      await insertGrant(
        transaction,
        {
          id,
          clientId: null,
          dpopThumbprint: proof?.thumbprint ?? null,
          reference: offer.reference,
          expiresAt: new Date(now_ms + grantLimits.grantLifetime_s * 1_000),
        },
        [
          {
            ...credential,
            claims: offer.claims,
            claimsUntil: new Date(now_ms + grantLimits.claimsLifetime_s * 1_000),
            credentialsLeft: grantLimits.credentialsPerOffer,
            once: true,
          },
        ],
      );
      return tokensOf(transaction, id, proof, [credential]);
    });
    if (answer === null) throw invalidGrant('The code or the transaction code');
    return answer;
  }

  /**
   * One use each; a second use says that somebody else holds a copy, and ends the whole grant. Whoever shows one without
   * its key changes nothing. Source: RFC 9700, 4.14.
   */
  async function refresh(token: string, proof: Proof): Promise<AccessTokenResponse> {
    const hash = refreshTokenHash(token);
    const answer = await inTransaction(pool, async (transaction) => {
      const held = await lockRefreshToken(transaction, hash, new Date(clock.now_ms()));
      if (held === null || proof === null || proof.thumbprint !== held.dpopThumbprint) return null;
      if (held.spent) {
        await revokeGrant(transaction, held.grantId);
        return null;
      }
      await spendRefreshToken(transaction, hash);
      return tokensOf(transaction, held.grantId, proof, await grantedCredentials(transaction, held.grantId));
    });
    if (answer === null) throw invalidGrant('The refresh token');
    return answer;
  }

  return {
    async grantToken(form, request) {
      const { grant } = parse(library, form, request);
      const mayBeBearer = bearerTokens === 'allowed' && grant.grantType === preAuthorizedCodeGrantIdentifier;
      const proof = mayBeBearer && !request.headers.has('dpop') ? null : await dpop.verifyProof(request);
      const response =
        grant.grantType === preAuthorizedCodeGrantIdentifier
          ? await redeemOffer(grant.preAuthorizedCode, grant.txCode, proof)
          : grant.grantType === refreshTokenGrantIdentifier
            ? await refresh(grant.refreshToken, proof)
            : null;
      if (response === null) throw refusal(Oauth2ErrorCodes.UnsupportedGrantType, 'That grant is not supported.');
      return { response, dpopNonce: proof?.nonce ?? null };
    },
  };
}

/** The library's words about a request that it cannot read repeat the request, so they stop here. */
function parse(library: Oauth2AuthorizationServer, form: Record<string, unknown>, { headers, url }: ProtocolRequest) {
  try {
    return library.parseAccessTokenRequest({ accessTokenRequest: form, request: { headers, method: 'POST', url } });
  } catch (error) {
    if (!(error instanceof Oauth2ServerErrorResponseError)) throw error;
    throw refusal(error.errorResponse.error, 'The token request has a parameter or header that is missing or wrong.');
  }
}

/** Source: OpenID4VCI 1.0, 6.2. */
function authorizationDetails(credentials: readonly GrantedCredential[]) {
  return credentials
    .filter(({ byIdentifier }) => byIdentifier)
    .map(({ configurationId, identifier }) => ({
      type: 'openid_credential',
      credential_configuration_id: configurationId,
      credential_identifiers: [identifier],
    }));
}

function refreshTokenHash(token: string): Buffer {
  return secretHash('naru/refresh-token/1', token);
}

function refusal(error: string, description: string): OauthRefusal {
  return new OauthRefusal(error, description);
}

function invalidGrant(what: string): OauthRefusal {
  return refusal(Oauth2ErrorCodes.InvalidGrant, `${what} is wrong, was used before, or has expired.`);
}
