// The SQL of what is to be judged next: what changed, what is due by the clock, and what came in that shows in no use.
import type { Queryable } from '../../platform/postgres/database.ts';

/** Something became known, or time passed, from the instant on. */
export interface ToJudge {
  install_id: number;
  from_ms: number;
}

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** False while another copy works: its transaction holds the lock to its end. */
export async function holdAlarmJob(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.alarms')) AS held`,
  );
  return rows[0]?.held === true;
}

/** Installs that were never judged are due from their beginning. @param among these; null: all there are */
export async function addUnjudged(to: Queryable, among: readonly number[] | null, now_ms: number): Promise<void> {
  await to.query(
    `INSERT INTO metering.alarm_judged (install_id, judged_at, due_at)
     SELECT install_id, from_at, to_timestamp($1::float8 / 1000) FROM metering.install i
      WHERE from_at <= to_timestamp($1::float8 / 1000) AND ($2::int[] IS NULL OR install_id = ANY($2::int[]))
        AND NOT EXISTS (SELECT FROM metering.alarm_judged j WHERE j.install_id = i.install_id)`,
    [now_ms, among],
  );
}

export async function listDue(from: Queryable, now_ms: number, limit: number): Promise<ToJudge[]> {
  const { rows } = await from.query<ToJudge>(
    `SELECT install_id, ${ms('judged_at')} AS from_ms FROM metering.alarm_judged
      WHERE due_at <= to_timestamp($1::float8 / 1000) ORDER BY due_at LIMIT $2`,
    [now_ms, limit],
  );
  return rows;
}

/**
 * Where readings that contradict, impossible clocks and clones came in since the last look. A commit may be seen later than
 * its receipt: the look goes back a little further, and judging again changes nothing.
 *
 * @param overlap_ms how much further
 */
export async function takeOddities(to: Queryable, now_ms: number, overlap_ms: number): Promise<ToJudge[]> {
  const { rows } = await to.query<ToJudge>(
    `WITH since AS (
       SELECT coalesce((SELECT looked_at FROM metering.alarm_mark), '-infinity') - make_interval(secs => $2::float8 / 1000) AS at),
     looked AS (
       INSERT INTO metering.alarm_mark (looked_at) VALUES (to_timestamp($1::float8 / 1000))
       ON CONFLICT (one) DO UPDATE SET looked_at = EXCLUDED.looked_at),
     odd AS (
       SELECT meter_id, measured_at AS at FROM metering.reading_conflict, since WHERE received_at >= since.at
       UNION ALL
       SELECT meter_id, received_at FROM metering.misdated_reading, since WHERE received_at >= since.at
       UNION ALL
       SELECT r.meter_id, e.first_at FROM metering.device_event e JOIN metering.radio_install r USING (device_no), since
        WHERE e.kind = 'clone' AND e.last_at >= since.at)
     SELECT i.install_id, min(${ms('odd.at')}) AS from_ms
       FROM odd JOIN metering.install i
         ON i.meter_id = odd.meter_id AND odd.at >= i.from_at AND odd.at <= coalesce(i.until_at, 'infinity')
      GROUP BY i.install_id`,
    [now_ms, overlap_ms],
  );
  return rows;
}

/** @param due_ms when each is to be judged again even if nothing is heard */
export async function recordJudged(
  to: Queryable,
  judged: readonly { install_id: number; due_ms: number }[],
  now_ms: number,
): Promise<void> {
  await to.query({
    name: 'alarms-record-judged',
    text: `UPDATE metering.alarm_judged j SET judged_at = to_timestamp($3::float8 / 1000),
                  due_at = to_timestamp(given.due_ms / 1000)
             FROM unnest($1::int[], $2::float8[]) AS given (install_id, due_ms) WHERE j.install_id = given.install_id`,
    values: [judged.map(({ install_id }) => install_id), judged.map(({ due_ms }) => due_ms), now_ms],
  });
}

/** The place's installs are judged at the next round. */
export async function makeDue(to: Queryable, servicePointId: string, now_ms: number): Promise<void> {
  await to.query(
    `UPDATE metering.alarm_judged j SET due_at = to_timestamp($2::float8 / 1000)
       FROM metering.install i WHERE i.install_id = j.install_id AND i.service_point_id = $1`,
    [servicePointId, now_ms],
  );
}
