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
import { decodeInto } from './decode-uplink.ts';
import { DeviceLanes } from './device-lane.ts';
import { intakeLimits } from './intake-limits.ts';
import { BatchStore, type StoreOptions } from './store-batch-service.ts';
import type { Delivery, Settled } from './uplink.ts';
import { UplinkBatch } from './uplink-batch.ts';

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

export interface CommitQueueOptions extends StoreOptions {
  /** IANA name of the zone that a meter's local time is meant in. */
  timeZone: string;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  return new Queue(options);
}

class Queue implements CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #store: BatchStore;
  readonly #lanes = new DeviceLanes(intakeLimits.rememberedDevices);
  #gathering = new UplinkBatch();
  /** Batches that are full and wait for a connection, oldest first. */
  #full: UplinkBatch[] = [];
  /** Those with an uplink that is not settled, for redeliveries that come before the commit. */
  readonly #unsettled = new Set<UplinkBatch>([this.#gathering]);
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
    this.#store = new BatchStore(options);
  }

  add(delivery: Delivery, settled: Settled): void {
    if (this.#closing) {
      settled(false, delivery.packetId);
      return;
    }
    const lane = this.#lanes.of(delivery.device, delivery.connectedAt_ms);
    const before_ms = repeatsBefore(delivery);
    // Without DUP only an earlier connection's uplinks can be meant, and hardly a device has one in flight.
    const mayBeInFlight = before_ms !== null && (delivery.redelivered || lane.hasEarlierInFlight());
    if (mayBeInFlight && this.#joined(delivery, before_ms, settled)) return;
    const batch = this.#gathering;
    batch.begin(lane, delivery, before_ms ?? Number.NaN, settled);
    decodeInto(batch, delivery, lane, this.#options.timeZone);
    this.#inFlight += 1;
    this.#inFlight_bytes += delivery.payload.length;
    if (isFull(batch)) this.#beginBatch();
    if (batch.count >= intakeLimits.commitAtOnceMessages && this.#mayCommit()) void this.#run();
    else this.#schedule();
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
    this.#beginBatch();
    for (const batch of this.#full.splice(0)) {
      this.#settle(
        batch,
        batch.lanes.map((_, uplink) => uplink),
        false,
      );
    }
  }

  /** Lets a redelivery wait for the commit of the delivery that it repeats, if that is in flight. */
  #joined({ device, packetId, payload }: Delivery, before_ms: number, settled: Settled): boolean {
    for (const batch of this.#unsettled) {
      const uplink = batch.find(device.deviceNo, packetId ?? -1, payload, before_ms);
      if (uplink < 0) continue;
      batch.join(uplink, settled);
      this.#options.metrics().messages.inc();
      this.#options.metrics().redelivered.inc();
      return true;
    }
    return false;
  }

  #beginBatch(): void {
    this.#full.push(this.#gathering);
    this.#gathering = new UplinkBatch();
    this.#unsettled.add(this.#gathering);
  }

  #mayCommit(): boolean {
    return this.#running < intakeLimits.commitConnections;
  }

  /** Waits for the end of this turn of the event loop, so that what other sockets brought with it goes along. */
  #schedule(): void {
    if (this.#scheduled || !this.#mayCommit()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (!this.#mayCommit()) return;
    if (this.#full.length === 0 && this.#gathering.count > 0) this.#beginBatch();
    const batch = this.#full.shift();
    if (batch === undefined) return;
    this.#running += 1;
    this.#options.metrics().messages.inc(batch.count);
    try {
      await this.#store.store(
        batch,
        () => this.#abandoned,
        (uplinks, stored) => this.#settle(batch, uplinks, stored),
      );
    } finally {
      this.#running -= 1;
      if (this.#full.length > 0 || this.#gathering.count > 0) this.#schedule();
    }
  }

  #settle(batch: UplinkBatch, uplinks: readonly number[], stored: boolean): void {
    for (const uplink of uplinks) {
      this.#inFlight -= 1;
      this.#inFlight_bytes -= batch.payloadLength(uplink);
      batch.settle(uplink, stored);
    }
    if (batch.unsettled === 0 && batch !== this.#gathering) {
      this.#unsettled.delete(batch);
      batch.release();
    }
    if (!this.isFull()) for (const proceed of this.#waiting.splice(0)) proceed();
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function isFull({ count, payload_bytes, measuredAt_ms }: UplinkBatch): boolean {
  return (
    count >= intakeLimits.batchMessages ||
    payload_bytes >= intakeLimits.batch_bytes ||
    measuredAt_ms.length >= intakeLimits.batchReadings
  );
}

/**
 * Until when the first delivery must have been received for this to be its redelivery. With DUP, any time before. Without,
 * only on an earlier connection and just after this one began: clients send again what they kept before anything new,
 * and widely used ones do so without the DUP flag that [MQTT-3.3.1-1] asks for.
 */
function repeatsBefore({ packetId, redelivered, receivedAt_ms, connectedAt_ms, viaCluster }: Delivery): number | null {
  if (packetId === null) return null;
  if (redelivered) return receivedAt_ms;
  // A cluster says DUP where it is one; what it gives to two copies is found by its bytes, in redelivery.ts.
  if (viaCluster) return null;
  return receivedAt_ms - connectedAt_ms < intakeLimits.resendAfterConnect_ms ? connectedAt_ms : null;
}
