// The SQL that reads registers back.
import { instantsOf, integersOf } from '../../platform/postgres/binary-reader.ts';
import { numberArray } from '../../platform/postgres/binary-writer.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { RegisterPoint } from './register-rule.ts';

export interface LastReading {
  measured_at_ms: number;
  received_at_ms: number;
  register_l: number;
  flags: string[];
}

export interface InstallRow {
  install_id: number;
  meter_id: number;
  from_ms: number;
  until_ms: number | null;
  opening_register_l: number | null;
  closing_register_l: number | null;
}

/** Registers one question may read. */
export const mostPoints = 200_000;

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** A meter and the span of time about which something is asked. */
export interface RegisterQuestion {
  meterId: number;
  from_ms: number;
  to_ms: number;
}

export interface MeterRegisters {
  bore_mm: number;
  dials: number;
  /** What is stored within the span, and around it, oldest first. */
  points: RegisterPoint[];
  /** Other registers told for instants in there, as good as those stored first. */
  contradicting: RegisterPoint[];
  /** How many instants of `points` lie before and after the span: fewer than asked for, there are no more. */
  before: number;
  after: number;
}

interface RegisterRow {
  meter_id: number;
  bore_mm: number;
  dials: number;
  instants: Buffer | null;
  registers: Buffer | null;
  before: number;
  after: number;
}

/**
 * Instants and registers come as two arrays a meter in binary form: a row a reading would cost ten times as much on the way.
 */
const REGISTERS = `
  SELECT m.meter_id, m.bore_mm, m.dials, array_send(told.instants) AS instants, array_send(told.registers) AS registers,
         told.before, told.after
    FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) AS given (meter_id, from_at, to_at)
    JOIN metering.meter m USING (meter_id)
   CROSS JOIN LATERAL (
     SELECT array_agg(measured_at) AS instants, array_agg(register_l) AS registers,
            (count(*) FILTER (WHERE measured_at < given.from_at))::int AS before,
            (count(*) FILTER (WHERE measured_at > given.to_at))::int AS after
       FROM (
         (SELECT measured_at, register_l FROM metering.readings_before(given.meter_id, given.from_at, $4::int))
         UNION ALL
         (SELECT measured_at, register_l FROM metering.readings(given.meter_id, given.from_at, given.to_at)
           ORDER BY measured_at LIMIT ${mostPoints})
         UNION ALL
         (SELECT measured_at, register_l FROM metering.readings_after(given.meter_id, given.to_at, $4::int))) stored) told`;

/**
 * The registers of many meters, each over a span of its own with up to `around` instants on either side.
 *
 * @returns by meter; at most `mostPoints` within a span; a meter that doesn't exist is absent
 */
export async function listRegisters(
  from: Queryable,
  questions: readonly RegisterQuestion[],
  around: number,
): Promise<Map<number, MeterRegisters>> {
  const { rows } = await from.query<RegisterRow>({
    name: 'metering-list-registers',
    text: REGISTERS,
    values: [
      numberArray(
        'int4',
        questions.map((question) => question.meterId),
      ),
      numberArray(
        'timestamptz',
        questions.map((question) => question.from_ms),
      ),
      numberArray(
        'timestamptz',
        questions.map((question) => question.to_ms),
      ),
      around,
    ],
  });
  const found = new Map(rows.map((row) => [row.meter_id, withPoints(row)]));
  await addContradicting(from, found);
  return found;
}

function withPoints({ bore_mm, dials, instants, registers, before, after }: RegisterRow): MeterRegisters {
  const litres = integersOf(registers);
  const points = Array.from(instantsOf(instants), (at_ms, index) => ({ at_ms, register_l: litres[index] ?? 0 }));
  // Those before the span come from the latest on.
  if (before > 1 && (points[0]?.at_ms ?? 0) > (points[before - 1]?.at_ms ?? 0)) {
    points.unshift(...points.splice(0, before).reverse());
  }
  return { bore_mm, dials, points, contradicting: [], before, after };
}

