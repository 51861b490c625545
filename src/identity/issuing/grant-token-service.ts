// The token endpoint: a code or a refresh token becomes an access token, once, bound to the wallet's key.
import {
  type AccessTokenResponse,
  authorizationCodeGrantIdentifier,
  Oauth2AuthorizationServer,
  Oauth2ErrorCodes,
  preAuthorizedCodeGrantIdentifier,
} from '@openid4vc/oauth2';
import { calculatePKCECodeChallenge } from 'openid-client';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { type Random, randomToken, randomUuid } from '../../platform/random.ts';
import { credentialFormats } from '../credentials/credential-formats.ts';
import { faultCode, isProtocolFault, OauthRefusal } from '../oauth-refusal.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, secretHash, txCodeHash } from '../secrets.ts';
import type { WalletAuthentication } from './authenticate-wallet-service.ts';
import { lockCode, spendCode } from './authorization-store.ts';
import type { DpopService } from './dpop-service.ts';
import { type GrantedCredential, grantLimits, type ProtocolRequest } from './grant.ts';
import { accessTokenHash } from './grant-service.ts';
import { grantedCredentials, insertAccessToken, revokeGrant } from './grant-store.ts';
import { redeemOffer } from './offer-store.ts';
import { findRefreshToken, insertRefreshToken, lockRefreshToken, spendRefreshToken } from './refresh-token-store.ts';

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
  wallets: WalletAuthentication;
  /** Whether a wallet that knows no DPoP may take a pre-authorized offer; HAIP 1.0 wants every token bound to a key. */
  bearerTokens: 'refused' | 'allowed';
}

type Proof = Awaited<ReturnType<DpopService['verifyProof']>> | null;

interface Tokens {
  access: string;
  /** Only beside a token that is bound to a key. */
  refresh: string | null;
}

