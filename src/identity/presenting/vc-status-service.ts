// The step that asks for the status of a W3C credential: of our own lists in the records, of others' in what they publish.
// Source: Bitstring Status List 1.0, 3.2.
import { readStatus } from '../credentials/bitstring-expansion.ts';
import { type ConformingCredential, issuerOf } from '../credentials/vc-data-model.ts';
import { readStatusEntry, type StatusEntryReference } from '../credentials/vc-status-entry.ts';
import type { ForeignStatusLists } from './foreign-status-list-port.ts';
import { type FreshnessPolicy, freshnessPolicies } from './freshness-policy.ts';
import { judgeReading, type StatusSource, statusStep } from './status-step.ts';
import { type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VcStatusOptions {
  statusLists: StatusSource;
  foreign: ForeignStatusLists;
  policy?: FreshnessPolicy;
  /** Verifies a list's credential: everything but its own status. */
  verifyList(credential: unknown): Promise<Pick<Verdict, 'verified'> & { issuer: string | null; content: unknown }>;
}

export interface VcStatus {
  step: TraceStep;
  /** The record of the issue, where it is one of ours. */
  credentialId: string | null;
}

/** Purposes whose status only tells something; with any other that is set, the credential is not accepted. */
const telling: ReadonlySet<string> = new Set(['message', 'refresh']);

export function createVcStatusService(options: VcStatusOptions) {
  const { statusLists, foreign, verifyList, policy = freshnessPolicies.standard } = options;

  /** @param isOwn whether the issuer is one of this city: then only a record of the issue will do */
  async function statusOf(credential: ConformingCredential, isOwn: boolean): Promise<VcStatus> {
    const entries = [credential.credentialStatus ?? []].flat();
    if (entries.length === 0 && !isOwn) {
      return { step: traceStep('status', 'not_checked', 'STATUS_NOT_NAMED'), credentialId: null };
    }
    const found: VcStatus[] = [];
    for (const value of entries) {
      if (![value.type].flat().includes('BitstringStatusListEntry')) continue;
      const entry = readStatusEntry(value);
      if (typeof entry === 'string') return failure('STATUS_LIST_MALFORMED');
      found.push(await entryStatus(entry, credential, isOwn));
    }
    const failed = found.find(({ step }) => step.outcome === 'failed');
    if (failed) return failed;
    const recorded = found.find(({ credentialId }) => credentialId !== null);
    // A status of a kind that is not read here is not passed over: something of ours or readable must stand beside it.
    if (isOwn) return recorded ?? failure('STATUS_UNKNOWN');
    return recorded ?? found.at(-1) ?? failure('STATUS_UNKNOWN');
  }

  async function entryStatus(
    entry: StatusEntryReference,
    credential: ConformingCredential,
    isOwn: boolean,
  ): Promise<VcStatus> {
    const own = await statusLists.statusAt(entry.list, entry.index);
    // Somebody else's credential that names a place in our lists would take over another credential's record.
    if (own !== null && !isOwn) return failure('STATUS_LIST_NOT_VERIFIED');
    if (own !== null) return statusStep({ uri: entry.list, index: entry.index }, statusLists);
    let fetched = await foreign.fetch(entry.list, { fresh_s: policy.freshFor_s });
    if (typeof fetched !== 'string' && fetched.age_s > ttlOf_s(parse(fetched.text))) {
      fetched = await foreign.fetch(entry.list, { fresh_s: 0 });
    }
    if (fetched === 'STATUS_LIST_AWAY') return away(entry, policy);
    if (typeof fetched === 'string') return failure(fetched);
    const list = parse(fetched.text);
    if (list === undefined) return failure('STATUS_LIST_MALFORMED');
    const { verified, issuer, content } = await verifyList(list);
    if (!verified || issuer !== issuerOf(credential) || (content as { id?: unknown }).id !== entry.list) {
      return failure('STATUS_LIST_NOT_VERIFIED');
    }
    const reading = readStatus(content, entry);
    if (typeof reading === 'string') return failure(reading);
    const data = {
      ...{ list: entry.list, index: entry.index, age_s: fetched.age_s, purpose: entry.purpose },
      message: entry.messages.get(reading.value) ?? null,
    };
    if (reading.value === 0 || telling.has(entry.purpose)) {
      const { outcome, reason } = judgeReading({ state: 'valid', age_s: fetched.age_s }, data, policy);
      return { step: traceStep('status', outcome, reason, { data }), credentialId: null };
    }
    const reason = entry.purpose === 'revocation' ? 'CREDENTIAL_REVOKED' : 'STATUS_SET';
    return { step: traceStep('status', 'failed', reason, { data }), credentialId: null };
  }

  return { statusOf };
}

function failure(reason: TraceStep['reason']): VcStatus {
  return { step: traceStep('status', 'failed', reason), credentialId: null };
}

function away({ list, index }: { list: string; index: number }, policy: FreshnessPolicy): VcStatus {
  return { step: judgeReading({ state: null, trouble: 'away' }, { list, index }, policy), credentialId: null };
}

/** How long a copy may be kept, where the list says. Source: Bitstring Status List 1.0, 2.2 (`ttl`, milliseconds). */
function ttlOf_s(list: unknown): number {
  const subject = (list as { credentialSubject?: { ttl?: unknown } } | null)?.credentialSubject;
  return typeof subject?.ttl === 'number' ? subject.ttl / 1000 : Number.POSITIVE_INFINITY;
}

/** A credential with a proof is JSON, one in an envelope is its token. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return /^[\w.~-]+$/.test(text.trim()) ? text.trim() : undefined;
  }
}
