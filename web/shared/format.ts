// Numbers, times and hashes as people read them, in their language and in the meter's time zone.
import type { Language } from './language.tsx';

export const homeTimeZone = 'Asia/Seoul';

export const locale = (language: Language): string => (language === 'ko' ? 'ko-KR' : 'en-GB');

/** Cubic metres with three decimals, from integer litres: 225151 → "225.151". */
export function cubicMetres(register_l: number): string {
  const sign = register_l < 0 ? '-' : '';
  const litres = Math.abs(register_l);
  return `${sign}${Math.floor(litres / 1000)}.${String(litres % 1000).padStart(3, '0')}`;
}

export function litres(volume_l: number, language: Language): string {
  return `${volume_l.toLocaleString(locale(language))} L`;
}

export function dateTime(iso: string, language: Language, timeZone = homeTimeZone): string {
  return withFormat(iso, language, { dateStyle: 'long', timeStyle: 'short', timeZone });
}

export function shortDateTime(iso: string, language: Language, timeZone = homeTimeZone): string {
  return withFormat(iso, language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  });
}

export function dateOnly(iso: string, language: Language, timeZone = homeTimeZone): string {
  return withFormat(iso, language, { dateStyle: 'long', timeZone });
}

/** "11월 23일 14시" for an hour, "11월 23일 (월)" for a day. */
export function intervalName(
  start: string,
  resolution: 'hour' | 'day',
  language: Language,
  timeZone = homeTimeZone,
): string {
  return resolution === 'hour'
    ? withFormat(start, language, {
        month: 'short',
        day: 'numeric',
        hour: 'numeric',
        ...(language === 'en' ? { minute: '2-digit' } : {}),
        hourCycle: 'h23',
        timeZone,
      })
    : withFormat(start, language, { month: 'short', day: 'numeric', weekday: 'short', timeZone });
}

function withFormat(iso: string, language: Language, options: Intl.DateTimeFormatOptions): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : new Intl.DateTimeFormat(locale(language), options).format(time);
}

/** Milliseconds by which the zone's clock is ahead of UTC at that instant. */
export function zoneAhead_ms(at_ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at_ms);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall_ms = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
  return wall_ms - Math.floor(at_ms / 1000) * 1000;
}

/**
 * The instant of a date and time as a field gives it, by the clock of the utility.
 * @param local such as 2026-11-23T14:00
 */
export function homeInstant(local: string): string {
  const wall_ms = Date.parse(`${local}Z`);
  const near_ms = wall_ms - zoneAhead_ms(wall_ms, homeTimeZone);
  return new Date(wall_ms - zoneAhead_ms(near_ms, homeTimeZone)).toISOString();
}
