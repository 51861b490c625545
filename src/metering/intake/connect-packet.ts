// The body of a CONNECT: who wants to be let in, speaking which MQTT. Source: MQTT 3.1.1 section 3.1, MQTT 3.1 section 3.1
import { decodeText, endOfField, isTopicName } from './mqtt-text.ts';
import type { ProtocolLevel } from './packet-guard.ts';

export interface ConnectPacket {
  level: ProtocolLevel;
  clean: boolean;
  /** Seconds; 0 where the client does not want to be watched. */
  keepAlive_s: number;
  /** Empty where the server shall give one. */
  clientId: string;
  will: { topic: string; retain: boolean; qos: number } | null;
  userName: string | undefined;
  secret: Uint8Array | undefined;
  /** The bytes of topic and message of the will, as they came. */
  willFields: Uint8Array;
}

/** What is answered instead: a CONNACK with this return code (table 3.1), or nothing but the end of the connection. */
export type ConnectRefusal = { returnCode: 1 | 2 } | 'malformed';

/** Longest client id of an MQTT 3.1 client. Its section 3.1 says 23 characters; ids of devices have up to 64. */
const MOST_CLIENT_ID_chars = 64;
const NO_FIELDS = new Uint8Array(0);

const flag = { reserved: 0x01, clean: 0x02, will: 0x04, willRetain: 0x20, secret: 0x40, userName: 0x80 } as const;

/** @param first the packet's first byte. @returns the packet, or how to refuse it */
export function readConnect(first: number, bytes: Buffer, start: number, end: number): ConnectPacket | ConnectRefusal {
  const nameEnd = endOfField(bytes, start, end);
  if (nameEnd < 0 || nameEnd + 4 > end) return 'malformed';
  const level = levelOf(bytes.toString('latin1', start + 2, nameEnd), bytes[nameEnd] as number);
  if (level === null) return 'malformed';
  if (level === 'unknown') return { returnCode: 1 };
  const flags = bytes[nameEnd + 1] as number;
  // [MQTT-2.2.2-2] [MQTT-3.1.2-3]; in MQTT 3.1 these bits are not used.
  if (level === 4 && ((first & 0x0f) !== 0 || (flags & flag.reserved) !== 0)) return 'malformed';
  if (!areFlagsRight(flags)) return 'malformed';
  return readPayload(new Fields(bytes, nameEnd + 4, end), level, flags, bytes.readUInt16BE(nameEnd + 2));
}

/** A name that is not MQTT's may be anything: close [MQTT-3.1.2-1]. A level we don't speak is told so [MQTT-3.1.2-2]. */
function levelOf(name: string, level: number): ProtocolLevel | 'unknown' | null {
  if (name !== 'MQTT' && name !== 'MQIsdp') return null;
  if (name === 'MQTT') return level === 4 ? 4 : 'unknown';
  return level === 3 ? 3 : 'unknown';
}

function areFlagsRight(flags: number): boolean {
  const willQos = (flags >> 3) & 0b11;
  // [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-15]; QoS 3 [MQTT-3.1.2-14]
  if ((flags & flag.will) === 0 ? willQos !== 0 || (flags & flag.willRetain) !== 0 : willQos === 3) return false;
  // [MQTT-3.1.2-22]
  return (flags & flag.userName) !== 0 || (flags & flag.secret) === 0;
}

/** Client id, will topic, will message, user name, password, in that order and nothing after. [MQTT-3.1.3-1] */
function readPayload(
  fields: Fields,
  level: ProtocolLevel,
  flags: number,
  keepAlive_s: number,
): ConnectPacket | ConnectRefusal {
  const clean = (flags & flag.clean) !== 0;
  const clientId = fields.text();
  if (clientId === null) return 'malformed';
  let will: ConnectPacket['will'] = null;
  const willStart = fields.at;
  if ((flags & flag.will) !== 0) {
    const topic = fields.text();
    if (topic === null || !isTopicName(topic) || fields.bytes() === null) return 'malformed';
    will = { topic, retain: (flags & flag.willRetain) !== 0, qos: (flags >> 3) & 0b11 };
  }
  const willFields = will === null ? NO_FIELDS : fields.since(willStart);
  // MQTT 3.1 section 3.1: where the packet ends before them, user name and password were not given, whatever the flags
  // say. MQTT 3.1.1: what the flags announce is there [MQTT-3.1.2-19] [MQTT-3.1.2-21].
  const isGiven = (bit: number) => (flags & bit) !== 0 && !(level === 3 && fields.isAtEnd);
  const userName = isGiven(flag.userName) ? fields.text() : undefined;
  const secret = isGiven(flag.secret) ? fields.bytes() : undefined;
  // What nothing announced is not there either. [MQTT-3.1.2-18] [MQTT-3.1.2-20]
  if (userName === null || secret === null || !fields.isAtEnd) return 'malformed';
  // An empty id is for clean sessions of MQTT 3.1.1 only. [MQTT-3.1.3-7] [MQTT-3.1.3-8]
  if (clientId === '' && (level === 3 || !clean)) return { returnCode: 2 };
  if (level === 3 && clientId.length > MOST_CLIENT_ID_chars) return { returnCode: 2 };
  return { level, clean, keepAlive_s, clientId, will, userName, secret, willFields };
}

/** Reads one field with its length after the other. */
class Fields {
  readonly #bytes: Buffer;
  readonly #end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at === this.#end;
  }

  /** @returns null where the field goes beyond the packet or is no text */
  text(): string | null {
    const from = this.at;
    return this.#skip() ? decodeText(this.#bytes, from + 2, this.at) : null;
  }

  /** @returns null where the field goes beyond the packet */
  bytes(): Uint8Array | null {
    const from = this.at;
    return this.#skip() ? this.#bytes.subarray(from + 2, this.at) : null;
  }

  since(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.at);
  }

  #skip(): boolean {
    const until = endOfField(this.#bytes, this.at, this.#end);
    if (until < 0) return false;
    this.at = until;
    return true;
  }
}
