// How much water a household draws in each minute of its life: by persons, hour, weekday, season, absence and leaks.
//
// A person draws some 25 times a day, 7.9 litres on average: 6 m³ in a month, Korea's domestic mean. Everything is a
// function of the household and the minute, so a register can be asked for at any time and is always the same.
import { chanceAt } from './seeded-chance.ts';

export interface Household {
  seed: number;
  /** Above about 8 it is a bath house or a workshop rather than a home. */
  persons: number;
  /** Minutes east of UTC of the clock it lives by. */
  utc_offset_min: number;
  /** Water that runs day and night; 0 for none. */
  leak_l_per_h: number;
}

const minute_ms = 60_000;
const minutesPerDay = 1440;

/** 6,000 l a month of 30.44 days. */
const perPerson_l_per_day = 6000 / 30.44;

/** Chance that nobody is at home on a given day; the other days make up for it. */
const absentDays = 0.02;

/** What is drawn, with its share of all draws. */
const draws = [
  { use_ml: 2_500, share: 0.5 },
  { use_ml: 6_000, share: 0.33 },
  { use_ml: 12_000, share: 0.1 },
  { use_ml: 45_000, share: 0.05 },
  { use_ml: 60_000, share: 0.02 },
] as const;
const meanDraw_ml = draws.reduce((sum, { use_ml, share }) => sum + use_ml * share, 0);

const weekday = scaledToMean1([2, 1, 1, 1, 2, 5, 10, 13, 9, 5, 4, 4, 5, 4, 3, 3, 4, 6, 9, 11, 11, 9, 7, 4]);
const weekend = scaledToMean1([3, 2, 1, 1, 1, 3, 5, 8, 11, 11, 9, 7, 7, 6, 5, 5, 5, 7, 9, 10, 10, 8, 7, 5]);
/** Five weekdays and two weekend days make seven. */
const weekdayFactor = 0.976;
const weekendFactor = 1.06;

function scaledToMean1(weights: readonly number[]): readonly number[] {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

/** Millilitres drawn in [`from_ms`, `to_ms`), whole minutes of both; 0 when `to_ms` is not later. */
export function useBetween_ml(household: Household, from_ms: number, to_ms: number): number {
  const first = Math.floor(from_ms / minute_ms);
  const last = Math.floor(to_ms / minute_ms);
  let sum_ml = 0;
  for (let minute = first; minute < last; minute += 1) sum_ml += minuteUse_ml(household, minute);
  return sum_ml;
}

/** `minute`: minutes since 1970 UTC. */
function minuteUse_ml(household: Household, minute: number): number {
  const leak_ml = Math.round((household.leak_l_per_h * 1000) / 60);
  const local = minute + household.utc_offset_min;
  const day = Math.floor(local / minutesPerDay);
  if (chanceAt(household.seed ^ 0x5f356495, day) < absentDays) return leak_ml;
  const expected =
    (household.persons * drawsPerMinute(day, Math.floor((local - day * minutesPerDay) / 60))) / (1 - absentDays);
  // More than one draw a minute happens in large households: the whole part is certain, the rest is chance.
  const count = Math.floor(expected) + (chanceAt(household.seed, minute) < expected % 1 ? 1 : 0);
  let sum_ml = leak_ml;
  for (let index = 0; index < count; index += 1)
    sum_ml += drawnVolume_ml(chanceAt(household.seed ^ 0x2545f491, minute * 64 + index));
  return sum_ml;
}

/** Draws of one person in a minute of that local hour of that day (days since 1970; day 0 was a Thursday). */
function drawsPerMinute(day: number, hour: number): number {
  const isWeekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6;
  const hourly = (isWeekend ? weekend : weekday)[hour] ?? 1;
  // Most in late July, least in late January, 6 % either way.
  const season = 1 + 0.06 * Math.cos((2 * Math.PI * ((day % 365.25) - 207)) / 365.25);
  const daily = (perPerson_l_per_day * 1000) / meanDraw_ml;
  return (daily / minutesPerDay) * hourly * (isWeekend ? weekendFactor : weekdayFactor) * season;
}

function drawnVolume_ml(chance: number): number {
  let rest = chance;
  for (const { use_ml, share } of draws) {
    if (rest < share) return use_ml;
    rest -= share;
  }
  return meanDraw_ml;
}
