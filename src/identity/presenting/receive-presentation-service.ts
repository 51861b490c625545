// The response endpoint: a wallet's answer is opened, matched to its request, verified, and its verdicts kept for who asked.
import { Oauth2ErrorCodes, Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';
import {
  parseOpenid4VpAuthorizationResponsePayload,
  validateOpenid4vpAuthorizationResponsePayload,
} from '@openid4vc/openid4vp';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type Random, randomToken } from '../../platform/random.ts';
import { sameSecret } from '../secrets.ts';
import type { VerifierService } from '../trust/verifier-service.ts';
import type { MdocSession } from './device-step.ts';
import { answersQuery, askedClaims, queryIdOf, wantedAuthorities } from './presentation-query.ts';
import {
  type AskedFormat,
  presentationLimits,
  type RequestRecord,
  type WantedCredential,
} from './presentation-request.ts';
import { recordAnswer, waitingRequest } from './presentation-request-store.ts';
import { audienceOf, browserRequestPayload, requestPayload } from './request-object.ts';
import { handleHash, responseCodeHash } from './request-presentation-service.ts';
import { describeRequest, type RequestSigners } from './request-signing.ts';
import { decryptAnswer, openResponseKey } from './response-key.ts';
import { readTransaction } from './transaction-data.ts';
import type { CredentialVerdict, PresentationOutcome, Verdict } from './verdict.ts';

export type VerifyPresentation = (
  presentation: unknown,
  expected: {
    format: AskedFormat;
    nonce: string;
    audience: string;
    types: string[];
    transactions: string[];
    authorities: string[] | undefined;
    /** How it was asked, which an mdoc's device signs. */
    session: Omit<MdocSession, 'nonce'>;
  },
) => Promise<Verdict>;

export interface PresentationAnswerService {
  /**
   * Source: OpenID4VP 1.0, 8.1 to 8.3, 8.6 and A.3. An answer that cannot belong to the request (wrong state, not
   * encrypted to its key, not the credentials asked for, a claim missing) is refused and leaves the request open; one that
   * was verified, well or ill, ends it. Every refusal is an `Oauth2ServerErrorResponseError`.
   *
   * @param from `page`: what the Digital Credentials API gave the page that asked
   */
  receiveAnswer(
    handle: string,
    form: Record<string, unknown>,
    from: 'wallet' | 'page',
  ): Promise<{ redirect_uri?: string }>;
}

export function createPresentationAnswerService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  verifiers: Pick<VerifierService, 'requireVerifier'>;
  signers: RequestSigners;
  verifyPresentation: VerifyPresentation;
}): PresentationAnswerService {
  const { pool, clock, random, publicUrl, verifiers, signers, verifyPresentation } = parts;

  async function end(request: RequestRecord, answered: PresentationOutcome | null, code: string | null): Promise<void> {
    const now_ms = clock.now_ms();
    const recorded = await recordAnswer(pool, {
      id: request.id,
      answered,
      responseCodeHash: code === null ? null : responseCodeHash(code),
      now: new Date(now_ms),
      keepUntil: new Date(now_ms + presentationLimits.verdictLifetime_s * 1_000),
    });
    if (!recorded) throw gone();
  }

  /** Verdicts in the order of the question. */
  async function verifyAll(
    request: RequestRecord,
    presented: { wanted: WantedCredential; presentations: unknown[] }[],
    audience: string,
    session: Omit<MdocSession, 'nonce'>,
  ): Promise<CredentialVerdict[]> {
    const verdicts: CredentialVerdict[] = [];
    for (const { wanted, presentations } of presented) {
      const queryId = queryIdOf(wanted);
      const transactions = request.transactions.filter((entry) =>
        readTransaction(entry)?.credential_ids.includes(queryId),
      );
      const authorities = wantedAuthorities(wanted);
      const { format = 'dc+sd-jwt', type } = wanted;
      const expected = { format, nonce: request.nonce, audience, types: [type], transactions, authorities, session };
      for (const presentation of presentations) {
        verdicts.push({ query_id: queryId, ...(await verifyPresentation(presentation, expected)) });
      }
    }
    return verdicts;
  }

  return {
    async receiveAnswer(handle, form, from) {
      const request = await waitingRequest(pool, handleHash(handle), new Date(clock.now_ms()));
      if (request === null) throw gone();
      if ((request.mode === 'dc_api') !== (from === 'page'))
        throw refusal('The answer came by another way than asked.');
      const verifier = await verifiers.requireVerifier(request.verifier).catch(() => Promise.reject(gone()));
      const answer = await openAnswer(request, handle, form);
      if (typeof answer.error === 'string') {
        await end(request, null, null);
        return {};
      }
      const responseKey = request.responseKey === null ? null : openResponseKey(request.responseKey, handle);
      const about = describeRequest({ publicUrl, signers, request, verifier, handle, responseKey });
      const payload = request.mode === 'dc_api' ? browserRequestPayload(about) : requestPayload(about);
      const presented = matchToQuestion(request, presentationsIn(answer, payload));
      const session = {
        ...{ clientId: about.clientId, responseUri: about.responseUri, origin: request.origin },
        responseJwk: responseKey?.publicJwk ?? null,
      };
      const credentials = await verifyAll(request, presented, audienceOf(request, about.clientId), session);
      const code = request.mode === 'same_device' ? randomToken(random) : null;
      const goOn = (): { redirect_uri?: string } =>
        code === null || request.returnUrl === null ? {} : { redirect_uri: returnPage(request, code) };
      if (!credentials.every(({ verified }) => verified)) {
        await end(request, { verified: false, credentials: credentials.map(withoutClaims) }, code);
        // On one device the person goes on to the page that asked, which shows why; on two, the wallet must tell.
        if (code !== null) return goOn();
        const failed = credentials.flatMap(({ trace }) => trace).find(({ outcome }) => outcome === 'failed');
        throw refusal(failed?.reason ?? 'NOT_VERIFIED', Oauth2ErrorCodes.AccessDenied);
      }
      if (!answersQuery(request.wanted, publicUrl, disclosedIn(credentials))) {
        throw refusal('The presentations do not show everything that was asked for.');
      }
      await end(request, { verified: true, credentials: credentials.map((each) => onlyAsked(each, request)) }, code);
      return goOn();
    },
  };
}

