// The part of a session that aedes keeps: subscriptions, what they bring, QoS 2, kept sessions and wills.
//
// A meter that only publishes never needs it; so it is opened when a session first does. aedes gets this stream in place
// of a socket: packets that were checked go in, and what comes out is watched for what the client will have to answer.
import { Duplex } from 'node:stream';
import type { Aedes, Client, PublishPacket } from 'aedes';
import type { ConnectPacket } from './connect-packet.ts';
import { encodeConnack, encodeConnect, encodeSuback } from './encode-packet.ts';
import type { OutgoingHandshakes } from './outgoing-handshakes.ts';
import { packetIdAt } from './packet-body.ts';
import { packetType } from './packet-guard.ts';
import { PacketReader } from './packet-reader.ts';
import type { Device, Settled } from './uplink.ts';

const { CONNACK, PUBLISH, PUBREL, SUBACK, UNSUBACK } = packetType;
const MOST_PACKET_bytes = 268_435_455;
const SESSION_PRESENT = 0x01;

/** What aedes keeps of a client without telling in its types. */
interface ClientState {
  _nextId: number;
  subscriptions: Record<string, { qos: number } | undefined>;
}

export interface BridgeEvents {
  /** aedes has taken the session over: packets may be passed. @param kept whether it knew it from before */
  ready(kept: boolean): void;
  /** There is room again after `pass` said that there is none. */
  room(): void;
  /** A SUBACK or an UNSUBACK has left. @param type of that packet */
  answered(type: number): void;
  /** @returns false where `drained` will be called once more may be written */
  write(bytes: Uint8Array, drained: () => void): boolean;
  closed(): void;
}

export interface BridgeOptions {
  aedes: Aedes;
  connect: ConnectPacket;
  clientId: string;
  device: Device;
  handshakes: OutgoingHandshakes;
  /** Commits an uplink that came at QoS 2; its PUBREC leaves after `settled(true)`. */
  store(packet: PublishPacket, format: string, settled: Settled): void;
  /** Whether aedes' CONNACK goes to the client, or was sent before. */
  passConnack: boolean;
  events: BridgeEvents;
}

export class SessionBridge extends Duplex {
  readonly client: Client;
  readonly device: Device;
  readonly store: BridgeOptions['store'];
  readonly #options: BridgeOptions;
  readonly #outgoing = new PacketReader(MOST_PACKET_bytes);
  /** Filters of a SUBSCRIBE that names one twice, by packet id: aedes answers each only once. */
  readonly #repeated = new Map<number, string[]>();
  #awaitsRoom = false;

  constructor(options: BridgeOptions) {
    super({ allowHalfOpen: false, readableHighWaterMark: 4_096, writableHighWaterMark: 16_384 });
    this.#options = options;
    this.device = options.device;
    this.store = options.store;
    this.client = options.aedes.handle(this);
    // The first packet id that a client is sent is 1, as in other brokers; aedes begins anywhere.
    (this.client as unknown as ClientState)._nextId = 1;
    this.push(encodeConnect(options.connect, options.clientId));
  }

  /** Hands a whole packet to aedes. @returns false where no other may follow before `room` */
  pass(packet: Uint8Array): boolean {
    if (this.destroyed) return true;
    this.#awaitsRoom = !this.push(packet);
    return !this.#awaitsRoom;
  }

  /** Says which filters a SUBSCRIBE names, so that its SUBACK gets a return code for each. [MQTT-3.8.4-5] */
  expectSuback(packetId: number, filters: string[]): void {
    if (new Set(filters).size < filters.length) this.#repeated.set(packetId, filters);
  }

  /** The QoS at which the client subscribed to exactly this filter; null where it did not. */
  grantedQos(filter: string): number | null {
    return (this.client as unknown as ClientState).subscriptions[filter]?.qos ?? null;
  }

  override _read(): void {
    if (!this.#awaitsRoom) return;
    this.#awaitsRoom = false;
    this.#options.events.room();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const outgoing = this.#outgoing;
    outgoing.feed(chunk);
    const packets: Uint8Array[] = [];
    while (outgoing.next()) {
      const packet = this.#leaving();
      if (packet !== null) packets.push(packet);
    }
    const isTaken = packets.length === 0 || this.#options.events.write(Buffer.concat(packets), done);
    if (isTaken) done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#options.events.closed();
    done(error);
  }

  /** @returns what the client gets of this packet; null for nothing */
  #leaving(): Uint8Array | null {
    const { first, bytes, from, start, end } = this.#outgoing;
    const { handshakes, events } = this.#options;
    const type = first >> 4;
    if (type === CONNACK) return this.#connack(bytes, from, start, end);
    if (type === SUBACK || type === UNSUBACK) setImmediate(() => events.answered(type));
    if (type === SUBACK) return this.#suback(bytes, from, start, end);
    if (type === PUBLISH) {
      handshakes.sent(first, packetIdAt(bytes, start + 2 + bytes.readUInt16BE(start), end));
    } else if (type === PUBREL) handshakes.sent(first, packetIdAt(bytes, start, end));
    return bytes.subarray(from, end);
  }

  #connack(bytes: Buffer, from: number, start: number, end: number): Uint8Array | null {
    const { passConnack, connect, events } = this.#options;
    const kept = ((bytes[start] as number) & SESSION_PRESENT) !== 0;
    // After the CONNACK, which is returned from here, has been written.
    setImmediate(() => events.ready(kept));
    if (!passConnack) return null;
    // MQTT 3.1 section 3.2: this byte is not used.
    return connect.level === 3 ? encodeConnack(bytes[start + 1] as number) : bytes.subarray(from, end);
  }

  #suback(bytes: Buffer, from: number, start: number, end: number): Uint8Array {
    const packetId = packetIdAt(bytes, start, end);
    const filters = this.#repeated.get(packetId);
    if (filters === undefined) return bytes.subarray(from, end);
    this.#repeated.delete(packetId);
    const once = [...new Set(filters)];
    const granted = filters.map((filter) => bytes[start + 2 + once.indexOf(filter)] ?? 0x80);
    return encodeSuback(packetId, granted);
  }
}
