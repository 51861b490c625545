// The SQL of what is to be worked out about zones: which days of which, taken oldest first.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { ChangedDay } from '../readings/changed-days-store.ts';

/** False while another copy works: its transaction holds the lock to its end. */
export async function holdZoneJob(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.zones')) AS held`,
  );
  return rows[0]?.held === true;
}

/** The zones in which the places of these installs ever lay, or flow into, have the days worked out again. */
export async function markZonesOf(to: Transaction, changed: readonly ChangedDay[]): Promise<void> {
  if (changed.length === 0) return;
  await to.query({
    name: 'metering-mark-zones-of',
    text: `WITH place AS (
             SELECT DISTINCT i.service_point_id, changed.day
               FROM unnest($1::int[], $2::date[]) AS changed (install_id, day) JOIN metering.install i USING (install_id))
           INSERT INTO metering.zone_days_due (zone_id, from_day, until_day)
           SELECT zone_id, day, day
             FROM (SELECT v.zone_id, place.day FROM place JOIN metering.service_point_version v USING (service_point_id)
                   UNION SELECT z.zone_id, place.day FROM place JOIN metering.zone_inlet z USING (service_point_id)) due`,
    values: [changed.map((one) => one.install_id), changed.map((one) => one.day)],
  });
}

/** Every zone has every day of the span worked out, whether anything came or not. */
export async function markAllZones(to: Transaction, from: string, until: string): Promise<void> {
  await to.query(
    'INSERT INTO metering.zone_days_due (zone_id, from_day, until_day) SELECT zone_id, $1::date, $2::date FROM metering.zone',
    [from, until],
  );
}

/**
 * Takes the oldest day that is due and is over; where the transaction fails it is due again.
 *
 * @param last the last day that is over: later ones are worked out when they are
 * @returns null where none is due
 */
export async function takeDueDay(from: Transaction, last: string): Promise<{ day: string; zoneIds: string[] } | null> {
  await from.query('DELETE FROM metering.zone_days_due WHERE from_day > $1::date', [last]);
  const { rows } = await from.query<{ day: string; zone_ids: string[] }>({
    name: 'metering-take-due-day',
    text: `WITH taken AS (
             DELETE FROM metering.zone_days_due
              WHERE from_day = (SELECT min(from_day) FROM metering.zone_days_due)
              RETURNING zone_id, from_day, until_day),
           zone AS (SELECT zone_id, from_day, max(until_day) AS until_day FROM taken GROUP BY zone_id, from_day),
           left_over AS (
             INSERT INTO metering.zone_days_due (zone_id, from_day, until_day)
             SELECT zone_id, from_day + 1, until_day FROM zone WHERE until_day > from_day AND from_day < $1::date)
           SELECT from_day::text AS day, array_agg(zone_id ORDER BY zone_id) AS zone_ids FROM zone GROUP BY from_day`,
    values: [last],
  });
  const taken = rows[0];
  return taken === undefined ? null : { day: taken.day, zoneIds: taken.zone_ids };
}

export type DayJob = 'balance' | 'completeness';

/** The last day that the job has closed; null at its very beginning. */
export async function lastClosedDay(from: Queryable, job: DayJob): Promise<string | null> {
  const { rows } = await from.query<{ day: string }>(
    'SELECT last_day::text AS day FROM metering.day_closed WHERE job = $1',
    [job],
  );
  return rows[0]?.day ?? null;
}

export async function noteClosedDay(to: Transaction, job: DayJob, day: string): Promise<void> {
  await to.query(
    `INSERT INTO metering.day_closed (job, last_day) VALUES ($1, $2::date)
     ON CONFLICT (job) DO UPDATE SET last_day = EXCLUDED.last_day`,
    [job, day],
  );
}

/** The first day of which there is any use; null where there is none. */
export async function firstDayOfUse(from: Queryable): Promise<string | null> {
  const { rows } = await from.query<{ day: string | null }>('SELECT min(day)::text AS day FROM metering.use_day');
  return rows[0]?.day ?? null;
}
