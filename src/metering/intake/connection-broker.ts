// One client's connection: guarded, admitted, then served by its parts: uplink-broker.ts takes what it publishes,
// downlink-broker.ts what it subscribes to, and aedes the rest (session-bridge-broker.ts), once there is a rest. A meter
// at rest costs its socket and this.
import type { Duplex } from 'node:stream';
import { type ConnectPacket, readConnect } from './connect-packet.ts';
import {
  type ConnectedClient,
  type ConnectionHost,
  type ConnectionSide,
  type Refusal,
  waitsFor,
} from './connection-side-broker.ts';
import type { DeviceSession } from './device-credential.ts';
import { DownlinkPath } from './downlink-broker.ts';
import { encodeConnack, encodePacket, PINGRESP } from './encode-packet.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Origin, Verdict } from './intake-policy.ts';
import { OutgoingHandshakes } from './outgoing-handshakes.ts';
import { PacketGuard, packetType } from './packet-guard.ts';
import { SessionBridge } from './session-bridge-broker.ts';
import type { Device } from './uplink.ts';
import { UplinkPath } from './uplink-broker.ts';

const { CONNECT, PUBLISH, SUBSCRIBE, SUBACK, UNSUBSCRIBE, PINGREQ, DISCONNECT } = packetType;
const SERVER_UNAVAILABLE = 3;
const LINGER_ms = 1_000;
const NOTHING = new Uint8Array(0);

export class Connection implements ConnectedClient, ConnectionSide {
  readonly origin: Origin;
  readonly host: ConnectionHost;
  readonly #stream: Duplex;
  readonly #guard = new PacketGuard();
  #connect: ConnectPacket | null = null;
  #clientId = '';
  #device: Device | null = null;
  #session: DeviceSession | null = null;
  #connectedAt_ms = 0;
  // The parts, each made when it is first needed: an idle connection has none.
  #uplink: UplinkPath | null = null;
  #downlink: DownlinkPath | null = null;
  #bridge: SessionBridge | null = null;
  #handshakes: OutgoingHandshakes | null = null;
  #waits = 0;
  #isClosed = false;
  #saidGoodbye = false;
  #connectTimer: NodeJS.Timeout | null;
  #heard_s: number;

  constructor(stream: Duplex, origin: Origin, host: ConnectionHost) {
    this.#stream = stream;
    this.origin = origin;
    this.host = host;
    this.#heard_s = host.now_s();
    this.#connectTimer = setTimeout(() => this.close(), intakeLimits.connectWithin_ms);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => this.close());
    stream.on('end', () => this.close());
    stream.on('close', () => this.#gone());
  }

  get isAdmitted(): boolean {
    return this.#device !== null;
  }

  /** To be asked once it is admitted. */
  get device(): Device {
    return this.#device as Device;
  }

  get session(): DeviceSession | null {
    return this.#session;
  }

  get clientId(): string {
    return this.#clientId;
  }

  get connectedAt_ms(): number {
    return this.#connectedAt_ms;
  }

  get bridge(): SessionBridge | null {
    return this.#bridge;
  }

  get handshakes(): OutgoingHandshakes {
    this.#handshakes ??= new OutgoingHandshakes();
    return this.#handshakes;
  }

  get #up(): UplinkPath {
    this.#uplink ??= new UplinkPath(this);
    return this.#uplink;
  }

