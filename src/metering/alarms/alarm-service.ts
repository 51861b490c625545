// What staff do with alarms: look through them, take them on, hand them on, close them.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { AlarmEventRow, AlarmFilter, AlarmRow, StaffTurn } from './alarm-inbox.ts';
import { countWaiting, findAlarm, listAlarmEvents, listAlarms, turnAlarm } from './alarm-inbox-store.ts';

const mostEvents = 200;

export type AlarmService = ReturnType<typeof createAlarmService>;

export function createAlarmService({ pool, clock }: { pool: Pool; clock: Clock }) {
  return {
    async listAlarms(filter: AlarmFilter, before: number | null, limit: number) {
      const alarms = await listAlarms(pool, filter, before, limit);
      const last = alarms.length === limit ? alarms.at(-1) : undefined;
      return { alarms, next: last?.alarm_id ?? null, waiting: await countWaiting(pool) };
    },

    /** @throws ALARM_UNKNOWN */
    async getAlarm(alarmId: number): Promise<{ alarm: AlarmRow; events: AlarmEventRow[] }> {
      const alarm = await findAlarm(pool, alarmId);
      if (alarm === null) throw problem('ALARM_UNKNOWN');
      return { alarm, events: await listAlarmEvents(pool, alarmId, mostEvents) };
    },

    /** @throws ALARM_UNKNOWN, ALARM_ENDED where it was closed or withdrawn, or was acknowledged before */
    async turnAlarm(alarmId: number, turn: StaffTurn): Promise<{ alarm: AlarmRow; events: AlarmEventRow[] }> {
      const done = await turnAlarm(pool, alarmId, turn, new Date(clock.now_ms()));
      const found = await this.getAlarm(alarmId);
      if (!done) throw problem('ALARM_ENDED', `The alarm is ${found.alarm.state}: it can't be ${turn.what}.`);
      return found;
    },
  };
}
