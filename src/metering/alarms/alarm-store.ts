// The SQL of alarms and their history: what the judging job opens, changes and withdraws. Each turn is an event of its own,
// and what is to be told goes into the outbox with it.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { JudgedAlarm } from './judge-alarms.ts';
import type { ChangedAlarm, StandingAlarm } from './matched-alarms.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;
const at = (expression: string) => `to_timestamp(${expression} / 1000)`;

/** An alarm as an event keeps it. */
export const TOLD = `jsonb_build_object('began_at', began_at, 'ended_at', ended_at, 'grade', grade, 'times', times,
                     'amount', amount, 'state', state, 'assigned_to', assigned_to)`;

const STANDING = `alarm_id, kind, ${ms('began_at')} AS began_ms, ${ms('ended_at')} AS ended_ms, grade, times, amount, state`;

/** All that stand, by install. */
export async function listStanding(
  from: Queryable,
  installIds: readonly number[],
): Promise<(StandingAlarm & { install_id: number })[]> {
  const { rows } = await from.query<StandingAlarm & { install_id: number }>({
    name: 'alarms-list-standing',
    text: `SELECT install_id, ${STANDING} FROM metering.alarm
            WHERE install_id = ANY($1::int[]) AND state <> 'withdrawn' ORDER BY install_id, began_at, alarm_id`,
    values: [installIds],
  });
  return rows;
}

/** The zones' own alarms that stand. */
export async function listStandingOfZone(from: Queryable, zoneId: string, kind: string): Promise<StandingAlarm[]> {
  const { rows } = await from.query<StandingAlarm>(
    `SELECT ${STANDING} FROM metering.alarm
      WHERE zone_id = $1 AND kind = $2 AND install_id IS NULL AND state <> 'withdrawn' ORDER BY began_at, alarm_id`,
    [zoneId, kind],
  );
  return rows;
}

export interface OpenedAlarm extends JudgedAlarm {
  install_id: number | null;
  service_point_id: string | null;
  zone_id: string;
}

/** How long a notice waits, by kind, for a zone's alarm to take its place. */
export type NoticeDelay = (kind: string) => number;

/** What has ended before it was known is kept, and not told. */
export async function openAlarms(
  to: Queryable,
  opened: readonly OpenedAlarm[],
  now_ms: number,
  delayOf: NoticeDelay,
): Promise<void> {
  if (opened.length === 0) return;
  await to.query({
    name: 'alarms-open',
    text: `
      WITH given AS (
        SELECT * FROM jsonb_to_recordset($1::jsonb) AS given (kind text, install_id int, service_point_id text, zone_id text,
          began_ms float8, ended_ms float8, grade smallint, times int, amount bigint)),
      put AS (
        INSERT INTO metering.alarm (kind, install_id, service_point_id, zone_id, began_at, ended_at, grade, times, amount, state,
                                    opened_at)
        SELECT kind, install_id, service_point_id, zone_id, ${at('began_ms')}, ${at('ended_ms')}, grade, times, amount,
               CASE WHEN ended_ms IS NULL THEN 'open' ELSE 'closed' END, ${at('$2::float8')}
          FROM given ORDER BY began_ms, install_id
        RETURNING *),
      told AS (
        INSERT INTO metering.alarm_event (alarm_id, at, what, told)
        SELECT alarm_id, opened_at, 'opened', ${TOLD} FROM put ORDER BY alarm_id RETURNING event_id, alarm_id)
      INSERT INTO metering.alarm_notice (event_id, due_at)
      SELECT event_id, ${at('($2::float8 + delay.ms)')} FROM told JOIN put USING (alarm_id)
        JOIN unnest($3::text[], $4::float8[]) AS delay (kind, ms) USING (kind) WHERE ended_at IS NULL`,
    values: [JSON.stringify(opened), now_ms, ...delays(opened, delayOf)],
  });
}

/** Kinds of a list once each, with their delays. */
function delays(alarms: readonly { kind: string }[], delayOf: NoticeDelay): [string[], number[]] {
  const kinds = [...new Set(alarms.map(({ kind }) => kind))];
  return [kinds, kinds.map(delayOf)];
}

/**
 * A change of times or amounts is history only. Told are what grew worse, what came back, once a day, and what is over:
 * for a cause that came and went again and again, once; and neither where the beginning still waited to be told.
 */
