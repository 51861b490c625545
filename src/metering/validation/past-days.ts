// The days before a day, as rules hold it against them.
import { Temporal } from 'temporal-polyfill';
import type { PastDay } from './judged-day.ts';
import { historyDays } from './limits.ts';

const unknown: PastDay = { use_l: null, most_l: null };

/** ISO 8601, the nearest first. */
const datesBefore = new Map<string, readonly string[]>();
/** Emptied when it grows: a day is asked for by all installs, one after another. */
const mostDates = 2_000;

/** @param date ISO 8601 */
export function dayBefore(date: string, days: number): string {
  return Temporal.PlainDate.from(date).subtract({ days }).toString();
}

/** ISO 8601 dates sort as text. */
export function firstDate(...dates: readonly string[]): string {
  return [...dates].sort()[0] ?? '';
}

export function lastDate(...dates: readonly string[]): string {
  return [...dates].sort().at(-1) ?? '';
}

/**
 * @param hours stored days one after another: `yyyy-mm-dd{litres,…}`; days of which an hour is NULL are not known whole
 * @returns the days before a date, the nearest first
 */
export function pastDaysOf(hours: string): (date: string) => PastDay[] {
  const past = new Map<string, PastDay>();
  for (let at = 0; at < hours.length; ) {
    const end = hours.indexOf('}', at);
    const whole = wholeDay(hours, at + DATE_length + 1, end);
    if (whole !== null) past.set(hours.slice(at, at + DATE_length), whole);
    at = end + 1;
  }
  return (date) => before(date).map((earlier) => past.get(earlier) ?? unknown);
}

const DATE_length = 'yyyy-mm-dd'.length;
const [COMMA, ZERO, NINE] = [44, 48, 57];

/** Digit by digit: a fleet's four weeks are hundreds of millions of numbers. */
function wholeDay(hours: string, from: number, end: number): PastDay | null {
  let use_l = 0;
  let most_l = 0;
  let hour_l = 0;
  for (let at = from; at <= end; at += 1) {
    const code = at === end ? COMMA : hours.charCodeAt(at);
    if (code >= ZERO && code <= NINE) hour_l = hour_l * 10 + code - ZERO;
    else if (code !== COMMA) return null;
    else {
      use_l += hour_l;
      if (hour_l > most_l) most_l = hour_l;
      hour_l = 0;
    }
  }
  return { use_l, most_l };
}

function before(date: string): readonly string[] {
  const found = datesBefore.get(date);
  if (found !== undefined) return found;
  if (datesBefore.size >= mostDates) datesBefore.clear();
  const dates = Array.from({ length: historyDays }, (_, index) => dayBefore(date, index + 1));
  datesBefore.set(date, dates);
  return dates;
}
