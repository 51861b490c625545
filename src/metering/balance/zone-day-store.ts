// The SQL that works a day of zones out of the registry and stored use: what flowed in by the hour, and what was used.
import type { Transaction } from '../../platform/postgres/database.ts';
import type { LocalDay } from '../readings/local-days.ts';

/**
 * Replaces the day's rows of these zones, each of itself alone. Where the registry says that something changed within an
 * hour, the hour counts where the place stood at its end. An inlet's hour is told where meters stood there all through it,
 * each with a use: what an inlet did not tell is never estimated.
 */
export async function writeZoneDays(to: Transaction, day: LocalDay, zoneIds: readonly string[]): Promise<void> {
  // The planner takes a compiled plan to be worth its while for some hundred expressions a row; making one takes longer.
  await to.query('SET LOCAL jit = off');
  // The places of a city are sorted and matched in memory.
  await to.query(`SET LOCAL work_mem = '64MB'`);
  const hours = day.boundaries_ms.length - 1;
  await to.query({
    name: `metering-write-zone-days-${hours}`,
    text: writing(hours),
    values: [day.date, zoneIds, day.boundaries_ms],
  });
}

/** Hours that an interval of the registry covers, as `first_hour` and `last_hour`; counted from 1, the last may be before the first. */
const covered = (from: string, until: string, hours: number) => `
  greatest(1, width_bucket(${from}, b)) AS first_hour,
  CASE WHEN ${until} IS NULL THEN ${hours} ELSE width_bucket(${until}, b) - 1 END AS last_hour`;

const hourly = (hours: number, term: (hour: number) => string) =>
  Array.from({ length: hours }, (_, index) => term(index + 1)).join(' + ');

