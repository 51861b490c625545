// The SQL that reads a registry's lists in, a part in one statement, and finds the rows that contradict what is known.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { RegistryFaultCode } from './list-faults.ts';
import type { RegistryList, RegistryRow } from './registry-list.ts';

/** Where a row contradicts the store. */
export interface RowFault {
  line: number;
  column: string;
  code: RegistryFaultCode;
}

/** A meter whose readings belong elsewhere from then on. */
export interface Moved {
  meterId: number;
  from_ms: number;
}

const at = (column: string) => `to_timestamp(${column}::float8 / 1000)`;

/** Parents may stand further down in the list, so they are put in after all its zones. */
export async function putZones(to: Transaction, rows: readonly RegistryRow[]): Promise<RowFault[]> {
  await to.query(
    `INSERT INTO metering.zone (zone_id, name)
     SELECT zone_id, zone_name FROM jsonb_to_recordset($1) AS r (zone_id text, zone_name text)
     ON CONFLICT (zone_id) DO UPDATE SET name = EXCLUDED.name WHERE zone.name <> EXCLUDED.name`,
    [JSON.stringify(rows)],
  );
  return [];
}

export async function putParents(to: Transaction, rows: readonly RegistryRow[]): Promise<RowFault[]> {
  const list = JSON.stringify(rows);
  const unknown = await to.query<RowFault>(
    `SELECT line, 'parent_zone_id' AS column, 'parent_unknown' AS code
       FROM jsonb_to_recordset($1) AS r (line int, parent_zone_id text)
      WHERE parent_zone_id IS NOT NULL AND NOT EXISTS (SELECT FROM metering.zone z WHERE z.zone_id = r.parent_zone_id)
      ORDER BY line`,
    [list],
  );
  if (unknown.rows.length > 0) return unknown.rows;
  const itself = rows.filter((row) => row.parent_zone_id === row.zone_id);
  if (itself.length > 0) return itself.map(({ line }) => ({ line, column: 'parent_zone_id', code: 'zones_in_circle' }));
  await to.query(
    `UPDATE metering.zone z SET parent_zone_id = r.parent_zone_id
       FROM jsonb_to_recordset($1) AS r (zone_id text, parent_zone_id text)
      WHERE z.zone_id = r.zone_id AND z.parent_zone_id IS DISTINCT FROM r.parent_zone_id`,
    [list],
  );
  const circles = await to.query<RowFault>(
    `WITH RECURSIVE up (start_id, zone_id) AS (
       SELECT r.zone_id, z.parent_zone_id FROM jsonb_to_recordset($1) AS r (zone_id text) JOIN metering.zone z USING (zone_id)
       UNION
       SELECT up.start_id, z.parent_zone_id FROM up JOIN metering.zone z ON z.zone_id = up.zone_id)
     SELECT r.line, 'parent_zone_id' AS column, 'zones_in_circle' AS code
       FROM jsonb_to_recordset($1) AS r (line int, zone_id text)
       JOIN up ON up.start_id = r.zone_id AND up.zone_id = r.zone_id ORDER BY line`,
    [list],
  );
  return circles.rows;
}

