// The SQL that finds a device, and what it may show, for whoever decides about its connection.
import type { Pool, Queryable } from '../../platform/postgres/database.ts';
import type { Device } from './uplink.ts';

export interface StoredDevice {
  device: Device;
  /** Keyed; null for a device that shows a certificate only. */
  secretHash: Uint8Array | null;
  /** What it was before a rotation, good until then. */
  former: { hash: Uint8Array; until_ms: number } | null;
}

/** The device with the meter it reports now; null where there is none or it is revoked. */
export async function findDevice(from: Queryable, deviceId: string): Promise<StoredDevice | null> {
  const { rows } = await from.query<{
    device_no: number;
    secret_hash: Buffer | null;
    former_secret_hash: Buffer | null;
    former_until_ms: number | null;
    formats: string[];
    payload_key: Buffer | null;
    meter_id: number | null;
    serial: string | null;
    is_gateway: boolean;
  }>({
    name: 'metering-find-device-2',
    text: `SELECT d.device_no, CASE d.secret_scheme WHEN 2 THEN d.secret_hash END AS secret_hash, d.former_secret_hash,
                  extract(epoch FROM d.former_secret_until)::float8 * 1000 AS former_until_ms,
                  d.formats, d.payload_key, m.meter_id, m.serial,
                  EXISTS (SELECT FROM metering.gateway g WHERE g.device_no = d.device_no) AS is_gateway
             FROM metering.device d
             LEFT JOIN metering.radio_install r ON r.device_no = d.device_no AND r.until_at IS NULL
             LEFT JOIN metering.meter m ON m.meter_id = r.meter_id
            WHERE d.device_id = $1 AND d.revoked_at IS NULL`,
    values: [deviceId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  const { former_secret_hash: hash, former_until_ms: until_ms } = row;
  return {
    secretHash: row.secret_hash,
    former: hash === null || until_ms === null ? null : { hash, until_ms },
    device: {
      deviceNo: row.device_no,
      deviceId,
      formats: row.formats,
      payloadKey: row.payload_key,
      meter: row.meter_id === null || row.serial === null ? null : { meterId: row.meter_id, serial: row.serial },
      ...(row.is_gateway && { isGateway: true }),
    },
  };
}

/** Whose certificate of our own authority it is; null where we did not sign it, or it or its device is revoked. */
export async function findCertificate(
  from: Queryable,
  certificate: { serial: string; spki: Uint8Array },
): Promise<{ deviceId: string } | null> {
  const { rows } = await from.query<{ device_id: string }>({
    name: 'metering-find-certificate',
    text: `SELECT d.device_id FROM metering.device_certificate c JOIN metering.device d USING (device_no)
            WHERE c.serial = $1 AND c.spki_sha256 = $2 AND c.revoked_at IS NULL AND d.revoked_at IS NULL`,
    values: [certificate.serial, certificate.spki],
  });
  return rows[0] === undefined ? null : { deviceId: rows[0].device_id };
}

/** The devices that may show this key: one, but for modules that share a key by their maker's mistake. */
export async function findPinned(from: Queryable, spki: Uint8Array): Promise<string[]> {
  const { rows } = await from.query<{ device_id: string }>({
    name: 'metering-find-pinned',
    text: `SELECT d.device_id FROM metering.device_pin p JOIN metering.device d USING (device_no)
            WHERE p.spki_sha256 = $1 AND d.revoked_at IS NULL LIMIT 100`,
    values: [spki],
  });
  return rows.map(({ device_id }) => device_id);
}

/** DER of our own authorities' certificates. */
export async function listAuthorities(from: Queryable): Promise<Buffer[]> {
  const { rows } = await from.query<{ certificate: Buffer }>(
    'SELECT certificate FROM metering.device_ca ORDER BY ca_id',
  );
  return rows.map(({ certificate }) => certificate);
}

/**
 * Devices changed by transactions that were not visible at the last look, however late they committed.
 *
 * @param since what the last look gave as `next`; null only begins
 */
export async function changedDevices(
  from: Queryable,
  since: string | null,
): Promise<{ deviceIds: string[]; next: string }> {
  const { rows } = await from.query<{ next: string; device_id: string | null }>({
    name: 'metering-changed-devices',
    text: `WITH now AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS low, pg_snapshot_xmax(pg_current_snapshot()) AS high)
           SELECT now.low::text AS next, d.device_id
             FROM now LEFT JOIN metering.device d ON d.changed_xid >= $1::xid8 AND d.changed_xid < now.high`,
    values: [since ?? '18446744073709551615'],
  });
  return { deviceIds: rows.flatMap(({ device_id }) => device_id ?? []), next: rows[0]?.next ?? '0' };
}

/** Puts secrets of the first version under the key; what another process did meanwhile is left as it is. */
export async function raiseSecrets(pool: Pool, keyed: (hash: Uint8Array) => Buffer, atOnce: number): Promise<number> {
  let raised = 0;
  for (let after = 0; ; ) {
    const { rows } = await pool.query<{ device_no: number; secret_hash: Buffer }>(
      `SELECT device_no, secret_hash FROM metering.device
        WHERE secret_scheme = 1 AND device_no > $1 AND secret_hash IS NOT NULL ORDER BY device_no LIMIT $2`,
      [after, atOnce],
    );
    const last = rows.at(-1);
    if (last === undefined) return raised;
    after = last.device_no;
    await pool.query(
      `UPDATE metering.device d SET secret_hash = u.new, secret_scheme = 2
         FROM unnest($1::int[], $2::bytea[], $3::bytea[]) AS u(device_no, old, new)
        WHERE d.device_no = u.device_no AND d.secret_scheme = 1 AND d.secret_hash = u.old`,
      [
        rows.map(({ device_no }) => device_no),
        rows.map(({ secret_hash }) => secret_hash),
        rows.map(({ secret_hash }) => keyed(secret_hash)),
      ],
    );
    raised += rows.length;
  }
}
