// The SQL of reading packs: who may move readings into them and when, what came late, and the moving.
//
// The lock. Commits that bring old readings hold it shared, packing holds it alone, each from a statement of its own to the
// end of its transaction. Under READ COMMITTED the statement after has a snapshot of later: a commit sees all packs there
// are, and no reading comes into a day while it is packed. Readings that are not old are in no day that is packed.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import { packLimits } from './pack-limits.ts';

const PACKS = `hashtext('naru.metering.packs')`;
const DAY_ms = 86_400_000;

/** Nothing is packed until the transaction ends, and all that was is seen by its next statement. */
export async function keepPacks(to: Transaction): Promise<void> {
  await to.query(`SELECT pg_advisory_xact_lock_shared(${PACKS})`);
}

/** No old reading is stored until the transaction ends. False where another copy is packing. */
export async function holdPacks(to: Transaction): Promise<boolean> {
  const { rows } = await to.query<{ first: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.packing')) AS first`,
  );
  if (rows[0]?.first !== true) return false;
  await to.query(`SELECT pg_advisory_xact_lock(${PACKS})`);
  return true;
}

/** Days since 1970 of UTC. */
export const dayOf = (at_ms: number): number => Math.floor(at_ms / DAY_ms);
export const startOf_ms = (day: number): number => day * DAY_ms;

const isoDay = (day: number): string => new Date(startOf_ms(day)).toISOString().slice(0, 10);

export interface MeterDay {
  meterId: number;
  day: number;
}

