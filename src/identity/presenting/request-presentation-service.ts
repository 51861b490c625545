// Asking for a presentation, serving the question to the wallet, and collecting what came of it.
import { Openid4vpVerifier } from '@openid4vc/openid4vp';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { allowAddressesLike, openidCallbacks } from '../openid-callbacks.ts';
import { randomUuid, secretHash } from '../secrets.ts';
import { type RegisteredVerifier, requireMayAsk } from '../trust/registered-verifier.ts';
import type { VerifierService } from '../trust/verifier-service.ts';
import { presentationQuery, queryIdOf } from './presentation-query.ts';
import {
  type BrowserOrder,
  type PresentationOrder,
  type PresentationRequests,
  presentationLimits,
  type RequestRecord,
} from './presentation-request.ts';
import { answerState, collectOutcome, insertRequest, waitingRequest } from './presentation-request-store.ts';
import { browserRequestPayload, requestPayload } from './request-object.ts';
import { describeRequest, type RequestSigners, signerOf } from './request-signing.ts';
import { makeResponseKey, openResponseKey, sealResponseKey } from './response-key.ts';
import { encodeTransactions } from './transaction-data.ts';

export interface PresentationRequestService extends PresentationRequests {
  /**
   * The request object as a signed JWT, `oauth-authz-req+jwt`; as often as asked until answered. Throws NOT_FOUND when the
   * request was answered, has expired, or never was, or when its verifier has ended.
   *
   * @param wallet what a wallet that posted said of itself: its nonce is signed with the rest, and of the encryptions those
   *   it knows are offered
   */
  requestObject(
    handle: string,
    wallet?: { nonce?: string | undefined; encodings?: string[] | undefined },
  ): Promise<string>;
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
  verifiers: Pick<VerifierService, 'requireVerifier'>;
  signers: RequestSigners;
}): PresentationRequestService {
  const { pool, clock, random, publicUrl, verifiers, signers } = parts;
  allowAddressesLike(publicUrl);

  /** Its link, or what a page hands to the browser, and its signed request object. */
  async function makeRequest(
    request: RequestRecord,
    verifier: RegisteredVerifier,
    handle: string,
    wallet: { nonce?: string | undefined; encodings?: string[] | undefined } = {},
  ) {
    const now_ms = clock.now_ms();
    const responseKey = request.responseKey === null ? null : openResponseKey(request.responseKey, handle);
    const about = describeRequest({ publicUrl, signers, request, verifier, handle, responseKey, wallet });
    const signer = signerOf(signers, request.client, verifier);
    const library = new Openid4vpVerifier({ callbacks: openidCallbacks({ signJwt: signer.signJwt }) });
    const { authorizationRequest, authorizationRequestPayload, jar } =
      await library.createOpenId4vpAuthorizationRequest({
        authorizationRequestPayload: request.mode === 'dc_api' ? browserRequestPayload(about) : requestPayload(about),
        ...(signer.jwtSigner === null
          ? {}
          : {
              jar: {
                ...(request.mode === 'dc_api' ? {} : { requestUri: about.requestUri }),
                jwtSigner: signer.jwtSigner,
                expiresInSeconds: Math.ceil((request.expiresAt.getTime() - now_ms) / 1_000),
                additionalJwtPayload: { aud: about.requestAudience },
              },
            }),
        ...(wallet.nonce === undefined ? {} : { wallet: { expectedNonce: wallet.nonce } }),
        now: new Date(now_ms),
      });
    const jwt = jar?.authorizationRequestJwt ?? null;
    return {
      jwt,
      // A wallet that can post signs its nonce into what it gets. Source: OpenID4VP 1.0, 5.10.
      link: jwt === null ? authorizationRequest : `${authorizationRequest}&request_uri_method=post`,
      forBrowser: {
        digital_credential_request: {
          protocol: `openid4vp-v1-${jwt === null ? 'unsigned' : 'signed'}`,
          data: jwt === null ? { ...authorizationRequestPayload } : { request: jwt },
        },
        response_uri: about.responseUri,
      },
    };
  }

  async function begin(
    order: PresentationOrder | BrowserOrder,
    verifier: RegisteredVerifier,
    how: Pick<RequestRecord, 'mode' | 'client' | 'returnUrl' | 'origin'>,
  ) {
    const wanted = { credentials: order.credentials, sets: order.sets };
    for (const { type, claims } of order.credentials) {
      const names = claims.map(({ name }) => name);
      requireMayAsk(verifier, credentialType(type).id, names);
    }
    presentationQuery(wanted, publicUrl);
    const handle = randomToken(random);
    const request: RequestRecord = {
      ...how,
      id: randomUuid(random),
      verifier: verifier.id,
      wanted,
      purpose: order.purpose ?? verifier.purpose,
      transactions: encodeTransactions(checkTransactions(order), order.credentials),
      nonce: randomToken(random),
      state: randomToken(random),
      responseKey: order.encrypted === false ? null : sealResponseKey(makeResponseKey(), handle, random),
      expiresAt: new Date(clock.now_ms() + presentationLimits.requestLifetime_s * 1_000),
    };
    const { link, forBrowser } = await makeRequest(request, verifier, handle);
    await insertRequest(pool, handleHash(handle), request);
    return { request: { request_id: request.id, expires_at: request.expiresAt.toISOString() }, link, forBrowser };
  }

  return {
    async createPresentationRequest(order) {
      const verifier = await verifiers.requireVerifier(order.verifier);
      const { mode, client = 'x509_hash', return_url } = order;
      const returnUrl = mode === 'same_device' ? ownPage(return_url, publicUrl, verifier) : null;
      const { request, link } = await begin(order, verifier, { mode, client, returnUrl, origin: null });
      return { ...request, authorization_request: link };
    },

    async createBrowserRequest(order) {
      const verifier = await verifiers.requireVerifier(order.verifier);
      const client = order.signed === false ? 'origin' : 'x509_hash';
      const origin = ownOrigin(order.origin, publicUrl, verifier);
      const { request, forBrowser } = await begin(order, verifier, { mode: 'dc_api', client, returnUrl: null, origin });
      return { ...request, ...forBrowser };
    },

    async requestObject(handle, wallet) {
      const request = await waitingRequest(pool, handleHash(handle), new Date(clock.now_ms()));
      const gone = () => problem('NOT_FOUND', 'This request was answered, has expired, or never was.');
      if (request === null || request.mode === 'dc_api') throw gone();
      const verifier = await verifiers.requireVerifier(request.verifier).catch(() => Promise.reject(gone()));
      const { jwt } = await makeRequest(request, verifier, handle, wallet);
      if (jwt === null) throw gone();
      return jwt;
    },

    async presentationState(requestId, verifier) {
      const found = await answerState(pool, { id: requestId, verifier }, new Date(clock.now_ms()));
      if (found === null) throw problem('NOT_FOUND', 'There is no such presentation request.');
      const { outcome, mode, credentials, expired } = found;
      if (expired) return { state: 'expired', mode };
      const state = outcome === 'collected' ? 'verified' : outcome;
      return { state, mode, ...(credentials === null ? {} : { credentials }) };
    },

    async collectPresentation(requestId, verifier, responseCode) {
      const now = new Date(clock.now_ms());
      const of = { id: requestId, verifier };
      const code = responseCode === undefined ? null : responseCodeHash(responseCode);
      const outcome = await collectOutcome(pool, of, code, now);
      if (outcome !== null) return outcome;
      const found = await answerState(pool, of, now);
      if (found === null) throw problem('NOT_FOUND', 'There is no such presentation request.');
      if (found.outcome === 'refused' && !found.expired) throw problem('PRESENTATION_DECLINED');
      if (found.outcome === 'verified' && !found.expired) throw problem('RESPONSE_CODE_WRONG');
      throw problem('PRESENTATION_NOT_READY');
    },
  };
}

