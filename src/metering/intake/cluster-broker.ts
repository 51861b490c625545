// The intake as a consumer of somebody's MQTT 5 cluster: any number of copies share a subscription, and each acknowledges
// by hand what is committed. What could not be understood is kept in quarantine, never acknowledged and lost.
import { Gauge } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';
import { problem } from '../../platform/problem.ts';
import type { ClusterMessage } from './cluster-connection-broker.ts';
import type { ClusterDevices } from './cluster-devices-service.ts';
import type { LeaseEvents, Leases } from './cluster-lease-service.ts';
import type { ConnectionEnd } from './cluster-refusals.ts';
import { ClusterSession, type ClusterSessionOptions } from './cluster-session-broker.ts';
import { sessionPacketId, uplinkTopic } from './cluster-topics.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Intake } from './intake-service.ts';
import { risingApart } from './receipt-time.ts';
import type { Delivery, Device } from './uplink.ts';

export interface ClusterBrokerOptions extends ClusterSessionOptions {
  intake: Intake;
  devices: ClusterDevices;
  holdLeases(events: LeaseEvents): Leases;
  metrics: Metrics;
}

export interface ClusterBroker {
  /**
   * Resolves when this copy receives, or when no address answers for now: then it goes on trying.
   * @throws START_FAILED where the cluster refuses what only other settings can change
   */
  open(): Promise<void>;
  /** Takes nothing new, commits and acknowledges what was taken, leaves the sessions to other copies. */
  close(): Promise<void>;
}

export function createClusterBroker(options: ClusterBrokerOptions): ClusterBroker {
  return new Consumer(options);
}

const limits = intakeLimits.cluster;
/** Registered devices count from 1: what comes from devices that nobody registered is kept under 0. */
const NOBODY: Device = { deviceNo: 0, deviceId: '', formats: [], payloadKey: null, meter: null };

class Consumer implements ClusterBroker {
  readonly #options: ClusterBrokerOptions;
  readonly #sessions = new Map<number, ClusterSession>();
  /** Of each slot: a meter's telegrams come over whichever session the cluster chooses, at once over two. */
  readonly #receiptTimes = new Map<number, () => number>();
  /** Telegrams on their way into the store, by device and bytes, each with those that wait for its commit. */
  readonly #waiting = new Map<string, ((stored: boolean) => void)[]>();
  #leases: Leases | null = null;
  /** Sessions come and go; to what is remembered of a device this process is one connection. */
  readonly #startedAt_ms: number;
  #closing = false;

  constructor(options: ClusterBrokerOptions) {
    const { intake, metrics } = options;
    this.#options = options;
    this.#startedAt_ms = intake.clock.now_ms();
    const sessions = this.#sessions;
    new Gauge({
      name: 'naru_intake_cluster_sessions',
      help: 'Sessions of the MQTT cluster that this copy serves and that are connected',
      registers: [metrics],
      collect() {
        this.set([...sessions.values()].filter((session) => session.isOpen).length);
      },
    });
  }

  async open(): Promise<void> {
    const first = new Promise<ConnectionEnd | null>((resolve) => {
      this.#leases = this.#options.holdLeases({
        onHeld: (slot) => {
          const session = new ClusterSession(this.#options, slot, (message) => this.#take(slot, message));
          this.#sessions.set(slot, session);
          session.tried.then(resolve);
        },
        onLost: async (slot) => {
          const session = this.#sessions.get(slot);
          this.#sessions.delete(slot);
          await session?.close();
        },
      });
    });
    const refused = await first;
    if (refused?.final !== true) return;
    await this.close();
    throw problem('START_FAILED', `BROKER_URL: ${refused.reason}`);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#leases?.stop();
    for (const session of this.#sessions.values()) session.pause();
    await this.#options.intake.queue.close();
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    await this.#leases?.release();
  }

