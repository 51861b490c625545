// Local days, YYYY-MM-DD: of an instant, which is the earlier of two, and which at a place are a citizen's own.
import { Temporal } from 'temporal-polyfill';
import { dayAfter } from '../metering/billing/billing-dates.ts';

/** First and last day; null where it has no end. */
export interface Tenancy {
  from: string;
  until: string | null;
}

/** Whether the citizen lived there on every day from `from` on until the day before `until`. */
export function covers(tenancy: Tenancy, from: string, until: string): boolean {
  return tenancy.from <= from && (tenancy.until === null || until <= dayAfter(tenancy.until));
}

export function localDay(at_ms: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

export function earlierDay(one: string, other: string): string {
  if (one < other) return one;
  return other;
}

export function laterDay(one: string, other: string): string {
  if (one > other) return one;
  return other;
}
