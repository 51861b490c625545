// Until when a proven reduction counts, from what is known of its credential and of the tenancy. docs/citizen-bills.md says
// the policy for people.
import { dayAfter } from '../metering/billing/billing-dates.ts';
import { laterDay, localDay } from './days.ts';

export const reductionPolicy = {
  /** A status is asked for again after this long: often enough that every bill run finds the day before settled. */
  checkEvery_ms: 3_600_000,
  /**
   * For so long after it was last seen to be good, a status that cannot be learnt leaves the reduction as it was; then the
   * reduction ends. It is never taken for good.
   */
  unknownFor_ms: 24 * 3_600_000,
  /** Statuses asked for at once. */
  batch: 500,
  /** How long a person can see that a reduction of theirs has ended, and why; then it is erased. */
  keepEnded_days: 400,
} as const;

/** What ends a proof by itself. */
type Lapse = 'revoked' | 'suspended' | 'expired' | 'moved_out' | 'account_ended' | 'unknown';
/** `replaced`: proven again, with another credential or by another person of the home. */
export type EndReason = Lapse | 'given_up' | 'replaced';

export type Status =
  | { state: 'valid' }
  /** `at`: since when, ISO 8601. */
  | { state: 'revoked' | 'suspended'; at: string }
  | { state: 'unknown' };

export interface KnownOfProof {
  /** First day on which the proof counts, YYYY-MM-DD. */
  from: string;
  /** The credential's first day of being no longer valid. */
  expires: string;
  /** When the status was last seen to be good. */
  confirmedAt_ms: number;
  credential: Status;
  account: Status;
  /** Last day of the tenancy; null where none is known. */
  livesUntil: string | null;
}

export interface Standing {
  /** Whether the status was learnt and is good. */
  confirmed: boolean;
  /** The first day on which it no longer counts; it may lie ahead. */
  until: string;
  /** Null while it counts. */
  ended: Lapse | null;
}

/** Where several things end a proof, the earliest says from when and why. */
export function standingOf(known: KnownOfProof, now_ms: number, timeZone: string): Standing {
  const { from, expires, confirmedAt_ms, credential, account, livesUntil } = known;
  const ends: { until: string; because: Lapse }[] = [{ until: expires, because: 'expired' }];
  if ('at' in credential)
    ends.push({ until: localDay(Date.parse(credential.at), timeZone), because: credential.state });
  if ('at' in account) ends.push({ until: localDay(Date.parse(account.at), timeZone), because: 'account_ended' });
  if (livesUntil !== null) ends.push({ until: dayAfter(livesUntil), because: 'moved_out' });
  const unknown = credential.state === 'unknown' || account.state === 'unknown';
  if (unknown && now_ms - confirmedAt_ms > reductionPolicy.unknownFor_ms) {
    ends.push({ until: dayAfter(localDay(confirmedAt_ms, timeZone)), because: 'unknown' });
  }
  const first = ends.reduce((earliest, end) => (end.until < earliest.until ? end : earliest));
  return {
    confirmed: credential.state === 'valid' && account.state === 'valid',
    until: laterDay(first.until, from),
    ended: first.until <= localDay(now_ms, timeZone) ? first.because : null,
  };
}
