// One client's connection: guarded, admitted, and then served here as far as a meter needs it. What a device publishes
// goes straight to the commit queue and is acknowledged from here once it is stored; aedes keeps the rest of the session
// (session-bridge-broker.ts), from the moment that there is a rest.
import type { Duplex } from 'node:stream';
import type { Aedes } from 'aedes';
import type { CommitQueue } from './commit-service.ts';
import { type ConnectPacket, readConnect } from './connect-packet.ts';
import {
  encodeAcknowledgements,
  encodeConnack,
  encodePacket,
  encodePublish,
  firstByte,
  PINGRESP,
} from './encode-packet.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakePolicy, Origin, Verdict } from './intake-policy.ts';
import { decodeText, endOfField, isTopicName } from './mqtt-text.ts';
import { packetIdAt, readSubscribe, readUnsubscribe } from './packet-body.ts';
import { PacketGuard, packetType } from './packet-guard.ts';
import { SessionBridge } from './session-bridge-broker.ts';
import type { PublishRule } from './topic-rules.ts';
import type { Device } from './uplink.ts';

const { CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT } = packetType;
const SERVER_UNAVAILABLE = 3;
const LINGER_ms = 1_000;

/** Why nothing is read from the client now; several may hold at once. */
const waitsFor = { admission: 1, session: 2, store: 4, client: 8, throttle: 16, routing: 32, stop: 64 } as const;

/** What a connection is part of. */
export interface ConnectionHost {
  queue: CommitQueue;
  policy: IntakePolicy;
  aedes: Aedes;
  /** Seconds, counted from anywhere. */
  now_s(): number;
  /** No two alike. */
  receiptTime(): number;
  refused(reason: string): void;
  /** An id for a client that brought none. */
  freshClientId(): string;
  /** Takes it in under its client id; the promise is there where somebody had it, and resolves when they are gone. */
  enter(connection: Connection): Promise<void> | null;
  leave(connection: Connection): void;
  /** Whether aedes keeps a session for this client while it is away; from now on it does as `keeps` says. */
  hasKeptSession(clientId: string, keeps: boolean): boolean;
  /** Calls `flush` once at the end of this turn. */
  flushSoon(connection: Connection): void;
  /** Passes a message to whoever subscribes. */
  route(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean, done: () => void): void;
}

type Refusal = string | null;

export class Connection {
  readonly origin: Origin;
  readonly #stream: Duplex;
  readonly #host: ConnectionHost;
  readonly #guard = new PacketGuard();
  #device: Device | null = null;
  #connectedAt_ms = 0;
  #connect: ConnectPacket | null = null;
  #clientId = '';
  #bridge: SessionBridge | null = null;
  #waits = 0;
  #closed = false;
  #saidGoodbye = false;
  #connectTimer: NodeJS.Timeout | null;
  /** The topic last published to, as it travels, and what the policy said of it: a meter has one. */
  #topic: Uint8Array | null = null;
  #format = '';
  #acknowledged: number[] = [];
  #published = 0;
  #routing = 0;
  #heard_s = 0;
  /** Those who wait for the PUBACK of what we sent, by packet id. */
  #sent: Map<number, (acknowledged: boolean) => void> | null = null;

