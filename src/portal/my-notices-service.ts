// What goes on at a citizen's place that they should know, cut to the period in which the place is theirs.
import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../platform/clock.ts';
import type { CitizenSession } from './citizen-store.ts';

/** What metering says of a place within a span. */
export type PlaceNotices = (
  servicePoint: string,
  from_ms: number,
  to_ms: number,
) => Promise<
  {
    kind: string;
    label: { ko: string; en: string };
    advice: { ko: string; en: string };
    began_ms: number;
    ended_ms: number | null;
  }[]
>;

export type MyNotices = ReturnType<typeof createMyNotices>;

export function createMyNotices({
  clock,
  timeZone,
  noticesAt,
}: {
  clock: Clock;
  timeZone: string;
  noticesAt: PlaceNotices;
}) {
  const startOf = (day: string, addedDays = 0): number =>
    Temporal.PlainDate.from(day).add({ days: addedDays }).toZonedDateTime(timeZone).epochMilliseconds;
  return {
    async noticesOf({ servicePoint, from, until }: CitizenSession) {
      const end_ms = until === null ? clock.now_ms() : Math.min(startOf(until, 1), clock.now_ms());
      const notices = await noticesAt(servicePoint, startOf(from), end_ms);
      return notices.map(({ kind, label, advice, began_ms, ended_ms }) => ({
        ...{ kind, label, advice, began_at: new Date(began_ms).toISOString() },
        ended_at: ended_ms === null ? null : new Date(ended_ms).toISOString(),
      }));
    },
  };
}
