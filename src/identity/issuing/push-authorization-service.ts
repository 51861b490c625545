// Pushed authorization requests: a wallet says from server to server what it wants, and gets a handle for the browser.
// Source: RFC 9126; HAIP 1.0, 4.3.
import { Oauth2AuthorizationServer, Oauth2ErrorCodes, pushedAuthorizationRequestUriPrefix } from '@openid4vc/oauth2';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken, randomUuid } from '../../platform/random.ts';
import { faultCode, isProtocolFault, OauthRefusal } from '../oauth-refusal.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { codeHash, secretHash } from '../secrets.ts';
import type { WalletAuthentication } from './authenticate-wallet-service.ts';
import { type AuthorizationRequest, authorizationLimits, readAuthorizationRequest } from './authorization-request.ts';
import { insertRequest } from './authorization-store.ts';
import type { DpopService } from './dpop-service.ts';
import type { ProtocolRequest } from './grant.ts';
import { openSignInOffer } from './sign-in-offer-store.ts';

export interface PushedRequestService {
  /**
   * @throws OauthRefusal `invalid_client` for a wallet that is neither attested nor registered, and what
   *   `readAuthorizationRequest` and the DPoP proof throw
   */
  pushRequest(
    form: Readonly<Record<string, string>>,
    request: ProtocolRequest,
  ): Promise<{ response: { request_uri: string; expires_in: number }; dpopNonce: string | null }>;
}

export function requestUriHash(requestUri: string): Buffer {
  return secretHash('naru/request-uri/1', requestUri);
}

export function createPushedRequestService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  dpop: DpopService;
  wallets: WalletAuthentication;
  /** What can be had by signing in. */
  configurationIds: readonly string[];
}): PushedRequestService {
  const { pool, clock, random, dpop, wallets, configurationIds } = parts;
  const library = new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) });

  /** The offer that the wallet follows, null where it follows none. Source: OpenID4VCI 1.0, 5.1.3. */
  async function offerOf({ issuerState, asked }: AuthorizationRequest): Promise<string | null> {
    if (issuerState === null) return null;
    const offer = await openSignInOffer(pool, codeHash(issuerState), new Date(clock.now_ms()));
    if (offer === null) throw invalidRequest("'issuer_state' is of no open offer.");
    if (asked.some(({ configurationId }) => configurationId !== offer.type)) {
      throw invalidRequest('The offer is of another credential.');
    }
    return offer.id;
  }

  return {
    async pushRequest(form, request) {
      const wallet = await wallets.authenticate(request, form.client_id);
      if (wallet === null) {
        throw new OauthRefusal(
          Oauth2ErrorCodes.InvalidClient,
          'The wallet is not known here: it shows no attestation, and its name is not registered.',
          { status: 401 },
        );
      }
      const asked = readAuthorizationRequest(form, configurationIds);
      await checkShape(library, form, request);
      // Character by character, as it was registered. Source: RFC 9700, 4.1.3.
      if (!wallet.redirectUris.includes(asked.redirectUri)) {
        throw invalidRequest("'redirect_uri' is not registered for this wallet.");
      }
      const proof = request.headers.has('dpop') ? await dpop.verifyProof(request) : null;
      if (proof !== null && asked.dpopThumbprint !== null && proof.thumbprint !== asked.dpopThumbprint) {
        throw new OauthRefusal(Oauth2ErrorCodes.InvalidDpopProof, "The DPoP proof is of another key than 'dpop_jkt'.");
      }
      const signInOffer = await offerOf(asked);
      const now_ms = clock.now_ms();
      const requestUri = pushedAuthorizationRequestUriPrefix + randomToken(random);
      await insertRequest(pool, {
        ...asked,
        id: randomUuid(random),
        requestUriHash: requestUriHash(requestUri),
        clientId: wallet.clientId,
        dpopThumbprint: proof?.thumbprint ?? asked.dpopThumbprint,
        signInOffer,
        usableUntil: new Date(now_ms + authorizationLimits.requestUriLifetime_s * 1_000),
        expiresAt: new Date(now_ms + authorizationLimits.signInLifetime_s * 1_000),
      });
      const { pushedAuthorizationResponse } = library.createPushedAuthorizationResponse({
        requestUri,
        expiresInSeconds: authorizationLimits.requestUriLifetime_s,
      });
      return { response: pushedAuthorizationResponse, dpopNonce: proof?.nonce ?? null };
    },
  };
}

/** Every parameter as the library knows it. Its words repeat the request, so they stop here. */
async function checkShape(
  library: Oauth2AuthorizationServer,
  form: Readonly<Record<string, string>>,
  { headers, url }: ProtocolRequest,
): Promise<void> {
  try {
    await library.parsePushedAuthorizationRequest({
      authorizationRequest: form,
      request: { headers, method: 'POST', url },
    });
  } catch (error) {
    if (!isProtocolFault(error)) throw error;
    throw new OauthRefusal(faultCode(error), 'A parameter or header has the wrong form.');
  }
}

function invalidRequest(description: string): OauthRefusal {
  return new OauthRefusal(Oauth2ErrorCodes.InvalidRequest, description);
}