/** A version is added where the facts at its instant are others than are known; what was known stays. */
export async function putPlaces(to: Transaction, rows: readonly RegistryRow[], now_ms: number): Promise<RowFault[]> {
  const list = JSON.stringify(rows);
  const faults = await unknownZones(to, list);
  if (faults.length > 0) return faults;
  await to.query(
    `INSERT INTO metering.service_point (service_point_id, zone_id, usage_class)
     SELECT DISTINCT ON (service_point) service_point, zone_id, usage_class
       FROM jsonb_to_recordset($1) AS r (service_point text, from_at float8, zone_id text, usage_class text)
      ORDER BY service_point, from_at DESC
     ON CONFLICT (service_point_id) DO NOTHING`,
    [list],
  );
  await to.query(
    `WITH given AS (
       SELECT service_point, ${at('from_at')} AS from_at, zone_id, usage_class, coalesce(households, 1)::smallint AS households,
              coalesce(purpose, 'billed') AS purpose
         FROM jsonb_to_recordset($1) AS r (service_point text, from_at float8, zone_id text, usage_class text,
                                           households smallint, purpose text))
     INSERT INTO metering.service_point_version
     SELECT service_point, from_at, ${at('$2')}, zone_id, usage_class, households, purpose FROM given
      WHERE (zone_id, usage_class, households, purpose) IS DISTINCT FROM (
        SELECT (v.zone_id, v.usage_class, v.households, v.purpose) FROM metering.service_point_version v
         WHERE v.service_point_id = given.service_point AND v.from_at = given.from_at
         ORDER BY v.recorded_at DESC LIMIT 1)
     ON CONFLICT (service_point_id, from_at, recorded_at) DO UPDATE
       SET zone_id = EXCLUDED.zone_id, usage_class = EXCLUDED.usage_class, households = EXCLUDED.households,
           purpose = EXCLUDED.purpose`,
    [list, now_ms],
  );
  await to.query(
    `UPDATE metering.service_point p SET zone_id = last.zone_id, usage_class = last.usage_class
       FROM (SELECT DISTINCT ON (service_point_id) service_point_id, zone_id, usage_class
               FROM metering.service_point_version
              WHERE service_point_id IN (SELECT service_point FROM jsonb_to_recordset($1) AS r (service_point text))
              ORDER BY service_point_id, from_at DESC, recorded_at DESC) last
      WHERE p.service_point_id = last.service_point_id
        AND (p.zone_id, p.usage_class) IS DISTINCT FROM (last.zone_id, last.usage_class)`,
    [list],
  );
  return [];
}

async function unknownZones(from: Queryable, list: string): Promise<RowFault[]> {
  const { rows } = await from.query<RowFault>(
    `SELECT line, 'zone_id' AS column, 'zone_unknown' AS code
       FROM jsonb_to_recordset($1) AS r (line int, zone_id text)
      WHERE NOT EXISTS (SELECT FROM metering.zone z WHERE z.zone_id = r.zone_id) ORDER BY line`,
    [list],
  );
  return rows;
}

export async function unknownPlaces(from: Queryable, list: string): Promise<RowFault[]> {
  const { rows } = await from.query<RowFault>(
    `SELECT line, 'service_point' AS column, 'place_unknown' AS code
       FROM jsonb_to_recordset($1) AS r (line int, service_point text)
      WHERE NOT EXISTS (SELECT FROM metering.service_point p WHERE p.service_point_id = r.service_point) ORDER BY line`,
    [list],
  );
  return rows;
}

/**
 * Meters and where they stood. A row for an install that is known (same meter, same instant) may end it and add
 * registers; it never takes away what is known. An install still open at the place, or of the meter, is ended by a later
 * one's beginning.
 */
export async function putInstalls(
  to: Transaction,
  rows: readonly RegistryRow[],
): Promise<{ faults: RowFault[]; moved: Moved[] }> {
  const list = JSON.stringify(rows);
  const faults = await unknownPlaces(to, list);
  if (faults.length > 0) return { faults, moved: [] };
  await to.query(
    `INSERT INTO metering.meter (serial, model, bore_mm, dials)
     SELECT DISTINCT ON (meter_serial, meter_model) meter_serial, meter_model, bore_mm, dials
       FROM jsonb_to_recordset($1) AS r (line int, meter_serial text, meter_model text, bore_mm smallint, dials smallint)
      ORDER BY meter_serial, meter_model, line DESC
     ON CONFLICT (serial, model) DO UPDATE SET bore_mm = EXCLUDED.bore_mm, dials = EXCLUDED.dials
      WHERE (meter.bore_mm, meter.dials) IS DISTINCT FROM (EXCLUDED.bore_mm, EXCLUDED.dials)`,
    [list],
  );
  await to.query(
    `CREATE TEMPORARY TABLE registry_part ON COMMIT DROP AS
     SELECT r.line, m.meter_id, r.service_point AS service_point_id, ${at('r.from_at')} AS from_at,
            ${at('r.until_at')} AS until_at, r.opening_register_l, r.closing_register_l
       FROM jsonb_to_recordset($1) AS r (line int, service_point text, meter_serial text, meter_model text,
              from_at float8, until_at float8, opening_register_l bigint, closing_register_l bigint)
       JOIN metering.meter m ON m.serial = r.meter_serial AND m.model = r.meter_model`,
    [list],
  );
  const contradicting = await to.query<RowFault>(CONTRADICTIONS);
  if (contradicting.rows.length > 0) {
    await to.query('DROP TABLE registry_part');
    return { faults: contradicting.rows, moved: [] };
  }
  const moved = [
    ...(await to.query<MovedRow>(END_FORMER)).rows,
    ...(await to.query<MovedRow>(COMPLETE_KNOWN)).rows,
    ...(await to.query<MovedRow>(BEGIN_NEW)).rows,
  ];
  const overlapping = await to.query<RowFault>(OVERLAPS);
  await to.query('DROP TABLE registry_part');
  return { faults: overlapping.rows, moved: moved.map(({ meter_id, from_ms }) => ({ meterId: meter_id, from_ms })) };
}

