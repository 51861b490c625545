// The SQL of gaps: which days are not measured whole, what a zone's places used hour by hour, and whom that may matter to.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { JudgedSpan } from './judged-store.ts';
import { historyDays } from './limits.ts';
import type { PeerDay } from './peer-store.ts';
import { leastPlaces } from './profile-store.ts';

/**
 * Days of the spans of which nothing is stored, or not every hour; by install and day. Only those that anything is known of,
 * or of the `historyDays` before them, or that have an estimate: a meter that has not spoken yet has no use to estimate.
 */
export async function listUntoldDays(
  from: Queryable,
  spans: readonly JudgedSpan[],
): Promise<{ install_id: number; day: string }[]> {
  const { rows } = await from.query<{ install_id: number; day: string }>({
    name: 'metering-list-untold-days',
    text: `SELECT given.install_id, (begins + nth)::text AS day
             FROM unnest($1::int[], $2::date[], $3::date[]) AS given (install_id, from_day, to_day)
            CROSS JOIN LATERAL (
              SELECT min(day) AS first, max(day) + ${historyDays} AS last FROM metering.use_day
               WHERE install_id = given.install_id AND day BETWEEN from_day - ${historyDays} AND to_day) told
            CROSS JOIN LATERAL (
              SELECT min(day) AS first, max(day) AS last FROM metering.use_estimate
               WHERE install_id = given.install_id AND day BETWEEN from_day AND to_day) estimated
            CROSS JOIN LATERAL (
              SELECT greatest(from_day, least(told.first, estimated.first)) AS begins,
                     least(to_day, greatest(told.last, estimated.last)) AS ends) looked_at
            CROSS JOIN LATERAL generate_series(0, ends - begins) AS nth
             LEFT JOIN metering.use_day u ON u.install_id = given.install_id AND u.day = begins + nth
            WHERE coalesce(told.first, estimated.first) IS NOT NULL
              AND (u.install_id IS NULL OR array_position(u.hours_l, NULL) IS NOT NULL)
            ORDER BY 1, begins + nth`,
    values: [spans.map((one) => one.install_id), spans.map((one) => one.from), spans.map((one) => one.to)],
  });
  return rows;
}

/**
 * What the zone's places of the class and bore used on average in each hour of the local day, of those of which the whole
 * day is known. Never of the city: what changes elsewhere tells nobody here.
 *
 * @returns null where they are too few
 */
export async function findZoneProfile(
  from: Queryable,
  of: PeerDay & { start_ms: number; bore_mm: number },
): Promise<{ places: number; hours_l: number[] } | null> {
  const { rows } = await from.query<{ places: number; hours_l: number[] }>({
    name: 'metering-find-zone-profile',
    text: `WITH peers AS MATERIALIZED (
             SELECT u.hours_l
               FROM (SELECT DISTINCT service_point_id FROM metering.service_point_version WHERE zone_id = $3) near
              CROSS JOIN LATERAL (SELECT zone_id, usage_class, purpose FROM metering.service_point_version
                                   WHERE service_point_id = near.service_point_id AND from_at <= to_timestamp($2::float8 / 1000)
                                   ORDER BY from_at DESC, recorded_at DESC LIMIT 1) v
               JOIN metering.install i USING (service_point_id)
               JOIN metering.meter m USING (meter_id)
               JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = $1::date
              WHERE v.zone_id = $3 AND v.usage_class = $4 AND v.purpose <> 'inlet' AND m.bore_mm = $5
                AND array_position(u.hours_l, NULL) IS NULL)
           SELECT places, array_agg(use_l ORDER BY hour) AS hours_l
             FROM (SELECT hour, count(*) AS places, avg(use_l)::float8 AS use_l
                     FROM peers, unnest(hours_l) WITH ORDINALITY AS hours (use_l, hour) GROUP BY hour) averages
            WHERE places >= $6 GROUP BY places`,
    values: [of.day, of.start_ms, of.zone_id, of.usage_class, of.bore_mm, leastPlaces],
  });
  return rows[0] ?? null;
}

/** Makes a day due for the installs of which it is open that hours are missing. */
export async function makeMissingDue(to: Queryable, day: string, installsARow: number): Promise<void> {
  await to.query(
    `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
     SELECT array_agg(install_id), array_agg($1::date), array_agg($1::date), true
       FROM (SELECT install_id, (row_number() OVER (ORDER BY install_id) - 1) / $2::int AS part FROM metering.finding
              WHERE rule = 'missing' AND state = 'open' AND day = $1::date) missing
      GROUP BY part ORDER BY part`,
    [day, installsARow],
  );
}

/** Makes days due whose estimate rests on what the zone's places of the class used then, or that lack one. */
export async function makeGapsDue(to: Queryable, peers: readonly PeerDay[], until: string): Promise<void> {
  await to.query({
    name: 'metering-make-gaps-due',
    text: `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
           SELECT array_agg(install_id), array_agg(day), array_agg(day), true
             FROM (SELECT DISTINCT gap.install_id, gap.day
                     FROM (SELECT install_id, day FROM metering.finding WHERE rule = 'missing' AND state = 'open'
                           UNION ALL SELECT install_id, day FROM metering.use_estimate WHERE method = 'class_profile') gap
                     JOIN metering.install USING (install_id)
                     JOIN metering.service_point_version v USING (service_point_id)
                     JOIN unnest($1::text[], $2::text[], $3::date[]) AS changed (zone_id, usage_class, day)
                       ON changed.zone_id = v.zone_id AND changed.usage_class = v.usage_class AND changed.day = gap.day
                    WHERE gap.day = ANY($3::date[]) AND gap.day <= $4::date) due
           HAVING count(*) > 0`,
    values: [peers.map((one) => one.zone_id), peers.map((one) => one.usage_class), peers.map((one) => one.day), until],
  });
}

/** Makes single days due whose use stayed the same. */
export async function makeDaysDue(to: Queryable, days: readonly { install_id: number; day: string }[]): Promise<void> {
  if (days.length === 0) return;
  await to.query(
    `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same) VALUES ($1, $2::date[], $2::date[], true)`,
    [days.map((one) => one.install_id), days.map((one) => one.day)],
  );
}
