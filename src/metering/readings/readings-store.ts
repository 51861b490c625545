// The SQL that reads registers back.
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
  /** Everything told within the span, and around it; contradicting registers of one instant all, as equals. */
  points: RegisterPoint[];
  /** How many instants of `points` lie before and after the span: fewer than asked for, there are no more. */
  before: number;
  after: number;
}

interface RegisterRow {
  meter_id: number;
  bore_mm: number;
  dials: number;
  instants: string | null;
  registers: string | null;
  before: number;
  after: number;
}

/**
 * The registers of many meters, each over a span of its own with up to `around` instants on either side. Instants and
 * registers come as one text a meter: a row a reading would cost ten times as much on the way.
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
    text: `
      SELECT m.meter_id, m.bore_mm, m.dials, told.instants, told.registers, told.before, told.after
        FROM unnest($1::int[], $2::float8[], $3::float8[]) AS given (meter_id, from_ms, to_ms)
        JOIN metering.meter m USING (meter_id)
       CROSS JOIN LATERAL (SELECT to_timestamp(given.from_ms / 1000) AS from_at, to_timestamp(given.to_ms / 1000) AS to_at) span
       CROSS JOIN LATERAL (
         WITH stored AS MATERIALIZED (
           (SELECT measured_at, register_l FROM metering.reading
             WHERE meter_id = given.meter_id AND measured_at < span.from_at ORDER BY measured_at DESC LIMIT $4)
           UNION ALL
           (SELECT measured_at, register_l FROM metering.reading
             WHERE meter_id = given.meter_id AND measured_at BETWEEN span.from_at AND span.to_at
             ORDER BY measured_at LIMIT ${mostPoints})
           UNION ALL
           (SELECT measured_at, register_l FROM metering.reading
             WHERE meter_id = given.meter_id AND measured_at > span.to_at ORDER BY measured_at LIMIT $4)),
         told AS (
           SELECT measured_at, register_l FROM stored
           UNION ALL
           SELECT measured_at, register_l FROM metering.reading_conflict
            WHERE meter_id = given.meter_id
              AND measured_at BETWEEN (SELECT min(measured_at) FROM stored) AND (SELECT max(measured_at) FROM stored))
         SELECT string_agg(${ms('measured_at')}::text, ',' ORDER BY measured_at, register_l) AS instants,
                string_agg(register_l::text, ',' ORDER BY measured_at, register_l) AS registers,
                (SELECT count(*) FROM stored WHERE measured_at < span.from_at) AS before,
                (SELECT count(*) FROM stored WHERE measured_at > span.to_at) AS after
           FROM told) told`,
    values: [
      questions.map((question) => question.meterId),
      questions.map((question) => question.from_ms),
      questions.map((question) => question.to_ms),
      around,
    ],
  });
  return new Map(rows.map((row) => [row.meter_id, withPoints(row)]));
}

function withPoints({ bore_mm, dials, instants, registers, before, after }: RegisterRow): MeterRegisters {
  const registersOf = registers?.split(',') ?? [];
  const points = (instants?.split(',') ?? []).map((at, index) => ({
    at_ms: Number(at),
    register_l: Number(registersOf[index]),
  }));
  return { bore_mm, dials, points, before, after };
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
       FROM metering.reading
      WHERE meter_id = $1 AND measured_at BETWEEN to_timestamp($2::float8 / 1000) AND to_timestamp($3::float8 / 1000)
      ORDER BY measured_at DESC LIMIT 1`,
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
    `SELECT flags, ${ms('measured_at')} AS measured_at_ms FROM metering.reading
      WHERE meter_id = $1 AND flags && $2::text[]
        AND measured_at BETWEEN to_timestamp($3::float8 / 1000) AND to_timestamp($4::float8 / 1000)
      ORDER BY measured_at DESC LIMIT 1`,
    [meterId, flags, span.from_ms, span.to_ms],
  );
  return rows[0] ?? null;
}