/** Has the days of these readings looked at again. To be called in the transaction that stores them, under `keepPacks`. */
export async function markLate(
  to: Transaction,
  readings: readonly { meterId: number; at_ms: number }[],
): Promise<void> {
  await to.query({
    name: 'metering-mark-late',
    text: `INSERT INTO metering.late_day (meter_id, day)
           SELECT DISTINCT meter_id, '1970-01-01'::date + day FROM unnest($1::int[], $2::int[]) AS given (meter_id, day)
            ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
    values: [readings.map(({ meterId }) => meterId), readings.map(({ at_ms }) => dayOf(at_ms))],
  });
}

/** The next ones; they stay. */
export async function listLate(from: Queryable, limit: number): Promise<MeterDay[]> {
  const { rows } = await from.query<MeterDay>(
    `SELECT meter_id AS "meterId", day - '1970-01-01'::date AS day FROM metering.late_day ORDER BY meter_id, day LIMIT $1`,
    [limit],
  );
  return rows;
}

export async function clearLate(to: Transaction, of: readonly MeterDay[]): Promise<void> {
  await to.query(
    `DELETE FROM metering.late_day USING unnest($1::int[], $2::date[]) AS done (meter_id, day)
      WHERE late_day.meter_id = done.meter_id AND late_day.day = done.day`,
    [of.map(({ meterId }) => meterId), of.map(({ day }) => isoDay(day))],
  );
}

/** The day that packing is at, and the last meter of it that is done; null before it has begun. */
export async function findProgress(from: Queryable): Promise<{ day: number; after: number } | null> {
  const { rows } = await from.query<{ day: number; after: number }>(
    `SELECT day - '1970-01-01'::date AS day, after_meter_id AS after FROM metering.packing_progress`,
  );
  return rows[0] ?? null;
}

export async function noteProgress(to: Transaction, day: number, after: number): Promise<void> {
  await to.query(
    `INSERT INTO metering.packing_progress (day, after_meter_id) VALUES ($1::date, $2)
     ON CONFLICT (single) DO UPDATE SET day = EXCLUDED.day, after_meter_id = EXCLUDED.after_meter_id`,
    [isoDay(day), after],
  );
}

/** The first day from `from` on to before `until` that has readings as rows. Reads all rows of those days' partitions. */
export async function firstDayWithRows(to: Queryable, from: number | null, until: number): Promise<number | null> {
  const { rows } = await to.query<{ day: number | null }>(
    `SELECT (min(measured_at) AT TIME ZONE 'UTC')::date - '1970-01-01'::date AS day FROM metering.reading
      WHERE measured_at >= $1::timestamptz AND measured_at < $2::timestamptz`,
    [from === null ? '-infinity' : `${isoDay(from)}T00:00:00Z`, `${isoDay(until)}T00:00:00Z`],
  );
  return rows[0]?.day ?? null;
}

export async function listMetersAfter(from: Queryable, after: number, limit: number): Promise<number[]> {
  const { rows } = await from.query<{ meter_id: number }>(
    'SELECT meter_id FROM metering.meter WHERE meter_id > $1 ORDER BY meter_id LIMIT $2',
    [after, limit],
  );
  return rows.map(({ meter_id }) => meter_id);
}

/**
 * Moves what lies as rows into the packs of these days of meters, where a pack takes less or is there already, and can hold
 * it: registers within 2^31 litres of the first. What can't be packed stays rows. To be called under `holdPacks`, as a
 * statement of its own.
 */
export async function packDays(to: Transaction, of: readonly MeterDay[]): Promise<{ packs: number; readings: number }> {
  const { rows } = await to.query<{ packs: number; readings: number }>({
    name: 'metering-pack-days',
    text: `
      WITH given AS MATERIALIZED (
        SELECT meter_id, day, day::timestamp AT TIME ZONE 'UTC' AS start_at, (day + 1)::timestamp AT TIME ZONE 'UTC' AS end_at
          FROM unnest($1::int[], $2::date[]) AS given (meter_id, day)),
      told AS (
        SELECT g.meter_id, g.day, round(date_part('epoch', t.measured_at - g.start_at) * 1000000)::bigint AS us,
               t.register_l, t.received_at, t.uplink_id, t.clock, t.flags, t.is_packed
          FROM given g
         CROSS JOIN LATERAL (
           SELECT r.measured_at, r.register_l, r.received_at, r.uplink_id, r.clock, r.flags, false AS is_packed
             FROM metering.reading r
            WHERE r.meter_id = g.meter_id AND r.measured_at >= g.start_at AND r.measured_at < g.end_at
            UNION ALL
           SELECT p.measured_at, p.register_l, p.received_at, p.uplink_id, p.clock, p.flags, true
             FROM metering.packed_reading p WHERE p.meter_id = g.meter_id AND p.day = g.day) t),
      placed AS (
        SELECT *, row_number() OVER days AS place, register_l - first_value(register_l) OVER days AS step,
               lag(uplink_id) OVER days IS DISTINCT FROM uplink_id
                 OR lag(received_at) OVER days IS DISTINCT FROM received_at AS begins,
               lag(us) OVER days = us AS is_twice
          FROM told WINDOW days AS (PARTITION BY meter_id, day ORDER BY us)),
      packs AS (
        SELECT meter_id, day, min(register_l) FILTER (WHERE place = 1) AS register_l,
               min(clock) AS clock, array_agg((us / 1000)::int ORDER BY us) AS measured_ms,
               CASE WHEN bool_or(us % 1000 <> 0) THEN array_agg((us % 1000)::smallint ORDER BY us) END AS measured_us,
               array_agg(step ORDER BY us)::int[] AS register_steps,
               array_agg(received_at ORDER BY us) FILTER (WHERE begins) AS received_ats,
               array_agg(uplink_id ORDER BY us) FILTER (WHERE begins) AS uplink_ids,
               CASE WHEN NOT bool_and(begins) THEN array_agg(place::int ORDER BY us) FILTER (WHERE begins) END AS first_places,
               CASE WHEN min(clock) <> max(clock) THEN array_agg(clock ORDER BY us) END AS clocks,
               CASE WHEN bool_or(flags IS NOT NULL) THEN array_agg(flags::text ORDER BY us) END AS flags
          FROM placed GROUP BY meter_id, day
        HAVING NOT bool_and(is_packed) AND bool_or(is_twice) IS NOT TRUE AND count(*) <= ${packLimits.most} AND max(abs(step)) < 2147483648
           AND (count(*) >= ${packLimits.fewest} OR bool_or(is_packed))),
      put AS (
        INSERT INTO metering.reading_pack (register_l, meter_id, day, clock, measured_ms, register_steps, received_ats,
                                           uplink_ids, first_places, measured_us, clocks, flags)
        SELECT register_l, meter_id, day, clock, measured_ms, register_steps, received_ats,
               uplink_ids, first_places, measured_us, clocks, flags FROM packs ORDER BY day, meter_id
        ON CONFLICT (meter_id, day) DO UPDATE
           SET (register_l, clock, measured_ms, register_steps, received_ats, uplink_ids, first_places, measured_us, clocks,
                flags) = ROW (EXCLUDED.register_l, EXCLUDED.clock, EXCLUDED.measured_ms, EXCLUDED.register_steps,
                EXCLUDED.received_ats, EXCLUDED.uplink_ids, EXCLUDED.first_places, EXCLUDED.measured_us, EXCLUDED.clocks,
                EXCLUDED.flags)),
      gone AS (
        DELETE FROM metering.reading r USING packs JOIN given g USING (meter_id, day)
         WHERE r.meter_id = g.meter_id AND r.measured_at >= g.start_at AND r.measured_at < g.end_at
         RETURNING 1)
      SELECT (SELECT count(*) FROM packs) AS packs, (SELECT count(*) FROM gone) AS readings`,
    values: [of.map(({ meterId }) => meterId), of.map(({ day }) => isoDay(day))],
  });
  return rows[0] ?? { packs: 0, readings: 0 };
}
