// The hours and days of a time zone between two instants, with its days of 23 and 25 hours.
import { Temporal } from 'temporal-polyfill';

export const resolutions = ['hour', 'day'] as const;
export type Resolution = (typeof resolutions)[number];

/** Longest span asked for at once: a leap year of hours, ten years of days. */
export const longestSpan_ms: Readonly<Record<Resolution, number>> = {
  hour: 366 * 86_400_000,
  day: 3_660 * 86_400_000,
};

/**
 * `from`, every local boundary after it, `to`: where they lie on boundaries themselves, the intervals are whole hours or
 * days; else the first and last are what is left, and nothing outside the span is told.
 *
 * @returns ascending milliseconds, at least two where from < to, else none
 */
export function intervalBoundaries(from_ms: number, to_ms: number, resolution: Resolution, timeZone: string): number[] {
  if (from_ms >= to_ms) return [];
  const boundaries = [from_ms];
  let at = Temporal.Instant.fromEpochMilliseconds(from_ms).toZonedDateTimeISO(timeZone);
  for (;;) {
    at = resolution === 'day' ? at.startOfDay().add({ days: 1 }).startOfDay() : nextHour(at);
    if (at.epochMilliseconds >= to_ms) break;
    boundaries.push(at.epochMilliseconds);
  }
  boundaries.push(to_ms);
  return boundaries;
}

/** In real hours, so that the hour which a zone repeats in autumn comes twice; on the zone's full hours. */
function nextHour(at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const later = at.add({ hours: 1 });
  if (later.minute === 0 && later.second === 0 && later.millisecond === 0) return later;
  const full = later.subtract({ minutes: later.minute, seconds: later.second, milliseconds: later.millisecond });
  // Where clocks are set by half an hour the full hour may lie behind.
  return full.epochMilliseconds > at.epochMilliseconds ? full : later;
}
