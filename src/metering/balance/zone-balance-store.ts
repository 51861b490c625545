// The SQL that reads zones and their stored days: a zone's days have its own inflow, and the use of all zones below it.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { ZoneDay } from './zone-balance.ts';

export interface ZoneRow {
  zone_id: string;
  name: string;
  parent_zone_id: string | null;
  /** That lie in it now, in the zones below it too; inlets not among them. */
  places: number;
  inlets: number;
}

const ZONES = `
  WITH RECURSIVE wanted AS (
    SELECT zone_id, name, parent_zone_id FROM metering.zone
     WHERE ($1::text IS NULL OR zone_id = $1) AND ($2::text IS NULL OR zone_id > $2) ORDER BY zone_id LIMIT $3),
  under (top_id, zone_id) AS (
    SELECT zone_id, zone_id FROM wanted
    UNION SELECT under.top_id, z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id)`;

/** By id. @param wanted.id one zone alone */
export async function listZones(
  from: Queryable,
  wanted: { id: string | null; after: string | null; limit: number; now_ms: number },
): Promise<ZoneRow[]> {
  const { rows } = await from.query<ZoneRow>(
    `${ZONES},
     lies AS (SELECT zone_id, count(*) AS places FROM metering.service_points_at(to_timestamp($4::float8 / 1000))
               WHERE purpose <> 'inlet' GROUP BY zone_id)
     SELECT wanted.*,
            (SELECT coalesce(sum(lies.places), 0)::int FROM under JOIN lies USING (zone_id)
              WHERE under.top_id = wanted.zone_id) AS places,
            (SELECT count(*)::int FROM metering.zone_inlet i
              WHERE i.zone_id = wanted.zone_id AND i.from_at <= to_timestamp($4::float8 / 1000)
                AND (i.until_at IS NULL OR i.until_at > to_timestamp($4::float8 / 1000))) AS inlets
       FROM wanted ORDER BY zone_id`,
    [wanted.id, wanted.after, wanted.limit, wanted.now_ms],
  );
  return rows;
}

/** The days of these zones from one to another, both included, by zone and day. */
export async function listZoneDays(
  from: Queryable,
  zoneIds: readonly string[],
  span: { from: string; until: string },
): Promise<(ZoneDay & { zone_id: string })[]> {
  const { rows } = await from.query<ZoneDay & { zone_id: string }>({
    name: 'metering-list-zone-days',
    text: `
      WITH RECURSIVE under (top_id, zone_id) AS (
        SELECT zone_id, zone_id FROM unnest($1::text[]) AS zone_id
        UNION SELECT under.top_id, z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id),
      used AS (
        SELECT top_id AS zone_id, day, sum(billed_l)::bigint AS billed_l, sum(unbilled_l)::bigint AS unbilled_l,
               sum(meter_hours)::bigint AS meter_hours, sum(estimated_meter_hours)::bigint AS estimated_meter_hours,
               sum(missing_meter_hours)::bigint AS missing_meter_hours
          FROM under JOIN metering.zone_day USING (zone_id)
         WHERE day BETWEEN $2::date AND $3::date GROUP BY top_id, day)
      SELECT zone_id, day::text AS day, own.inlets, own.inflow_l::float8[] AS inflow_l, own.bridged_hours, used.billed_l,
             used.unbilled_l, used.meter_hours, used.estimated_meter_hours, used.missing_meter_hours
        FROM metering.zone_day own JOIN used USING (zone_id, day) ORDER BY zone_id, day`,
    values: [zoneIds, span.from, span.until],
  });
  return rows;
}

/** The first day of the zone that is stored; null where there is none. */
export async function firstZoneDay(from: Queryable, zoneId: string): Promise<string | null> {
  const { rows } = await from.query<{ day: string | null }>(
    'SELECT min(day)::text AS day FROM metering.zone_day WHERE zone_id = $1',
    [zoneId],
  );
  return rows[0]?.day ?? null;
}

export interface ZonePlaceRow {
  service_point_id: string;
  zone_id: string;
  usage_class: string;
  purpose: string;
  meter_id: number | null;
  serial: string | null;
}

/** The places that lie in the zone, or in one below it, at the instant; by id, after the cursor's. */
export async function listZonePlaces(
  from: Queryable,
  zoneId: string,
  wanted: { after: string | null; limit: number; at_ms: number },
): Promise<ZonePlaceRow[]> {
  const { rows } = await from.query<ZonePlaceRow>(
    `WITH RECURSIVE under (zone_id) AS (
       SELECT $1::text UNION SELECT z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id)
     SELECT p.service_point_id, p.zone_id, p.usage_class, p.purpose, m.meter_id, m.serial
       FROM metering.service_points_at(to_timestamp($4::float8 / 1000)) p JOIN under USING (zone_id)
       LEFT JOIN metering.install i ON i.service_point_id = p.service_point_id AND i.until_at IS NULL
       LEFT JOIN metering.meter m USING (meter_id)
      WHERE $2::text IS NULL OR p.service_point_id > $2 ORDER BY p.service_point_id LIMIT $3`,
    [zoneId, wanted.after, wanted.limit, wanted.at_ms],
  );
  return rows;
}
