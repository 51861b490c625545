// Compares a citizen's use of this month so far with the same days of other months, and with homes alike.
import { Temporal } from 'temporal-polyfill';
import { dayAfter } from '../metering/billing/billing-dates.ts';
import type { Clock } from '../platform/clock.ts';
import type { CitizenSession } from './citizen-store.ts';
import { covers, earlierDay, laterDay, localDay } from './days.ts';
import type { Metering } from './my-meter-service.ts';

export interface AlikeMetering extends Pick<Metering, 'useOf'> {
  /** Of other homes of the same zone and class; null where they are too few to be told. */
  alikeUse(servicePoint: string, days: Days): Promise<{ median_l: number; homes: number } | null>;
}

/** Local days, YYYY-MM-DD; `until` is the first after them. */
interface Days {
  from: string;
  until: string;
}

export interface ComparedUse extends Days {
  /** Of the days that are known; null where nothing is, or the place was not theirs on all of them. */
  use_l: number | null;
  unknown_days: number;
}

export type CompareUseService = ReturnType<typeof createCompareUseService>;

export function createCompareUseService(parts: { metering: AlikeMetering; clock: Clock; timeZone: string }) {
  const { metering, clock, timeZone } = parts;
  const startOf = (day: string) => new Date(Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds);

  async function useOn(session: CitizenSession, days: Days): Promise<ComparedUse> {
    if (days.from >= days.until || !covers(session, days.from, days.until)) {
      return { ...days, use_l: null, unknown_days: 0 };
    }
    const uses = await metering.useOf(session.servicePoint, 'day', startOf(days.from), startOf(days.until));
    const known = uses.flatMap(({ use_l }) => (use_l === null ? [] : [use_l]));
    const use_l = known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
    return { ...days, use_l, unknown_days: uses.length - known.length };
  }

  return {
    /** Whole days only: today is not over. Of a tenancy that has ended, its last month. */
    async compareUse(session: CitizenSession) {
      const today = localDay(clock.now_ms(), timeZone);
      const until = session.until === null ? today : earlierDay(dayAfter(session.until), today);
      // On the first of a month the month before it is over, and is what there is to see.
      const lastDay = Temporal.PlainDate.from(until).subtract({ days: 1 });
      const first = lastDay.with({ day: 1 });
      const days = { from: earlierDay(laterDay(session.from, first.toString()), until), until };
      const earlier = (months: number): Days => sameDays(days, months);
      return {
        this_month: await useOn(session, days),
        last_month: await useOn(session, earlier(1)),
        last_year: await useOn(session, earlier(12)),
        alike: days.from < days.until ? await metering.alikeUse(session.servicePoint, days) : null,
      };
    },
  };
}

/** The same days so many months before; a month that is shorter ends with its last day. */
function sameDays({ from, until }: Days, months: number): Days {
  const first = Temporal.PlainDate.from(from).subtract({ months });
  const last = Temporal.PlainDate.from(until).subtract({ days: 1 }).subtract({ months });
  return { from: first.toString(), until: last.add({ days: 1 }).toString() };
}
