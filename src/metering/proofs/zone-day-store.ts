// The SQL of zone-days: what there is to hash, the keys of the salts, and the trees as they are kept.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import { hashAt, MARK_bytes } from './meter-day.ts';
import type { StoredMeterDay } from './salted-meter-day.ts';

/** In PostgreSQL's grain. */
const us = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint`;

/** False while another copy works: its transaction holds the lock to its end. */
export async function holdZoneDays(to: Transaction): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.zone_days')) AS held`,
  );
  return rows[0]?.held === true;
}

export interface ChangedMeterDay {
  install_id: number;
  day: string;
  day_end_ms: number;
}

/** A zone-day is due when its day has been over for so long, and after a change so long since the first one. */
export interface Waits {
  afterDay_ms: number;
  afterChange_ms: number;
}

/** Marks the zone-days of these meter-days; one that is marked already stays due when it was. */
export async function markDue(
  to: Queryable,
  changed: readonly ChangedMeterDay[],
  now_ms: number,
  { afterDay_ms, afterChange_ms }: Waits,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.zone_day_tree_due AS due (day, zone_id, due_at)
     SELECT DISTINCT given.day, place.zone_id,
            CASE WHEN EXISTS (SELECT FROM metering.zone_day_tree made WHERE made.zone_id = place.zone_id AND made.day = given.day)
                 THEN to_timestamp($5::float8 / 1000) ELSE to_timestamp((given.day_end_ms + $4::float8) / 1000) END
       FROM unnest($1::int[], $2::date[], $3::float8[]) AS given (install_id, day, day_end_ms)
       JOIN metering.install i USING (install_id)
      CROSS JOIN LATERAL (${zoneOf('i.service_point_id', 'to_timestamp(given.day_end_ms / 1000)')}) place
     ON CONFLICT (day, zone_id) DO UPDATE SET due_at = least(due.due_at, EXCLUDED.due_at)`,
    [
      changed.map(({ install_id }) => install_id),
      changed.map(({ day }) => day),
      changed.map(({ day_end_ms }) => day_end_ms),
      afterDay_ms,
      now_ms + afterChange_ms,
    ],
  );
}

/** The zone in which a place lay at the end of a day. */
function zoneOf(servicePoint: string, dayEnd: string): string {
  return `SELECT zone_id FROM metering.service_point_version
           WHERE service_point_id = ${servicePoint} AND from_at < ${dayEnd}
           ORDER BY from_at DESC, recorded_at DESC LIMIT 1`;
}

/** The zones that are due of the day that is due first; taken away, and there again where the transaction fails. */
export async function takeDue(
  from: Queryable,
  now_ms: number,
  limit: number,
): Promise<{ day: string; zoneIds: string[] } | null> {
  const { rows } = await from.query<{ day: string; zone_id: string }>(
    `DELETE FROM metering.zone_day_tree_due WHERE (day, zone_id) IN (
       SELECT day, zone_id FROM metering.zone_day_tree_due
        WHERE day = (SELECT day FROM metering.zone_day_tree_due WHERE due_at <= to_timestamp($1::float8 / 1000) ORDER BY day LIMIT 1)
          AND due_at <= to_timestamp($1::float8 / 1000)
        ORDER BY zone_id LIMIT $2)
     RETURNING day::text AS day, zone_id`,
    [now_ms, limit],
  );
  const day = rows[0]?.day;
  return day === undefined ? null : { day, zoneIds: rows.map(({ zone_id }) => zone_id).sort() };
}

interface MeterDayRow {
  install_id: number;
  meter_id: number;
  zone_id: string;
  service_point_id: string;
  serial: string;
  model: string;
  bore_mm: number;
  dials: number;
  from_us: number;
  until_us: number;
  opening_register_l: number | null;
  closing_register_l: number | null;
  readings: string | null;
  conflicts: string | null;
  edits: string | null;
  estimates: string | null;
}

/** A local day, from its start to before its end. */
export interface DaySpan {
  day: string;
  start_ms: number;
  end_ms: number;
}

/**
 * What is stored of the day of the meters that stood in these zones, by install. Each meter's readings come as one text: a
 * row a reading would cost ten times as much on the way.
 *
 * @param of zones, or certain installs
 */
export async function listMeterDays(
  from: Queryable,
  { day, start_ms, end_ms }: DaySpan,
  of: { zoneIds: readonly string[] } | { installIds: readonly number[] },
  after: number,
  limit: number,
): Promise<StoredMeterDay[]> {
  const [chosen, values] =
    'zoneIds' in of
      ? [
          `i.service_point_id IN (SELECT service_point_id FROM metering.service_point_version WHERE zone_id = ANY($5::text[]))
           AND place.zone_id = ANY($5::text[])`,
          of.zoneIds,
        ]
      : ['i.install_id = ANY($5::int[])', of.installIds];
  const { rows } = await from.query<MeterDayRow>({
    name: `proofs-list-meter-days-${'zoneIds' in of ? 'zones' : 'installs'}`,
    text: `
      SELECT i.install_id, i.meter_id, place.zone_id, i.service_point_id, m.serial, m.model, m.bore_mm, m.dials,
             ${us('greatest(i.from_at, span.start_at)')} AS from_us,
             ${us('least(i.until_at, span.end_at)')} AS until_us,
             CASE WHEN i.from_at >= span.start_at THEN i.opening_register_l END AS opening_register_l,
             CASE WHEN i.until_at <= span.end_at THEN i.closing_register_l END AS closing_register_l,
             told.readings, other.conflicts, decided.edits, guessed.estimates
        FROM (SELECT to_timestamp($1::float8 / 1000) AS start_at, to_timestamp($2::float8 / 1000) AS end_at) span
       CROSS JOIN metering.install i
        JOIN metering.meter m USING (meter_id)
       CROSS JOIN LATERAL (${zoneOf('i.service_point_id', 'span.end_at')}) place
       CROSS JOIN LATERAL (
         SELECT string_agg(concat_ws(':', ${us('measured_at')}, register_l, ${us('received_at')}, uplink_id, clock,
                                     coalesce(array_to_string(flags, '+'), '')), ',' ORDER BY measured_at) AS readings
           FROM metering.readings(i.meter_id, to_timestamp($1::float8 / 1000), to_timestamp($2::float8 / 1000))
          WHERE measured_at < to_timestamp($2::float8 / 1000)) told
       CROSS JOIN LATERAL (
         SELECT string_agg(concat_ws(':', ${us('measured_at')}, register_l, ${us('received_at')}, uplink_id), ','
                           ORDER BY measured_at, register_l) AS conflicts
           FROM metering.reading_conflict
          WHERE meter_id = i.meter_id
            AND measured_at >= to_timestamp($1::float8 / 1000) AND measured_at < to_timestamp($2::float8 / 1000)) other
       CROSS JOIN LATERAL (
         SELECT string_agg(concat_ws(':', ${us('measured_at')}, edit_id, deed, coalesce(register_l::text, 'none'),
                                     ${us('edited_at')}), ',' ORDER BY edit_id) AS edits
           FROM metering.reading_edit
          WHERE meter_id = i.meter_id
            AND measured_at >= to_timestamp($1::float8 / 1000) AND measured_at < to_timestamp($2::float8 / 1000)) decided
       CROSS JOIN LATERAL (
         SELECT string_agg(concat_ws(':', version, method, ${us('made_at')}, array_to_string(hours_l, '+', 'none')), ','
                           ORDER BY version) AS estimates
           FROM metering.use_estimate WHERE install_id = i.install_id AND day = $6::date) guessed
       WHERE i.from_at < span.end_at AND (i.until_at IS NULL OR i.until_at > span.start_at)
         AND i.install_id > $3 AND ${chosen}
       ORDER BY i.install_id LIMIT $4`,
    values: [start_ms, end_ms, after, limit, values, day],
  });
  return rows.map((row) => ({
    ...{ day, meter_id: row.meter_id, install: row.install_id, zone: row.zone_id, place: row.service_point_id },
    ...{ meter: row.serial, model: row.model, bore_mm: row.bore_mm, dials: row.dials },
    ...{ from_us: row.from_us, until_us: row.until_us },
    entries: [
      ...[...readingsOf(row), ...conflictsOf(row), ...readOffOf(row)],
      ...[...editsOf(row), ...estimatesOf(row, start_ms)],
    ],
  }));
}

type Unsalted = StoredMeterDay['entries'];

function readingsOf({ readings }: MeterDayRow): Unsalted {
  return parts(readings).map(([measured, register, received, uplink, clock, flags]) => ({
    clock: clock as 'absolute',
    flags: flags === '' || flags === undefined ? [] : flags.split('+'),
    kind: 'reading',
    measured_at_us: Number(measured),
    received_at_us: Number(received),
    register_l: Number(register),
    uplink_id: Number(uplink),
  }));
}

function conflictsOf({ conflicts }: MeterDayRow): Unsalted {
  return parts(conflicts).map(([measured, register, received, uplink]) => ({
    kind: 'conflict',
    measured_at_us: Number(measured),
    received_at_us: Number(received),
    register_l: Number(register),
    uplink_id: Number(uplink),
  }));
}

function readOffOf({ from_us, until_us, opening_register_l, closing_register_l }: MeterDayRow): Unsalted {
  const told: Unsalted = [];
  if (opening_register_l !== null)
    told.push({ end: 'opening', kind: 'read_off', measured_at_us: from_us, register_l: opening_register_l });
  if (closing_register_l !== null)
    told.push({ end: 'closing', kind: 'read_off', measured_at_us: until_us, register_l: closing_register_l });
  return told;
}

function editsOf({ edits }: MeterDayRow): Unsalted {
  return parts(edits).map(([measured, edit, deed, register, edited]) => ({
    deed: deed as 'void',
    edit: Number(edit),
    edited_at_us: Number(edited),
    kind: 'edit',
    measured_at_us: Number(measured),
    register_l: register === 'none' ? null : Number(register),
  }));
}

function estimatesOf({ estimates }: MeterDayRow, start_ms: number): Unsalted {
  return parts(estimates).map(([version, method = '', made, hours = '']) => ({
    hours_l: hours.split('+').map((use_l) => (use_l === 'none' ? null : Number(use_l))),
    kind: 'estimate',
    made_at_us: Number(made),
    measured_at_us: start_ms * 1_000,
    method,
    version: Number(version),
  }));
}

const parts = (text: string | null): string[][] => text?.split(',').map((part) => part.split(':')) ?? [];

/** The keys of these installs' month; those that are missing are made of `fresh`, 32 bytes each. */
export async function keysOf(
  to: Queryable,
  installIds: readonly number[],
  month: string,
  fresh: (count: number) => Uint8Array,
): Promise<Map<number, Uint8Array>> {
  const keys = await findKeys(to, installIds, month);
  const missing = installIds.filter((id) => !keys.has(id));
  if (missing.length === 0) return keys;
  const bytes = Buffer.from(fresh(missing.length));
  await to.query(
    `INSERT INTO metering.proof_key (install_id, month, key)
     SELECT install_id, $2::date, substring($3::bytea FROM (place::int - 1) * 32 + 1 FOR 32)
       FROM unnest($1::int[]) WITH ORDINALITY AS given (install_id, place)`,
    [missing, month, bytes],
  );
  for (const [at, id] of missing.entries()) keys.set(id, bytes.subarray(at * 32, at * 32 + 32));
  return keys;
}

/** Those that are there. */
export async function findKeys(
  from: Queryable,
  installIds: readonly number[],
  month: string,
): Promise<Map<number, Uint8Array>> {
  const { rows } = await from.query<{ install_id: number; key: Buffer }>(
    'SELECT install_id, key FROM metering.proof_key WHERE install_id = ANY($1::int[]) AND month = $2::date',
    [installIds, month],
  );
  return new Map(rows.map(({ install_id, key }) => [install_id, key]));
}

/** What is kept of a meter-day's leaf. */
export interface KeptLeaf {
  leaf: Uint8Array;
  uplinksDigest: Uint8Array;
  /** `MARK_bytes` for each of its entries, and for each of its uplinks. */
  marks: Uint8Array;
  uplinkMarks: Uint8Array;
}

export interface ZoneDayVersion {
  version: number;
  made_ms: number;
  leafCount: number;
  root: Uint8Array;
  /** What is new or other in this version, by install. */
  leaves: Map<number, KeptLeaf>;
}

/** All versions of a zone's day, the first one first. */
export async function listVersions(from: Queryable, zoneId: string, day: string): Promise<ZoneDayVersion[]> {
  const { rows } = await from.query<{
    version: number;
    made_ms: number;
    leaf_count: number;
    root: Buffer;
    install_ids: number[];
    leaves: Buffer;
    uplink_digests: Buffer;
    entry_counts: number[];
    uplink_counts: number[];
    marks: Buffer;
  }>({
    name: 'proofs-list-zone-day-versions',
    text: `SELECT version, (extract(epoch FROM made_at) * 1000)::float8 AS made_ms, leaf_count, root,
                  install_ids, leaves, uplink_digests, entry_counts, uplink_counts, marks
             FROM metering.zone_day_tree WHERE zone_id = $1 AND day = $2::date ORDER BY version`,
    values: [zoneId, day],
  });
  return rows.map((row) => {
    const leaves = new Map<number, KeptLeaf>();
    let marked = 0;
    const next = (count = 0) => {
      marked += count * MARK_bytes;
      return row.marks.subarray(marked - count * MARK_bytes, marked);
    };
    for (const [at, id] of row.install_ids.entries()) {
      leaves.set(id, {
        leaf: hashAt(row.leaves, at),
        uplinksDigest: hashAt(row.uplink_digests, at),
        marks: next(row.entry_counts[at]),
        uplinkMarks: next(row.uplink_counts[at]),
      });
    }
    return { version: row.version, made_ms: row.made_ms, leafCount: row.leaf_count, root: row.root, leaves };
  });
}

/** The leaves of a tree by install, in its order: of each install the newest up to the last of the versions. */
export function leavesOf(versions: readonly ZoneDayVersion[]): Map<number, KeptLeaf> {
  const newest = new Map<number, KeptLeaf>();
  for (const { leaves } of versions) for (const [id, leaf] of leaves) newest.set(id, leaf);
  return new Map([...newest].sort(([one], [other]) => one - other));
}

export async function insertZoneDay(
  to: Queryable,
  zoneId: string,
  day: string,
  { version, made_ms, leafCount, root, leaves }: ZoneDayVersion,
): Promise<void> {
  const kept = [...leaves.values()];
  await to.query(
    `INSERT INTO metering.zone_day_tree
       (zone_id, day, version, made_at, leaf_count, root, install_ids, leaves, uplink_digests, entry_counts, uplink_counts, marks)
     VALUES ($1, $2::date, $3, to_timestamp($4::float8 / 1000), $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      ...[zoneId, day, version, made_ms, leafCount, Buffer.from(root), [...leaves.keys()]],
      Buffer.concat(kept.map(({ leaf }) => leaf)),
      Buffer.concat(kept.map(({ uplinksDigest }) => uplinksDigest)),
      kept.map(({ marks }) => marks.length / MARK_bytes),
      kept.map(({ uplinkMarks }) => uplinkMarks.length / MARK_bytes),
      Buffer.concat(kept.flatMap(({ marks, uplinkMarks }) => [marks, uplinkMarks])),
    ],
  );
}

