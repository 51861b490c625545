// The step that asks for the status of an SD-JWT VC that somebody else issued, in the list that they publish.
// Source: draft-ietf-oauth-status-list, 8.3.
import type { Clock } from '../../platform/clock.ts';
import { isListOf, readTokenStatusList, stateIn, type TokenStatusList } from '../credentials/token-status-list.ts';
import type { DidResolver } from '../dids/did-resolution.ts';
import type { IssuerTrust } from '../trust/trusted-issuers.ts';
import { certifiedJwt, chainSteps } from './chain-step.ts';
import type { ForeignStatusLists } from './foreign-status-list-port.ts';
import type { FreshnessPolicy } from './freshness-policy.ts';
import { judgeReading } from './status-step.ts';
import { tokenStep } from './token-step.ts';
import { type TraceStep, traceStep } from './verdict.ts';

const TOKEN_TYPES = ['application/statuslist+jwt'];

export interface ForeignTokenStatusOptions {
  /** No slash at the end. */
  publicUrl: string;
  clock: Clock;
  lists: ForeignStatusLists;
  policy: FreshnessPolicy;
  trust: IssuerTrust;
  resolver: DidResolver;
}

/** Whose credential it is: the list must be signed by the same DID, or by a certificate that may speak for its type. */
export interface StatusIssuer {
  issuer: string | null;
  type: string;
}

export function createForeignTokenStatus(options: ForeignTokenStatusOptions) {
  const { publicUrl, clock, lists, policy, trust, resolver } = options;

  /**
   * Our own lists say nothing about what others issued, and a place in them would take over another credential's record.
   *
   * @param reference null where the credential names no status, `unreadable` where it does in another form
   */
  async function stepFor(
    reference: { uri: string; index: number } | null | 'unreadable',
    by: StatusIssuer,
  ): Promise<TraceStep> {
    if (reference === null) return traceStep('status', 'not_checked', 'STATUS_NOT_NAMED');
    const isReadable = reference !== 'unreadable' && !isOwnAddress(reference.uri);
    return isReadable ? statusOf(reference, by) : traceStep('status', 'failed', 'STATUS_UNKNOWN');
  }

  function isOwnAddress(uri: string): boolean {
    return URL.canParse(uri) && new URL(uri).origin === new URL(publicUrl).origin;
  }

  async function statusOf(reference: { uri: string; index: number }, by: StatusIssuer): Promise<TraceStep> {
    const entry = { list: reference.uri, index: reference.index };
    if (!URL.canParse(reference.uri)) return traceStep('status', 'failed', 'STATUS_LIST_MALFORMED');
    let fetched = await lists.fetch(reference.uri, { types: TOKEN_TYPES, fresh_s: policy.freshFor_s });
    let list = typeof fetched === 'string' ? null : readTokenStatusList(fetched.text);
    if (typeof fetched !== 'string' && fetched.age_s > (list?.payload.ttl ?? policy.freshFor_s)) {
      fetched = await lists.fetch(reference.uri, { types: TOKEN_TYPES, fresh_s: 0 });
      list = typeof fetched === 'string' ? null : readTokenStatusList(fetched.text);
    }
    if (fetched === 'STATUS_HOST_NOT_ASKED') return traceStep('status', 'failed', fetched);
    if (fetched === 'STATUS_LIST_AWAY') return judgeReading({ state: null, trouble: 'away' }, entry, policy);
    if (list === null) return traceStep('status', 'failed', 'STATUS_LIST_MALFORMED');
    const now_s = Math.floor(clock.now_ms() / 1000);
    if (!isListOf(list, reference.uri, now_s) || !(await isSignedFor(list, by, now_s))) {
      return traceStep('status', 'failed', 'STATUS_LIST_NOT_VERIFIED');
    }
    const found = stateIn(list, reference.index);
    if (typeof found === 'string') return traceStep('status', 'failed', found);
    return judgeReading({ ...found, age_s: fetched.age_s }, entry, policy);
  }

  async function isSignedFor(list: TokenStatusList, { issuer, type }: StatusIssuer, now_s: number): Promise<boolean> {
    const { compact, header, payload } = list;
    const { kid = '', alg, x5c } = header;
    if (issuer !== null && kid.startsWith(`${issuer}#`)) {
      const token = { compact, header: { ...header, alg, kid } } as Parameters<typeof tokenStep>[0];
      return (await tokenStep(token, { by: issuer, purpose: 'assertionMethod' }, resolver)).outcome === 'passed';
    }
    if (x5c === undefined) return false;
    const jwt = { compact, header, payload: { ...payload, ...(issuer === null ? {} : { iss: issuer }) } };
    const { signature, issuer: named } = await chainSteps(certifiedJwt(jwt), { type, now_s, trust });
    return signature.outcome === 'passed' && named.outcome === 'passed';
  }

  return { stepFor };
}
