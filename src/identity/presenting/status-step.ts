// The step that asks whether a credential was revoked or suspended, and says how old the answer is.
// Policy: what the records don't hold is not accepted; how old a list may be, the freshness policy says.
import type { StatusState } from '../credentials/status-list.ts';
import { type FreshnessPolicy, freshnessPolicies, outcomeOf } from './freshness-policy.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/** What was found out about one entry. */
export interface StatusReading {
  /** Null for a value without a meaning. */
  state: StatusState | null;
  /** The issuer's record of the credential; null where none fits; absent where only a list was read. */
  credential?: { id: string; revoked_at: string | null; suspended_at: string | null } | null;
  /** How long ago the list was made; absent for records read at this moment. */
  age_s?: number;
  /** Why the list can't be relied on: not to be had, or older than one seen before or than what the chain holds. */
  trouble?: 'away' | 'rolled_back' | null;
}

/** As much of the status lists as a verdict needs. */
export interface StatusSource {
  /** Null where the address is no list that is known, or the index lies outside it. */
  statusAt(uri: string, index: number): Promise<StatusReading | null>;
}

interface StatusResult {
  step: TraceStep;
  credentialId: string | null;
}

/** @param reference null where the credential names no status, `unreadable` where it does in another form */
export async function statusStep(
  reference: { uri: string; index: number } | null | 'unreadable',
  source: StatusSource,
  policy: FreshnessPolicy = freshnessPolicies.standard,
): Promise<StatusResult> {
  if (reference === null) return { step: traceStep('status', 'failed', 'STATUS_MISSING'), credentialId: null };
  const reading = reference === 'unreadable' ? null : await source.statusAt(reference.uri, reference.index);
  if (reference === 'unreadable' || !reading || reading.credential === null) {
    return { step: traceStep('status', 'failed', 'STATUS_UNKNOWN'), credentialId: null };
  }
  return {
    step: judgeReading(reading, { list: reference.uri, index: reference.index }, policy),
    credentialId: reading.credential?.id ?? null,
  };
}

/** What a reading means by the policy: revoked and suspended first, then how old it is. */
export function judgeReading(
  { state, credential, age_s = 0, trouble = null }: StatusReading,
  entry: { list: string; index: number },
  policy: FreshnessPolicy,
): TraceStep {
  const data = { ...entry, age_s, revoked_at: credential?.revoked_at ?? null };
  if (trouble === 'away') return traceStep('status', outcomeOf(policy.listAway), 'STATUS_LIST_AWAY', { data: entry });
  // Whoever is revoked or suspended in an old list is no better in a newer one that matters: these are told first.
  if (state === 'revoked') return traceStep('status', 'failed', 'CREDENTIAL_REVOKED', { data });
  if (state === 'suspended') {
    const suspended = { ...data, suspended_at: credential?.suspended_at ?? null };
    return traceStep('status', 'failed', 'CREDENTIAL_SUSPENDED', { data: suspended });
  }
  if (state !== 'valid') return traceStep('status', 'failed', 'STATUS_UNKNOWN', { data });
  if (trouble === 'rolled_back') {
    return traceStep('status', outcomeOf(policy.listRolledBack), 'STATUS_LIST_ROLLED_BACK', { data });
  }
  if (age_s > policy.usableFor_s) return traceStep('status', 'failed', 'STATUS_LIST_TOO_OLD', { data });
  if (age_s > policy.freshFor_s) return traceStep('status', outcomeOf(policy.oldList), 'STATUS_LIST_OLD', { data });
  return traceStep('status', 'passed', 'STATUS_VALID', { data });
}