interface MovedRow {
  meter_id: number;
  from_ms: number;
}

const CONTRADICTIONS = `
  SELECT line, 'until_at' AS column, 'not_after_from_at' AS code FROM registry_part WHERE until_at <= from_at
  UNION ALL
  SELECT line, 'closing_register_l', 'without_until_at' FROM registry_part
   WHERE closing_register_l IS NOT NULL AND until_at IS NULL
  UNION ALL
  SELECT line, 'service_point', 'other_place'
    FROM registry_part n JOIN metering.install i USING (meter_id, from_at)
   WHERE i.service_point_id <> n.service_point_id
  UNION ALL
  SELECT line, 'until_at', 'other_end'
    FROM registry_part n JOIN metering.install i USING (meter_id, from_at, service_point_id)
   WHERE i.until_at <> n.until_at
  UNION ALL
  SELECT line, 'opening_register_l', 'other_register'
    FROM registry_part n JOIN metering.install i USING (meter_id, from_at, service_point_id)
   WHERE i.opening_register_l <> n.opening_register_l
  UNION ALL
  SELECT line, 'closing_register_l', 'other_register'
    FROM registry_part n JOIN metering.install i USING (meter_id, from_at, service_point_id)
   WHERE i.closing_register_l <> n.closing_register_l
  ORDER BY line LIMIT 100`;

/** Of an install that is open, or was in this part, the next beginning at its place or of its meter is the end. */
const END_FORMER = `
  UPDATE metering.install i SET until_at = n.from_at
    FROM (SELECT i.install_id, min(n.from_at) AS from_at
            FROM metering.install i JOIN registry_part n
              ON (n.meter_id = i.meter_id OR n.service_point_id = i.service_point_id) AND n.from_at > i.from_at
           WHERE i.until_at IS NULL GROUP BY i.install_id) n
   WHERE i.install_id = n.install_id
  RETURNING i.meter_id, extract(epoch FROM i.until_at)::float8 * 1000 AS from_ms`;

const COMPLETE_KNOWN = `
  UPDATE metering.install i
     SET until_at = coalesce(i.until_at, n.until_at),
         opening_register_l = coalesce(i.opening_register_l, n.opening_register_l),
         closing_register_l = coalesce(i.closing_register_l, n.closing_register_l)
    FROM registry_part n
   WHERE i.meter_id = n.meter_id AND i.from_at = n.from_at
     AND (i.until_at, i.opening_register_l, i.closing_register_l) IS DISTINCT FROM
         (coalesce(i.until_at, n.until_at), coalesce(i.opening_register_l, n.opening_register_l),
          coalesce(i.closing_register_l, n.closing_register_l))
  RETURNING i.meter_id, extract(epoch FROM i.from_at)::float8 * 1000 AS from_ms`;

const BEGIN_NEW = `
  INSERT INTO metering.install (service_point_id, meter_id, from_at, until_at, opening_register_l, closing_register_l)
  SELECT n.service_point_id, n.meter_id, n.from_at,
         -- Without an end of its own it ends where the next one begins, in this part or in the store.
         coalesce(n.until_at, (SELECT min(later.from_at) FROM (
            SELECT meter_id, service_point_id, from_at FROM registry_part
            UNION ALL SELECT meter_id, service_point_id, from_at FROM metering.install) later
           WHERE (later.meter_id = n.meter_id OR later.service_point_id = n.service_point_id)
             AND later.from_at > n.from_at)),
         n.opening_register_l, n.closing_register_l
    FROM registry_part n
   WHERE NOT EXISTS (SELECT FROM metering.install i WHERE i.meter_id = n.meter_id AND i.from_at = n.from_at)
   ORDER BY n.from_at
  RETURNING meter_id, extract(epoch FROM from_at)::float8 * 1000 AS from_ms`;

