// A date and time as makers write them into JSON, kept apart from its offset so that hours can be counted back in it.

export interface WrittenTime {
  /** As if the clock's reading were UTC. */
  at_ms: number;
  /** `Z`, `+09:00`, or nothing for a local time. */
  suffix: string;
}

const written = /^(\d{4})-?(\d\d)-?(\d\d)[T ]?(\d\d):?(\d\d):?(\d\d)(?:\.\d{1,6})?(Z|[+-]\d\d:\d\d)?$/;

/** @param text `2026-03-01T06:00:00+09:00`, `2026-03-01 06:00:00`, `20260301060000`; null for no time of 1970 to 2199 */
export function writtenTime(text: string): WrittenTime | null {
  const [, year, month, day, hour, minute, second, suffix = ''] = written.exec(text) ?? [];
  const at_ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (Number.isNaN(at_ms) || Number(year) < 1970 || Number(year) > 2199) return null;
  // A 31st of February is another day when it is written back.
  if (localIso(at_ms) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return null;
  const isOffset = suffix.length < 2 || (Number(suffix.slice(1, 3)) <= 14 && Number(suffix.slice(4)) <= 59);
  return isOffset ? { at_ms, suffix } : null;
}

/** ISO 8601 to the second, with the suffix it came with. */
export function timeBefore(time: WrittenTime, back_ms: number): string {
  return `${localIso(time.at_ms - back_ms)}${time.suffix}`;
}

/** `2026-03-01T06:00:00` of a clock's reading taken as UTC. */
export function localIso(at_ms: number): string {
  return new Date(at_ms).toISOString().slice(0, 19);
}
