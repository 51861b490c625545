// A device's own time as an instant.
import { Temporal } from 'temporal-polyfill';
import type { ReadingClock } from './uplink.ts';

const ABSOLUTE = /(?:Z|[+-]\d\d:?\d\d)$/i;
/** What decoders write nearly always; every other spelling goes through Temporal. */
const PLAIN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?(Z?)$/;
const HOUR_ms = 3_600_000;

/**
 * @param measuredAt ISO 8601 with `Z` or an offset, or local time without, or null
 * @param timeZone IANA name of the utility's zone, for local times; an hour that comes twice in autumn is taken as the
 *   first, one that is skipped in spring as the later (`compatible` disambiguation)
 * @returns null where the text is no time
 */
export function measuredInstant(
  measuredAt: string | null,
  receivedAt_ms: number,
  timeZone: string,
): { at_ms: number; clock: ReadingClock } | null {
  if (measuredAt === null) return { at_ms: receivedAt_ms, clock: 'received' };
  const plain = PLAIN.exec(measuredAt);
  const written_ms = plain === null ? null : writtenTime(plain);
  if (plain !== null && written_ms !== null) {
    if (plain[8] === 'Z') return { at_ms: written_ms, clock: 'absolute' };
    const offset_ms = offsetOf(written_ms, timeZone);
    if (offset_ms !== null) return { at_ms: written_ms - offset_ms, clock: 'local' };
  }
  try {
    if (ABSOLUTE.test(measuredAt)) {
      return { at_ms: Temporal.Instant.from(measuredAt).epochMilliseconds, clock: 'absolute' };
    }
    const local = Temporal.PlainDateTime.from(measuredAt).toZonedDateTime(timeZone);
    return { at_ms: local.epochMilliseconds, clock: 'local' };
  } catch {
    return null;
  }
}

/** The digits as if they were UTC; null where a field is out of range, which Temporal judges. */
function writtenTime(plain: RegExpExecArray): number | null {
  const [, year, month, day, hour, minute, second = 0, millisecond = 0] = plain;
  const [y, m, d, h] = [Number(year), Number(month), Number(day), Number(hour)];
  if (y < 1970 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) || h > 23 || Number(minute) > 59 || Number(second) > 59)
    return null;
  return Date.UTC(y, m - 1, d, h, Number(minute), Number(second), Number(millisecond));
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Offsets of local hours; null for an hour in which the offset changes. Few thousands a zone; emptied when it grows. */
const offsets = new Map<string, Map<number, number | null>>();
const mostOffsets = 20_000;

function offsetOf(written_ms: number, timeZone: string): number | null {
  let known = offsets.get(timeZone);
  if (known === undefined) {
    known = new Map();
    offsets.set(timeZone, known);
  }
  const hour = Math.floor(written_ms / HOUR_ms);
  const found = known.get(hour);
  if (found !== undefined) return found;
  if (known.size >= mostOffsets) known.clear();
  const begins = offsetAt(hour * HOUR_ms, timeZone);
  const offset_ms = begins === offsetAt(hour * HOUR_ms + HOUR_ms - 1, timeZone) ? begins : null;
  known.set(hour, offset_ms);
  return offset_ms;
}

function offsetAt(written_ms: number, timeZone: string): number {
  const written = Temporal.Instant.fromEpochMilliseconds(written_ms).toZonedDateTimeISO('UTC').toPlainDateTime();
  return written_ms - written.toZonedDateTime(timeZone).epochMilliseconds;
}