/** Marks the days between the zone's newest one before `day` and `day`: days of which nothing came are said to be such. */
export async function markDaysBetween(
  to: Queryable,
  zoneIds: readonly string[],
  day: string,
  due_ms: number,
  most_days: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.zone_day_tree_due (day, zone_id, due_at)
     SELECT between_day::date, given.zone_id, to_timestamp($3::float8 / 1000)
       FROM unnest($1::text[]) AS given (zone_id)
       JOIN LATERAL (SELECT max(z.day) AS day FROM metering.zone_day_tree z
                      WHERE z.zone_id = given.zone_id AND z.day < $2::date) before ON before.day IS NOT NULL
      CROSS JOIN LATERAL generate_series(greatest(before.day, $2::date - $4::int) + 1, $2::date - 1, '1 day') AS between_day
     ON CONFLICT DO NOTHING`,
    [zoneIds, day, due_ms, most_days],
  );
}

export async function recordAltered(
  to: Queryable,
  installIds: readonly number[],
  day: string,
  found_ms: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.altered_meter_day (install_id, day, found_at)
     SELECT install_id, $2::date, to_timestamp($3::float8 / 1000) FROM unnest($1::int[]) AS given (install_id)
     ON CONFLICT DO NOTHING`,
    [installIds, day, found_ms],
  );
}
