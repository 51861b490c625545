// The SQL of what staff see of alarms and do about them.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { AlarmEventRow, AlarmFilter, AlarmRow, StaffTurn } from './alarm-inbox.ts';
import { TOLD } from './alarm-store.ts';

const ALARMS = `
  SELECT a.alarm_id, a.kind, a.service_point_id, a.zone_id, i.meter_id, m.serial, a.began_at, a.ended_at, a.grade, a.times,
         a.amount, a.state, a.assigned_to, a.opened_at, a.parent_alarm_id,
         CASE WHEN a.install_id IS NULL
              THEN (SELECT count(*)::int FROM metering.alarm b WHERE b.parent_alarm_id = a.alarm_id) ELSE 0 END AS behind
    FROM metering.alarm a LEFT JOIN metering.install i USING (install_id) LEFT JOIN metering.meter m USING (meter_id)`;

/** What was opened last comes first. @param before an alarm's number, below which to go on */
export async function listAlarms(
  from: Queryable,
  filter: AlarmFilter,
  before: number | null,
  limit: number,
): Promise<AlarmRow[]> {
  const { rows } = await from.query<AlarmRow>(
    `${ALARMS}
      WHERE a.state = ANY($1::text[]) AND ($2::text IS NULL OR a.kind = $2) AND ($3::text IS NULL OR a.zone_id = $3)
        AND ($4::text IS NULL OR a.service_point_id = $4)
        AND (CASE WHEN $5::bigint IS NULL THEN a.parent_alarm_id IS NULL OR $4::text IS NOT NULL ELSE a.parent_alarm_id = $5 END)
        AND ($6::bigint IS NULL OR a.alarm_id < $6)
      ORDER BY a.alarm_id DESC LIMIT $7`,
    [filter.states, filter.kind, filter.zone, filter.servicePoint, filter.parent, before, limit],
  );
  return rows;
}

/** How many wait, by kind; those that stand behind a zone's are left out. */
export async function countWaiting(from: Queryable): Promise<{ kind: string; open: number; acknowledged: number }[]> {
  const { rows } = await from.query<{ kind: string; open: number; acknowledged: number }>(
    `SELECT kind, count(*) FILTER (WHERE state = 'open')::int AS open,
            count(*) FILTER (WHERE state = 'acknowledged')::int AS acknowledged
       FROM metering.alarm WHERE state IN ('open', 'acknowledged') AND parent_alarm_id IS NULL GROUP BY kind ORDER BY kind`,
  );
  return rows;
}

export async function findAlarm(from: Queryable, alarmId: number): Promise<AlarmRow | null> {
  const { rows } = await from.query<AlarmRow>(`${ALARMS} WHERE a.alarm_id = $1`, [alarmId]);
  return rows[0] ?? null;
}

export async function listAlarmEvents(from: Queryable, alarmId: number, limit: number): Promise<AlarmEventRow[]> {
  const { rows } = await from.query<AlarmEventRow>(
    `SELECT event_id, at, what, actor, why, told FROM metering.alarm_event WHERE alarm_id = $1 ORDER BY event_id DESC LIMIT $2`,
    [alarmId, limit],
  );
  return rows;
}

/** @returns false where the alarm isn't in a state in which that can be done */
export async function turnAlarm(to: Queryable, alarmId: number, turn: StaffTurn, now: Date): Promise<boolean> {
  const { rowCount } = await to.query(
    `WITH put AS (
       UPDATE metering.alarm
          SET state = CASE $2 WHEN 'closed' THEN 'closed' ELSE 'acknowledged' END,
              assigned_to = CASE WHEN $2 = 'assigned' THEN $5 ELSE assigned_to END
        WHERE alarm_id = $1 AND (state = 'open' OR (state = 'acknowledged' AND $2 <> 'acknowledged'))
       RETURNING *)
     INSERT INTO metering.alarm_event (alarm_id, at, what, actor, why, told)
     SELECT alarm_id, $6, $2, $3, $4, ${TOLD} FROM put`,
    [alarmId, turn.what, turn.actor, turn.why, turn.assignedTo ?? null, now],
  );
  return rowCount === 1;
}
