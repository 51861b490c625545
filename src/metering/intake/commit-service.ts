// Gathers uplinks across connections into batches and tells each when it is stored: never before, and always once it is.
//
// Redeliveries. A device that saw no PUBACK sends the packet again, with the same packet id and the same bytes. A reading
// that names its own time is one row however often it comes. A telegram without a clock is dated by its receipt, so its
// redelivery has to be known as such: it joins the first delivery while that is still in flight (the device came back
// before the commit), and is dropped when an uplink of that device, packet id and payload was stored within
// `redeliveryWindow_ms`. The window is short on purpose: a simple modem numbers every session from 1 and sends identical
// bytes each hour while no water runs, and then a long window would take a packet that never arrived for the stored one
// of an hour ago. What counts as redelivery without the DUP flag: see `repeatsBefore`.
//
// Through a cluster, the packet id is the cluster's, of the session that the copy holds there (cluster-topics.ts makes it
// unique). With DUP it tells as much as a device's own. But a cluster may also give what one copy did not acknowledge to
// another one, as a new packet; so there the same bytes of one device within `sameTelegram_ms` are one telegram, too.
import { decodeUplink } from './decode-uplink.ts';
import { intakeLimits } from './intake-limits.ts';
import { type StoreOptions, storeBatch, UNNUMBERED, UplinkIds, type Waiting } from './store-batch-service.ts';
import type { Delivery } from './uplink.ts';

/** Called once: `stored` true after the commit, false where it will never be stored by us and must not be acknowledged. */
export type Settled = (stored: boolean) => void;

export interface CommitQueue {
  /** Takes a delivery; its readings, or its place in quarantine, are committed before `settled(true)`. */
  add(delivery: Delivery, settled: Settled): void;
  inFlight(): number;
  /** Whether so much waits that nothing more should be read from devices. */
  isFull(): boolean;
  /** Calls back once when there is room again. */
  whenRoom(proceed: () => void): void;
  /** Commits what was taken; what is not stored within the limit is settled as not stored. */
  close(): Promise<void>;
}

interface Entry extends Waiting {
  settled: Settled[];
}

export interface CommitQueueOptions extends StoreOptions {
  /** IANA name of the zone that a meter's local time is meant in. */
  timeZone: string;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  return new Queue(options);
}

class Queue implements CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #ids: UplinkIds;
  #gathering: Entry[] = [];
  /** Entries in flight by device and packet id, for redeliveries that come before the commit. */
  readonly #byPacket = new Map<number, Entry>();
  #inFlight = 0;
  #inFlight_bytes = 0;
  #running = 0;
  #scheduled = false;
  #closing = false;
  #abandoned = false;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#ids = new UplinkIds(options.pool);
  }

  add(delivery: Delivery, settled: Settled): void {
    if (this.#closing) {
      settled(false);
      return;
    }
    const { metrics, timeZone } = this.#options;
    metrics().messages.inc();
    const packet = packetKey(delivery);
    const earlier = packet === null ? undefined : this.#byPacket.get(packet);
    const { device, receivedAt_ms, packetId, payload } = delivery;
    const before_ms = repeatsBefore(delivery);
    if (
      before_ms !== null &&
      earlier !== undefined &&
      earlier.uplink.receivedAt_ms < before_ms &&
      isSamePayload(earlier.uplink.payload, payload)
    ) {
      metrics().redelivered.inc();
      earlier.settled.push(settled);
      return;
    }
    const decoded = decodeUplink(delivery, timeZone);
    const entry: Entry = {
      uplink: {
        uplinkId: UNNUMBERED,
        deviceNo: device.deviceNo,
        receivedAt_ms,
        packetId,
        repeatsBefore_ms: before_ms,
        sameBytesWithin_ms: delivery.viaCluster && packetId !== null ? intakeLimits.cluster.sameTelegram_ms : 0,
        payload,
        ...decoded,
      },
      settled: [settled],
    };
    if (packet !== null) this.#byPacket.set(packet, entry);
    this.#inFlight += 1;
    this.#inFlight_bytes += payload.length;
    this.#gathering.push(entry);
    this.#schedule();
  }

  inFlight(): number {
    return this.#inFlight;
  }

  isFull(): boolean {
    return this.#inFlight >= intakeLimits.inFlightMessages || this.#inFlight_bytes >= intakeLimits.inFlight_bytes;
  }

  whenRoom(proceed: () => void): void {
    this.#waiting.push(proceed);
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#inFlight === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, intakeLimits.closeWithin_ms);
    });
    await Promise.race([new Promise<void>((resolve) => this.#idle.push(resolve)), late]);
    clearTimeout(timer);
    this.#abandoned = true;
    this.#settle(this.#gathering.splice(0), false);
  }

  /** Waits for the end of this turn of the event loop, so that what other sockets brought with it goes along. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= intakeLimits.commitConnections) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#gathering.length === 0 || this.#running >= intakeLimits.commitConnections) return;
    this.#running += 1;
    const batch = this.#takeBatch();
    try {
      await storeBatch(
        this.#options,
        this.#ids,
        batch,
        () => this.#abandoned,
        (part, stored) => this.#settle(part, stored),
      );
    } finally {
      this.#running -= 1;
      if (this.#gathering.length > 0) this.#schedule();
    }
  }

  #takeBatch(): Entry[] {
    let count = 0;
    let bytes = 0;
    for (const { uplink } of this.#gathering) {
      if (
        count === intakeLimits.batchMessages ||
        (count > 0 && bytes + uplink.payload.length > intakeLimits.batch_bytes)
      )
        break;
      count += 1;
      bytes += uplink.payload.length;
    }
    return this.#gathering.splice(0, count);
  }

  #settle(batch: Entry[], stored: boolean): void {
    for (const entry of batch) {
      this.#inFlight -= 1;
      this.#inFlight_bytes -= entry.uplink.payload.length;
      const packet = packetKey({ device: entry.uplink, packetId: entry.uplink.packetId });
      if (packet !== null && this.#byPacket.get(packet) === entry) this.#byPacket.delete(packet);
      for (const settled of entry.settled) settled(stored);
    }
    if (!this.isFull()) for (const proceed of this.#waiting.splice(0)) proceed();
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/**
 * Until when the first delivery must have been received for this to be its redelivery. With DUP, any time before. Without,
 * only on an earlier connection and just after this one began: clients send again what they kept before anything new,
 * and widely used ones do so without the DUP flag that [MQTT-3.3.1-1] asks for.
 */
function repeatsBefore({ packetId, redelivered, receivedAt_ms, connectedAt_ms, viaCluster }: Delivery): number | null {
  if (packetId === null) return null;
  if (redelivered) return receivedAt_ms;
  // A cluster says DUP where it is one.
  if (viaCluster) return null;
  return receivedAt_ms - connectedAt_ms < intakeLimits.resendAfterConnect_ms ? connectedAt_ms : null;
}

/** Device number and packet id as one integer; null for QoS 0, which is never redelivered. */
function packetKey(of: { device: { deviceNo: number }; packetId: number | null }): number | null {
  return of.packetId === null ? null : of.device.deviceNo * PACKET_IDS + of.packetId;
}

/** Devices' own packet ids end at 65,535; those of a cluster's sessions lie above, below this. */
const PACKET_IDS = 2 ** 26;

function isSamePayload(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
