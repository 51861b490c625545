// How use is estimated where nothing measured tells it. Gaps between two registers of one meter need none of this: the one
// rule knows their sum and spreads it evenly. What is left are a meter's ends, and breaks of its register.
import type { LocalDay } from '../readings/local-days.ts';

/** Changed whenever the same past gives another estimate. */
export const estimateVersion = 1;

/** The hours of a day in any part of which the meter stood there and of which nothing measured tells. */
export function untoldHours(
  { boundaries_ms }: LocalDay,
  { from_ms, until_ms }: { from_ms: number; until_ms: number | null },
  told: readonly (number | null)[] | null,
): number[] {
  return [...boundaries_ms.slice(0, -1).keys()].filter((hour) => {
    const [start_ms = 0, end_ms = 0] = [boundaries_ms[hour], boundaries_ms[hour + 1]];
    const stands = from_ms < end_ms && (until_ms ?? Number.POSITIVE_INFINITY) > start_ms;
    return stands && (told?.[hour] ?? null) === null;
  });
}

/** The days from which an own profile is taken: the same weekday, one to four weeks before. */
export const profileWeeks = [1, 2, 3, 4] as const;
/** Fewer known hours of the same weekday make no profile: one may have been a feast. */
const leastSamples = 2;

/**
 * What the place used in the same hour of the same weekday in the weeks before, on average. In weeks of a change to
 * summer time hours are counted from midnight.
 *
 * @param hour counted from the local midnight
 * @param weeks that hour's day one week before, two weeks before …; null where nothing is stored
 * @returns null where too little is known
 */
export function ownProfile(hour: number, weeks: readonly (readonly (number | null)[] | null)[]): number | null {
  const known = weeks.flatMap((hours_l) => hours_l?.[hour] ?? []);
  return known.length < leastSamples ? null : known.reduce((sum, use_l) => sum + use_l, 0) / known.length;
}

/**
 * Whole litres in proportion to a profile, to the litre: each hour ends at the rounded running sum.
 *
 * @param sum_l known sum of the hours, null where it is not known: the profile's own then
 */
export function apportioned(profile: readonly number[], sum_l: number | null): number[] {
  const weight = profile.reduce((sum, use_l) => sum + use_l, 0);
  const whole_l = sum_l ?? Math.round(weight);
  let passed = 0;
  let before_l = 0;
  return profile.map((use_l, index) => {
    passed += use_l;
    const [share, of] = weight === 0 ? [index + 1, profile.length] : [passed, weight];
    const until_l = index === profile.length - 1 ? whole_l : Math.floor((whole_l * share) / of);
    const part_l = until_l - before_l;
    before_l = until_l;
    return part_l;
  });
}