  constructor(stream: Duplex, origin: Origin, host: ConnectionHost) {
    this.#stream = stream;
    this.origin = origin;
    this.#host = host;
    this.#connectTimer = setTimeout(() => this.close(), intakeLimits.connectWithin_ms);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => this.close());
    stream.on('end', () => this.close());
    stream.on('close', () => this.#gone());
  }

  /** The device, once it has shown who it is. */
  get device(): Device | null {
    return this.#device;
  }

  get clientId(): string {
    return this.#clientId;
  }

  get connectedAt_ms(): number {
    return this.#connectedAt_ms;
  }

  /** Sends what is to be acknowledged, in one write. */
  flush(): void {
    if (this.#acknowledged.length === 0) return;
    const bytes = encodeAcknowledgements(firstByte.PUBACK, this.#acknowledged);
    this.#acknowledged.length = 0;
    this.#write(bytes);
  }

  /**
   * Sends the client a message where it subscribed to exactly that topic.
   *
   * @returns true once it has acknowledged (at QoS 0: once it was written), false where it will not
   */
  send(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean> {
    const bridge = this.#bridge;
    const granted = bridge?.isReady ? bridge.grantedQos(topic) : null;
    const awaited = this.#sent?.size ?? 0;
    if (bridge === null || granted === null || this.#closed || awaited >= intakeLimits.unacknowledgedToDevice) {
      return Promise.resolve(false);
    }
    if (qos === 0 || granted === 0) {
      this.#write(encodePublish(topic, payload, null));
      return Promise.resolve(true);
    }
    // From the top: aedes counts its own ids from 1.
    let packetId = 65_535;
    while (!bridge.handshakes.isFree(packetId)) packetId -= 1;
    const bytes = encodePublish(topic, payload, packetId);
    bridge.handshakes.sent(bytes[0] as number, packetId);
    this.#sent ??= new Map();
    const sent = this.#sent;
    return new Promise((resolve) => {
      sent.set(packetId, resolve);
      this.#write(bytes);
    });
  }

  /** To be asked every second or so: closes a client that has been silent for one and a half keep-alives [MQTT-3.1.2-24]. */
  watchKeepAlive(): void {
    const keepAlive_s = this.#connect?.keepAlive_s ?? 0;
    if (keepAlive_s === 0) return;
    const now_s = this.#host.now_s();
    // It can't be heard while we don't listen.
    if ((this.#waits & ~waitsFor.client) !== 0) this.#heard_s = now_s;
    if (now_s - this.#heard_s > 1.5 * keepAlive_s) {
      this.#host.refused('keep_alive');
      this.close();
    }
  }

  /** No more is read. What was taken is still committed and acknowledged. */
  stopReading(): void {
    this.#wait(waitsFor.stop);
  }

  /** Ends rather than cuts, for a moment: an acknowledgement or a refusal that was written must still leave. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#stopConnectTimer();
    this.#leaveBridge();
    const cut = () => this.#stream.destroy();
    this.#stream.end(cut);
    // What still comes is read and dropped: unread bytes would turn the end into a reset, and that drops our last words.
    this.#stream.resume();
    setTimeout(cut, LINGER_ms).unref();
  }

  /** Closes, and resolves when nothing of the session is left in aedes but what it keeps. */
  closeAndLeave(): Promise<void> {
    const bridge = this.#bridge;
    this.close();
    return bridge === null ? Promise.resolve() : new Promise((resolve) => bridge.client.close(() => resolve()));
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return;
    this.#guard.feed(chunk);
    this.#work();
  }

  #work(): void {
    const guard = this.#guard;
    while (this.#waits === 0 && !this.#closed) {
      if (!guard.next()) {
        if (guard.refusal !== null) this.#refuse(guard.refusal);
        break;
      }
      this.#heard_s = this.#host.now_s();
      const refusal = this.#handle(guard.first, guard.bytes, guard.start, guard.end);
      if (refusal !== null) this.#refuse(refusal);
    }
    if (this.#published > 0) this.#throttle();
  }

  #throttle(): void {
    const messages = this.#published;
    this.#published = 0;
    if (this.#device === null || this.#closed) return;
    const pause_ms = this.#host.policy.pauseAfter_ms?.(this.#device, messages) ?? 0;
    if (pause_ms <= 0) return;
    this.#wait(waitsFor.throttle);
    setTimeout(() => this.#proceed(waitsFor.throttle), pause_ms).unref();
  }

  #wait(reason: number): void {
    if (this.#waits === 0) this.#stream.pause();
    this.#waits |= reason;
  }

  #proceed(reason: number): void {
    if ((this.#waits & reason) === 0) return;
    this.#waits &= ~reason;
    if (this.#waits !== 0 || this.#closed) return;
    this.#work();
    if (this.#waits === 0) this.#stream.resume();
  }

  #refuse(reason: string): void {
    this.#host.refused(reason);
    this.close();
  }

  /** @returns why the connection must be closed; null where it goes on */
  #handle(first: number, bytes: Buffer, start: number, end: number): Refusal {
    switch (first >> 4) {
      case PUBLISH:
        return this.#publish(first, bytes, start, end);
      case PINGREQ:
        // [MQTT-3.12.4-1]
        this.#write(PINGRESP);
        return null;
      case CONNECT:
        return this.#admit(first, bytes, start, end);
      case SUBSCRIBE:
        return this.#subscribe(bytes, start, end);
      case UNSUBSCRIBE:
        return this.#unsubscribe(bytes, start, end);
      case DISCONNECT:
        this.#goodbye();
        return null;
      default:
        return this.#handshake(first, bytes, start, end);
    }
  }

  #admit(first: number, bytes: Buffer, start: number, end: number): Refusal {
    this.#stopConnectTimer();
    const connect = readConnect(first, bytes, start, end);
    if (connect === 'malformed') return 'malformed_packet';
    if ('returnCode' in connect) {
      this.#write(encodeConnack(connect.returnCode));
      return connect.returnCode === 1 ? 'protocol_level' : 'identity';
    }
    const { clientId, userName, secret, level, will } = connect;
    this.#guard.level = level;
    this.#wait(waitsFor.admission);
    const { policy } = this.#host;
    policy.authenticate({ clientId, userName, secret, level, will, origin: this.origin }).then(
      (verdict) => this.#judged(connect, verdict),
      () => this.#judged(connect, { accepted: false, reason: 'database_away', returnCode: SERVER_UNAVAILABLE }),
    );
    return null;
  }

  #judged(connect: ConnectPacket, verdict: Verdict): void {
    if (this.#closed) return;
    if (!verdict.accepted) {
      if (verdict.returnCode !== null) this.#write(encodeConnack(verdict.returnCode));
      this.#refuse(verdict.reason);
      return;
    }
    this.#device = verdict.device;
    // [MQTT-3.1.3-6]
    this.#clientId = connect.clientId === '' ? this.#host.freshClientId() : connect.clientId;
    this.#guard.mostBytes = intakeLimits.packetAfterAuthentication_bytes;
    const vacated = this.#host.enter(this);
    if (vacated === null) this.#open(connect);
    else void vacated.then(() => this.#open(connect));
  }

  #open(connect: ConnectPacket): void {
    if (this.#closed) return;
    this.#connect = { ...connect, userName: undefined, secret: undefined };
    this.#connectedAt_ms = this.#host.receiptTime();
    const wasKept = this.#host.hasKeptSession(this.#clientId, !connect.clean);
    if (connect.clean && connect.will === null && !wasKept) this.#write(encodeConnack(0));
    else this.#openBridge(connect, true);
    this.#proceed(waitsFor.admission);
  }

  #openBridge(connect: ConnectPacket, passConnack: boolean): SessionBridge {
    this.#wait(waitsFor.session);
    const device = this.#device as Device;
    const listening = () => {
      if (!this.#closed) this.#host.policy.listening?.(device);
    };
    const bridge = new SessionBridge({
      aedes: this.#host.aedes,
      ...{ connect, clientId: this.#clientId, passConnack, device },
      store: ({ payload, messageId, dup }, format, settled) => {
        const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
        this.#host.queue.add(this.#delivery(device, format, bytes, messageId ?? 0, dup), settled);
      },
      events: {
        ready: (kept) => {
          this.#proceed(waitsFor.session);
          if (kept) listening();
        },
        room: () => this.#proceed(waitsFor.session),
        subscribed: listening,
        write: (packets, drained) => this.#write(packets, drained),
        closed: () => this.close(),
      },
    });
    this.#bridge = bridge;
    return bridge;
  }

  #pass(first: number, body: Uint8Array): SessionBridge | null {
    if (this.#connect === null) return null;
    const bridge = this.#bridge ?? this.#openBridge(this.#connect, false);
    if (!bridge.pass(encodePacket(first, [body]))) this.#wait(waitsFor.session);
    return bridge;
  }

  #publish(first: number, bytes: Buffer, start: number, end: number): Refusal {
    const qos = (first >> 1) & 0b11;
    const topicEnd = endOfField(bytes, start, end);
    if (topicEnd < 0) return 'malformed_packet';
    const packetId = qos === 0 ? 0 : packetIdAt(bytes, topicEnd, end);
    // [MQTT-2.3.1-1]
    if (qos !== 0 && packetId === 0) return 'malformed_packet';
    const device = this.#device as Device;
    this.#published += 1;
    const retain = (first & 1) !== 0;
    if (retain || !this.#isSameTopic(bytes, start + 2, topicEnd)) {
      const topic = decodeText(bytes, start + 2, topicEnd);
      if (topic === null || !isTopicName(topic)) return 'malformed_packet';
      const rule = this.#host.policy.publish(device, topic, retain);
      if (!rule.allowed) return rule.reason;
      if (rule.kind !== 'uplink') return this.#publishOther(rule, topic, first, packetId, bytes.subarray(start, end));
      this.#topic = Uint8Array.from(bytes.subarray(start + 2, topicEnd));
      this.#format = rule.format;
    }
    if (qos === 2) {
      this.#pass(first & ~1, bytes.subarray(start, end));
      return null;
    }
    const { queue } = this.#host;
    const payload = bytes.subarray(qos === 0 ? topicEnd : topicEnd + 2, end);
    const delivery = this.#delivery(device, this.#format, payload, packetId, (first & 0b1000) !== 0);
    queue.add(delivery, qos === 0 ? ignored : (stored) => this.#settled(packetId, stored));
    if (queue.isFull()) {
      this.#wait(waitsFor.store);
      queue.whenRoom(() => this.#proceed(waitsFor.store));
    }
    return null;
  }

  /** What is not stored: an acknowledgement of a command, or a message to whoever subscribes. */
  #publishOther(rule: PublishRule, topic: string, first: number, packetId: number, body: Buffer): Refusal {
    const qos = (first >> 1) & 0b11;
    if (qos === 2) {
      this.#pass(first, body);
      return null;
    }
    const done = () => {
      if (qos === 1) this.#settled(packetId, true);
    };
    if (!rule.allowed || rule.kind !== 'message') {
      done();
      return null;
    }
    const payload = body.subarray(2 + body.readUInt16BE(0) + 2 * qos);
    this.#routing += 1;
    if (this.#routing >= intakeLimits.routingPerConnection) this.#wait(waitsFor.routing);
    this.#host.route(topic, payload, qos === 1 ? 1 : 0, (first & 1) !== 0, () => {
      this.#routing -= 1;
      done();
      this.#proceed(waitsFor.routing);
    });
    return null;
  }

  #delivery(device: Device, format: string, payload: Buffer, packetId: number, redelivered: boolean) {
    return {
      device,
      format,
      payload,
      receivedAt_ms: this.#host.receiptTime(),
      packetId: packetId === 0 ? null : packetId,
      redelivered,
      connectedAt_ms: this.#connectedAt_ms,
    };
  }

  #settled(packetId: number, stored: boolean): void {
    if (this.#closed) return;
    if (!stored) {
      this.close();
      return;
    }
    if (this.#acknowledged.length === 0) this.#host.flushSoon(this);
    this.#acknowledged.push(packetId);
  }

  #isSameTopic(bytes: Uint8Array, start: number, end: number): boolean {
    const topic = this.#topic;
    if (topic === null || topic.length !== end - start) return false;
    // From the end: devices of one make differ there first.
    for (let at = topic.length - 1; at >= 0; at -= 1) if (topic[at] !== bytes[start + at]) return false;
    return true;
  }

  #subscribe(bytes: Buffer, start: number, end: number): Refusal {
    const list = readSubscribe(bytes, start, end);
    if (list === null) return 'malformed_packet';
    const device = this.#device as Device;
    if (!list.filters.every((filter) => this.#host.policy.maySubscribe(device, filter))) return 'subscription';
    this.#pass((SUBSCRIBE << 4) | 0b0010, bytes.subarray(start, end))?.expectSuback(list.packetId, list.filters);
    return null;
  }

  #unsubscribe(bytes: Buffer, start: number, end: number): Refusal {
    const list = readUnsubscribe(bytes, start, end);
    if (list === null) return 'malformed_packet';
    // It is acknowledged even where nothing was subscribed to. [MQTT-3.10.4-5]
    if (this.#bridge === null) this.#write(encodeAcknowledgements(firstByte.UNSUBACK, [list.packetId]));
    else this.#pass((UNSUBSCRIBE << 4) | 0b0010, bytes.subarray(start, end));
    return null;
  }

  /** PUBACK, PUBREC, PUBREL and PUBCOMP. Source: MQTT 3.1.1 section 4.3 */
  #handshake(first: number, bytes: Buffer, start: number, end: number): Refusal {
    const type = first >> 4;
    const packetId = packetIdAt(bytes, start, end);
    if (packetId === 0) return 'malformed_packet';
    const bridge = this.#bridge;
    if (type === PUBREL) {
      if (bridge !== null) this.#pass(firstByte.PUBREL, bytes.subarray(start, end));
      else this.#write(encodeAcknowledgements(firstByte.PUBCOMP, [packetId]));
      return null;
    }
    const answer = bridge?.handshakes.answered(type, packetId) ?? 'unknown';
    if (answer === 'wrong') return 'malformed_packet';
    if (answer === 'unknown') {
      // The sender is in the middle of a delivery that we have forgotten: it may end it. [MQTT-4.3.3-1]
      if (type === PUBREC) this.#write(encodeAcknowledgements(firstByte.PUBREL, [packetId]));
      return null;
    }
    const waiting = this.#sent?.get(packetId);
    if (waiting !== undefined && type === PUBACK) {
      this.#sent?.delete(packetId);
      waiting(true);
    } else this.#pass(type << 4, bytes.subarray(start, end));
    return null;
  }

  /** DISCONNECT: nothing follows, and the will is forgotten. [MQTT-3.14.4-3] */
  #goodbye(): void {
    this.#saidGoodbye = true;
    if (this.#bridge !== null) this.#pass(DISCONNECT << 4, new Uint8Array(0));
    this.close();
  }

  #write(bytes: Uint8Array, drained?: () => void): boolean {
    if (this.#closed || !this.#stream.writable) return true;
    if (this.#stream.write(bytes)) return true;
    // A client that does not read its acknowledgements gets to send no more.
    this.#wait(waitsFor.client);
    this.#stream.once('drain', () => {
      drained?.();
      this.#proceed(waitsFor.client);
    });
    return false;
  }

  #stopConnectTimer(): void {
    if (this.#connectTimer !== null) clearTimeout(this.#connectTimer);
    this.#connectTimer = null;
  }

  /** aedes publishes the will, unless it reads a DISCONNECT first: then it closes by itself. */
  #leaveBridge(): void {
    if (this.#bridge !== null && !this.#saidGoodbye) this.#bridge.client.close();
  }

  #gone(): void {
    this.close();
    for (const waiting of this.#sent?.values() ?? []) waiting(false);
    this.#sent = null;
    this.#host.leave(this);
  }
}

function ignored(): void {}
