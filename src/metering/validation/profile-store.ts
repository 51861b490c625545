// The SQL of what is known of places when use is estimated or judged: where they stand, and what others of their class used.
import type { Queryable } from '../../platform/postgres/database.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** An install with what of its meter and place decides what is usual there. */
export interface InstallPlace {
  install_id: number;
  meter_id: number;
  service_point_id: string;
  from_ms: number;
  until_ms: number | null;
  bore_mm: number;
  dials: number;
}

export async function listInstallPlaces(from: Queryable, installIds: readonly number[]): Promise<InstallPlace[]> {
  const { rows } = await from.query<InstallPlace>({
    name: 'metering-list-install-places',
    text: `SELECT i.install_id, i.meter_id, i.service_point_id, ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms,
                  m.bore_mm, m.dials
             FROM metering.install i JOIN metering.meter m USING (meter_id)
            WHERE i.install_id = ANY($1::int[]) ORDER BY i.install_id`,
    values: [installIds],
  });
  return rows;
}

/** Held to the end of the transaction: versions of their estimates come one after another. */
export async function holdInstalls(to: Queryable, installIds: readonly number[]): Promise<void> {
  await to.query(
    'SELECT FROM metering.install WHERE install_id = ANY($1::int[]) ORDER BY install_id FOR NO KEY UPDATE',
    [installIds],
  );
}

export interface PlaceVersion {
  service_point_id: string;
  from_ms: number;
  zone_id: string;
  usage_class: string;
  purpose: 'billed' | 'unbilled' | 'inlet';
}

/** What held of these places from when on; by place, the newest first. */
export async function listPlaceVersions(from: Queryable, servicePointIds: readonly string[]): Promise<PlaceVersion[]> {
  const { rows } = await from.query<PlaceVersion>({
    name: 'metering-list-place-versions',
    text: `SELECT service_point_id, ${ms('from_at')} AS from_ms, zone_id, usage_class, purpose
             FROM metering.service_point_version WHERE service_point_id = ANY($1::text[])
            ORDER BY service_point_id, from_at DESC, recorded_at DESC`,
    values: [servicePointIds],
  });
  return rows;
}

/** How many places a class profile is the average of, at least: below, one household's bath would show. */
export const leastPlaces = 10;

/**
 * What places of the class and bore used on average in each hour of the local day: of the zone, or, where it has too few
 * such places, of the city. Only installs of which the whole day is known count, and no inlets of zones.
 *
 * @returns null where there are too few everywhere
 */
export async function findClassProfile(
  from: Queryable,
  of: { day: string; start_ms: number; zone_id: string; usage_class: string; bore_mm: number },
): Promise<{ places: number; hours_l: number[] } | null> {
  const { rows } = await from.query<{ places: number; hours_l: number[] }>(
    `WITH peers AS MATERIALIZED (
       SELECT u.hours_l, v.zone_id FROM metering.use_day u
         JOIN metering.install i USING (install_id)
         JOIN metering.meter m USING (meter_id)
         JOIN LATERAL (SELECT zone_id, usage_class, purpose FROM metering.service_point_version
                        WHERE service_point_id = i.service_point_id AND from_at <= to_timestamp($2::float8 / 1000)
                        ORDER BY from_at DESC, recorded_at DESC LIMIT 1) v ON true
        WHERE u.day = $1::date AND m.bore_mm = $5 AND v.usage_class = $4 AND v.purpose <> 'inlet'
          AND array_position(u.hours_l, NULL) IS NULL),
     scopes AS (
       SELECT 1 AS choice, hours_l FROM peers WHERE zone_id = $3 UNION ALL SELECT 2, hours_l FROM peers)
     SELECT places, hours_l FROM (
       SELECT choice, places, array_agg(use_l ORDER BY hour) AS hours_l
         FROM (SELECT choice, hour, count(*) AS places, avg(use_l)::float8 AS use_l
                 FROM scopes, unnest(hours_l) WITH ORDINALITY AS hours (use_l, hour) GROUP BY choice, hour) averages
        WHERE places >= $6 GROUP BY choice, places) profiles
      ORDER BY choice LIMIT 1`,
    [of.day, of.start_ms, of.zone_id, of.usage_class, of.bore_mm, leastPlaces],
  );
  return rows[0] ?? null;
}

/** The last local day that was taken up for judging; null before the first. */
export async function findJudgedUntil(from: Queryable): Promise<string | null> {
  const { rows } = await from.query<{ day: string }>(
    'SELECT judged_until::text AS day FROM metering.validation_progress',
  );
  return rows[0]?.day ?? null;
}
