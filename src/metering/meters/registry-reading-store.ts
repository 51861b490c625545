// The SQL that reads the registry back: places with what holds of them now, a place's whole history, and imports.
import type { Queryable } from '../../platform/postgres/database.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

export interface PlaceRow {
  service_point_id: string;
  zone_id: string;
  zone_name: string;
  usage_class: string;
  households: number;
  purpose: string;
  meter_id: number | null;
  serial: string | null;
}

/** By id, after the cursor's. `search` is a part of an id or of the serial of the meter that stands there. */
export async function listPlaces(
  from: Queryable,
  wanted: { search: string | null; after: string | null; limit: number; now_ms: number },
): Promise<PlaceRow[]> {
  const { rows } = await from.query<PlaceRow>(
    `SELECT p.service_point_id, held.zone_id, z.name AS zone_name, held.usage_class, held.households, held.purpose,
            m.meter_id, m.serial
       FROM metering.service_point p
      CROSS JOIN LATERAL (
        -- What holds now; of a place that is yet to be, what will hold first.
        SELECT v.* FROM metering.service_point_version v WHERE v.service_point_id = p.service_point_id
         ORDER BY v.from_at <= to_timestamp($4::float8 / 1000) DESC,
                  abs(extract(epoch FROM v.from_at - to_timestamp($4::float8 / 1000))), v.recorded_at DESC LIMIT 1) held
       JOIN metering.zone z ON z.zone_id = held.zone_id
       LEFT JOIN metering.install i ON i.service_point_id = p.service_point_id AND i.until_at IS NULL
       LEFT JOIN metering.meter m USING (meter_id)
      WHERE ($1::text IS NULL OR p.service_point_id ILIKE $1 OR m.serial ILIKE $1)
        AND ($2::text IS NULL OR p.service_point_id > $2)
      ORDER BY p.service_point_id LIMIT $3`,
    [
      wanted.search === null ? null : `%${wanted.search.replace(/[\\%_]/g, '\\$&')}%`,
      wanted.after,
      wanted.limit,
      wanted.now_ms,
    ],
  );
  return rows;
}

export interface VersionRow {
  from_ms: number;
  recorded_ms: number;
  zone_id: string;
  zone_name: string;
  usage_class: string;
  households: number;
  purpose: string;
  /** A later record for the same instant holds instead. */
  is_replaced: boolean;
}

export interface InstallHistoryRow {
  meter_id: number;
  serial: string;
  model: string;
  bore_mm: number;
  from_ms: number;
  until_ms: number | null;
  opening_register_l: number | null;
  closing_register_l: number | null;
}

export interface InletRow {
  zone_id: string;
  zone_name: string;
  direction: number;
  from_ms: number;
  until_ms: number | null;
}

export interface PlaceHistory {
  versions: VersionRow[];
  installs: InstallHistoryRow[];
  inlets: InletRow[];
}

/** Newest first; null where there is no such place. */
export async function findPlaceHistory(from: Queryable, id: string): Promise<PlaceHistory | null> {
  const versions = await from.query<VersionRow>(
    `SELECT ${ms('v.from_at')} AS from_ms, ${ms('v.recorded_at')} AS recorded_ms, v.zone_id, z.name AS zone_name,
            v.usage_class, v.households, v.purpose,
            v.recorded_at < max(v.recorded_at) OVER (PARTITION BY v.from_at) AS is_replaced
       FROM metering.service_point_version v JOIN metering.zone z USING (zone_id)
      WHERE v.service_point_id = $1 ORDER BY v.from_at DESC, v.recorded_at DESC`,
    [id],
  );
  if (versions.rows.length === 0) return null;
  const installs = await from.query<InstallHistoryRow>(
    `SELECT m.meter_id, m.serial, m.model, m.bore_mm, ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms,
            i.opening_register_l, i.closing_register_l
       FROM metering.install i JOIN metering.meter m USING (meter_id)
      WHERE i.service_point_id = $1 ORDER BY i.from_at DESC`,
    [id],
  );
  const inlets = await from.query<InletRow>(
    `SELECT i.zone_id, z.name AS zone_name, i.direction, ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms
       FROM metering.zone_inlet i JOIN metering.zone z USING (zone_id)
      WHERE i.service_point_id = $1 ORDER BY i.from_at DESC`,
    [id],
  );
  return { versions: versions.rows, installs: installs.rows, inlets: inlets.rows };
}

export interface ImportRow {
  list: string;
  file_sha256: string;
  rows_done: number;
  rows_all: number;
  updated_ms: number;
}

/** The imports that were last worked on. */
export async function listImports(from: Queryable, limit: number): Promise<ImportRow[]> {
  const { rows } = await from.query<ImportRow>(
    `SELECT list, encode(file_sha256, 'hex') AS file_sha256, rows_done, rows_all, ${ms('updated_at')} AS updated_ms
       FROM metering.registry_import ORDER BY updated_at DESC LIMIT $1`,
    [limit],
  );
  return rows;
}