/** Few meters have any: they are asked for once, between the earliest and the latest instant that any of these told. */
async function addContradicting(from: Queryable, found: ReadonlyMap<number, MeterRegisters>): Promise<void> {
  let earliest_ms = Number.POSITIVE_INFINITY;
  let latest_ms = Number.NEGATIVE_INFINITY;
  for (const { points } of found.values()) {
    earliest_ms = Math.min(earliest_ms, points[0]?.at_ms ?? earliest_ms);
    latest_ms = Math.max(latest_ms, points.at(-1)?.at_ms ?? latest_ms);
  }
  if (earliest_ms > latest_ms) return;
  const { rows } = await from.query<RegisterPoint & { meter_id: number }>({
    name: 'metering-list-conflicts',
    text: `SELECT meter_id, ${ms('measured_at')} AS at_ms, register_l FROM metering.reading_conflict
            WHERE meter_id = ANY($1::int[])
              AND measured_at BETWEEN to_timestamp($2::float8 / 1000) AND to_timestamp($3::float8 / 1000)`,
    values: [numberArray('int4', [...found.keys()]), earliest_ms - 1, latest_ms + 1],
  });
  for (const { meter_id, at_ms, register_l } of rows) {
    const told = found.get(meter_id);
    const [first, last] = [told?.points[0], told?.points.at(-1)];
    if (first === undefined || last === undefined || at_ms < first.at_ms || at_ms > last.at_ms) continue;
    told?.contradicting.push({ at_ms, register_l });
  }
}

const INSTALL = `install_id, meter_id, ${ms('from_at')} AS from_ms, ${ms('until_at')} AS until_ms,
                 opening_register_l, closing_register_l`;

/** Where these meters stood, oldest first. */
export async function listInstallsOf(from: Queryable, meterIds: readonly number[]): Promise<InstallRow[]> {
  const { rows } = await from.query<InstallRow>({
    name: 'metering-list-installs-of',
    text: `SELECT ${INSTALL} FROM metering.install WHERE meter_id = ANY($1::int[]) ORDER BY from_at`,
    values: [meterIds],
  });
  return rows;
}

/** The meters that stood at the place at any time of the span, oldest first. */
export async function listInstalls(
  from: Queryable,
  servicePointId: string,
  from_ms: number,
  to_ms: number,
): Promise<InstallRow[]> {
  const { rows } = await from.query<InstallRow>(
    `SELECT ${INSTALL}
       FROM metering.install
      WHERE service_point_id = $1 AND from_at < to_timestamp($3::float8 / 1000)
        AND (until_at IS NULL OR until_at > to_timestamp($2::float8 / 1000))
      ORDER BY from_at`,
    [servicePointId, from_ms, to_ms],
  );
  return rows;
}

/** An instant before which, and one after which, nothing counts. */
export interface Span {
  from_ms: number;
  to_ms: number;
}

/** The newest reading within the span. */
export async function findLastReading(from: Queryable, meterId: number, span: Span): Promise<LastReading | null> {
  const { rows } = await from.query<LastReading>(
    `SELECT ${ms('measured_at')} AS measured_at_ms, ${ms('received_at')} AS received_at_ms, register_l,
            coalesce(flags, '{}') AS flags
       FROM metering.readings_before($1, to_timestamp($3::float8 / 1000) + interval '1 microsecond', 1)
      WHERE measured_at >= to_timestamp($2::float8 / 1000)`,
    [meterId, span.from_ms, span.to_ms],
  );
  return rows[0] ?? null;
}

/** The newest reading within the span that carries one of these flags. */
export async function findLastFlagged(
  from: Queryable,
  meterId: number,
  flags: readonly string[],
  span: Span,
): Promise<{ flags: string[]; measured_at_ms: number } | null> {
  const { rows } = await from.query<{ flags: string[]; measured_at_ms: number }>(
    `SELECT flags, ${ms('measured_at')} AS measured_at_ms
       FROM (SELECT to_timestamp($3::float8 / 1000) AS from_at, to_timestamp($4::float8 / 1000) AS to_at) span
      CROSS JOIN LATERAL (
        SELECT measured_at, flags FROM metering.reading
         WHERE meter_id = $1 AND measured_at BETWEEN from_at AND to_at
         UNION ALL
        SELECT measured_at, flags FROM metering.packed_readings($1, from_at, to_at) WHERE is_pack_flagged) told
      WHERE flags && $2::text[]
      ORDER BY measured_at DESC LIMIT 1`,
    [meterId, flags, span.from_ms, span.to_ms],
  );
  return rows[0] ?? null;
}
