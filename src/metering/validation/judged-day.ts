// A local day of a meter at a place with all that a rule may hold it against, and what a rule says of it.
import type { LocalDay } from '../readings/local-days.ts';
import type { Break } from '../readings/register-rule.ts';
import type { PlaceLimits } from './limits.ts';

/** A whole day before; null where not every hour of it is known. */
export interface PastDay {
  use_l: number | null;
  /** Its highest hour. */
  most_l: number | null;
}

/** A register of the day beside the last one before it that counts. */
export interface RegisterStep {
  at_ms: number;
  register_l: number;
  previous_at_ms: number;
  previous_l: number;
  /** Whether the one rule counts the reading, and if it begins another register, why. */
  counts: boolean;
  broken: Break | null;
}

export interface JudgedDay {
  day: LocalDay;
  /** When in the day the meter stood there. */
  stood: { from_ms: number; to_ms: number };
  limits: PlaceLimits;
  /** Litres that were measured, hour by hour; null where nothing tells. */
  hours_l: readonly (number | null)[];
  /** Hours of which nothing measured tells and that are estimated. */
  estimated: ReadonlySet<number>;
  /** The days before, the nearest first; `historyDays` of them. */
  past: readonly PastDay[];
  /** What half of the zone's places of the class used more than; null for an inlet, or where too few are known. */
  peers: { places: number; median_l: number } | null;
  /** Every register told in the day; empty where each goes plainly forward from the one told before it. */
  steps: readonly RegisterStep[];
  /** Instants of the day with more than one register; how far these lie apart at most. */
  conflicts: { instants: number; first_ms: number; last_ms: number; widest_l: number } | null;
  /** Readings received this day whose clock can't be right. */
  misdated: { readings: number; first_ms: number; last_ms: number; earliest: string; latest: string } | null;
}

export type Severity = 1 | 2 | 3;

export interface Judgement {
  /** 1: worth a look. 2: likely wrong. 3: use is untold, or surely wrong. */
  severity: Severity;
  from_ms: number;
  to_ms: number;
  /** `measured` is what was judged, against `limit`; another `measured` is another finding to whoever accepted this one. */
  evidence: Readonly<Record<string, number | string | null>> & { readonly measured: number };
}

export interface ValidationRule {
  /** For good: findings are kept under it. */
  name: string;
  /** Changed whenever the same day is judged otherwise. */
  version: number;
  /** @returns null where there is nothing to say */
  judge(day: JudgedDay): Judgement | null;
}

/** Of a day of which every hour was measured. */
export function wholeUse_l({ hours_l }: Pick<JudgedDay, 'hours_l'>): number | null {
  let sum_l = 0;
  for (const use_l of hours_l) {
    if (use_l === null) return null;
    sum_l += use_l;
  }
  return hours_l.length === 0 ? null : sum_l;
}

/** Days of no use up to this one, all known; counted no further than the past that is at hand. */
export function zeroDaysUpTo(day: JudgedDay): number {
  if (wholeUse_l(day) !== 0) return 0;
  const other = day.past.findIndex(({ use_l }) => use_l !== 0);
  return 1 + (other === -1 ? day.past.length : other);
}
