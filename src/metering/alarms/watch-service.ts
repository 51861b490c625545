// What the portal may ask of alarms: watch over a place, leave it alone for a while, and what those who live there are told.
// Who asks, and whom to tell, is not known here.
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Queryable } from '../../platform/postgres/database.ts';
import type { AlarmKind } from './alarm-kind.ts';
import { makeDue } from './alarm-work-store.ts';
import { type AwaySpan, endAway, endWatch, insertAway, insertWatch, listAway, listPlaceAlarms } from './watch-store.ts';

/** What is over is shown for so long. */
const shownAfter_ms = 7 * 86_400_000;

/** Changes are judged at the job's next round; each is to be called in the transaction in which the person decided it. */
export function createWatching(clock: Clock) {
  const judgeAgain = async (to: Queryable, servicePoint: string | null): Promise<boolean> => {
    if (servicePoint !== null) await makeDue(to, servicePoint, clock.now_ms());
    return servicePoint !== null;
  };
  return {
    async watch(to: Queryable, watchId: string, servicePoint: string, until_ms: number | null): Promise<void> {
      await insertWatch(to, { watchId, servicePoint, from_ms: clock.now_ms(), until_ms });
      await judgeAgain(to, servicePoint);
    },
    async unwatch(to: Queryable, watchId: string): Promise<void> {
      await judgeAgain(to, await endWatch(to, watchId, clock.now_ms()));
    },
    async setAway(to: Queryable, watchId: string, away: AwaySpan): Promise<void> {
      await judgeAgain(to, await insertAway(to, watchId, away));
    },
    /** @returns false where there is no such absence, or it is over */
    async endAway(to: Queryable, watchId: string, awayId: string): Promise<boolean> {
      return judgeAgain(to, await endAway(to, watchId, awayId, clock.now_ms()));
    },
    listAway: (from: Queryable, watchId: string): Promise<AwaySpan[]> => listAway(from, watchId, clock.now_ms()),
  };
}

export interface HouseholdNotice {
  kind: string;
  label: { ko: string; en: string };
  advice: { ko: string; en: string };
  began_ms: number;
  /** null: it goes on, as far as the household's own time goes. */
  ended_ms: number | null;
}

/** What goes on at a place, or was over lately, that those who live there should know; cut to a span that is theirs. */
export function createHouseholdNotices(pool: Pool, clock: Clock, kinds: readonly AlarmKind[]) {
  return async (servicePoint: string, from_ms: number, to_ms: number): Promise<HouseholdNotice[]> => {
    const names = kinds.map(({ kind }) => kind);
    const span = { from_ms, to_ms, since_ms: clock.now_ms() - shownAfter_ms };
    const alarms = await listPlaceAlarms(pool, servicePoint, names, span);
    return alarms.flatMap((alarm) => {
      const kind = kinds.find((one) => one.kind === alarm.kind);
      if (kind?.household === undefined) return [];
      const { label, household: advice } = kind;
      const ended_ms = alarm.ended_ms === null || alarm.ended_ms > to_ms ? null : alarm.ended_ms;
      return [{ kind: alarm.kind, label, advice, began_ms: Math.max(alarm.began_ms, from_ms), ended_ms }];
    });
  };
}
