// The SQL of gateways and of what they were granted.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

export interface GatewayRow {
  gateway_id: string;
  formats: string[];
  registered_at: Date;
  revoked: boolean;
  grants: number;
}

export interface GrantRow {
  address: string;
  device_id: string;
  granted_at: Date;
}

/** @returns the gateway's number in the store; null where there is none */
export async function findGatewayNo(from: Queryable, gatewayId: string): Promise<number | null> {
  const { rows } = await from.query<{ device_no: number }>(
    'SELECT device_no FROM metering.gateway JOIN metering.device USING (device_no) WHERE device_id = $1',
    [gatewayId],
  );
  return rows[0]?.device_no ?? null;
}

export async function putGateway(to: Transaction, deviceNo: number, at_ms: number): Promise<void> {
  await to.query(
    'INSERT INTO metering.gateway (device_no, registered_at) VALUES ($1, to_timestamp($2::float8 / 1000)) ON CONFLICT DO NOTHING',
    [deviceNo, at_ms],
  );
}

export async function listGateways(from: Queryable, most: number): Promise<GatewayRow[]> {
  const { rows } = await from.query<GatewayRow>(
    `SELECT device_id AS gateway_id, formats, registered_at, revoked_at IS NOT NULL AS revoked,
            (SELECT count(*) FROM metering.gateway_grant t WHERE t.gateway_no = g.device_no) AS grants
       FROM metering.gateway g JOIN metering.device USING (device_no) ORDER BY device_id LIMIT $1`,
    [most],
  );
  return rows;
}

/** By address, from after `after`. */
export async function listGrants(from: Queryable, gatewayNo: number, after: string, most: number): Promise<GrantRow[]> {
  const { rows } = await from.query<GrantRow>(
    `SELECT address, device_id, granted_at FROM metering.gateway_grant JOIN metering.device USING (device_no)
      WHERE gateway_no = $1 AND address COLLATE "C" > $2 ORDER BY address COLLATE "C" LIMIT $3`,
    [gatewayNo, after, most],
  );
  return rows;
}

/** @returns the ids among them that are no device, or are a gateway: neither can be granted */
export async function notGrantable(from: Transaction, deviceIds: readonly string[]): Promise<string[]> {
  const { rows } = await from.query<{ device_id: string }>(
    `SELECT DISTINCT device_id FROM unnest($1::text[]) AS asked (device_id)
      WHERE NOT EXISTS (SELECT FROM metering.device d WHERE d.device_id = asked.device_id AND NOT EXISTS
              (SELECT FROM metering.gateway g WHERE g.device_no = d.device_no))
      ORDER BY device_id`,
    [deviceIds],
  );
  return rows.map(({ device_id }) => device_id);
}

/** An address that was another device's is this one's from here on. */
export async function putGrants(
  to: Transaction,
  gatewayNo: number,
  grants: readonly { address: string; deviceId: string }[],
  at_ms: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.gateway_grant (gateway_no, address, device_no, granted_at)
     SELECT $1, given.address, d.device_no, to_timestamp($4::float8 / 1000)
       FROM unnest($2::text[], $3::text[]) AS given (address, device_id) JOIN metering.device d USING (device_id)
     ON CONFLICT (gateway_no, address) DO UPDATE SET device_no = EXCLUDED.device_no, granted_at = EXCLUDED.granted_at
      WHERE gateway_grant.device_no <> EXCLUDED.device_no`,
    [gatewayNo, grants.map(({ address }) => address), grants.map(({ deviceId }) => deviceId), at_ms],
  );
}

/** @returns whether there was one */
export async function deleteGrant(from: Queryable, gatewayNo: number, address: string): Promise<boolean> {
  const { rowCount } = await from.query('DELETE FROM metering.gateway_grant WHERE gateway_no = $1 AND address = $2', [
    gatewayNo,
    address,
  ]);
  return rowCount === 1;
}
