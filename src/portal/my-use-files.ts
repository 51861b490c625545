// A household's use as a table for a person to open, and its hours by the day for other files.
import { Temporal } from 'temporal-polyfill';
import { csvLine } from '../platform/csv-writing.ts';
import { localDay } from './days.ts';
import type { MeteredHour } from './green-button.ts';

export interface FiledInterval {
  start: string;
  end: string;
  use_l: number | null;
  estimated_l?: number;
}

/**
 * Korean first, for a spreadsheet opens it. Times are local, as a spreadsheet reads them: the hour that a zone repeats in
 * autumn stands there twice.
 */
export async function* useFile(intervals: readonly FiledInterval[], timeZone: string): AsyncGenerator<string> {
  const localTime = (instant: string) =>
    Temporal.Instant.from(instant)
      .toZonedDateTimeISO(timeZone)
      .toPlainDateTime()
      .toString({ smallestUnit: 'minute' })
      .replace('T', ' ');
  yield csvLine([`시작 (start, ${timeZone})`, '끝 (end)', '사용량 L (use)', '추정 L (estimated)']);
  for (const { start, end, use_l, estimated_l } of intervals) {
    yield csvLine([localTime(start), localTime(end), use_l, use_l === null ? null : (estimated_l ?? 0)]);
  }
}

/** The hours of each local day. Ends of a span that lie within a second are left out: seconds are all that is told. */
export function* hoursByDay(intervals: readonly FiledInterval[], timeZone: string): Generator<MeteredHour[]> {
  let day: { date: string; hours: MeteredHour[] } | null = null;
  for (const { start, end, use_l, estimated_l } of intervals) {
    const [start_ms, end_ms] = [Date.parse(start), Date.parse(end)];
    if (start_ms % 1_000 !== 0 || end_ms % 1_000 !== 0) continue;
    const date = localDay(start_ms, timeZone);
    if (day !== null && day.date !== date) yield day.hours;
    if (day === null || day.date !== date) day = { date, hours: [] };
    day.hours.push({ start_ms, end_ms, use_l, is_estimated: estimated_l !== undefined });
  }
  if (day !== null) yield day.hours;
}
