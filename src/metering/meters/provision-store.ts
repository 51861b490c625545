// The SQL that puts zones, service points, meters, devices and installs in place; saying it again changes nothing.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { FleetEntry } from './fleet-entry.ts';

/** @param from_ms from when on the place's facts hold; others that were known to hold from elsewhen stay */
export async function putServicePoint(
  to: Transaction,
  place: FleetEntry['servicePoint'],
  from_ms: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.zone (zone_id, name) VALUES ($1, $2) ON CONFLICT (zone_id) DO UPDATE SET name = EXCLUDED.name
      WHERE zone.name <> EXCLUDED.name`,
    [place.zoneId, place.zoneName],
  );
  await to.query(
    `INSERT INTO metering.service_point (service_point_id, zone_id, usage_class) VALUES ($1, $2, $3)
     ON CONFLICT (service_point_id) DO NOTHING`,
    [place.id, place.zoneId, place.usageClass],
  );
  // Households and purpose are the registry's to say: what it said of the place goes on holding.
  await to.query(
    `INSERT INTO metering.service_point_version
     SELECT $1, to_timestamp($4::float8 / 1000), now(), $2, $3, coalesce(held.households, 1), coalesce(held.purpose, 'billed')
       FROM (SELECT) one
       LEFT JOIN LATERAL (SELECT * FROM metering.service_point_version
                           WHERE service_point_id = $1 AND from_at <= to_timestamp($4::float8 / 1000)
                           ORDER BY from_at DESC, recorded_at DESC LIMIT 1) held ON true
      WHERE (held.zone_id, held.usage_class) IS DISTINCT FROM ($2, $3)
     ON CONFLICT (service_point_id, from_at, recorded_at) DO UPDATE
       SET zone_id = EXCLUDED.zone_id, usage_class = EXCLUDED.usage_class`,
    [place.id, place.zoneId, place.usageClass, from_ms],
  );
  await to.query(
    `UPDATE metering.service_point p SET zone_id = last.zone_id, usage_class = last.usage_class
       FROM (SELECT zone_id, usage_class FROM metering.service_point_version
              WHERE service_point_id = $1 ORDER BY from_at DESC, recorded_at DESC LIMIT 1) last
      WHERE p.service_point_id = $1 AND (p.zone_id, p.usage_class) IS DISTINCT FROM (last.zone_id, last.usage_class)`,
    [place.id],
  );
}

/** @returns the meter's own number in the store */
export async function putMeter(to: Transaction, meter: FleetEntry['meter']): Promise<number> {
  const { rows } = await to.query<{ meter_id: number }>(
    `INSERT INTO metering.meter (serial, model, bore_mm, dials) VALUES ($1, $2, $3, $4)
     ON CONFLICT (serial, model) DO UPDATE SET bore_mm = EXCLUDED.bore_mm, dials = EXCLUDED.dials
     RETURNING meter_id`,
    [meter.serial, meter.model, meter.bore_mm, meter.dials],
  );
  return rows[0]?.meter_id ?? 0;
}

export async function isDeviceKnown(to: Transaction, deviceId: string): Promise<boolean> {
  const { rows } = await to.query('SELECT FROM metering.device WHERE device_id = $1', [deviceId]);
  return rows.length > 0;
}

/** @param secretHash null keeps the stored one, and is for known devices only */
export async function putDevice(
  to: Transaction,
  device: Pick<FleetEntry, 'deviceId' | 'formats' | 'payloadKey'>,
  secretHash: Uint8Array | null,
): Promise<number> {
  const values = [device.deviceId, secretHash, device.formats, device.payloadKey ?? null];
  const { rows } =
    secretHash === null
      ? await to.query<{ device_no: number }>(
          `UPDATE metering.device SET formats = $3, payload_key = $4
            WHERE device_id = $1 AND $2::bytea IS NULL RETURNING device_no`,
          values,
        )
      : await to.query<{ device_no: number }>(
          `INSERT INTO metering.device (device_id, secret_hash, secret_scheme, formats, payload_key)
           VALUES ($1, $2, 2, $3, $4)
           ON CONFLICT (device_id) DO UPDATE
             SET secret_hash = EXCLUDED.secret_hash, secret_scheme = 2,
                 formats = EXCLUDED.formats, payload_key = EXCLUDED.payload_key
           RETURNING device_no`,
          values,
        );
  return rows[0]?.device_no ?? 0;
}

/** Whether the meter, the place or the device was taken into its present use at or after the instant, with another. */
export async function isTakenLater(
  to: Transaction,
  install: { servicePointId: string; meterId: number; deviceNo: number; from_ms: number },
): Promise<boolean> {
  const { rows } = await to.query(
    `SELECT FROM metering.install
      WHERE until_at IS NULL AND from_at >= to_timestamp($4::float8 / 1000)
        AND (meter_id = $1) <> (service_point_id = $2)
     UNION ALL
     SELECT FROM metering.radio_install
      WHERE until_at IS NULL AND from_at >= to_timestamp($4::float8 / 1000) AND device_no = $3 AND meter_id <> $1
     LIMIT 1`,
    [install.meterId, install.servicePointId, install.deviceNo, install.from_ms],
  );
  return rows.length > 0;
}

/**
 * Where the meter stands and what reports it now; what stood or reported before is ended at the same instant.
 * @returns meters whose place changed
 */
export async function putInstall(
  to: Transaction,
  install: {
    servicePointId: string;
    meterId: number;
    deviceNo: number;
    from_ms: number;
    openingRegister_l: number | null;
  },
): Promise<number[]> {
  const at = 'to_timestamp($2::float8 / 1000)';
  const ended = await to.query<{ meter_id: number }>(
    `UPDATE metering.install SET until_at = ${at}
      WHERE until_at IS NULL AND (meter_id = $1) <> (service_point_id = $3) AND (meter_id = $1 OR service_point_id = $3)
      RETURNING meter_id`,
    [install.meterId, install.from_ms, install.servicePointId],
  );
  const begun = await to.query<{ meter_id: number }>(
    `INSERT INTO metering.install (meter_id, from_at, service_point_id, opening_register_l)
     SELECT $1, ${at}, $3, $4
      WHERE NOT EXISTS (SELECT FROM metering.install
                         WHERE meter_id = $1 AND service_point_id = $3 AND until_at IS NULL)
     RETURNING meter_id`,
    [install.meterId, install.from_ms, install.servicePointId, install.openingRegister_l],
  );
  await to.query(
    `UPDATE metering.radio_install SET until_at = ${at} WHERE until_at IS NULL AND device_no = $3 AND meter_id <> $1`,
    [install.meterId, install.from_ms, install.deviceNo],
  );
  await to.query(
    `INSERT INTO metering.radio_install (meter_id, from_at, device_no) SELECT $1, ${at}, $3
      WHERE NOT EXISTS (SELECT FROM metering.radio_install
                         WHERE device_no = $3 AND meter_id = $1 AND until_at IS NULL)`,
    [install.meterId, install.from_ms, install.deviceNo],
  );
  return [...ended.rows, ...begun.rows].map((row) => row.meter_id);
}

/** @returns those that are registered */
export async function listKnown(from: Queryable, deviceIds: readonly string[]): Promise<string[]> {
  const { rows } = await from.query<{ device_id: string }>(
    'SELECT device_id FROM metering.device WHERE device_id = ANY($1::text[])',
    [deviceIds],
  );
  return rows.map((row) => row.device_id);
}