export async function changeAlarms(
  to: Queryable,
  changed: readonly ChangedAlarm[],
  now_ms: number,
  delayOf: NoticeDelay,
): Promise<void> {
  if (changed.length === 0) return;
  const given = changed.map(({ alarm_id, turn, state, alarm }) => ({ alarm_id, turn, state, ...alarm }));
  await to.query({
    name: 'alarms-change',
    text: `
      WITH given AS (
        SELECT * FROM jsonb_to_recordset($1::jsonb) AS given (alarm_id bigint, turn text, state text, began_ms float8,
          ended_ms float8, grade smallint, times int, amount bigint)),
      put AS (
        UPDATE metering.alarm a
           SET began_at = ${at('given.began_ms')}, ended_at = ${at('given.ended_ms')}, grade = given.grade,
               times = given.times, amount = given.amount, state = given.state
          FROM given WHERE a.alarm_id = given.alarm_id
        RETURNING a.*, given.turn),
      unsaid AS (
        DELETE FROM metering.alarm_notice n USING metering.alarm_event e, given
         WHERE e.event_id = n.event_id AND e.alarm_id = given.alarm_id AND given.turn IN ('cleared', 'withdrawn')
        RETURNING e.alarm_id),
      told AS (
        INSERT INTO metering.alarm_event (alarm_id, at, what, told)
        SELECT alarm_id, ${at('$2::float8')}, turn, ${TOLD} FROM put ORDER BY alarm_id RETURNING event_id, alarm_id)
      INSERT INTO metering.alarm_notice (event_id, due_at)
      SELECT event_id, ${at('($2::float8 + delay.ms)')} FROM told JOIN put USING (alarm_id)
        JOIN unnest($3::text[], $4::float8[]) AS delay (kind, ms) USING (kind)
       WHERE (turn IN ('worsened', 'withdrawn') OR (turn = 'cleared' AND times = 1)
              OR (turn = 'returned' AND NOT EXISTS (
                    SELECT FROM metering.alarm_event e WHERE e.alarm_id = put.alarm_id AND e.what IN ('opened', 'returned')
                       AND e.at > ${at('$2::float8')} - interval '1 day')))
         AND NOT EXISTS (SELECT FROM unsaid WHERE unsaid.alarm_id = put.alarm_id)`,
    values: [
      JSON.stringify(given),
      now_ms,
      ...delays(
        changed.map(({ alarm }) => alarm),
        delayOf,
      ),
    ],
  });
}

/** Silences of a zone's meters that went on at or after an instant; to infinity where one still does. */
export async function listSilences(
  from: Queryable,
  zoneId: string,
  from_ms: number,
): Promise<{ from_ms: number; to_ms: number }[]> {
  const { rows } = await from.query<{ from_ms: number; to_ms: number }>(
    `SELECT ${ms('began_at')} AS from_ms, coalesce(${ms('ended_at')}, 'infinity') AS to_ms FROM metering.alarm
      WHERE zone_id = $1 AND kind = 'silent' AND state <> 'withdrawn'
        AND (ended_at IS NULL OR ended_at >= ${at('$2::float8')}) ORDER BY began_at, alarm_id`,
    [zoneId, from_ms],
  );
  return rows;
}

export async function countStandingMeters(from: Queryable, zoneId: string): Promise<number> {
  const { rows } = await from.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM metering.install i JOIN metering.service_point p USING (service_point_id)
      WHERE p.zone_id = $1 AND i.until_at IS NULL`,
    [zoneId],
  );
  return rows[0]?.n ?? 0;
}

/**
 * Silences that began with a zone's stand behind it, and nothing more is told of them.
 *
 * @param before_ms how much earlier than the zone's a silence may have begun
 */
export async function putBehindZone(to: Queryable, zoneId: string, kind: string, before_ms: number): Promise<void> {
  await to.query(
    `WITH put AS (
       UPDATE metering.alarm a SET parent_alarm_id = stands.alarm_id
         FROM (SELECT s.alarm_id AS silence_id, max(z.alarm_id) AS alarm_id
                 FROM metering.alarm s
                 LEFT JOIN metering.alarm z
                   ON z.zone_id = s.zone_id AND z.kind = $2 AND z.install_id IS NULL AND z.state <> 'withdrawn'
                  AND s.began_at BETWEEN z.began_at - make_interval(secs => $3::float8 / 1000) AND coalesce(z.ended_at, 'infinity')
                WHERE s.zone_id = $1 AND s.kind = 'silent' AND s.state <> 'withdrawn'
                GROUP BY s.alarm_id) stands
        WHERE a.alarm_id = stands.silence_id AND a.parent_alarm_id IS DISTINCT FROM stands.alarm_id
       RETURNING a.alarm_id, a.parent_alarm_id)
     DELETE FROM metering.alarm_notice n USING metering.alarm_event e, put
      WHERE e.event_id = n.event_id AND e.alarm_id = put.alarm_id AND put.parent_alarm_id IS NOT NULL`,
    [zoneId, kind, before_ms],
  );
}
