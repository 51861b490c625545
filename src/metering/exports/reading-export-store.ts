// The SQL that reads a meter's registers back as they were told, in their order.
import type { Queryable } from '../../platform/postgres/database.ts';

export interface ToldReading {
  /** Microseconds since 1970: no two readings of a meter have the same. */
  measured_us: number;
  measured_ms: number;
  received_ms: number;
  register_l: number;
  /** How the instant came about: told by the device with its zone or without, or taken from the receipt. */
  clock: string;
  flags: string[];
}

const us = (column: string) => `round(extract(epoch FROM ${column}) * 1000000)::int8`;
const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

const instant = (us: string) => `('epoch'::timestamptz + ${us}::int8 * interval '1 microsecond')`;

/** After one instant and before another, both in microseconds. */
export async function listToldReadings(
  from: Queryable,
  meterId: number,
  span: { after_us: number; before_us: number },
  limit: number,
): Promise<ToldReading[]> {
  const { rows } = await from.query<ToldReading>({
    name: 'exports-list-told-readings',
    text: `SELECT ${us('measured_at')} AS measured_us, ${ms('measured_at')} AS measured_ms, ${ms('received_at')} AS received_ms,
                  register_l, clock, coalesce(flags, '{}') AS flags
             FROM metering.readings_after($1::int, ${instant('$2')}, $4) told
            WHERE measured_at < ${instant('$3')} ORDER BY measured_at LIMIT $4`,
    values: [meterId, span.after_us, span.before_us, limit],
  });
  return rows;
}
