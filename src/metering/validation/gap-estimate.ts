// The rule that estimates by itself what nothing measured tells: which day by which profile, and which it leaves to people.
import type { LocalDay } from '../readings/local-days.ts';
import { apportioned, ownProfile, untoldHours } from './estimate.ts';
import { historyDays } from './limits.ts';

/** Changed whenever the rule makes another estimate of the same past: what it made before is made again. */
export const gapEstimate = { name: 'gap_estimate', version: '1' } as const;

/**
 * Days that are taken up for judging after a day until it is estimated: modems that lost their network, and concentrators
 * that lost theirs, mostly have told by then what they kept.
 */
export const estimatedAfter_days = 2;

/** A day of an install of which nothing measured tells some hours. */
export interface UntoldDay {
  day: LocalDay;
  /** When the meter stands there. */
  stay: { from_ms: number; until_ms: number | null };
  /** What is measured of the day's hours; null: nothing. */
  told: readonly (number | null)[] | null;
  /** The stored hours of the same weekday one week before, two weeks before …; null where nothing is stored. */
  weeks: readonly (readonly (number | null)[] | null)[];
  /** Whether anything is measured of the day, or of the `historyDays` before it. */
  isToldLately: boolean;
}

export interface ClassProfile {
  places: number;
  hours_l: readonly number[];
}

export interface GapEstimate {
  method: 'own_profile' | 'class_profile';
  /** By the hours of the day; null where nothing is estimated. */
  hours_l: (number | null)[];
  evidence: Record<string, number>;
}

const DAY_ms = 86_400_000;

/** Whether the class's profile may stand for the place's own: only while the meter is too new to have one, and has spoken. */
export function isTooNew({ day, stay, isToldLately }: UntoldDay): boolean {
  return isToldLately && stay.from_ms > day.start_ms - historyDays * DAY_ms;
}

/**
 * By the place's own profile; where the meter is too new for one, by the class's. A meter that stood there long and has been
 * silent for so long that its own past no longer tells, somebody has to go and look at: that is not for a rule to fill.
 *
 * The day alone is looked at, so that the same days stored give the same estimate in whatever order they came.
 *
 * @param ofClass what like places used in each hour of the day; null: too few are known, or it is not asked for
 * @returns null where nothing is estimated
 */
export function estimateOfGap(untold: UntoldDay, ofClass: ClassProfile | null): GapEstimate | null {
  const { day, stay, told, weeks } = untold;
  const hours = untoldHours(day, stay, told);
  if (hours.length === 0) return null;
  const own = hours.map((hour) => ownProfile(hour, weeks));
  if (own.every((use_l) => use_l !== null)) {
    const known = weeks.filter((week) => week !== null).length;
    return { method: 'own_profile', ...spread(day, hours, own), evidence: { weeks: known } };
  }
  const like = hours.map((hour) => ofClass?.hours_l[hour] ?? null);
  if (ofClass === null || !isTooNew(untold) || !like.every((use_l) => use_l !== null)) return null;
  return { method: 'class_profile', ...spread(day, hours, like), evidence: { places: ofClass.places } };
}

function spread({ boundaries_ms }: LocalDay, hours: readonly number[], profile: readonly number[]) {
  const litres = apportioned(profile, null);
  const hours_l = Array<number | null>(boundaries_ms.length - 1).fill(null);
  for (const [index, hour] of hours.entries()) hours_l[hour] = litres[index] ?? null;
  return { hours_l };
}
