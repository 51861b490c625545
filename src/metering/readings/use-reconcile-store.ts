// The SQL of the reconciling job: which meters are next, and what it found.
import type { Queryable } from '../../platform/postgres/database.ts';

export interface Discrepancy {
  install_id: number;
  day: string;
  /** What was stored, of the hours that could be told; null where the day was absent, or should be. */
  stored_l: number | null;
  expected_l: number | null;
}

/** The next installed meters by number, those left out that have marks; `last` is null where there are no more. */
export async function listUntouchedMeters(
  from: Queryable,
  after: number,
  limit: number,
): Promise<{ meterIds: number[]; last: number | null }> {
  const { rows } = await from.query<{ meter_id: number; touched: boolean }>(
    `SELECT meter_id, EXISTS (SELECT FROM metering.touched WHERE next.meter_id = ANY(meter_ids)) AS touched
       FROM (SELECT DISTINCT meter_id FROM metering.install WHERE meter_id > $1 ORDER BY meter_id LIMIT $2) next
      ORDER BY meter_id`,
    [after, limit],
  );
  return {
    meterIds: rows.filter((row) => !row.touched).map((row) => row.meter_id),
    last: rows.length < limit ? null : (rows.at(-1)?.meter_id ?? null),
  };
}

export async function recordDiscrepancies(
  to: Queryable,
  found: readonly Discrepancy[],
  found_ms: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.use_discrepancy (install_id, day, found_at, stored_l, expected_l)
     SELECT install_id, day, to_timestamp($5::float8 / 1000), stored_l, expected_l
       FROM unnest($1::int[], $2::date[], $3::bigint[], $4::bigint[]) AS given (install_id, day, stored_l, expected_l)`,
    [
      found.map((one) => one.install_id),
      found.map((one) => one.day),
      found.map((one) => one.stored_l),
      found.map((one) => one.expected_l),
      found_ms,
    ],
  );
}
