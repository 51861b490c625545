// Watches over the devices connected to this process: ends a connection as soon as what it was opened with is no longer
// good, tells clones, and reports those that send too much.
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { DeviceAuth } from './device-auth-service.ts';
import { CloneDetector } from './device-clones.ts';
import type { DeviceLinks, DeviceSession } from './device-credential.ts';
import { announceSessions, type DeviceEventKind, putDeviceEvent } from './device-event-store.ts';
import { deviceLimits } from './device-limits.ts';
import { TokenBucket } from './device-rate.ts';
import { changedDevices } from './device-store.ts';
import type { DeviceTrust } from './device-trust-service.ts';

export interface DeviceWatchOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  auth: Pick<DeviceAuth, 'goodUntil' | 'forget'>;
  trust: Pick<DeviceTrust, 'isVouchedFor'> | null;
  /** Names this process among those on one database; without spaces. */
  processId: string;
  messagesPerSecond: number;
}

interface Watched {
  session: DeviceSession;
  opened_ms: number;
  until_ms: number;
}

export interface DeviceWatch {
  attach(links: Pick<DeviceLinks, 'disconnect'>): void;
  opened(session: DeviceSession): void;
  /** @returns whether the device is not connected here any more; false where a newer connection took its place */
  closed(session: DeviceSession): boolean;
  bucketOf(session: DeviceSession): TokenBucket;
  throttled(session: DeviceSession): void;
  trespassed(device: { deviceNo: number }, reason: string): void;
  /** What channel `naru_device` says: the device's rights may have changed. */
  changed(deviceId: string): void;
  /** What channel `naru_session` says: a process took a connection. */
  announced(line: string): void;
  /** Makes good what a lost notification would have told, and ends what has run out. */
  check(): Promise<void>;
  raise(deviceNo: number, kind: DeviceEventKind, detail: string): void;
}

export function createDeviceWatch(options: DeviceWatchOptions): DeviceWatch {
  const { pool, clock, logger, auth, trust, processId } = options;
  const watched = new Map<string, Watched>();
  const unchecked = new Set<string>();
  const clones = new CloneDetector();
  const floodReported = new Map<number, number>();
  const announcements: string[] = [];
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name: `naru_device_${name}`, help, labelNames: [label], registers: [options.metrics] });
  const cuts = counter(
    'cuts_total',
    'Connections ended because what they were opened with is no longer good',
    'reason',
  );
  const events = counter('events_total', 'Times that something looked wrong with a device', 'kind');
  let links: Pick<DeviceLinks, 'disconnect'> | null = null;
  let announcing: NodeJS.Timeout | null = null;
  let since: string | null = null;

  function cut(deviceId: string, reason: 'revoked' | 'expired' | 'taken_over'): void {
    cuts.inc({ reason });
    links?.disconnect(deviceId);
  }

  /** @returns false where the database could not be asked */
  async function recheck(deviceId: string): Promise<boolean> {
    const one = watched.get(deviceId);
    if (one === undefined) return true;
    try {
      const until_ms = await auth.goodUntil(deviceId, one.session.credential);
      // The device may have come anew meanwhile, with what is good now.
      if (watched.get(deviceId) !== one) return true;
      one.until_ms = until_ms;
      if (until_ms <= clock.now_ms()) cut(deviceId, 'revoked');
      return true;
    } catch {
      return false;
    }
  }

  function changed(deviceId: string): void {
    auth.forget(deviceId);
    if (!watched.has(deviceId)) return;
    void recheck(deviceId).then((done) => {
      if (!done) unchecked.add(deviceId);
    });
  }

  function raise(deviceNo: number, kind: DeviceEventKind, detail: string): void {
    events.inc({ kind });
    putDeviceEvent(pool, { deviceNo, kind, detail, at: new Date(clock.now_ms()) }).catch((error: Error) =>
      logger.warn({ err: error, kind }, 'an event of a device could not be kept'),
    );
  }

  function tookOver({ session }: Watched, address: string): void {
    const flapping = clones.takeover(session.deviceId, session.address, address, clock.now_ms());
    if (flapping === null) return;
    const { takeovers, addresses } = flapping;
    const from = addresses.slice(0, 8).join(', ');
    raise(session.deviceNo, 'clone', `${takeovers} connections took each other's place, from ${from}`);
  }

  function announce(line: string): void {
    announcements.push(line);
    if (announcing !== null) return;
    announcing = setTimeout(() => {
      announcing = null;
      announceSessions(pool, announcements.splice(0)).catch((error: Error) =>
        logger.warn({ err: error }, 'connections could not be told to other processes'),
      );
    }, deviceLimits.announceAfter_ms).unref();
  }

  return {
    changed,
    raise,
    attach: (given) => {
      links = given;
    },
    opened: (session) => {
      const { deviceId, address, credential } = session;
      const before = watched.get(deviceId);
      const opened_ms = clock.now_ms();
      watched.set(deviceId, { session, opened_ms, until_ms: credential.until_ms ?? Number.POSITIVE_INFINITY });
      if (before !== undefined) tookOver(before, address);
      announce(`${processId} ${opened_ms} ${address} ${deviceId}`);
    },
    closed: (session) => {
      return watched.get(session.deviceId)?.session === session && watched.delete(session.deviceId);
    },
    bucketOf: ({ isGateway }) => {
      const perSecond = options.messagesPerSecond * (isGateway ? deviceLimits.gatewayAsDevices : 1);
      return new TokenBucket(clock, perSecond, perSecond * deviceLimits.burst_s);
    },
    throttled: ({ deviceNo }) => {
      const now_ms = clock.now_ms();
      if ((floodReported.get(deviceNo) ?? 0) > now_ms - deviceLimits.floodAgain_ms) return;
      floodReported.set(deviceNo, now_ms);
      raise(deviceNo, 'flood', `sends more than ${options.messagesPerSecond} messages a second; it is held up`);
    },
    trespassed: ({ deviceNo }, reason) => raise(deviceNo, 'trespass', `was closed for what it may not do: ${reason}`),
    announced: (line) => {
      const [from = '', opened = '', address = '', deviceId = ''] = line.split(' ');
      const one = watched.get(deviceId);
      if (from === processId || one === undefined) return;
      // The later connection stays. [MQTT-3.1.4-2] Of two in one millisecond, that of the greater name.
      const isLater = Number(opened) - one.opened_ms || (from > processId ? 1 : -1);
      if (isLater < 0) return;
      tookOver(one, address);
      cut(deviceId, 'taken_over');
    },
    check: async () => {
      const now_ms = clock.now_ms();
      for (const [deviceNo, at_ms] of floodReported) {
        if (at_ms <= now_ms - deviceLimits.floodAgain_ms) floodReported.delete(deviceNo);
      }
      for (const [deviceId, { session, until_ms }] of watched) {
        if (until_ms <= now_ms) cut(deviceId, 'expired');
        else if (trust !== null && !trust.isVouchedFor(session.credential)) cut(deviceId, 'revoked');
      }
      const { deviceIds, next } = await changedDevices(pool, since);
      since = next;
      for (const deviceId of new Set([...deviceIds, ...unchecked])) {
        auth.forget(deviceId);
        if (await recheck(deviceId)) unchecked.delete(deviceId);
        else unchecked.add(deviceId);
      }
    },
  };
}
