// The SQL of read rates: the ledger summed up by day, zone and model, and read back.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

/** Hours by what became of them; each of the lost ones may have been estimated. */
export interface ReadRate {
  /** On an average day. */
  meters: number;
  expected: number;
  arrived: number;
  late: number;
  estimated: number;
  lost_meter: number;
  lost_radio: number;
  lost_broker: number;
  lost_decode: number;
  lost_clock: number;
  lost_validation: number;
}

const COUNTS = [
  ...['expected', 'arrived', 'late', 'estimated', 'lost_meter', 'lost_radio', 'lost_broker', 'lost_decode'],
  ...['lost_clock', 'lost_validation'],
] as const;

const without = (letters: string) => `length(translate(hours, '${letters}', ''))`;
const only = (letters: string) => `length(hours) - ${without(letters)}`;

/** Replaces the day's rates of these zones, each of itself alone. A meter counts where its place lay when the day ended. */
export async function writeReadRates(
  to: Transaction,
  day: { date: string; end_ms: number },
  zoneIds: readonly string[],
): Promise<void> {
  await to.query('DELETE FROM metering.read_rate_day WHERE day = $1::date AND zone_id = ANY($2::text[])', [
    day.date,
    zoneIds,
  ]);
  await to.query({
    name: 'metering-write-read-rates',
    text: `
      WITH known AS (SELECT DISTINCT service_point_id FROM metering.service_point_version WHERE zone_id = ANY($2::text[])),
      lay AS (
        SELECT DISTINCT ON (service_point_id) service_point_id, zone_id
          FROM metering.service_point_version JOIN known USING (service_point_id)
         WHERE from_at < to_timestamp($3::float8 / 1000) ORDER BY service_point_id, from_at DESC, recorded_at DESC),
      -- Nearly all meters of a zone share a few texts.
      alike AS (
        SELECT lay.zone_id, m.model, l.hours, count(*) AS meters
          FROM lay JOIN metering.install i USING (service_point_id) JOIN metering.meter m USING (meter_id)
          JOIN metering.completeness_day l ON l.install_id = i.install_id AND l.day = $1::date
         WHERE lay.zone_id = ANY($2::text[]) GROUP BY lay.zone_id, m.model, l.hours)
      INSERT INTO metering.read_rate_day (day, zone_id, model, meters, ${COUNTS.join()})
      SELECT $1::date, zone_id, model, sum(meters), sum(meters * (${without('-')})), sum(meters * (${only('A')})),
             sum(meters * (${only('L')})), sum(meters * (${without('-ALMRBDCV')})), sum(meters * (${only('Mm')})),
             sum(meters * (${only('Rr')})), sum(meters * (${only('Bb')})), sum(meters * (${only('Dd')})),
             sum(meters * (${only('Cc')})), sum(meters * (${only('Vv')}))
        FROM alike GROUP BY zone_id, model`,
    values: [day.date, zoneIds, day.end_ms],
  });
}

export type RatesBy = 'day' | 'zone' | 'model' | 'zone_day';

export interface ReadRateRow extends ReadRate {
  day: string | null;
  zone_id: string | null;
  model: string | null;
}

const groups: Readonly<Record<RatesBy, readonly string[]>> = {
  day: ['day'],
  zone: ['zone_id'],
  model: ['model'],
  zone_day: ['zone_id', 'day'],
};

/**
 * Rates from one day to another, both included. By zone, a zone has those of all zones below it.
 *
 * @param wanted.zoneId of this zone, and those below it; null: of the city
 */
export async function listReadRates(
  from: Queryable,
  wanted: { by: RatesBy; from: string; until: string; zoneId: string | null; after: string | null; limit: number },
): Promise<ReadRateRow[]> {
  const keys = groups[wanted.by];
  const nested = keys.includes('zone_id');
  const column = (key: string) => (keys.includes(key) ? (key === 'day' ? 'day::text AS day' : key) : `NULL AS ${key}`);
  const { rows } = await from.query<ReadRateRow>(
    `WITH RECURSIVE wanted (zone_id) AS (
       SELECT zone_id FROM metering.zone WHERE $3::text IS NULL OR zone_id = $3
       UNION SELECT z.zone_id FROM wanted JOIN metering.zone z ON z.parent_zone_id = wanted.zone_id),
     under (top_id, zone_id) AS (
       SELECT zone_id, zone_id FROM wanted
       UNION SELECT under.top_id, z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id),
     rate AS (
       SELECT ${nested ? 'top_id AS zone_id' : 'NULL::text AS zone_id'}, day, model, meters, ${COUNTS.join()}
         FROM ${nested ? 'under' : 'wanted'} JOIN metering.read_rate_day r USING (zone_id)
        WHERE day BETWEEN $1::date AND $2::date),
     grouped AS (
       SELECT ${keys.join()}, round(sum(meters)::numeric / count(DISTINCT day))::int AS meters, ${COUNTS.map((name) => `sum(${name})::bigint AS ${name}`).join()}
         FROM rate GROUP BY ${keys.join()})
     SELECT ${['day', 'zone_id', 'model'].map(column).join()}, meters, ${COUNTS.join()}
       FROM grouped WHERE $4::text IS NULL OR concat_ws(' ', ${keys.join()}) > $4
      ORDER BY concat_ws(' ', ${keys.join()}) LIMIT $5`,
    [wanted.from, wanted.until, wanted.zoneId, wanted.after, wanted.limit],
  );
  return rows;
}

export interface IncompleteRow {
  install_id: number;
  service_point_id: string;
  zone_id: string;
  meter_id: number;
  serial: string;
  model: string;
  hours: string;
}

/** Meters of a zone, and of those below it, of which an expected hour of the day is missing; by install. */
export async function listIncomplete(
  from: Queryable,
  wanted: { zoneId: string | null; day: string; end_ms: number; after: number; limit: number },
): Promise<IncompleteRow[]> {
  const { rows } = await from.query<IncompleteRow>(
    `WITH RECURSIVE under (zone_id) AS (
       SELECT zone_id FROM metering.zone WHERE $1::text IS NULL OR zone_id = $1
       UNION SELECT z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id)
     SELECT i.install_id, i.service_point_id, p.zone_id, m.meter_id, m.serial, m.model, l.hours
       FROM metering.service_points_at(to_timestamp($3::float8 / 1000) - interval '1 millisecond') p
       JOIN under USING (zone_id)
       JOIN metering.install i USING (service_point_id) JOIN metering.meter m USING (meter_id)
       JOIN metering.completeness_day l ON l.install_id = i.install_id AND l.day = $2::date
      WHERE l.hours ~ '[MRBDCVmrbdcv]' AND i.install_id > $4
      ORDER BY i.install_id LIMIT $5`,
    [wanted.zoneId, wanted.day, wanted.end_ms, wanted.after, wanted.limit],
  );
  return rows;
}

/** The ledger of a meter, wherever it stood, from one day to another, both included. */
export async function listLedger(
  from: Queryable,
  meterId: number,
  span: { from: string; until: string },
): Promise<{ day: string; service_point_id: string; hours: string }[]> {
  const { rows } = await from.query<{ day: string; service_point_id: string; hours: string }>(
    `SELECT l.day::text AS day, i.service_point_id, l.hours
       FROM metering.install i JOIN metering.completeness_day l USING (install_id)
      WHERE i.meter_id = $1 AND l.day BETWEEN $2::date AND $3::date ORDER BY l.day, i.from_at`,
    [meterId, span.from, span.until],
  );
  return rows;
}
