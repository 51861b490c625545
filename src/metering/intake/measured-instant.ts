// A device's own time as an instant.
import { Temporal } from 'temporal-polyfill';
import type { ReadingClock } from './uplink.ts';

const ABSOLUTE = /(?:Z|[+-]\d\d:?\d\d)$/i;

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
