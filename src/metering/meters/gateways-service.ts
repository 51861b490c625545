// Registers gateways and grants them devices: what each may publish for, and nothing else.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { type DeviceSecrets, newDeviceSecret, shortestSecret_chars } from '../intake/device-secret.ts';
import {
  deleteGrant,
  findGatewayNo,
  type GatewayRow,
  type GrantRow,
  listGateways,
  listGrants,
  notGrantable,
  putGateway,
  putGrants,
} from './gateways-store.ts';
import { isDeviceKnown, putDevice } from './provision-store.ts';

/** What a gateway can forward: wireless M-Bus telegrams as they are, or the messages of a LoRaWAN network server. */
export const gatewayFormats = ['wmbus', 'chirpstack', 'ttn'] as const;

export interface GatewayEntry {
  /** MQTT client id and user name, as a device has one. */
  gatewayId: string;
  formats: readonly (typeof gatewayFormats)[number][];
  /** At least 22 characters. Absent: a new gateway is given one, a known one keeps its own. */
  secret?: string;
}

export interface GatewaysService {
  /**
   * Said again it changes nothing but formats and secret.
   * @returns the secret where it was given or made now, else null
   * @throws SECRET_TOO_WEAK, CONFLICT where a meter's device has the id
   */
  registerGateway(entry: GatewayEntry): Promise<{ secret: string | null }>;
  listGateways(): Promise<GatewayRow[]>;
  /** @throws GATEWAY_UNKNOWN, REQUEST_INVALID for a device that is not registered or is a gateway itself */
  grant(gatewayId: string, grants: readonly { address: string; deviceId: string }[]): Promise<void>;
  /** @throws GATEWAY_UNKNOWN, NOT_FOUND where there is no such grant */
  withdraw(gatewayId: string, address: string): Promise<void>;
  /** Grants by address, from after `after`; `next` is null on the last page. @throws GATEWAY_UNKNOWN */
  listGrants(gatewayId: string, after: string, most: number): Promise<{ grants: GrantRow[]; next: string | null }>;
}

/** A utility has concentrators by the hundred. */
const mostListed = 1_000;

export function createGatewaysService(
  pool: Pool,
  clock: Clock,
  random: Random,
  secrets: DeviceSecrets,
): GatewaysService {
  async function gatewayNo(gatewayId: string): Promise<number> {
    const found = await findGatewayNo(pool, gatewayId);
    if (found === null) throw problem('GATEWAY_UNKNOWN', `no gateway is registered as ${gatewayId}; register it first`);
    return found;
  }

  return {
    registerGateway: async ({ gatewayId, formats, secret: given }) => {
      if (given !== undefined && given.length < shortestSecret_chars) {
        const detail = `the secret has fewer than ${shortestSecret_chars} characters; leave it out to be given one`;
        throw problem('SECRET_TOO_WEAK', detail);
      }
      return inTransaction(pool, async (transaction) => {
        const known = await isDeviceKnown(transaction, gatewayId);
        if (known && (await findGatewayNo(transaction, gatewayId)) === null) {
          throw problem('CONFLICT', `${gatewayId} is the id of a meter's device; give the gateway another`);
        }
        const secret = given ?? (known ? null : newDeviceSecret(random));
        const hash = secret === null ? null : secrets.hashOf(gatewayId, secret);
        const deviceNo = await putDevice(transaction, { deviceId: gatewayId, formats }, hash);
        await putGateway(transaction, deviceNo, clock.now_ms());
        return { secret };
      });
    },
    listGateways: () => listGateways(pool, mostListed),
    grant: async (gatewayId, grants) => {
      const no = await gatewayNo(gatewayId);
      await inTransaction(pool, async (transaction) => {
        const wrong = await notGrantable(
          transaction,
          grants.map(({ deviceId }) => deviceId),
        );
        if (wrong.length > 0) {
          const named = wrong.slice(0, 10).join(', ');
          throw problem('REQUEST_INVALID', `not registered as devices of meters: ${named}; register them first`);
        }
        await putGrants(transaction, no, grants, clock.now_ms());
      });
    },
    withdraw: async (gatewayId, address) => {
      if (!(await deleteGrant(pool, await gatewayNo(gatewayId), address))) {
        throw problem('NOT_FOUND', `the gateway was not granted ${address}`);
      }
    },
    listGrants: async (gatewayId, after, most) => {
      const grants = await listGrants(pool, await gatewayNo(gatewayId), after, most + 1);
      const page = grants.slice(0, most);
      return { grants: page, next: grants.length > most ? (page.at(-1)?.address ?? null) : null };
    },
  };
}
