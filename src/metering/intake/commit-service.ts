// Gathers uplinks across connections into batches and tells each when it is stored: never before, and always once it is.
//
// Redeliveries. A device that saw no PUBACK sends the packet again with DUP set, the same packet id and the same bytes.
// A reading that names its own time is one row however often it comes. A telegram without a clock is dated by its
// receipt, so its redelivery has to be known as such: it joins the first delivery while that is still in flight (the
// device came back before the commit), and is dropped when an uplink of that device, packet id and payload was stored
// within `redeliveryWindow_ms`. The window is short on purpose: a simple modem numbers every session from 1 and sends
// identical bytes each hour while no water runs, and then a long window would take a packet that never arrived for the
// stored one of an hour ago. Without DUP, equal bytes are a new telegram.
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type BatchOutcome, commitBatch, reserveUplinkIds, uplinkIdsPerBlock } from './commit-batch-store.ts';
import { isFaultOfTheRow, sqlState } from './database-fault.ts';
import { decodeUplink } from './decode-uplink.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import type { Partitions } from './partition-service.ts';
import type { Delivery, PendingUplink } from './uplink.ts';

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

interface Entry {
  uplink: PendingUplink;
  settled: Settled[];
}

export interface CommitQueueOptions {
  pool: Pool;
  partitions: Partitions;
  timeZone: string;
  clock: Clock;
  logger: Logger;
  metrics: () => IntakeMetrics;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  return new Queue(options);
}

const UNNUMBERED = -1;

class Queue implements CommitQueue {
  readonly #options: CommitQueueOptions;
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
  #nextUplinkId = 0;
  #uplinkIdsLeft = 0;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
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
    if (delivery.redelivered && earlier !== undefined && isSamePayload(earlier.uplink.payload, delivery.payload)) {
      metrics().redelivered.inc();
      earlier.settled.push(settled);
      return;
    }
    const { device, receivedAt_ms, packetId, redelivered, payload } = delivery;
    const decoded = decodeUplink(delivery, timeZone);
    const entry: Entry = {
      uplink: {
        uplinkId: UNNUMBERED,
        deviceNo: device.deviceNo,
        receivedAt_ms,
        packetId,
        redelivered,
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
      await this.#store(batch);
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

  /** Commits the batch; where a row of it is at fault, finds that row by halving and puts its uplink in quarantine. */
  async #store(batch: Entry[]): Promise<void> {
    try {
      const end = this.#options.metrics().commitSeconds.startTimer();
      const outcome = await this.#commitPatiently(batch);
      end();
      this.#count(batch.length, outcome);
      this.#settle(batch, true);
    } catch (error) {
      const only = batch[0];
      if (!isFaultOfTheRow(error) || only === undefined) return this.#giveUp(batch, error);
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#store(batch.slice(0, middle));
        return this.#store(batch.slice(middle));
      }
      if (only.uplink.problem !== null) return this.#giveUp(batch, error);
      only.uplink = {
        ...only.uplink,
        readings: [],
        problem: { code: 'ROW_REFUSED', detail: `the database refused a reading (SQLSTATE ${sqlState(error)})` },
      };
      await this.#store(batch);
    }
  }

  #giveUp(batch: Entry[], error: unknown): void {
    this.#options.logger.error({ messages: batch.length, sqlstate: sqlState(error) }, 'a batch was not stored');
    this.#settle(batch, false);
  }

  /** Tries until the database takes the batch or refuses a row of it. Nothing of it is acknowledged meanwhile. */
  async #commitPatiently(batch: Entry[]): Promise<BatchOutcome> {
    const { pool, partitions, logger, metrics } = this.#options;
    for (let pause_ms: number = intakeLimits.retryFirst_ms; ; pause_ms *= 2) {
      try {
        await this.#number(batch);
        const uplinks = batch.map((entry) => entry.uplink);
        await partitions.ensureFor(
          'uplink',
          uplinks.map((uplink) => uplink.receivedAt_ms),
        );
        await partitions.ensureFor('reading', plausibleInstants(uplinks));
        return await commitBatch(pool, uplinks, intakeLimits.redeliveryWindow_ms);
      } catch (error) {
        if (isFaultOfTheRow(error) || this.#abandoned) throw error;
        metrics().retries.inc();
        logger.warn(
          { messages: batch.length, sqlstate: sqlState(error) },
          'the database did not take a batch; trying again',
        );
        await new Promise((resolve) => setTimeout(resolve, Math.min(pause_ms, intakeLimits.retryMost_ms)));
      }
    }
  }

  async #number(batch: Entry[]): Promise<void> {
    for (const entry of batch) {
      if (entry.uplink.uplinkId !== UNNUMBERED) continue;
      if (this.#uplinkIdsLeft === 0) {
        const first = await reserveUplinkIds(this.#options.pool);
        this.#nextUplinkId = first;
        this.#uplinkIdsLeft = uplinkIdsPerBlock;
      }
      entry.uplink = { ...entry.uplink, uplinkId: this.#nextUplinkId };
      this.#nextUplinkId += 1;
      this.#uplinkIdsLeft -= 1;
    }
  }

  #count(messages: number, outcome: BatchOutcome): void {
    const metrics = this.#options.metrics();
    metrics.batches.inc();
    metrics.batchMessages.observe(messages);
    metrics.readings.inc(outcome.readings);
    metrics.conflicts.inc(outcome.conflicts);
    metrics.misdated.inc(outcome.misdated);
    metrics.quarantined.inc(outcome.quarantined);
    metrics.redelivered.inc(outcome.redelivered);
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

/** Device number and packet id as one integer; null for QoS 0, which is never redelivered. */
function packetKey(of: { device: { deviceNo: number }; packetId: number | null }): number | null {
  return of.packetId === null ? null : of.device.deviceNo * 65_536 + of.packetId;
}

function isSamePayload(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function* plausibleInstants(uplinks: readonly PendingUplink[]): Generator<number> {
  for (const { readings } of uplinks) {
    for (const reading of readings) if (reading.plausible) yield reading.measuredAt_ms;
  }
}
