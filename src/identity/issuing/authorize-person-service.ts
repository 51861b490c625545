// The authorization endpoint: sends a person to the city's provider, and whoever comes back to the wallet with a code.
import { Oauth2ErrorCodes } from '@openid4vc/oauth2';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { Problem } from '../../platform/problem.ts';
import { type Random, randomToken, randomUuid } from '../../platform/random.ts';
import { OauthRefusal } from '../oauth-refusal.ts';
import { codeHash, secretHash } from '../secrets.ts';
import { authorizationLimits } from './authorization-request.ts';
import {
  endRequest,
  endSignIn,
  insertCode,
  insertSignIn,
  type KeptRequest,
  usableRequest,
} from './authorization-store.ts';
import type { CityProvider } from './city-provider-port.ts';
import { type ClaimMapping, mapClaims } from './claim-mapping.ts';
import { grantLimits } from './grant.ts';
import { insertGrant } from './grant-store.ts';
import { requestUriHash } from './push-authorization-service.ts';
import { endSignInOffer } from './sign-in-offer-store.ts';

export interface PersonAuthorization {
  /**
   * Where to send the person, and a secret for their browser, without which nobody comes back in their place.
   *
   * @throws OauthRefusal `invalid_request` for a handle that is unknown, used, expired or another wallet's; nobody is
   *   sent anywhere then
   */
  beginSignIn(clientId: string, requestUri: string): Promise<{ location: string; browserSecret: string }>;
  /**
   * Where to send the person who came back: to the wallet, with a code or with an error.
   *
   * @param currentUrl the whole address they came back to
   * @throws OauthRefusal `invalid_request` where this browser began nothing that is still open
   */
  completeSignIn(currentUrl: URL, browserSecret: string | undefined): Promise<string>;
}

export interface PersonAuthorizationOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** The authorization server's identifier. */
  issuer: string;
  provider: CityProvider;
  mapping: ClaimMapping;
}

type Person = NonNullable<Awaited<ReturnType<CityProvider['completeSignIn']>>>;

export function createPersonAuthorization(options: PersonAuthorizationOptions): PersonAuthorization {
  const { pool, clock, random, issuer, provider, mapping } = options;

  /** Where the wallet is told. Source: RFC 6749, 4.1.2; RFC 9207, 2. */
  function answerTo({ redirectUri, state }: KeptRequest, answer: Record<string, string>): string {
    const location = new URL(redirectUri);
    for (const [name, value] of Object.entries({ ...answer, ...(state === null ? {} : { state }), iss: issuer })) {
      location.searchParams.set(name, value);
    }
    return location.href;
  }

  /** The grant for a person who signed in, and the code that stands for it. */
  async function grantTo(transaction: Transaction, request: KeptRequest, person: Person): Promise<string> {
    const now_ms = clock.now_ms();
    const claims = new Map(
      request.asked.map(({ configurationId }) => [
        configurationId,
        mapClaims(mapping, configurationId, person.claims, now_ms),
      ]),
    );
    const reference =
      request.signInOffer === null
        ? pseudonym(provider.issuer, person.subject)
        : await endSignInOffer(transaction, request.signInOffer, new Date(now_ms));
    if (reference === null)
      throw new OauthRefusal(Oauth2ErrorCodes.AccessDenied, 'The offer was taken or has expired.');
    const grantId = randomUuid(random);
    const codeExpiresAt = new Date(now_ms + authorizationLimits.codeLifetime_s * 1_000);
    await insertGrant(
      transaction,
      {
        id: grantId,
        clientId: request.clientId,
        dpopThumbprint: request.dpopThumbprint,
        reference,
        expiresAt: new Date(now_ms + grantLimits.grantLifetime_s * 1_000),
      },
      request.asked.map((credential) => ({
        ...credential,
        identifier: randomUuid(random),
        claims: claims.get(credential.configurationId) ?? {},
        // A code that nobody redeems leaves nothing of the person behind.
        claimsUntil: codeExpiresAt,
        credentialsLeft: grantLimits.credentialsPerSignIn,
        once: false,
      })),
    );
    const code = randomToken(random);
    const { redirectUri, codeChallenge } = request;
    await insertCode(transaction, {
      hash: codeHash(code),
      grantId,
      redirectUri,
      codeChallenge,
      expiresAt: codeExpiresAt,
    });
    return code;
  }

  return {
    async beginSignIn(clientId, requestUri) {
      const now = new Date(clock.now_ms());
      const requestId = await usableRequest(pool, { requestUriHash: requestUriHash(requestUri), clientId, now });
      if (requestId === null) throw nothingOpen();
      const secrets = { state: randomToken(random), nonce: randomToken(random), codeVerifier: randomToken(random) };
      const location = await provider.signInUrl(secrets).catch((error: unknown) => {
        throw new OauthRefusal('temporarily_unavailable', 'Signing in is not possible just now.', {
          status: 503,
          cause: error,
        });
      });
      const browserSecret = randomToken(random);
      await insertSignIn(pool, {
        ...{ requestId, nonce: secrets.nonce, codeVerifier: secrets.codeVerifier },
        stateHash: stateHash(secrets.state),
        browserHash: browserHash(browserSecret),
      });
      return { location: location.href, browserSecret };
    },

    async completeSignIn(currentUrl, browserSecret) {
      const state = currentUrl.searchParams.get('state');
      if (state === null || browserSecret === undefined) throw nothingOpen();
      const signIn = await endSignIn(pool, {
        stateHash: stateHash(state),
        browserHash: browserHash(browserSecret),
        now: new Date(clock.now_ms()),
      });
      if (signIn === null) throw nothingOpen();
      const person = await provider.completeSignIn(currentUrl, { ...signIn, state }).catch(() => 'away' as const);
      return inTransaction(pool, async (transaction) => {
        const request = await endRequest(transaction, signIn.requestId);
        if (request === null) throw nothingOpen();
        if (person === 'away') return answerTo(request, errorAnswer(Oauth2ErrorCodes.ServerError, providerWrong));
        if (person === null) return answerTo(request, errorAnswer(Oauth2ErrorCodes.AccessDenied, declined));
        try {
          return answerTo(request, { code: await grantTo(transaction, request, person) });
        } catch (error) {
          if (error instanceof OauthRefusal) {
            return answerTo(
              request,
              errorAnswer(error.errorResponse.error, error.errorResponse.error_description ?? ''),
            );
          }
          if (error instanceof Problem)
            return answerTo(request, errorAnswer(Oauth2ErrorCodes.AccessDenied, claimsMissing));
          throw error;
        }
      });
    },
  };
}

const declined = 'The person, or the provider, declined.';
const providerWrong = 'The provider gave no answer that can be used.';
const claimsMissing = 'The provider does not know what that credential says.';

function errorAnswer(error: string, error_description: string): Record<string, string> {
  return { error, error_description };
}

function nothingOpen(): OauthRefusal {
  return new OauthRefusal(Oauth2ErrorCodes.InvalidRequest, 'This request is unknown, was used before, or has expired.');
}

function stateHash(state: string): Buffer {
  return secretHash('naru/provider-state/1', state);
}

function browserHash(secret: string): Buffer {
  return secretHash('naru/provider-browser/1', secret);
}

/** What the office finds a person's credentials by; of no use without the provider's own name for them. */
function pseudonym(issuer: string, subject: string): string {
  return secretHash('naru/provider-subject/1', issuer, subject).toString('base64url');
}
