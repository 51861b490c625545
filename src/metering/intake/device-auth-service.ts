// Decides whether a connection is the device it says it is.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { isDeviceSecret } from './device-secret.ts';
import { findDevice, type StoredDevice } from './device-store.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Device } from './uplink.ts';

/** `identity`: client id and user name differ, or are no device id (CONNACK 5). `secret`: wrong or unknown (CONNACK 4). */
export type Authentication = { accepted: true; device: Device } | { accepted: false; reason: 'identity' | 'secret' };

export interface DeviceAuth {
  /** @throws the database's error where the device can't be looked up now */
  authenticate(clientId: string, userName: string | undefined, secret: Uint8Array | undefined): Promise<Authentication>;
}

const DEVICE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

export function createDeviceAuth(pool: Pool, clock: Clock): DeviceAuth {
  // Known devices for a minute: a fleet that comes back at once asks once a device however often each one tries. Unknown
  // ids are not kept, so that nobody can fill the memory with them or hide a device that is registered a second later.
  const cache = new Map<string, { until_ms: number; stored: StoredDevice }>();

  async function find(deviceId: string): Promise<StoredDevice | null> {
    const cached = cache.get(deviceId);
    if (cached !== undefined && cached.until_ms > clock.now_ms()) return cached.stored;
    cache.delete(deviceId);
    const stored = await findDevice(pool, deviceId);
    if (stored === null) return null;
    if (cache.size >= intakeLimits.cachedDevices) dropOldest();
    cache.set(deviceId, { until_ms: clock.now_ms() + intakeLimits.cachedDevice_ms, stored });
    return stored;
  }

  function dropOldest(): void {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }

  return {
    authenticate: async (clientId, userName, secret) => {
      if (userName !== clientId || !DEVICE_ID.test(clientId)) return { accepted: false, reason: 'identity' };
      if (secret === undefined) return { accepted: false, reason: 'secret' };
      const stored = await find(clientId);
      if (stored !== null && isDeviceSecret(stored.secretHash, clientId, secret)) {
        return { accepted: true, device: stored.device };
      }
      // A secret changed a moment ago must not be refused for a minute.
      if (stored !== null) cache.delete(clientId);
      return { accepted: false, reason: 'secret' };
    },
  };
}
