// The SQL behind the list of meters, a meter's page, and the quarantine.
import type { Queryable } from '../../platform/postgres/database.ts';
import { type MeterState, silentAfter_ms } from './meter-state.ts';

export interface MeterRow {
  meter_id: number;
  serial: string;
  model: string;
  bore_mm: number;
  format: string | null;
  service_point: string | null;
  zone: string | null;
  usage_class: string | null;
  installed_at_ms: number | null;
  state: MeterState;
  last_register_l: number | null;
  last_measured_at_ms: number | null;
  flags: string[];
}

/** What every question about meters needs to know of the world outside the store. */
export interface StateRule {
  now_ms: number;
  alarmFlags: readonly string[];
}

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * All meters with where they stand, what reports them and their state. $1 now, $2 the flags that are alarms. A clock
 * that can't be right shows as the flag `clock` for as long as a silence would take to show.
 */
const METERS = `
  SELECT m.meter_id, m.serial, m.model, m.bore_mm, d.formats[1] AS format, i.service_point_id AS service_point,
         z.name AS zone, p.usage_class, ${ms('i.from_at')} AS installed_at_ms,
         last.register_l AS last_register_l, ${ms('last.measured_at')} AS last_measured_at_ms,
         coalesce(last.flags, '{}') || CASE WHEN EXISTS (
           SELECT FROM metering.misdated_reading x
            WHERE x.meter_id = m.meter_id
              AND x.received_at > to_timestamp($1::float8 / 1000) - interval '${silentAfter_ms} milliseconds')
           THEN '{clock}'::text[] ELSE '{}' END AS flags,
         CASE WHEN last.received_at IS NULL THEN 'never'
              WHEN last.received_at < to_timestamp($1::float8 / 1000) - interval '${silentAfter_ms} milliseconds' THEN 'silent'
              WHEN last.flags && $2::text[] THEN 'alarm'
              ELSE 'ok' END AS state
    FROM metering.meter m
    LEFT JOIN metering.install i ON i.meter_id = m.meter_id AND i.until_at IS NULL
    LEFT JOIN metering.service_point p ON p.service_point_id = i.service_point_id
    LEFT JOIN metering.zone z ON z.zone_id = p.zone_id
    LEFT JOIN LATERAL (
      SELECT d.formats FROM metering.radio_install r JOIN metering.device d USING (device_no)
       WHERE r.meter_id = m.meter_id AND r.until_at IS NULL ORDER BY r.from_at DESC LIMIT 1) d ON true
    LEFT JOIN LATERAL metering.readings_before(m.meter_id, 'infinity', 1) last ON true`;

/** By serial, after the cursor's. `search` is a part of a serial or service point; null for all. */
export async function listMeterRows(
  from: Queryable,
  rule: StateRule,
  wanted: {
    after: { serial: string; meterId: number } | null;
    search: string | null;
    state: MeterState | null;
    limit: number;
  },
): Promise<MeterRow[]> {
  const { rows } = await from.query<MeterRow>(
    `SELECT * FROM (${METERS}) meters
      WHERE ($3::text IS NULL OR (serial, meter_id) > ($3, $4::int))
        AND ($5::text IS NULL OR serial ILIKE $5 OR service_point ILIKE $5)
        AND ($6::text IS NULL OR state = $6)
      ORDER BY serial, meter_id LIMIT $7`,
    [
      rule.now_ms,
      rule.alarmFlags,
      wanted.after?.serial ?? null,
      wanted.after?.meterId ?? null,
      wanted.search === null ? null : `%${wanted.search.replace(/[\\%_]/g, '\\$&')}%`,
      wanted.state,
      wanted.limit,
    ],
  );
  return rows;
}

export async function countMeterStates(from: Queryable, rule: StateRule): Promise<Partial<Record<MeterState, number>>> {
  const { rows } = await from.query<{ state: MeterState; count: number }>(
    `SELECT state, count(*) AS count FROM (${METERS}) meters GROUP BY state`,
    [rule.now_ms, rule.alarmFlags],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

export async function findMeterRow(from: Queryable, rule: StateRule, meterId: number): Promise<MeterRow | null> {
  const { rows } = await from.query<MeterRow>(`SELECT * FROM (${METERS}) meters WHERE meter_id = $3`, [
    rule.now_ms,
    rule.alarmFlags,
    meterId,
  ]);
  return rows[0] ?? null;
}

export async function countReadings(from: Queryable, meterId: number, from_ms: number, to_ms: number): Promise<number> {
  const { rows } = await from.query<{ count: number }>(
    `SELECT count(*) AS count
       FROM metering.readings($1, to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000))
      WHERE measured_at < to_timestamp($3::float8 / 1000)`,
    [meterId, from_ms, to_ms],
  );
  return rows[0]?.count ?? 0;
}

export async function countConflicts(from: Queryable, meterId: number): Promise<number> {
  const { rows } = await from.query<{ count: number }>(
    'SELECT count(*) AS count FROM metering.reading_conflict WHERE meter_id = $1',
    [meterId],
  );
  return rows[0]?.count ?? 0;
}

export interface ServicePointRow {
  service_point: string;
  zone: string;
  usage_class: string;
  meter_id: number | null;
}

/** The place, with the meter that stands there at the instant, if one does. */
export async function findServicePoint(from: Queryable, id: string, at_ms: number): Promise<ServicePointRow | null> {
  const { rows } = await from.query<ServicePointRow>(
    `SELECT p.service_point_id AS service_point, z.name AS zone, p.usage_class, i.meter_id
       FROM metering.service_point p JOIN metering.zone z USING (zone_id)
       LEFT JOIN metering.install i ON i.service_point_id = p.service_point_id
         AND i.from_at <= to_timestamp($2::float8 / 1000)
         AND (i.until_at IS NULL OR i.until_at > to_timestamp($2::float8 / 1000))
      WHERE p.service_point_id = $1`,
    [id, at_ms],
  );
  return rows[0] ?? null;
}

export interface QuarantineRow {
  uplink_id: number;
  received_at_ms: number;
  /** Null where nobody of the registry sent it. */
  device_id: string | null;
  format: string;
  code: string;
  detail: string;
  payload: Buffer;
}

/** Newest first, before the cursor's. */
export async function listQuarantine(
  from: Queryable,
  before: { received_at_ms: number; uplinkId: number } | null,
  limit: number,
): Promise<QuarantineRow[]> {
  const { rows } = await from.query<QuarantineRow>(
    `SELECT q.uplink_id, ${ms('q.received_at')} AS received_at_ms, d.device_id, u.format, q.code, q.detail, u.payload
       FROM metering.quarantine q
       -- What a cluster brings may be from nobody who is registered.
       LEFT JOIN metering.device d USING (device_no)
      CROSS JOIN LATERAL metering.find_uplink(q.uplink_id) u
      WHERE $1::float8 IS NULL OR (q.received_at, q.uplink_id) < (to_timestamp($1::float8 / 1000), $2::bigint)
      ORDER BY q.received_at DESC, q.uplink_id DESC LIMIT $3`,
    [before?.received_at_ms ?? null, before?.uplinkId ?? null, limit],
  );
  return rows;
}

export async function countQuarantine(from: Queryable): Promise<number> {
  const { rows } = await from.query<{ count: number }>('SELECT count(*) AS count FROM metering.quarantine');
  return rows[0]?.count ?? 0;
}
