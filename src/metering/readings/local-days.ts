// The days of a time zone with the boundaries of their hours, worked out once each: a fleet's day asks for the same ones
// a million times.
import { Temporal } from 'temporal-polyfill';
import { intervalBoundaries } from './interval-boundaries.ts';

export interface LocalDay {
  /** ISO 8601: `2026-03-29`. */
  date: string;
  start_ms: number;
  end_ms: number;
  /** Start and end of each of its hours, ascending; 24, 25 or 26 of them. */
  boundaries_ms: readonly number[];
}

export class LocalDays {
  readonly timeZone: string;
  readonly #days = new Map<string, LocalDay>();
  /** By days of UTC since 1970. */
  readonly #metIn = new Map<number, LocalDay[]>();
  /** The day last found by instant: the next question is mostly about it, or the one after. */
  #last: LocalDay | null = null;

  /** @param timeZone IANA name */
  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

  on(date: string): LocalDay {
    let day = this.#days.get(date);
    if (day === undefined) {
      const start = Temporal.PlainDate.from(date).toZonedDateTime(this.timeZone);
      const start_ms = start.epochMilliseconds;
      const end_ms = start.add({ days: 1 }).startOfDay().epochMilliseconds;
      day = { date, start_ms, end_ms, boundaries_ms: intervalBoundaries(start_ms, end_ms, 'hour', this.timeZone) };
      this.#days.set(date, day);
    }
    return day;
  }

  at(at_ms: number): LocalDay {
    const last = this.#last;
    if (last !== null && at_ms >= last.start_ms && at_ms < last.end_ms) return last;
    // A day of the zone lies in two or three of UTC: those met there are few.
    const utcDay = Math.floor(at_ms / 86_400_000);
    const met = this.#metIn.get(utcDay) ?? [];
    let day = met.find(({ start_ms, end_ms }) => at_ms >= start_ms && at_ms < end_ms);
    if (day === undefined) {
      const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(at_ms)).toZonedDateTimeISO(this.timeZone);
      day = this.on(at.toPlainDate().toString());
      this.#metIn.set(utcDay, [...met, day]);
    }
    this.#last = day;
    return day;
  }

  after({ end_ms }: LocalDay): LocalDay {
    return this.at(end_ms);
  }
}
