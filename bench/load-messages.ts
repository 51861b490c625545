// The PUBLISH packets of one device's load, each with readings of its own that follow those before.
import { findFormat, topicLevelOf } from '../devices/formats.ts';
import { senmlJson } from '../devices/senml-json.ts';

export interface LoadDevice {
  deviceId: string;
  secret: string;
  serial: string;
}

export interface Load {
  kind: 'load';
  port: number;
  devices: LoadDevice[];
  window: number;
  readingsPerMessage: 1 | 6;
  /** Each device sends in one of them, the next device in the next. */
  formats: readonly string[];
  duration_ms: number;
  /** Time of each device's first reading, and what lies between one and the next. */
  from_s: number;
  every_s: number;
}

export interface Messages {
  /** So many packets, in one piece, from the nth of all on: no more than fit into the window behind the nth. */
  bytes(nth: number, count: number): Buffer;
}

/** Registers of all devices begin here. */
const FIRST_l = 1_000_000;
const KOREA_min = 540;

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

export function packet(first: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/** @param format of the device; it also says the last level of its topic */
export function messagesOf(device: LoadDevice, format: string, load: Load): Messages {
  const topic = text(`naru/v1/up/${device.deviceId}/${topicLevelOf(format)}`);
  if (format === senmlJson.name) return new NumberedMessages(topic, device, load);
  const encode = findFormat(format)?.encode;
  if (encode === undefined) throw new Error(`${format}: a format that a simulated meter can't send`);
  if (load.readingsPerMessage !== 1) throw new Error('six readings a message are sent in senml+json alone');
  return {
    bytes: (nth, count) => {
      const packets = Array.from({ length: count }, (_, n) => {
        const measured_at_ms = (load.from_s + (nth + n) * load.every_s) * 1_000;
        const payload = encode({
          ...{ meter_id: device.serial, bore_mm: 15, flags: [], utc_offset_min: KOREA_min },
          readings: [{ measured_at_ms, register_l: FIRST_l + nth + n }],
        });
        const id = packetId(nth + n);
        return packet(0x32, Buffer.concat([topic, Uint8Array.of(id >> 8, id & 0xff), payload]));
      });
      return Buffer.concat(packets);
    },
  };
}

/** Copies of one message in the house format, made ahead, in which a few digits change: nearly nothing to make. */
class NumberedMessages implements Messages {
  readonly #load: Load;
  /** A place for each message of the window. What was acknowledged has left its place: messages travel in their order. */
  readonly #slots: Buffer;
  readonly #size: number;
  readonly #idAt: number;
  readonly #valuesAt: number[];
  readonly #timeAt: number;

  constructor(topic: Buffer, device: LoadDevice, load: Load) {
    this.#load = load;
    const base = `{"bn":"urn:naru:meter:${device.serial}:","bt":0000000000,"n":"register","u":"l","v":${FIRST_l}}`;
    const more = Array.from({ length: load.readingsPerMessage - 1 }, (_, n) => {
      return `,{"n":"register","u":"l","v":${FIRST_l},"t":${n + 1}}`;
    });
    const payload = `[${base}${more.join('')}]`;
    const message = packet(0x32, Buffer.concat([topic, Buffer.alloc(2), Buffer.from(payload)]));
    this.#size = message.length;
    this.#slots = Buffer.concat(Array.from({ length: load.window }, () => message));
    const start = message.length - payload.length;
    this.#idAt = start - 2;
    this.#timeAt = start + payload.indexOf('"bt":') + 5;
    this.#valuesAt = [...payload.matchAll(/"v":/g)].map((match) => start + match.index + 4);
  }

  bytes(nth: number, count: number): Buffer {
    const slot = nth % this.#load.window;
    for (let n = 0; n < count; n += 1) this.#number(slot + n, nth + n);
    const isAll = count === this.#load.window;
    return isAll ? this.#slots : this.#slots.subarray(slot * this.#size, (slot + count) * this.#size);
  }

  #number(slot: number, nth: number): void {
    const bytes = this.#slots;
    const at = slot * this.#size;
    const readings = this.#load.readingsPerMessage;
    const id = packetId(nth);
    bytes[at + this.#idAt] = id >> 8;
    bytes[at + this.#idAt + 1] = id & 0xff;
    digits(bytes, at + this.#timeAt, 10, this.#load.from_s + nth * readings * this.#load.every_s);
    for (let r = 0; r < readings; r += 1) {
      digits(bytes, at + (this.#valuesAt[r] as number), 7, FIRST_l + nth * readings + r);
    }
  }
}

function packetId(nth: number): number {
  return (nth % 65_535) + 1;
}

function digits(bytes: Buffer, at: number, count: number, value: number): void {
  let rest = value;
  for (let place = at + count - 1; place >= at; place -= 1) {
    const next = Math.floor(rest / 10);
    bytes[place] = 48 + rest - 10 * next;
    rest = next;
  }
}