const OVERLAPS = `
  SELECT DISTINCT n.line, 'from_at' AS column,
         CASE WHEN o.meter_id = n.meter_id THEN 'meter_elsewhere' ELSE 'place_taken' END AS code
    FROM registry_part n
    JOIN metering.install i ON i.meter_id = n.meter_id AND i.from_at = n.from_at
    JOIN metering.install o ON o.install_id <> i.install_id
         AND (o.meter_id = i.meter_id OR o.service_point_id = i.service_point_id)
         AND tstzrange(o.from_at, o.until_at) && tstzrange(i.from_at, i.until_at)
   ORDER BY n.line LIMIT 100`;

export async function putInlets(to: Transaction, rows: readonly RegistryRow[]): Promise<RowFault[]> {
  const list = JSON.stringify(rows);
  const faults = [...(await unknownZones(to, list)), ...(await unknownPlaces(to, list))];
  const ends = rows.filter(({ from_at, until_at }) => until_at !== undefined && Number(until_at) <= Number(from_at));
  faults.push(...ends.map(({ line }) => ({ line, column: 'until_at', code: 'not_after_from_at' as const })));
  if (faults.length > 0) return faults.sort((one, other) => one.line - other.line);
  await to.query(
    `INSERT INTO metering.zone_inlet AS known (zone_id, service_point_id, from_at, until_at, direction)
     SELECT zone_id, service_point, ${at('from_at')}, ${at('until_at')}, direction
       FROM jsonb_to_recordset($1) AS r (zone_id text, service_point text, from_at float8, until_at float8, direction smallint)
     ON CONFLICT (zone_id, service_point_id, from_at) DO UPDATE
       SET until_at = coalesce(known.until_at, EXCLUDED.until_at), direction = EXCLUDED.direction`,
    [list],
  );
  const { rows: overlaps } = await to.query<RowFault>(
    `SELECT DISTINCT r.line, 'from_at' AS column, 'inlet_already' AS code
       FROM jsonb_to_recordset($1) AS r (line int, zone_id text, service_point text, from_at float8)
       JOIN metering.zone_inlet i ON i.zone_id = r.zone_id AND i.service_point_id = r.service_point
            AND i.from_at = ${at('r.from_at')}
       JOIN metering.zone_inlet o ON o.zone_id = i.zone_id AND o.service_point_id = i.service_point_id
            AND o.from_at <> i.from_at AND tstzrange(o.from_at, o.until_at) && tstzrange(i.from_at, i.until_at)
      ORDER BY line`,
    [list],
  );
  return overlaps;
}

export async function rowsRead(from: Queryable, list: RegistryList, fileSha256: Uint8Array): Promise<number> {
  const { rows } = await from.query<{ rows_done: number }>(
    'SELECT rows_done FROM metering.registry_import WHERE list = $1 AND file_sha256 = $2',
    [list, fileSha256],
  );
  return rows[0]?.rows_done ?? 0;
}

export async function noteRowsRead(
  to: Transaction,
  progress: { list: RegistryList; fileSha256: Uint8Array; done: number; all: number; now_ms: number },
): Promise<void> {
  await to.query(
    `INSERT INTO metering.registry_import (list, file_sha256, rows_done, rows_all, updated_at)
     VALUES ($1, $2, $3, $4, ${at('$5')})
     ON CONFLICT (list, file_sha256) DO UPDATE SET rows_done = EXCLUDED.rows_done, updated_at = EXCLUDED.updated_at`,
    [progress.list, progress.fileSha256, progress.done, progress.all, progress.now_ms],
  );
}

/** One import at a time: two would see each other's installs only when both are done. */
export async function holdRegistryImport(to: Transaction): Promise<void> {
  await to.query(`SELECT pg_advisory_xact_lock(hashtext('naru.metering.registry'))`);
}