/**
 * The members of the answer. One to a request with a key must be encrypted to it, but for an error; one through the browser
 * carries no state, the browser binds it. Source: OpenID4VP 1.0, 8.3 and A.4.
 */
async function openAnswer(
  request: RequestRecord,
  handle: string,
  form: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  let answer = form;
  if (request.responseKey !== null && form.error === undefined) {
    const opened =
      typeof form.response === 'string'
        ? await decryptAnswer(form.response, openResponseKey(request.responseKey, handle))
        : null;
    if (opened === null) throw refusal("'response' must be the answer, encrypted to the key of this request.");
    answer = opened;
  }
  if (request.mode !== 'dc_api' && !sameState(answer, request.state)) throw refusal("'state' is not this request's.");
  return answer;
}

function presentationsIn(
  answer: Record<string, unknown>,
  authorizationRequestPayload: Parameters<
    typeof validateOpenid4vpAuthorizationResponsePayload
  >[0]['authorizationRequestPayload'],
): Record<string, unknown[]> {
  try {
    const authorizationResponsePayload = parseOpenid4VpAuthorizationResponsePayload(answer);
    const read = validateOpenid4vpAuthorizationResponsePayload({
      authorizationRequestPayload,
      authorizationResponsePayload,
    });
    if (read.type === 'dcql') return read.dcql.presentations;
  } catch {
    // Said below.
  }
  throw refusal('The answer does not have the form of an OpenID4VP response.');
}

/** @throws invalid_request where a presentation answers no part of the question, or more than that part allows */
function matchToQuestion(request: RequestRecord, presentations: Record<string, unknown[]>) {
  const { credentials } = request.wanted;
  const ids = credentials.map(queryIdOf);
  const given = Object.entries(presentations);
  const tooMany = given.some(([id, each]) => {
    const wanted = credentials.find((credential) => queryIdOf(credential) === id);
    const most = wanted === undefined ? 0 : wanted.multiple === true ? presentationLimits.presentationsEach : 1;
    return each.length === 0 || each.length > most;
  });
  if (given.length === 0 || tooMany) {
    throw refusal(`'vp_token' must hold presentations under ${ids.join(', ')}, each as often as was asked.`);
  }
  return credentials.flatMap((wanted) => {
    const each = presentations[queryIdOf(wanted)];
    return each === undefined ? [] : [{ wanted, presentations: each }];
  });
}

function disclosedIn(credentials: readonly CredentialVerdict[]): Record<string, Record<string, unknown>[]> {
  const disclosed: Record<string, Record<string, unknown>[]> = {};
  for (const { query_id, claims } of credentials) disclosed[query_id] = [...(disclosed[query_id] ?? []), claims];
  return disclosed;
}

function withoutClaims(verdict: CredentialVerdict): CredentialVerdict {
  return { ...verdict, claims: {} };
}

function onlyAsked(verdict: CredentialVerdict, { wanted }: RequestRecord): CredentialVerdict {
  const asked = wanted.credentials.find((credential) => queryIdOf(credential) === verdict.query_id);
  return { ...verdict, claims: asked === undefined ? {} : askedClaims(verdict.claims, asked) };
}

function returnPage(request: RequestRecord, responseCode: string): string {
  const page = new URL(request.returnUrl ?? '');
  page.searchParams.set('request_id', request.id);
  page.searchParams.set('response_code', responseCode);
  return page.toString();
}

function sameState(answer: Record<string, unknown>, state: string): boolean {
  return typeof answer.state === 'string' && sameSecret(Buffer.from(answer.state), Buffer.from(state));
}

function refusal(
  error_description: string,
  error: Oauth2ErrorCodes = Oauth2ErrorCodes.InvalidRequest,
): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError({ error, error_description }, { status: 400 });
}

function gone(): Oauth2ServerErrorResponseError {
  return refusal('This request was answered, has expired, or never was.');
}