  /** @returns when the next may be taken, where that is not at once */
  #take(slot: number, message: ClusterMessage): Promise<void> | undefined {
    const { queue } = this.#options.intake;
    this.#deliver(slot, message, this.#receivedNow_ms(slot));
    if (!queue.isFull()) return undefined;
    return new Promise((resolve) => queue.whenRoom(resolve));
  }

  #receivedNow_ms(slot: number): number {
    const known = this.#receiptTimes.get(slot);
    if (known !== undefined) return known();
    const rising = risingApart(this.#options.intake.clock, slot % limits.clocksApart, limits.clocksApart);
    this.#receiptTimes.set(slot, rising);
    return rising();
  }

  #deliver(slot: number, message: ClusterMessage, receivedAt_ms: number): void {
    const topic = uplinkTopic(message.topic);
    const known = topic === null ? undefined : this.#options.devices.known(topic.deviceId);
    if (message.payload.length > limits.payload_bytes) this.#refuseTooLarge(message);
    else if (topic === null) this.#quarantine(message, receivedAt_ms, 'TOPIC_UNREADABLE');
    else if (known !== undefined) this.#store(slot, message, receivedAt_ms, known, topic.format);
    else this.#lookUp(slot, message, receivedAt_ms, topic);
  }

  #lookUp(
    slot: number,
    message: ClusterMessage,
    receivedAt_ms: number,
    { deviceId, format }: { deviceId: string; format: string },
  ): void {
    this.#options.devices.find(deviceId).then(
      (device) => {
        if (device === null) this.#quarantine(message, receivedAt_ms, 'DEVICE_UNKNOWN');
        else this.#store(slot, message, receivedAt_ms, device, format);
      },
      () => {
        // The database is away. The message stays with the cluster, unacknowledged, and is looked at again. One of QoS 0
        // is nobody's to keep: were it kept here, a long outage would fill the memory.
        if (this.#closing) return;
        if (message.packetId === null) this.#options.intake.metrics.refused.inc({ reason: 'database_away' });
        else setTimeout(() => this.#deliver(slot, message, receivedAt_ms), intakeLimits.retryMost_ms);
      },
    );
  }

  #store(slot: number, message: ClusterMessage, receivedAt_ms: number, device: Device, format: string): void {
    const { payload, packetId, redelivered } = message;
    const telegram = `${device.deviceNo} ${payload.toString('latin1')}`;
    const settle = (stored: boolean) => this.#settle(message, stored);
    const others = this.#waiting.get(telegram);
    if (others !== undefined) {
      this.#options.intake.metrics.redelivered.inc();
      others.push(settle);
      return;
    }
    const waiting = [settle];
    this.#waiting.set(telegram, waiting);
    const delivery: Delivery = {
      ...{ device, format, payload, receivedAt_ms, redelivered },
      packetId: packetId === null ? null : sessionPacketId(slot, packetId),
      connectedAt_ms: this.#startedAt_ms,
      viaCluster: true,
    };
    this.#options.intake.queue.add(delivery, (stored) => {
      this.#waiting.delete(telegram);
      for (const settled of waiting) settled(stored);
    });
  }

  /** Keeps what no registered device can have sent. It is told apart by nothing, so each delivery is kept. */
  #quarantine(message: ClusterMessage, receivedAt_ms: number, code: string): void {
    const printable = message.topic.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
    const detail =
      code === 'DEVICE_UNKNOWN'
        ? `no device of this id is registered, or it is revoked: ${printable}`
        : `the topic names no device and format as naru/v1/up/{device}/{format} does: ${printable}`;
    const delivery: Delivery = {
      ...{ device: NOBODY, payload: message.payload, receivedAt_ms, redelivered: false },
      format: (printable.split('/').at(-1) ?? '').slice(0, 32),
      packetId: null,
      connectedAt_ms: this.#startedAt_ms,
      problem: { code, detail },
    };
    this.#options.intake.queue.add(delivery, (stored) => this.#settle(message, stored));
  }

  #settle(message: ClusterMessage, stored: boolean): void {
    if (stored) message.acknowledge();
    else if (!this.#closing) message.giveBack();
  }

  #refuseTooLarge(message: ClusterMessage): void {
    const { intake, logger } = this.#options;
    intake.metrics.refused.inc({ reason: 'payload_too_large' });
    logger.error(
      { bytes: message.payload.length, most: limits.payload_bytes },
      'a message of the cluster is larger than any telegram; it was refused',
    );
    message.acknowledge(QUOTA_EXCEEDED);
  }
}

/** Source: MQTT 5.0 section 3.4.2.1. */
const QUOTA_EXCEEDED = 0x97;
