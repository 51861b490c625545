// What an old, a missing or a rolled-back status list, a pending anchor or a chain that is away means for a verdict: data,
// so that a verifier can be given another policy without another line of code.

/**
 * `pass`: the step passes and its reason and data say what was old. `not_checked`: it stays open; the verdict verifies only
 * where the step is one that may wait. `fail`: it fails.
 */
export type Treatment = 'pass' | 'not_checked' | 'fail';

export interface FreshnessPolicy {
  /** A status list no older than this is as good as new. */
  freshFor_s: number;
  /** A list older than that, and no older than `usableFor_s`; beyond it a list fails. */
  oldList: Treatment;
  usableFor_s: number;
  /** No list can be had, or its signature does not hold. */
  listAway: Exclude<Treatment, 'pass'>;
  /** The list is older than one seen before, or than what the chain says. */
  listRolledBack: Exclude<Treatment, 'pass'>;
  /** The issuer's newest log entry waits for its epoch. */
  anchorPending: Treatment;
  /** The anchor was seen on the chain, which cannot be asked now. */
  chainAway: Treatment;
}

const HOUR_s = 3_600;

export const freshnessPolicies = {
  /** For a counter with a network. */
  standard: {
    freshFor_s: 120,
    oldList: 'pass',
    usableFor_s: HOUR_s,
    listAway: 'fail',
    listRolledBack: 'fail',
    anchorPending: 'not_checked',
    chainAway: 'pass',
  },
  /** Where money or a door depends on it. */
  strict: {
    freshFor_s: 120,
    oldList: 'fail',
    usableFor_s: 120,
    listAway: 'fail',
    listRolledBack: 'fail',
    anchorPending: 'fail',
    chainAway: 'fail',
  },
  /** For a verifier in the field, with what it took along. */
  offline: {
    freshFor_s: HOUR_s,
    oldList: 'pass',
    usableFor_s: 24 * HOUR_s,
    listAway: 'not_checked',
    listRolledBack: 'fail',
    anchorPending: 'not_checked',
    chainAway: 'pass',
  },
} as const satisfies Record<string, FreshnessPolicy>;

export function outcomeOf(treatment: Treatment): 'passed' | 'not_checked' | 'failed' {
  return treatment === 'pass' ? 'passed' : treatment === 'fail' ? 'failed' : 'not_checked';
}
