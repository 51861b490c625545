// What the broker tells about connected devices to those who have business with them.
import type { DeviceSession } from './device-credential.ts';
import type { TokenBucket } from './device-rate.ts';
import type { Device } from './uplink.ts';

export interface DeviceHooks {
  /** Accepted, before anything of it was read. Called in the same turn in which its rights were found good. */
  opened(session: DeviceSession): void;
  closed(session: DeviceSession): void;
  /** How much the connection may send. */
  bucketOf(session: DeviceSession): TokenBucket;
  /** It is held up, because it sent more. */
  throttled(session: DeviceSession): void;
  /** It published or subscribed where it may not, and is closed. @param reason one word of the topic rules */
  trespassed(device: Device, reason: string): void;
  /** It listens on its `down` topic now. */
  listening(deviceId: string): void;
  /** An uplink of it was stored. */
  heard(deviceId: string): void;
  /** It answered a command. Resolves when that is stored; only then it is told. */
  acknowledged(device: Device, payload: Uint8Array): Promise<void>;
}
