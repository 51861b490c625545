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
 * @param known the whole days that are known: `yyyy-mm-dd litres highest-hour`, joined by commas
 * @returns the days before a date, the nearest first
 */
export function pastDaysOf(known: string): (date: string) => PastDay[] {
  const past = new Map<string, PastDay>();
  for (const one of known === '' ? [] : known.split(',')) {
    const [date = '', use_l, most_l] = one.split(' ');
    past.set(date, { use_l: Number(use_l), most_l: Number(most_l) });
  }
  return (date) => before(date).map((earlier) => past.get(earlier) ?? unknown);
}

function before(date: string): readonly string[] {
  const found = datesBefore.get(date);
  if (found !== undefined) return found;
  if (datesBefore.size >= mostDates) datesBefore.clear();
  const dates = Array.from({ length: historyDays }, (_, index) => dayBefore(date, index + 1));
  datesBefore.set(date, dates);
  return dates;
}