export function createTokenService(options: TokenServiceOptions): TokenService {
  const { pool, clock, random, dpop, wallets, bearerTokens } = options;
  const library = new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) });

  /** Tokens of a grant: the access token, and where they are bound to a key, a refresh token. */
  async function tokensOf(
    transaction: Transaction,
    grantId: string,
    proof: Proof,
    credentials: readonly GrantedCredential[],
  ): Promise<AccessTokenResponse> {
    const tokens = drawTokens(proof);
    const expiresAt = new Date(clock.now_ms() + grantLimits.accessTokenLifetime_s * 1_000);
    await insertAccessToken(transaction, { hash: accessTokenHash(tokens.access), grantId, expiresAt });
    if (tokens.refresh !== null) {
      await insertRefreshToken(transaction, { hash: refreshTokenHash(tokens.refresh), grantId });
    }
    return tokenAnswer(tokens, credentials);
  }

  function drawTokens(proof: Proof): Tokens {
    return { access: randomToken(random), refresh: proof === null ? null : randomToken(random) };
  }

  async function takeOffer(code: string, txCode: string | undefined, proof: Proof): Promise<AccessTokenResponse> {
    if (txCode === undefined) throw refusal(Oauth2ErrorCodes.InvalidRequest, "'tx_code' is missing.");
    const now_ms = clock.now_ms();
    const after = (lifetime_s: number) => new Date(now_ms + lifetime_s * 1_000);
    const tokens = drawTokens(proof);
    const taken = await redeemOffer(pool, {
      ...{ codeHash: codeHash(code), txCodeHash: txCodeHash(code, txCode), now: new Date(now_ms) },
      ...{ grantId: randomUuid(random), dpopThumbprint: proof?.thumbprint ?? null },
      grantExpiresAt: after(grantLimits.grantLifetime_s),
      identifiers: credentialFormats.map(() => randomUuid(random)),
      claimsUntil: after(grantLimits.claimsLifetime_s),
      accessTokenHash: accessTokenHash(tokens.access),
      accessTokenExpiresAt: after(grantLimits.accessTokenLifetime_s),
      refreshTokenHash: tokens.refresh === null ? null : refreshTokenHash(tokens.refresh),
    });
    if (!taken) throw invalidGrant('The code or the transaction code');
    return tokenAnswer(tokens, []);
  }

  /**
   * Once; a second use ends the whole grant, for the wallet cannot have sent it. Whoever shows a code without its verifier,
   * its key or its wallet's name changes nothing. Source: RFC 6749, 4.1.2 and 4.1.3; RFC 7636, 4.6; RFC 9449, 10.
   */
  async function redeemCode(
    code: string,
    { clientId, redirectUri, codeVerifier }: { clientId: string; redirectUri?: string; codeVerifier?: string },
    proof: NonNullable<Proof>,
  ): Promise<AccessTokenResponse> {
    if (codeVerifier === undefined) throw refusal(Oauth2ErrorCodes.InvalidRequest, "'code_verifier' is missing.");
    const hash = codeHash(code);
    const now_ms = clock.now_ms();
    const answer = await inTransaction(pool, async (transaction) => {
      const held = await lockCode(transaction, hash, new Date(now_ms));
      if (held === null || held.clientId !== clientId) return null;
      if (redirectUri !== undefined && redirectUri !== held.redirectUri) return null;
      if (!(await isVerifier(codeVerifier, held.codeChallenge))) return null;
      if (held.dpopThumbprint !== null && held.dpopThumbprint !== proof.thumbprint) {
        throw refusal(Oauth2ErrorCodes.InvalidDpopProof, 'The code is bound to another key than the DPoP proof is of.');
      }
      if (held.spent) {
        await revokeGrant(transaction, held.grantId);
        return null;
      }
      if (held.expired) return null;
      await spendCode(transaction, {
        ...{ hash, grantId: held.grantId, dpopThumbprint: proof.thumbprint },
        claimsUntil: new Date(now_ms + grantLimits.claimsLifetime_s * 1_000),
      });
      return tokensOf(transaction, held.grantId, proof, await grantedCredentials(transaction, held.grantId));
    });
    if (answer === null) throw invalidGrant('The code');
    return answer;
  }

  /** The wallet that asks with a code or a refresh token must be the one that was authorized. Source: RFC 6749, 3.2.1. */
  async function walletOf(form: Record<string, unknown>, request: ProtocolRequest): Promise<string> {
    const named = typeof form.client_id === 'string' ? form.client_id : undefined;
    const wallet = await wallets.authenticate(request, named);
    if (wallet === null) {
      throw new OauthRefusal(Oauth2ErrorCodes.InvalidClient, 'The wallet does not show who it is.', { status: 401 });
    }
    return wallet.clientId;
  }

  /**
   * One use each; a second use says that somebody else holds a copy, and ends the whole grant. Whoever shows one without
   * its key changes nothing. Source: RFC 9700, 4.14.
   */
  async function refresh(
    token: string,
    form: Record<string, unknown>,
    request: ProtocolRequest,
    proof: NonNullable<Proof>,
  ): Promise<AccessTokenResponse> {
    const hash = refreshTokenHash(token);
    const held = await findRefreshToken(pool, hash);
    // A wallet that took an offer without saying who it is has its key alone to show.
    const clientId = held === null || held.clientId === null ? null : await walletOf(form, request);
    const answer = await inTransaction(pool, async (transaction) => {
      const held = await lockRefreshToken(transaction, hash, new Date(clock.now_ms()));
      if (held === null || held.clientId !== clientId || held.dpopThumbprint !== proof.thumbprint) return null;
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
      const { grant, accessTokenRequest, pkceCodeVerifier } = parse(library, form, request);
      if (grant.grantType === preAuthorizedCodeGrantIdentifier) {
        const proof =
          bearerTokens === 'allowed' && !request.headers.has('dpop') ? null : await dpop.verifyProof(request);
        // Who it is makes no difference to the offer, but an attestation that does not hold is refused.
        await wallets.authenticate(request, undefined);
        const response = await takeOffer(grant.preAuthorizedCode, grant.txCode, proof);
        return { response, dpopNonce: proof?.nonce ?? null };
      }
      const proof = await dpop.verifyProof(request);
      const { redirect_uri: redirectUri } = accessTokenRequest;
      const response =
        grant.grantType === authorizationCodeGrantIdentifier
          ? await redeemCode(
              grant.code,
              {
                clientId: await walletOf(form, request),
                ...(redirectUri === undefined ? {} : { redirectUri }),
                ...(pkceCodeVerifier === undefined ? {} : { codeVerifier: pkceCodeVerifier }),
              },
              proof,
            )
          : await refresh(grant.refreshToken, form, request, proof);
      return { response, dpopNonce: proof.nonce };
    },
  };
}

function tokenAnswer({ access, refresh }: Tokens, credentials: readonly GrantedCredential[]): AccessTokenResponse {
  const details = authorizationDetails(credentials);
  return {
    access_token: access,
    token_type: refresh === null ? 'Bearer' : 'DPoP',
    expires_in: grantLimits.accessTokenLifetime_s,
    ...(details.length === 0 ? {} : { authorization_details: details }),
    ...(refresh === null ? {} : { refresh_token: refresh }),
  };
}

/** The library's words about a request that it cannot read repeat the request, so they stop here. */
function parse(library: Oauth2AuthorizationServer, form: Record<string, unknown>, { headers, url }: ProtocolRequest) {
  try {
    return library.parseAccessTokenRequest({ accessTokenRequest: form, request: { headers, method: 'POST', url } });
  } catch (error) {
    if (!isProtocolFault(error)) throw error;
    throw refusal(faultCode(error), 'The token request has a parameter or header that is missing or wrong.');
  }
}

/** Source: RFC 7636, 4.6. */
async function isVerifier(codeVerifier: string, codeChallenge: string): Promise<boolean> {
  return (await calculatePKCECodeChallenge(codeVerifier)) === codeChallenge;
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
