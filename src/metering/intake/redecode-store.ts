// The SQL of decoding again what lies in quarantine.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { Device } from './uplink.ts';

/** Which uplinks in quarantine; null for any. */
export interface QuarantineFilter {
  code: string | null;
  deviceId: string | null;
  since_ms: number | null;
}

export interface QuarantinedUplink {
  uplinkId: number;
  receivedAt_ms: number;
  format: string;
  payload: Buffer;
  code: string;
  detail: string;
  /** As it is registered now, with the meter that was its own when the uplink was received. */
  device: Device;
}

interface Row {
  uplink_id: number;
  received_ms: number;
  format: string;
  payload: Buffer;
  code: string;
  detail: string;
  device_no: number;
  device_id: string;
  formats: string[];
  payload_key: Buffer | null;
  meter_id: number | null;
  serial: string | null;
}

/** The next ones after `after`, oldest first, locked until the transaction ends; those that another holds are left out. */
export async function takeQuarantined(
  from: Transaction,
  filter: QuarantineFilter,
  after: { receivedAt_ms: number; uplinkId: number } | null,
  limit: number,
): Promise<QuarantinedUplink[]> {
  const { rows } = await from.query<Row>(
    `WITH taken AS (
       SELECT q.uplink_id, q.received_at, q.code, q.detail, q.device_no FROM metering.quarantine q
         JOIN metering.device d USING (device_no)
        WHERE ($1::text IS NULL OR q.code = $1) AND ($2::text IS NULL OR d.device_id = $2)
          AND ($3::float8 IS NULL OR q.received_at >= to_timestamp($3::float8 / 1000))
          AND ($4::float8 IS NULL OR (q.received_at, q.uplink_id) > (to_timestamp($4::float8 / 1000), $5::bigint))
        ORDER BY q.received_at, q.uplink_id LIMIT $6 FOR UPDATE OF q SKIP LOCKED)
     SELECT t.uplink_id, extract(epoch FROM t.received_at)::float8 * 1000 AS received_ms, u.format, u.payload, t.code, t.detail,
            d.device_no, d.device_id, d.formats, d.payload_key, m.meter_id, m.serial
       FROM taken t
      CROSS JOIN LATERAL metering.find_uplink(t.uplink_id) u
       JOIN metering.device d ON d.device_no = t.device_no
       LEFT JOIN metering.radio_install r ON r.device_no = t.device_no AND r.from_at <= t.received_at
         AND (r.until_at IS NULL OR r.until_at > t.received_at)
       LEFT JOIN metering.meter m ON m.meter_id = r.meter_id
      ORDER BY t.received_at, t.uplink_id`,
    [filter.code, filter.deviceId, filter.since_ms, after?.receivedAt_ms ?? null, after?.uplinkId ?? null, limit],
  );
  return rows.map((row) => ({
    uplinkId: row.uplink_id,
    // Microseconds are the store's grain.
    receivedAt_ms: Math.round(row.received_ms * 1_000) / 1_000,
    ...{ format: row.format, payload: row.payload, code: row.code, detail: row.detail },
    device: {
      deviceNo: row.device_no,
      deviceId: row.device_id,
      formats: row.formats,
      payloadKey: row.payload_key,
      meter: row.meter_id === null || row.serial === null ? null : { meterId: row.meter_id, serial: row.serial },
    },
  }));
}

/** Out of quarantine, and by which decoder. */
export async function clearQuarantine(
  to: Queryable,
  cleared: readonly { uplinkId: number; format: string; decoderVersion: number | null }[],
): Promise<void> {
  await to.query('DELETE FROM metering.quarantine WHERE uplink_id = ANY($1::bigint[])', [
    cleared.map(({ uplinkId }) => uplinkId),
  ]);
  for (const { uplinkId, format, decoderVersion } of cleared) {
    await to.query(
      `UPDATE metering.uplink_pack p
          SET formats[($1::bigint - first_id + 1)::int] = $2, decoder_versions[($1::bigint - first_id + 1)::int] = $3
        WHERE first_id = (SELECT max(first_id) FROM metering.uplink_pack WHERE first_id <= $1::bigint)`,
      [uplinkId, format, decoderVersion],
    );
  }
}

/** What the present decoders say of it now. */
export async function changeReason(to: Queryable, uplinkId: number, code: string, detail: string): Promise<void> {
  await to.query('UPDATE metering.quarantine SET code = $2, detail = $3 WHERE uplink_id = $1', [
    uplinkId,
    code,
    detail,
  ]);
}
