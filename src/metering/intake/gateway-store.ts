// The SQL that finds the devices gateways publish for.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Device } from './uplink.ts';

/** @param device null where the gateway was not granted the address, or what it was granted is revoked */
export type Grant = { isGateway: false } | { isGateway: true; device: Device | null };

/** @returns for each that is asked, in order, what holds at this moment */
export async function findGrants(
  from: Queryable,
  asked: readonly { gatewayNo: number; address: string }[],
): Promise<Grant[]> {
  const { rows } = await from.query<{
    gateway_no: number | null;
    device_no: number | null;
    device_id: string;
    formats: string[];
    payload_key: Buffer | null;
    meter_id: number | null;
    serial: string | null;
  }>({
    name: 'metering-find-grants',
    text: `SELECT g.device_no AS gateway_no, d.device_no, d.device_id, d.formats, d.payload_key, m.meter_id, m.serial
             FROM unnest($1::int[], $2::text[]) WITH ORDINALITY AS asked (gateway_no, address, place)
             LEFT JOIN metering.gateway g ON g.device_no = asked.gateway_no
             LEFT JOIN metering.gateway_grant t ON t.gateway_no = g.device_no AND t.address = asked.address
             LEFT JOIN metering.device d ON d.device_no = t.device_no AND d.revoked_at IS NULL
             LEFT JOIN metering.radio_install r ON r.device_no = d.device_no AND r.until_at IS NULL
             LEFT JOIN metering.meter m ON m.meter_id = r.meter_id
            ORDER BY asked.place`,
    values: [asked.map(({ gatewayNo }) => gatewayNo), asked.map(({ address }) => address)],
  });
  return rows.map((row) => {
    if (row.gateway_no === null) return { isGateway: false };
    if (row.device_no === null) return { isGateway: true, device: null };
    return {
      isGateway: true,
      device: {
        deviceNo: row.device_no,
        deviceId: row.device_id,
        formats: row.formats,
        payloadKey: row.payload_key,
        meter: row.meter_id === null || row.serial === null ? null : { meterId: row.meter_id, serial: row.serial },
      },
    };
  });
}
