// The response endpoint: a wallet's answer is matched to its request, verified, and its verdict kept for who asked.
import { Oauth2ErrorCodes, Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';
import { type Openid4vpAuthorizationRequest, parseOpenid4vpAuthorizationResponse } from '@openid4vc/openid4vp';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { openidCallbacks } from '../openid-callbacks.ts';
import { sameSecret } from '../secrets.ts';
import { registeredVerifier } from '../trust/registered-verifiers.ts';
import { answersQuery, askedClaims, presentationQuery, queryId } from './presentation-query.ts';
import { presentationLimits } from './presentation-request.ts';
import { type RequestRecord, recordAnswer, waitingRequest } from './presentation-request-store.ts';
import { clientIdOf, requestPayload } from './request-object.ts';
import { handleHash, responseCodeHash } from './request-presentation-service.ts';
import type { Verdict } from './verdict.ts';

export type VerifyPresentation = (
  compact: string,
  expected: { nonce: string; audience: string; types: string[] },
) => Promise<Verdict>;

export interface PresentationAnswerService {
  /**
   * Source: OpenID4VP 1.0, 8.1, 8.2 and 8.6. An answer that cannot belong to the request (wrong state, not the credential
   * asked for, a claim missing) is refused and leaves the request open; one that was verified, well or ill, ends it.
   * Every refusal is an `Oauth2ServerErrorResponseError`.
   */
  receiveAnswer(handle: string, form: Record<string, unknown>): Promise<{ redirect_uri?: string }>;
}

export function createPresentationAnswerService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  /** DID that signs the requests. */
  did: string;
  verifyPresentation: VerifyPresentation;
}): PresentationAnswerService {
  const { pool, clock, random, publicUrl, did, verifyPresentation } = parts;

  async function presentedCredential(
    payload: Openid4vpAuthorizationRequest,
    expectedId: string,
    form: Record<string, unknown>,
  ): Promise<string> {
    const parsed = await parseOpenid4vpAuthorizationResponse({
      authorizationResponse: form,
      authorizationRequestPayload: payload,
      callbacks: openidCallbacks({}),
    }).catch(() => {
      throw refusal('The answer does not have the form of an OpenID4VP response.');
    });
    const answers = parsed.type === 'dcql' ? Object.entries(parsed.dcql.presentations) : [];
    const [id, presentations] = answers[0] ?? [];
    const compact = presentations?.[0];
    if (answers.length !== 1 || id !== expectedId || presentations?.length !== 1 || typeof compact !== 'string') {
      throw refusal(`'vp_token' must hold exactly one presentation, under '${expectedId}'.`);
    }
    return compact;
  }

  async function end(request: RequestRecord, verdict: Verdict | null, code: string | null): Promise<void> {
    const now_ms = clock.now_ms();
    const recorded = await recordAnswer(pool, {
      id: request.id,
      verdict,
      responseCodeHash: code === null ? null : responseCodeHash(code),
      now: new Date(now_ms),
      keepUntil: new Date(now_ms + presentationLimits.verdictLifetime_s * 1_000),
    });
    if (!recorded) throw gone();
  }

  return {
    async receiveAnswer(handle, form) {
      const request = await waitingRequest(pool, handleHash(handle), new Date(clock.now_ms()));
      if (request === null) throw gone();
      if (!sameState(form, request.state)) throw refusal("'state' is not this request's.");
      if (typeof form.error === 'string') {
        await end(request, null, null);
        return {};
      }
      const type = credentialType(request.type);
      const query = presentationQuery(type, publicUrl, request.claims);
      const payload = requestPayload({
        publicUrl,
        did,
        handle,
        nonce: request.nonce,
        state: request.state,
        query,
        verifier: registeredVerifier(request.verifier),
        purpose: request.purpose,
      });
      const compact = await presentedCredential(payload, queryId(query), form);
      const verdict = await verifyPresentation(compact, {
        nonce: request.nonce,
        audience: clientIdOf(did),
        types: [type.id],
      });
      const code = request.mode === 'same_device' ? randomToken(random) : null;
      const goOn = (): { redirect_uri?: string } =>
        code === null || request.returnUrl === null ? {} : { redirect_uri: returnPage(request, code) };
      if (!verdict.verified) {
        await end(request, { ...verdict, claims: {} }, code);
        // On one device the person goes on to the page that asked, which shows why; on two, the wallet must tell.
        if (code !== null) return goOn();
        const failed = verdict.trace.find(({ outcome }) => outcome === 'failed');
        throw new Oauth2ServerErrorResponseError(
          { error: Oauth2ErrorCodes.AccessDenied, error_description: failed?.reason ?? 'NOT_VERIFIED' },
          { status: 400 },
        );
      }
      if (!answersQuery(query, type, publicUrl, verdict.claims)) {
        throw refusal('The presentation does not show every claim that was asked for.');
      }
      await end(request, { ...verdict, claims: askedClaims(verdict.claims, request.claims) }, code);
      return goOn();
    },
  };
}

function returnPage(request: RequestRecord, responseCode: string): string {
  const page = new URL(request.returnUrl ?? '');
  page.searchParams.set('request_id', request.id);
  page.searchParams.set('response_code', responseCode);
  return page.toString();
}

function sameState(form: Record<string, unknown>, state: string): boolean {
  return typeof form.state === 'string' && sameSecret(Buffer.from(form.state), Buffer.from(state));
}

function refusal(error_description: string): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError(
    { error: Oauth2ErrorCodes.InvalidRequest, error_description },
    { status: 400 },
  );
}

function gone(): Oauth2ServerErrorResponseError {
  return refusal('This request was answered, has expired, or never was.');
}
