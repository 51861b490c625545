// The SQL of what devices may show: secrets, pinned keys, certificates of our own authority, claim codes.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

export interface DeviceRow {
  device_no: number;
  device_id: string;
  formats: string[];
  meter_serial: string | null;
  has_secret: boolean;
  former_secret_until: Date | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
}

const DEVICE = `SELECT d.device_no, d.device_id, d.formats, m.serial AS meter_serial, d.secret_hash IS NOT NULL AS has_secret,
         d.former_secret_until, d.revoked_at, d.revoked_reason
    FROM metering.device d
    LEFT JOIN metering.radio_install r ON r.device_no = d.device_no AND r.until_at IS NULL
    LEFT JOIN metering.meter m ON m.meter_id = r.meter_id`;

export async function findDeviceRow(from: Queryable, deviceId: string): Promise<DeviceRow | null> {
  const { rows } = await from.query<DeviceRow>(`${DEVICE} WHERE d.device_id = $1`, [deviceId]);
  return rows[0] ?? null;
}

/** Nobody else changes what the device may show until the transaction ends. */
export async function lockDevice(to: Transaction, deviceId: string): Promise<DeviceRow | null> {
  const { rows } = await to.query<DeviceRow>(`${DEVICE} WHERE d.device_id = $1 FOR NO KEY UPDATE OF d`, [deviceId]);
  return rows[0] ?? null;
}

/** By id. @param after the last id of the page before */
export async function listDeviceRows(
  from: Queryable,
  wanted: { after: string | null; search: string | null; revoked: boolean | null; limit: number },
): Promise<DeviceRow[]> {
  const { rows } = await from.query<DeviceRow>(
    `${DEVICE}
      WHERE ($1::text IS NULL OR d.device_id > $1)
        AND ($2::text IS NULL OR d.device_id ILIKE $2 OR m.serial ILIKE $2)
        AND ($3::boolean IS NULL OR (d.revoked_at IS NOT NULL) = $3)
      ORDER BY d.device_id LIMIT $4`,
    [
      wanted.after,
      wanted.search === null ? null : `%${wanted.search.replace(/[\\%_]/g, '\\$&')}%`,
      wanted.revoked,
      wanted.limit,
    ],
  );
  return rows;
}

/** @param formerUntil for how long the secret it had stays good; null: no longer */
export async function setSecret(
  to: Transaction,
  deviceNo: number,
  secretHash: Uint8Array | null,
  formerUntil: Date | null,
): Promise<void> {
  await to.query(
    `UPDATE metering.device
        SET secret_hash = $2, secret_scheme = 2,
            former_secret_hash = CASE WHEN $3::timestamptz IS NULL OR secret_scheme <> 2 THEN NULL ELSE secret_hash END,
            former_secret_until = CASE WHEN secret_hash IS NULL OR secret_scheme <> 2 THEN NULL ELSE $3 END
      WHERE device_no = $1`,
    [deviceNo, secretHash, formerUntil],
  );
}

/** `reason` null: it may connect again. */
export async function setRevoked(
  to: Transaction,
  deviceNo: number,
  revoked: { at: Date; reason: string } | null,
): Promise<void> {
  await to.query('UPDATE metering.device SET revoked_at = $2, revoked_reason = $3 WHERE device_no = $1', [
    deviceNo,
    revoked?.at ?? null,
    revoked?.reason ?? null,
  ]);
}

export async function listPins(from: Queryable, deviceNo: number): Promise<{ spki_sha256: Buffer; added_at: Date }[]> {
  const { rows } = await from.query<{ spki_sha256: Buffer; added_at: Date }>(
    'SELECT spki_sha256, added_at FROM metering.device_pin WHERE device_no = $1 ORDER BY added_at, spki_sha256',
    [deviceNo],
  );
  return rows;
}

export async function insertPin(to: Queryable, deviceNo: number, spki: Uint8Array, at: Date): Promise<void> {
  await to.query(
    `INSERT INTO metering.device_pin (device_no, spki_sha256, added_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [deviceNo, spki, at],
  );
}

/** @returns whether it was there */
export async function deletePin(to: Queryable, deviceNo: number, spki: Uint8Array): Promise<boolean> {
  const { rowCount } = await to.query('DELETE FROM metering.device_pin WHERE device_no = $1 AND spki_sha256 = $2', [
    deviceNo,
    spki,
  ]);
  return rowCount === 1;
}

export async function insertAuthority(to: Queryable, certificate: Uint8Array, at: Date): Promise<void> {
  await to.query('INSERT INTO metering.device_ca (certificate, created_at) VALUES ($1, $2)', [certificate, at]);
}

export async function listAuthorityRows(from: Queryable): Promise<{ ca_id: number; certificate: Buffer }[]> {
  const { rows } = await from.query<{ ca_id: number; certificate: Buffer }>(
    'SELECT ca_id, certificate FROM metering.device_ca ORDER BY ca_id DESC',
  );
  return rows;
}

export interface CertificateRow {
  serial: string;
  issued_at: Date;
  not_after: Date;
  revoked_at: Date | null;
  revoked_reason: string | null;
}

export async function insertCertificate(
  to: Queryable,
  certificate: { serial: string; caId: number; deviceNo: number; spki: Uint8Array; at: Date; notAfter: Date },
): Promise<void> {
  await to.query(
    `INSERT INTO metering.device_certificate (serial, ca_id, device_no, spki_sha256, issued_at, not_after)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      certificate.serial,
      certificate.caId,
      certificate.deviceNo,
      certificate.spki,
      certificate.at,
      certificate.notAfter,
    ],
  );
}

export async function listCertificates(from: Queryable, deviceNo: number): Promise<CertificateRow[]> {
  const { rows } = await from.query<CertificateRow>(
    `SELECT serial, issued_at, not_after, revoked_at, revoked_reason FROM metering.device_certificate
      WHERE device_no = $1 ORDER BY issued_at DESC, serial`,
    [deviceNo],
  );
  return rows;
}

/** @returns whose it is; null where it is none of ours. One revoked before stays as it was. */
export async function revokeCertificate(
  to: Queryable,
  serial: string,
  at: Date,
  reason: string,
): Promise<{ deviceNo: number } | null> {
  const { rows } = await to.query<{ device_no: number }>(
    `UPDATE metering.device_certificate
        SET revoked_at = COALESCE(revoked_at, $2), revoked_reason = COALESCE(revoked_reason, $3)
      WHERE serial = $1 RETURNING device_no`,
    [serial, at, reason],
  );
  return rows[0] === undefined ? null : { deviceNo: rows[0].device_no };
}

/** What belongs on an authority's list: revoked, and not run out yet. A revoked device's are on it. */
export async function listRevoked(from: Queryable, caId: number, at: Date): Promise<{ serial: string; at: Date }[]> {
  const { rows } = await from.query<{ serial: string; at: Date }>(
    `SELECT c.serial, COALESCE(c.revoked_at, d.revoked_at) AS at
       FROM metering.device_certificate c JOIN metering.device d USING (device_no)
      WHERE c.ca_id = $1 AND c.not_after > $2 AND COALESCE(c.revoked_at, d.revoked_at) IS NOT NULL
      ORDER BY c.serial`,
    [caId, at],
  );
  return rows;
}