const writing = (hours: number) => `
  WITH bounds AS MATERIALIZED (SELECT array_agg(to_timestamp(at / 1000) ORDER BY at) AS b FROM unnest($3::float8[]) AS at),
  known AS (SELECT DISTINCT service_point_id FROM metering.service_point_version WHERE zone_id = ANY($2::text[])),
  held AS (
    SELECT service_point_id, zone_id, purpose, from_at,
           lead(from_at) OVER (PARTITION BY service_point_id ORDER BY from_at) AS until_at
      FROM (SELECT DISTINCT ON (service_point_id, from_at) service_point_id, zone_id, purpose, from_at
              FROM metering.service_point_version JOIN known USING (service_point_id)
             ORDER BY service_point_id, from_at, recorded_at DESC) last_said),
  lay AS (
    SELECT service_point_id, zone_id, purpose, ${covered('from_at', 'until_at', hours)}
      FROM held, bounds WHERE zone_id = ANY($2::text[]) AND purpose <> 'inlet'),
  stood AS (
    SELECT lay.zone_id, lay.purpose, i.install_id,
           greatest(lay.first_hour, width_bucket(i.from_at, b)) AS first_hour,
           least(lay.last_hour, CASE WHEN i.until_at IS NULL THEN ${hours}
                                     ELSE width_bucket(i.until_at - interval '1 microsecond', b) END) AS last_hour
      FROM lay JOIN metering.install i USING (service_point_id), bounds
     WHERE i.from_at < b[${hours + 1}] AND (i.until_at IS NULL OR i.until_at > b[1])),
  told_day AS (
    SELECT stood.install_id, zone_id, purpose, first_hour, last_hour, u.hours_l,
           -- Nearly all: a short way for them.
           u.hours_l IS NOT NULL AND first_hour = 1 AND last_hour = ${hours} AND array_position(u.hours_l, NULL) IS NULL AS whole
      FROM stood LEFT JOIN metering.use_day u ON u.install_id = stood.install_id AND u.day = $1::date
     WHERE first_hour <= last_hour),
  day_of AS (
    SELECT told_day.*, e.hours_l AS estimated_l
      FROM told_day LEFT JOIN LATERAL (
        SELECT hours_l FROM metering.use_estimate
         WHERE NOT told_day.whole AND install_id = told_day.install_id AND day = $1::date ORDER BY version DESC LIMIT 1) e ON true),
  used AS (
    SELECT zone_id, coalesce(sum(use_l) FILTER (WHERE purpose = 'billed'), 0) AS billed_l,
           coalesce(sum(use_l) FILTER (WHERE purpose = 'unbilled'), 0) AS unbilled_l,
           sum(last_hour - first_hour + 1) AS meter_hours, sum(estimated) AS estimated,
           sum(last_hour - first_hour + 1 - told - estimated) AS missing
      FROM (SELECT zone_id, purpose, first_hour, last_hour,
                   CASE WHEN whole THEN 0::bigint + ${hourly(hours, (hour) => `hours_l[${hour}]`)}
                        ELSE ${hourly(hours, (hour) => `CASE WHEN ${hour} BETWEEN first_hour AND last_hour THEN coalesce(hours_l[${hour}], estimated_l[${hour}], 0)::bigint ELSE 0 END`)} END AS use_l,
                   CASE WHEN whole THEN ${hours}
                        ELSE ${hourly(hours, (hour) => `(${hour} BETWEEN first_hour AND last_hour AND hours_l[${hour}] IS NOT NULL)::int`)} END AS told,
                   CASE WHEN estimated_l IS NULL THEN 0
                        ELSE ${hourly(hours, (hour) => `(${hour} BETWEEN first_hour AND last_hour AND hours_l[${hour}] IS NULL AND estimated_l[${hour}] IS NOT NULL)::int`)} END AS estimated
              FROM day_of) meters
     GROUP BY zone_id),
  inlet AS (
    SELECT zone_id, service_point_id, direction, ${covered('from_at', 'until_at', hours)}
      FROM metering.zone_inlet, bounds WHERE zone_id = ANY($2::text[])),
  inlet_hour AS (
    SELECT inlet.zone_id, inlet.direction, hour,
           CASE WHEN bool_and(part.use_l IS NOT NULL) AND sum(part.stood) = b[hour + 1] - b[hour] THEN sum(part.use_l) END
             AS flow_l,
           bool_or(part.is_told) AS is_told
      FROM inlet CROSS JOIN bounds CROSS JOIN LATERAL generate_series(first_hour, last_hour) AS hour
      LEFT JOIN LATERAL (
        SELECT u.hours_l[hour]::bigint AS use_l, u.told_hours & (1 << (hour - 1)) <> 0 AS is_told,
               least(coalesce(i.until_at, 'infinity'), b[hour + 1]) - greatest(i.from_at, b[hour]) AS stood
          FROM metering.install i
          LEFT JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = $1::date
         WHERE i.service_point_id = inlet.service_point_id
           AND i.from_at < b[hour + 1] AND (i.until_at IS NULL OR i.until_at > b[hour])) part ON true
     GROUP BY inlet.zone_id, inlet.service_point_id, inlet.direction, first_hour, hour, b),
  net AS (
    SELECT zone_id, hour, CASE WHEN bool_and(flow_l IS NOT NULL) THEN sum(direction * flow_l) END AS inflow_l,
           coalesce(bool_and(is_told), false) AS is_told
      FROM inlet_hour GROUP BY zone_id, hour),
  inflow AS (
    SELECT zone_id, array_agg(inflow_l::bigint ORDER BY hour) AS inflow_l,
           coalesce(sum(1 << (hour - 1)) FILTER (WHERE inflow_l IS NOT NULL AND NOT is_told), 0) AS bridged_hours
      FROM unnest($2::text[]) AS zone_id CROSS JOIN generate_series(1, ${hours}) AS hour
      LEFT JOIN net USING (zone_id, hour) GROUP BY zone_id),
  inlets AS (
    SELECT zone_id, count(DISTINCT service_point_id) AS inlets FROM inlet WHERE first_hour <= last_hour GROUP BY zone_id)
  INSERT INTO metering.zone_day AS stored (zone_id, day, inlets, inflow_l, bridged_hours, billed_l, unbilled_l, meter_hours,
                                 estimated_meter_hours, missing_meter_hours)
  SELECT zone_id, $1::date, coalesce(inlets, 0), inflow_l, bridged_hours, coalesce(billed_l, 0), coalesce(unbilled_l, 0),
         coalesce(meter_hours, 0), coalesce(estimated, 0), coalesce(missing, 0)
    FROM inflow LEFT JOIN used USING (zone_id) LEFT JOIN inlets USING (zone_id)
  ON CONFLICT (zone_id, day) DO UPDATE
     SET inlets = EXCLUDED.inlets, inflow_l = EXCLUDED.inflow_l, bridged_hours = EXCLUDED.bridged_hours,
         billed_l = EXCLUDED.billed_l, unbilled_l = EXCLUDED.unbilled_l, meter_hours = EXCLUDED.meter_hours,
         estimated_meter_hours = EXCLUDED.estimated_meter_hours, missing_meter_hours = EXCLUDED.missing_meter_hours`;
