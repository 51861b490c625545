// One connection to an MQTT 5 cluster for one of its sessions: messages in, acknowledgements out when whoever took a
// message says so, in any order and many in one write.
//
// `mqtt` hands packets out one at a time and sends the PUBACK when a packet's handler calls back, so that waiting for the
// commit there would store one message at a time. Its handler is called back at once with an error instead, which skips
// the PUBACK, and the PUBACK is written here, after the commit. The session outlives the connection (Clean Start 0,
// Session Expiry): what was not acknowledged comes again [MQTT-4.4.0-1].
import mqtt, { type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import {
  type ConnectionEnd,
  disconnection,
  hostOf,
  missingIn,
  refusalOf,
  silentRefusal,
  subscriptionRefusal,
} from './cluster-refusals.ts';
import { intakeLimits } from './intake-limits.ts';

export interface ClusterLogin {
  username?: string;
  password?: string;
  /** PEM, for mqtts:// and wss://. */
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

export interface ClusterMessage {
  topic: string;
  payload: Buffer;
  /** Null for QoS 0. */
  packetId: number | null;
  redelivered: boolean;
  /** Takes it off the cluster; a reason code of 128 or more refuses it. Source: MQTT 5.0 section 3.4.2.1. */
  acknowledge(reasonCode?: number): void;
  /** It could not be stored: ends the connection, so that the cluster sends it again on the next. */
  giveBack(): void;
}

export interface ClusterConnection {
  /** Resolves when it is subscribed; null then, or why it could not be. */
  opened: Promise<ConnectionEnd | null>;
  ended: Promise<ConnectionEnd>;
  /** No message is taken any more; acknowledgements still leave. */
  pause(): void;
  /** DISCONNECT, with the session left as it is. */
  close(): Promise<void>;
}

export interface ClusterConnectionOptions {
  url: string;
  login: ClusterLogin;
  clientId: string;
  filters: string[];
  /** Takes a message; resolves when the next may come. */
  take(message: ClusterMessage): Promise<void> | undefined;
}

export function connectCluster(options: ClusterConnectionOptions): ClusterConnection {
  return new Connection(options);
}

const limits = intakeLimits.cluster;
/** Handed to `mqtt` in place of an acknowledgement. */
const notYet = new Error('not stored yet');

class Connection implements ClusterConnection {
  readonly opened: Promise<ConnectionEnd | null>;
  readonly ended: Promise<ConnectionEnd>;
  readonly #options: ClusterConnectionOptions;
  readonly #client: MqttClient;
  #acknowledgements: number[] = [];
  #flushing = false;
  #paused = false;
  #ended = false;
  #reason: ConnectionEnd | null = null;

  constructor(options: ClusterConnectionOptions) {
    this.#options = options;
    this.#client = mqtt.connect(options.url, {
      ...options.login,
      clientId: options.clientId,
      protocolVersion: 5,
      clean: false,
      keepalive: limits.keepAlive_s,
      connectTimeout: limits.connectWithin_ms,
      // A new client for each connection: then an acknowledgement can never go out on another than its message came on.
      reconnectPeriod: 0,
      resubscribe: false,
      properties: { sessionExpiryInterval: limits.sessionExpiry_s, receiveMaximum: limits.receiveMaximum },
    });
    this.#client.handleMessage = (packet, done) => this.#handle(packet, done);
    this.#client.on('error', (error) => this.#note(refusalOf(options.url, error)));
    this.#client.on('disconnect', (packet) => this.#note(disconnection(options.url, packet.reasonCode ?? 0)));
    this.ended = new Promise((resolve) => {
      this.#client.once('close', () => {
        this.#ended = true;
        resolve(this.#reason ?? { reason: `${hostOf(options.url)} closed the connection`, final: false });
      });
    });
    this.opened = this.#open();
  }

  pause(): void {
    this.#paused = true;
  }

  async close(): Promise<void> {
    this.#paused = true;
    this.#flush();
    if (this.#ended) return;
    if (this.#client.connected) this.#client.end(false);
    else this.#client.end(true);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => resolve(), CLOSE_WITHIN_ms);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    if (!this.#ended) this.#client.stream.destroy();
  }

  async #open(): Promise<ConnectionEnd | null> {
    const connack = new Promise<IConnackPacket>((resolve) => this.#client.once('connect', resolve));
    const first = await Promise.race([connack, this.ended]);
    if ('reason' in first) return silentRefusal(this.#options.url, first);
    const missing = missingIn(this.#options.url, first.properties);
    if (missing === null) {
      const refused = await this.#subscribe();
      if (refused === null) return null;
      this.#note(refused);
    } else this.#note(missing);
    this.#client.end(true);
    return this.ended;
  }

  async #subscribe(): Promise<ConnectionEnd | null> {
    const { url, filters } = this.#options;
    // The acknowledgement of a subscription may come with a refusal, or never, where the connection ends before.
    const subscribing = this.#client.subscribeAsync(filters, { qos: 1 }).then(
      () => null,
      (error: Error) => subscriptionRefusal(url, filters, error),
    );
    return Promise.race([subscribing, this.ended]);
  }

  #handle(packet: IPublishPacket, done: (error?: Error) => void): void {
    const packetId = packet.qos === 0 ? null : (packet.messageId ?? null);
    if (this.#paused) return;
    const taken = this.#options.take({
      topic: packet.topic,
      payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
      packetId,
      redelivered: packet.dup,
      acknowledge: (reasonCode = 0) => {
        if (packetId !== null) this.#acknowledge(packetId, reasonCode);
      },
      giveBack: () => {
        this.#note({ reason: 'a message could not be stored; it is asked for again', final: false });
        this.#client.stream.destroy();
      },
    });
    const next = () => done(packetId === null ? undefined : notYet);
    if (taken === undefined) next();
    else void taken.then(next);
  }

  #acknowledge(packetId: number, reasonCode: number): void {
    if (this.#ended) return;
    if (reasonCode === 0) this.#acknowledgements.push(PUBACK, 2, packetId >> 8, packetId & 0xff);
    else this.#acknowledgements.push(PUBACK, 3, packetId >> 8, packetId & 0xff, reasonCode);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  /** One write for the acknowledgements of a batch. */
  #flush(): void {
    this.#flushing = false;
    if (this.#acknowledgements.length === 0 || this.#ended) return;
    this.#client.stream.write(Buffer.from(this.#acknowledgements));
    this.#acknowledgements = [];
  }

  #note(end: ConnectionEnd): void {
    this.#reason ??= end;
  }
}

const PUBACK = 0x40;
const CLOSE_WITHIN_ms = 1_000;