/** @throws REQUEST_INVALID where a text is too long, or is to be signed with what an answer may leave out */
function checkTransactions({ transactions = [], credentials, sets }: PresentationOrder | BrowserOrder) {
  const { transactions: most, transaction_chars } = presentationLimits;
  if (transactions.length > most) throw problem('REQUEST_INVALID', `transactions: at most ${most}`);
  for (const { title, text, credential } of transactions) {
    if ([title.ko, title.en, text.ko, text.en].some(({ length }) => length === 0 || length > transaction_chars)) {
      throw problem('REQUEST_INVALID', `transactions: write title and text with 1 to ${transaction_chars} characters`);
    }
    const signer = credential ?? (credentials[0] === undefined ? '' : queryIdOf(credentials[0]));
    const always =
      sets === undefined ||
      sets.some(({ options, required }) => required !== false && options.every((option) => option.includes(signer)));
    if (!always || !credentials.some((wanted) => queryIdOf(wanted) === signer)) {
      throw problem('REQUEST_INVALID', 'transactions: sign with a credential that every answer has');
    }
    const { format = 'dc+sd-jwt' } = credentials.find((wanted) => queryIdOf(wanted) === signer) ?? {};
    if (format !== 'dc+sd-jwt') {
      throw problem('REQUEST_INVALID', 'transactions: only presentations of dc+sd-jwt sign texts');
    }
  }
  return transactions;
}

/** @throws REQUEST_INVALID unless it is a page of this service or of the verifier */
function ownPage(returnUrl: string | undefined, publicUrl: string, verifier: RegisteredVerifier): string {
  if (
    returnUrl === undefined ||
    returnUrl.length > presentationLimits.returnUrl_chars ||
    !URL.canParse(returnUrl) ||
    !originsOf(publicUrl, verifier).includes(new URL(returnUrl).origin)
  ) {
    throw problem(
      'REQUEST_INVALID',
      'return_url: a same-device request needs a page of this service, or of a registered origin, to return to',
    );
  }
  return returnUrl;
}

/** @throws REQUEST_INVALID unless its pages are this service's or the verifier's */
function ownOrigin(origin: string, publicUrl: string, verifier: RegisteredVerifier): string {
  if (!originsOf(publicUrl, verifier).includes(origin)) {
    throw problem('REQUEST_INVALID', 'origin: name the registered origin of the page that asks');
  }
  return origin;
}

function originsOf(publicUrl: string, { return_origins }: RegisteredVerifier): string[] {
  return [new URL(publicUrl).origin, ...return_origins];
}
