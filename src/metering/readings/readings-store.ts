// The SQL that reads registers back.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { RegisterPoint } from './use.ts';

export interface LastReading {
  measured_at_ms: number;
  received_at_ms: number;
  register_l: number;
  flags: string[];
}

export interface InstallRow {
  meter_id: number;
  from_ms: number;
  until_ms: number | null;
  opening_register_l: number | null;
  closing_register_l: number | null;
}

/** Registers one question may read. */
export const mostPoints = 200_000;

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** The meter's registers from the last before `from_ms` to the first after `to_ms`, oldest first; at most `mostPoints`. */
export async function listRegisters(
  from: Queryable,
  meterId: number,
  from_ms: number,
  to_ms: number,
): Promise<RegisterPoint[]> {
  const { rows } = await from.query<RegisterPoint>({
    name: 'metering-list-registers',
    text: `(SELECT ${ms('measured_at')} AS at_ms, register_l FROM metering.reading
             WHERE meter_id = $1 AND measured_at < to_timestamp($2::float8 / 1000)
             ORDER BY measured_at DESC LIMIT 1)
           UNION ALL
           (SELECT ${ms('measured_at')}, register_l FROM metering.reading
             WHERE meter_id = $1 AND measured_at BETWEEN to_timestamp($2::float8 / 1000) AND to_timestamp($3::float8 / 1000)
             ORDER BY measured_at LIMIT ${mostPoints})
           UNION ALL
           (SELECT ${ms('measured_at')}, register_l FROM metering.reading
             WHERE meter_id = $1 AND measured_at > to_timestamp($3::float8 / 1000)
             ORDER BY measured_at LIMIT 1)
           ORDER BY at_ms`,
    values: [meterId, from_ms, to_ms],
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
    `SELECT meter_id, ${ms('from_at')} AS from_ms, ${ms('until_at')} AS until_ms, opening_register_l, closing_register_l
       FROM metering.install
      WHERE service_point_id = $1 AND from_at < to_timestamp($3::float8 / 1000)
        AND (until_at IS NULL OR until_at > to_timestamp($2::float8 / 1000))
      ORDER BY from_at`,
    [servicePointId, from_ms, to_ms],
  );
  return rows;
}

/** The newest reading by its own time; null where there is none. */
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