  get #down(): DownlinkPath {
    this.#downlink ??= new DownlinkPath(this);
    return this.#downlink;
  }

  send(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean> {
    return this.#isClosed || this.#connect === null ? Promise.resolve(false) : this.#down.send(topic, payload, qos);
  }

  flush(): void {
    this.#uplink?.flush();
  }

  flushSoon(): void {
    if (!this.#isClosed) this.host.flushSoon(this);
  }

  watchKeepAlive(): void {
    const keepAlive_s = this.#connect?.keepAlive_s ?? 0;
    if (keepAlive_s === 0 || this.#isClosed) return;
    const now_s = this.host.now_s();
    // It can't be heard while we don't listen.
    if ((this.#waits & ~waitsFor.client) !== 0) this.#heard_s = now_s;
    if (now_s - this.#heard_s > 1.5 * keepAlive_s) this.#refuse('keep_alive');
  }

  stopReading(): void {
    this.wait(waitsFor.stop);
  }

  wait(reason: number): void {
    if (this.#waits === 0) this.#stream.pause();
    this.#waits |= reason;
  }

  proceed(reason: number): void {
    if ((this.#waits & reason) === 0) return;
    this.#waits &= ~reason;
    if (this.#waits !== 0 || this.#isClosed) return;
    this.#work();
    if (this.#waits === 0) this.#stream.resume();
  }

  write(bytes: Uint8Array, drained?: () => void): boolean {
    if (this.#isClosed || !this.#stream.writable || this.#stream.write(bytes)) return true;
    // A client that does not read what it is sent gets to send no more.
    if ((this.#waits & waitsFor.client) === 0) {
      this.wait(waitsFor.client);
      this.#stream.once('drain', () => this.proceed(waitsFor.client));
    }
    if (drained !== undefined) this.#stream.once('drain', drained);
    return false;
  }

  pass(first: number, body: Uint8Array): SessionBridge {
    const bridge = this.#bridge ?? this.#openBridge(this.#connect as ConnectPacket, false);
    if (!bridge.pass(encodePacket(first, [body]))) this.wait(waitsFor.session);
    return bridge;
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#stopConnectTimer();
    // aedes publishes the will, unless it reads a DISCONNECT first: then it closes by itself.
    if (!this.#saidGoodbye) this.#bridge?.client.close();
    const cut = () => this.#stream.destroy();
    this.#stream.end(cut);
    // What still comes is read and dropped: unread bytes would turn the end into a reset, and that drops our last words.
    this.#stream.resume();
    setTimeout(cut, LINGER_ms).unref();
  }

  #take(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#guard.feed(chunk);
    this.#work();
  }

  #work(): void {
    const guard = this.#guard;
    while (this.#waits === 0 && !this.#isClosed) {
      if (!guard.next()) {
        if (guard.refusal !== null) this.#refuse(guard.refusal);
        break;
      }
      this.#heard_s = this.host.now_s();
      const refusal = this.#handle(guard.first, guard.bytes, guard.start, guard.end);
      if (refusal !== null) this.#refuse(refusal);
    }
    if (this.#isClosed) return;
    this.#uplink?.throttle();
    if (this.#waits !== 0) guard.hold(1);
  }

  #refuse(reason: string): void {
    this.host.refused(reason);
    this.close();
  }

  #handle(first: number, bytes: Buffer, start: number, end: number): Refusal {
    switch (first >> 4) {
      case PUBLISH:
        return this.#up.publish(first, bytes, start, end);
      case PINGREQ:
        // [MQTT-3.12.4-1]
        this.write(PINGRESP);
        return null;
      case CONNECT:
        return this.#admit(first, bytes, start, end);
      case SUBSCRIBE:
        return this.#down.subscribe(bytes, start, end, this.#connect?.clean ?? true);
      case UNSUBSCRIBE:
        return this.#down.unsubscribe(bytes, start, end);
      case DISCONNECT:
        // Nothing follows, and the will is forgotten. [MQTT-3.14.4-3]
        this.#saidGoodbye = true;
        if (this.#bridge !== null) this.pass(DISCONNECT << 4, NOTHING);
        this.close();
        return null;
      default:
        return this.#down.handshake(first, bytes, start, end);
    }
  }

  #admit(first: number, bytes: Buffer, start: number, end: number): Refusal {
    this.#stopConnectTimer();
    const connect = readConnect(first, bytes, start, end);
    if (connect === 'malformed') return 'malformed_packet';
    if ('returnCode' in connect) {
      this.write(encodeConnack(connect.returnCode));
      return connect.returnCode === 1 ? 'protocol_level' : 'identity';
    }
    const { clientId, userName, secret, level, will } = connect;
    this.#guard.level = level;
    this.wait(waitsFor.admission);
    this.host.policy.authenticate({ clientId, userName, secret, level, will, origin: this.origin }).then(
      (verdict) => this.#judged(connect, verdict),
      () => this.#judged(connect, { accepted: false, reason: 'database_away', returnCode: SERVER_UNAVAILABLE }),
    );
    return null;
  }

  #judged(connect: ConnectPacket, verdict: Verdict): void {
    if (this.#isClosed) return;
    if (!verdict.accepted) {
      if (verdict.returnCode !== null) this.write(encodeConnack(verdict.returnCode));
      this.#refuse(verdict.reason);
      return;
    }
    this.#device = verdict.device;
    // [MQTT-3.1.3-6]
    this.#clientId = connect.clientId === '' ? this.host.freshClientId() : connect.clientId;
    this.#guard.mostBytes = this.host.mostPacket_bytes;
    this.host.enter(this);
    this.#session = verdict.session;
    if (verdict.session !== null) this.host.policy.opened?.(verdict.session);
    // Whom that told may have ended it.
    if (this.#isClosed) return;
    // What it showed is not kept, nor the chunk that it came in.
    this.#connect = { ...connect, userName: undefined, secret: undefined, willFields: connect.willFields.slice() };
    this.#connectedAt_ms = this.host.receiptTime();
    const wasKept = this.host.hasKeptSession(this.#clientId, !connect.clean);
    if (connect.clean && connect.will === null && !wasKept) this.write(encodeConnack(0));
    else this.#openBridge(connect, true);
    this.proceed(waitsFor.admission);
  }

  #openBridge(connect: ConnectPacket, passConnack: boolean): SessionBridge {
    this.wait(waitsFor.session);
    const device = this.device;
    const listening = () => {
      if (!this.#isClosed) this.host.policy.listening?.(device);
    };
    const bridge = new SessionBridge({
      aedes: this.host.aedes,
      ...{ connect, clientId: this.#clientId, passConnack, device, handshakes: this.handshakes },
      store: ({ payload, messageId, dup }, format, settled) => {
        const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
        this.host.queue.add(this.#up.delivery(format, bytes, messageId ?? 0, dup), (stored, packetId) => {
          settled(stored, packetId);
          if (stored) this.host.policy.stored?.(device);
        });
      },
      events: {
        ready: (kept) => {
          this.proceed(waitsFor.session);
          if (kept) listening();
        },
        room: () => this.proceed(waitsFor.session),
        answered: (type) => {
          this.proceed(waitsFor.subscription);
          if (type === SUBACK) listening();
        },
        write: (packets, drained) => this.write(packets, drained),
        closed: () => this.close(),
      },
    });
    this.#bridge = bridge;
    return bridge;
  }

  #stopConnectTimer(): void {
    if (this.#connectTimer !== null) clearTimeout(this.#connectTimer);
    this.#connectTimer = null;
  }

  #gone(): void {
    this.close();
    this.#downlink?.abandon();
    this.host.leave(this);
    if (this.#session !== null) this.host.policy.closed?.(this.#session);
  }
}
