// Decides whether a connection is the device it says it is.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { CertificateProof, DeviceCredential } from './device-credential.ts';
import { type DeviceSecrets, isSameHash } from './device-secret.ts';
import { findCertificate, findDevice, findPinned, type StoredDevice } from './device-store.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Device } from './uplink.ts';

/** `identity`: client id, user name and certificate differ, or are no device (CONNACK 5). `secret`: wrong or unknown (CONNACK 4). */
export type Authentication =
  | { accepted: true; device: Device; credential: DeviceCredential }
  | { accepted: false; reason: 'identity' | 'secret' };

export interface DeviceAuth {
  /**
   * @param proof of the client certificate that the connection was opened with; then no secret is asked for
   * @throws the database's error where the device can't be looked up now
   */
  authenticate(
    clientId: string,
    userName: string | undefined,
    secret: Uint8Array | undefined,
    proof?: CertificateProof,
  ): Promise<Authentication>;
  /**
   * Until when what a connection was let in with would let it in again, as far as is known now: Infinity for no end, 0
   * where it would not.
   *
   * @throws the database's error
   */
  goodUntil(deviceId: string, credential: DeviceCredential): Promise<number>;
  /** What is remembered of the device may be outdated, also where it is being looked up right now. */
  forget(deviceId: string): void;
}

const DEVICE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

export function createDeviceAuth(pool: Pool, clock: Clock, secrets: DeviceSecrets): DeviceAuth {
  // Known devices for a minute: a fleet that comes back at once asks once a device however often each one tries. Unknown
  // ids are not kept, so that nobody can fill the memory with them or hide a device that is registered a second later.
  const cache = new Map<string, { until_ms: number; stored: StoredDevice }>();
  const asking = new Map<string, Set<{ outdated: boolean }>>();

  async function find(deviceId: string): Promise<StoredDevice | null> {
    const cached = cache.get(deviceId);
    if (cached !== undefined && cached.until_ms > clock.now_ms()) return cached.stored;
    cache.delete(deviceId);
    const stored = await whileUnchanged(deviceId, () => findDevice(pool, deviceId));
    if (stored === null) return null;
    if (cache.size >= intakeLimits.cachedDevices) dropOldest();
    cache.set(deviceId, { until_ms: clock.now_ms() + intakeLimits.cachedDevice_ms, stored });
    return stored;
  }

  /** An answer of before a change must not be used after it: the notification of the change may have come in between. */
  async function whileUnchanged<T>(deviceId: string, ask: () => Promise<T>): Promise<T> {
    const mark = { outdated: false };
    const marks = asking.get(deviceId) ?? new Set();
    asking.set(deviceId, marks.add(mark));
    try {
      for (;;) {
        mark.outdated = false;
        const answer = await ask();
        if (!mark.outdated) return answer;
      }
    } finally {
      marks.delete(mark);
      if (marks.size === 0) asking.delete(deviceId);
    }
  }

  function dropOldest(): void {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }

  function forget(deviceId: string): void {
    cache.delete(deviceId);
    for (const mark of asking.get(deviceId) ?? []) mark.outdated = true;
  }

  function secretShown(stored: StoredDevice, deviceId: string, secret: Uint8Array): DeviceCredential | null {
    const hash = secrets.hashOf(deviceId, secret);
    if (isSameHash(stored.secretHash, hash)) return { kind: 'secret', hash, until_ms: null };
    const { former } = stored;
    if (former === null || former.until_ms <= clock.now_ms() || !isSameHash(former.hash, hash)) return null;
    return { kind: 'secret', hash, until_ms: former.until_ms };
  }

  async function withCertificate(
    clientId: string,
    { deviceIds, credential }: CertificateProof,
  ): Promise<Authentication> {
    if (!deviceIds.includes(clientId)) return { accepted: false, reason: 'identity' };
    const found = await whileUnchanged(clientId, async () => {
      const stored = await findDevice(pool, clientId);
      return stored !== null && (await isKeyGood(clientId, credential)) ? stored : null;
    });
    if (found === null) return { accepted: false, reason: 'identity' };
    return { accepted: true, device: found.device, credential };
  }

  /** As the database knows it; a foreign authority's revocations are not there but in its lists. */
  async function isKeyGood(deviceId: string, credential: DeviceCredential): Promise<boolean> {
    if (credential.kind === 'certificate') return (await findCertificate(pool, credential))?.deviceId === deviceId;
    if (credential.kind === 'pin') return (await findPinned(pool, credential.spki)).includes(deviceId);
    return true;
  }

  return {
    forget,
    authenticate: async (clientId, userName, secret, proof) => {
      if (!DEVICE_ID.test(clientId)) return { accepted: false, reason: 'identity' };
      if (proof !== undefined) {
        if (userName !== undefined && userName !== clientId) return { accepted: false, reason: 'identity' };
        return withCertificate(clientId, proof);
      }
      if (userName !== clientId) return { accepted: false, reason: 'identity' };
      if (secret === undefined) return { accepted: false, reason: 'secret' };
      const stored = await find(clientId);
      const credential = stored === null ? null : secretShown(stored, clientId, secret);
      if (stored !== null && credential !== null) return { accepted: true, device: stored.device, credential };
      // A secret changed a moment ago must not be refused for a minute.
      cache.delete(clientId);
      return { accepted: false, reason: 'secret' };
    },
    goodUntil: async (deviceId, credential) => {
      const stored = await findDevice(pool, deviceId);
      if (stored === null) return 0;
      if (credential.kind !== 'secret') {
        return (await isKeyGood(deviceId, credential)) ? (credential.until_ms ?? Number.POSITIVE_INFINITY) : 0;
      }
      if (isSameHash(stored.secretHash, credential.hash)) return Number.POSITIVE_INFINITY;
      return stored.former !== null && isSameHash(stored.former.hash, credential.hash) ? stored.former.until_ms : 0;
    },
  };
}
