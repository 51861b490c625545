// The SQL that finds a device by the id it connects with.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Device } from './uplink.ts';

export interface StoredDevice {
  device: Device;
  secretHash: Uint8Array;
}

/** The device with the meter it reports now; null where there is none or it is revoked. */
export async function findDevice(from: Queryable, deviceId: string): Promise<StoredDevice | null> {
  const { rows } = await from.query<{
    device_no: number;
    secret_hash: Buffer;
    formats: string[];
    payload_key: Buffer | null;
    meter_id: number | null;
    serial: string | null;
  }>({
    name: 'metering-find-device',
    text: `SELECT d.device_no, d.secret_hash, d.formats, d.payload_key, m.meter_id, m.serial
             FROM metering.device d
             LEFT JOIN metering.radio_install r ON r.device_no = d.device_no AND r.until_at IS NULL
             LEFT JOIN metering.meter m ON m.meter_id = r.meter_id
            WHERE d.device_id = $1 AND d.revoked_at IS NULL`,
    values: [deviceId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    secretHash: row.secret_hash,
    device: {
      deviceNo: row.device_no,
      deviceId,
      formats: row.formats,
      payloadKey: row.payload_key,
      meter: row.meter_id === null || row.serial === null ? null : { meterId: row.meter_id, serial: row.serial },
    },
  };
}
