// The SQL that looks for what a ledger says was acknowledged: the uplink as it came, and the readings in it.
import type { Queryable } from '../../platform/postgres/database.ts';

/** How often each uplink of a device with these bytes is stored, in the order given. Reads all uplinks once. */
export async function countUplinks(
  from: Queryable,
  uplinks: readonly { device_id: string; payload: Uint8Array }[],
): Promise<number[]> {
  const { rows } = await from.query<{ stored: number }>(
    `WITH stored AS (
       SELECT d.device_id, u.payload, count(*) AS times
         FROM metering.uplink u JOIN metering.device d USING (device_no)
        WHERE d.device_id = ANY ($1) GROUP BY d.device_id, u.payload)
     SELECT coalesce(stored.times, 0) AS stored
       FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS given (device_id, payload, place)
       LEFT JOIN stored USING (device_id, payload)
      ORDER BY given.place`,
    [uplinks.map(({ device_id }) => device_id), uplinks.map(({ payload }) => payload)],
  );
  return rows.map(({ stored }) => stored);
}

/** Whether each reading is stored somewhere, in the order given: among the readings, as a conflict, or apart for its time. */
export async function findReadings(
  from: Queryable,
  readings: readonly { device_id: string; measured_at: string; register_l: number }[],
): Promise<boolean[]> {
  const in_ = (table: string) => `EXISTS (SELECT FROM metering.${table} s
    WHERE s.meter_id = r.meter_id AND s.measured_at = given.measured_at AND s.register_l = given.register_l)`;
  const { rows } = await from.query<{ stored: boolean }>(
    `SELECT EXISTS (SELECT FROM metering.readings(r.meter_id, given.measured_at, given.measured_at) s
                      WHERE s.register_l = given.register_l)
            OR ${['reading_conflict', 'misdated_reading'].map(in_).join(' OR ')} AS stored
       FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) WITH ORDINALITY
            AS given (device_id, measured_at, register_l, place)
       LEFT JOIN metering.device d USING (device_id)
       LEFT JOIN metering.radio_install r ON r.device_no = d.device_no AND r.until_at IS NULL
      ORDER BY given.place`,
    [
      readings.map(({ device_id }) => device_id),
      readings.map(({ measured_at }) => measured_at),
      readings.map(({ register_l }) => register_l),
    ],
  );
  return rows.map(({ stored }) => stored);
}
