// The SQL of places at which somebody wants it to be noticed that no water is used, and of what is shown to who lives there.
import type { Queryable } from '../../platform/postgres/database.ts';

const at = (value: string) => `to_timestamp(${value}::float8 / 1000)`;

export async function insertWatch(
  to: Queryable,
  watch: { watchId: string; servicePoint: string; from_ms: number; until_ms: number | null },
): Promise<void> {
  await to.query(
    `INSERT INTO metering.watch (watch_id, service_point_id, from_at, until_at) VALUES ($1, $2, ${at('$3')}, ${at('$4')})`,
    [watch.watchId, watch.servicePoint, watch.from_ms, watch.until_ms],
  );
}

/** @returns the place; null where there is no such watch */
export async function endWatch(to: Queryable, watchId: string, at_ms: number): Promise<string | null> {
  const { rows } = await to.query<{ service_point_id: string }>(
    `UPDATE metering.watch SET until_at = greatest(from_at, least(until_at, ${at('$2')}))
      WHERE watch_id = $1 RETURNING service_point_id`,
    [watchId, at_ms],
  );
  return rows[0]?.service_point_id ?? null;
}

export interface AwaySpan {
  away_id: string;
  from_ms: number;
  until_ms: number;
}

/** @returns the place; null where there is no such watch */
export async function insertAway(to: Queryable, watchId: string, away: AwaySpan): Promise<string | null> {
  const { rows } = await to.query<{ service_point_id: string }>(
    `WITH put AS (
       INSERT INTO metering.watch_away (away_id, watch_id, from_at, until_at)
       SELECT $2, watch_id, ${at('$3')}, ${at('$4')} FROM metering.watch WHERE watch_id = $1 RETURNING watch_id)
     SELECT service_point_id FROM metering.watch JOIN put USING (watch_id)`,
    [watchId, away.away_id, away.from_ms, away.until_ms],
  );
  return rows[0]?.service_point_id ?? null;
}

/** An absence that has not begun goes; one that has ends at the instant. @returns the place; null where there is none */
export async function endAway(to: Queryable, watchId: string, awayId: string, at_ms: number): Promise<string | null> {
  const { rows } = await to.query<{ service_point_id: string }>(
    `WITH gone AS (
       DELETE FROM metering.watch_away WHERE away_id = $2 AND watch_id = $1 AND from_at >= ${at('$3')} RETURNING watch_id),
     ended AS (
       UPDATE metering.watch_away SET until_at = ${at('$3')}
        WHERE away_id = $2 AND watch_id = $1 AND from_at < ${at('$3')} AND until_at > ${at('$3')} RETURNING watch_id)
     SELECT service_point_id FROM metering.watch
      WHERE watch_id IN (SELECT watch_id FROM gone UNION ALL SELECT watch_id FROM ended)`,
    [watchId, awayId, at_ms],
  );
  return rows[0]?.service_point_id ?? null;
}

/** Absences that are not over. */
export async function listAway(from: Queryable, watchId: string, now_ms: number): Promise<AwaySpan[]> {
  const { rows } = await from.query<AwaySpan>(
    `SELECT away_id, (extract(epoch FROM from_at) * 1000)::float8 AS from_ms,
            (extract(epoch FROM until_at) * 1000)::float8 AS until_ms
       FROM metering.watch_away WHERE watch_id = $1 AND until_at > ${at('$2')} ORDER BY from_at, away_id`,
    [watchId, now_ms],
  );
  return rows;
}

export interface PlaceAlarm {
  kind: string;
  began_ms: number;
  ended_ms: number | null;
  grade: number;
}

/** Alarms of the place that were there within the span, and after `since_ms`. */
export async function listPlaceAlarms(
  from: Queryable,
  servicePoint: string,
  kinds: readonly string[],
  span: { from_ms: number; to_ms: number; since_ms: number },
): Promise<PlaceAlarm[]> {
  const { rows } = await from.query<PlaceAlarm>(
    `SELECT kind, (extract(epoch FROM began_at) * 1000)::float8 AS began_ms,
            (extract(epoch FROM ended_at) * 1000)::float8 AS ended_ms, grade
       FROM metering.alarm
      WHERE service_point_id = $1 AND kind = ANY($2::text[]) AND state <> 'withdrawn'
        AND began_at < ${at('$4')} AND (ended_at IS NULL OR ended_at > greatest(${at('$3')}, ${at('$5')}))
      ORDER BY began_at DESC, alarm_id DESC LIMIT 20`,
    [servicePoint, kinds, span.from_ms, span.to_ms, span.since_ms],
  );
  return rows;
}
