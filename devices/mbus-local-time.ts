// Arithmetic on a meter's local times, written `2026-03-01` or `2026-03-01T10:00` or with seconds, without any time zone.
import { daysIn } from './mbus-values.ts';

/** That many months later (earlier when below zero); the last day of a month stays the last. Null before 1980. */
export function monthsAfter(local: string, months: number): string | null {
  const [year, month, day] = dateParts(local);
  const index = year * 12 + (month - 1) + months;
  const thenYear = Math.floor(index / 12);
  const thenMonth = (index % 12) + 1;
  if (thenYear < 1980 || thenYear > 2199) return null;
  const last = daysIn(thenYear, thenMonth);
  const thenDay = day === daysIn(year, month) ? last : Math.min(day, last);
  return `${thenYear}-${two(thenMonth)}-${two(thenDay)}${local.slice(10)}`;
}

/** That many seconds later, as exact as `local` is: a date alone moves by whole days. */
export function secondsAfter(local: string, seconds: number): string | null {
  const moved = new Date(Date.parse(`${local.length === 10 ? `${local}T00:00` : local}Z`) + seconds * 1000);
  const year = moved.getUTCFullYear();
  return year < 1980 || year > 2199 ? null : moved.toISOString().slice(0, local.length);
}

/** A due date's value is taken at the end of that day. Source: EN 13757-3:2018 annex A, type G. */
export function endOfDay(local: string): string {
  return local.length === 10 ? `${local}T23:59` : local;
}

/** The last day of the latest such month (1 to 12) that was over at `local`. */
export function lastEndOfMonth(month: number, local: string): string {
  const [year, now, day] = dateParts(local);
  const over = month < now || (month === now && day === daysIn(year, now));
  const then = over ? year : year - 1;
  return `${then}-${two(month)}-${two(daysIn(then, month))}`;
}

/** Null when the parts, months and days from 1, are no calendar day. */
export function dateFrom(year: number, month: number, day: number): string | null {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  return `${year}-${two(month)}-${two(day)}`;
}

function dateParts(local: string): [number, number, number] {
  return [Number(local.slice(0, 4)), Number(local.slice(5, 7)), Number(local.slice(8, 10))];
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
