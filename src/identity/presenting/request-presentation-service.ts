// Asking for a presentation, serving the signed question to the wallet, and collecting what came of it.
import { Openid4vpVerifier } from '@openid4vc/openid4vp';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { allowAddressesLike, openidCallbacks, protocolAlgorithm, signEs256 } from '../openid-callbacks.ts';
import { randomUuid, secretHash } from '../secrets.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { registeredVerifier, verifierAsking } from '../trust/registered-verifiers.ts';
import { presentationQuery } from './presentation-query.ts';
import { type PresentationRequests, presentationLimits } from './presentation-request.ts';
import {
  answerState,
  collectVerdict,
  insertRequest,
  type RequestRecord,
  waitingRequest,
} from './presentation-request-store.ts';
import { anyWalletAudience, requestPayload, verifierPaths } from './request-object.ts';

export interface PresentationRequestService extends PresentationRequests {
  /**
   * The request object as a signed JWT, `oauth-authz-req+jwt`; as often as asked until answered. Throws NOT_FOUND when the
   * request was answered, has expired, or never was.
   */
  requestObject(handle: string, walletNonce?: string): Promise<string>;
}

export function handleHash(handle: string): Buffer {
  return secretHash('naru/presentation-handle/1', handle);
}

export function responseCodeHash(code: string): Buffer {
  return secretHash('naru/response-code/1', code);
}

export function createPresentationRequestService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  issuer: Issuer;
}): PresentationRequestService {
  const { pool, clock, random, publicUrl, issuer } = parts;
  allowAddressesLike(publicUrl);
  const library = new Openid4vpVerifier({
    callbacks: openidCallbacks({
      signJwt: async (_signer, { header, payload }) => ({
        jwt: await signEs256(header, payload, issuer.keys.p256.privateKey),
        signerJwk: { ...issuer.keys.p256.publicJwk },
      }),
    }),
  });

  /** Its link and its signed request object. */
  async function signedRequest(request: RequestRecord, handle: string, walletNonce?: string) {
    const now_ms = clock.now_ms();
    const { authorizationRequest, jar } = await library.createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: requestPayload({
        publicUrl,
        did: issuer.did,
        handle,
        nonce: request.nonce,
        state: request.state,
        walletNonce,
        query: presentationQuery(credentialType(request.type), publicUrl, request.claims),
        verifier: registeredVerifier(request.verifier),
        purpose: request.purpose,
      }),
      jar: {
        requestUri: `${publicUrl}${verifierPaths.requests}/${handle}`,
        jwtSigner: { method: 'did', didUrl: issuer.p256MultikeyId, alg: protocolAlgorithm },
        expiresInSeconds: Math.ceil((request.expiresAt.getTime() - now_ms) / 1_000),
        additionalJwtPayload: { aud: anyWalletAudience },
      },
      ...(walletNonce === undefined ? {} : { wallet: { expectedNonce: walletNonce } }),
      now: new Date(now_ms),
    });
    if (jar === undefined) throw new Error('a request made with `jar` has one');
    return { link: authorizationRequest, jwt: jar.authorizationRequestJwt };
  }

  return {
    async createPresentationRequest({ verifier, type: typeId, claims, purpose, mode, return_url }) {
      const type = credentialType(typeId);
      verifierAsking(
        verifier,
        type.id,
        claims.map(({ name }) => name),
      );
      const handle = randomToken(random);
      const request: RequestRecord = {
        id: randomUuid(random),
        verifier,
        type: type.id,
        claims,
        purpose,
        mode,
        returnUrl: mode === 'same_device' ? ownPage(return_url, publicUrl) : null,
        nonce: randomToken(random),
        state: randomToken(random),
        expiresAt: new Date(clock.now_ms() + presentationLimits.requestLifetime_s * 1_000),
      };
      const { link } = await signedRequest(request, handle);
      await insertRequest(pool, handleHash(handle), request);
      return { request_id: request.id, authorization_request: link, expires_at: request.expiresAt.toISOString() };
    },

    async requestObject(handle, walletNonce) {
      const request = await waitingRequest(pool, handleHash(handle), new Date(clock.now_ms()));
      if (request === null) throw problem('NOT_FOUND', 'This request was answered, has expired, or never was.');
      return (await signedRequest(request, handle, walletNonce)).jwt;
    },

    async presentationState(requestId) {
      const found = await answerState(pool, requestId, new Date(clock.now_ms()));
      if (found === null) throw problem('NOT_FOUND', 'There is no such presentation request.');
      const { outcome, mode, trace, expired } = found;
      if (expired) return { state: 'expired', mode };
      const state = outcome === 'collected' ? 'verified' : outcome;
      return { state, mode, ...(trace === null ? {} : { trace }) };
    },

    async collectPresentation(requestId, responseCode) {
      const now = new Date(clock.now_ms());
      const code = responseCode === undefined ? null : responseCodeHash(responseCode);
      const verdict = await collectVerdict(pool, requestId, code, now);
      if (verdict !== null) return verdict;
      const found = await answerState(pool, requestId, now);
      if (found === null) throw problem('NOT_FOUND', 'There is no such presentation request.');
      if (found.outcome === 'refused' && !found.expired) throw problem('PRESENTATION_DECLINED');
      if (found.outcome === 'verified' && !found.expired) throw problem('RESPONSE_CODE_WRONG');
      throw problem('PRESENTATION_NOT_READY');
    },
  };
}

/** @throws REQUEST_INVALID unless it is a page of this service */
function ownPage(returnUrl: string | undefined, publicUrl: string): string {
  if (
    returnUrl === undefined ||
    returnUrl.length > presentationLimits.returnUrl_chars ||
    !URL.canParse(returnUrl) ||
    new URL(returnUrl).origin !== new URL(publicUrl).origin
  ) {
    throw problem('REQUEST_INVALID', 'return_url: a same-device request needs a page of this service to return to');
  }
  return returnUrl;
}
