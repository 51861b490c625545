// Which device a topic of the cluster means. The cluster has authenticated it; here it only has to be known.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { findDevice } from './device-store.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Device } from './uplink.ts';

export interface ClusterDevices {
  /** A device that was asked for less than a minute ago; undefined where `find` has to be asked. */
  known(deviceId: string): Device | undefined;
  /**
   * Null where none of that id is registered, or it is revoked.
   * @throws the database's error where it can't be looked up now
   */
  find(deviceId: string): Promise<Device | null>;
}

export function createClusterDevices(pool: Pool, clock: Clock): ClusterDevices {
  const cache = new Map<string, { until_ms: number; device: Device }>();
  const asking = new Map<string, Promise<Device | null>>();

  async function ask(deviceId: string): Promise<Device | null> {
    try {
      const stored = await findDevice(pool, deviceId);
      if (stored === null) return null;
      if (cache.size >= intakeLimits.cluster.cachedDevices) dropOldest();
      cache.set(deviceId, { until_ms: clock.now_ms() + intakeLimits.cachedDevice_ms, device: stored.device });
      return stored.device;
    } finally {
      asking.delete(deviceId);
    }
  }

  function dropOldest(): void {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }

  return {
    known(deviceId) {
      const cached = cache.get(deviceId);
      if (cached === undefined || cached.until_ms > clock.now_ms()) return cached?.device;
      cache.delete(deviceId);
      return undefined;
    },
    find(deviceId) {
      const asked = asking.get(deviceId) ?? ask(deviceId);
      asking.set(deviceId, asked);
      return asked;
    },
  };
}
