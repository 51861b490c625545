// The packets of MQTT 3.1.1 that a meter sends, and those it hears back.

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(first: number, ...parts: readonly Uint8Array[]): Buffer {
  const length: number[] = [];
  let rest = parts.reduce((sum, part) => sum + part.length, 0);
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), ...parts]);
}

/** Client id and user name are the device's id; a clean session. */
export function connectPacket(deviceId: string, secret: string, keepAlive_s: number): Buffer {
  const head = Buffer.from([4, 0b1100_0010, keepAlive_s >> 8, keepAlive_s & 0xff]);
  return packet(0x10, text('MQTT'), head, text(deviceId), text(deviceId), text(secret));
}

/** QoS 1, not retained. */
export function publishPacket(topic: string, payload: Uint8Array, packetId: number, dup: boolean): Buffer {
  return packet(dup ? 0x3a : 0x32, text(topic), Buffer.from([packetId >> 8, packetId & 0xff]), payload);
}

export const PINGREQ = Buffer.from([0xc0, 0]);

export type Acknowledgement =
  | { kind: 'connack'; returnCode: number }
  | { kind: 'puback'; packetId: number }
  | { kind: 'other' };

const CONNACK = 2;
const PUBACK = 4;

/** Cuts what a broker sends into packets; keeps the rest for the next piece. Null where it is no MQTT. */
export class AcknowledgementReader {
  #rest: Buffer = Buffer.alloc(0);

  read(bytes: Buffer): Acknowledgement[] | null {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const read: Acknowledgement[] = [];
    let at = 0;
    while (at + 2 <= all.length) {
      const body = bodyAt(all, at);
      if (body === 'endless') return null;
      if (body === null || body.to > all.length) break;
      read.push(acknowledgementIn(all, at, body.from, body.to));
      at = body.to;
    }
    this.#rest = at === all.length ? Buffer.alloc(0) : Buffer.from(all.subarray(at));
    return read;
  }
}

/** Source: MQTT 3.1.1 section 2.2.3. Null while the length is not all there. */
function bodyAt(bytes: Buffer, start: number): { from: number; to: number } | 'endless' | null {
  let length = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[start + 1 + index];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { from: start + 2 + index, to: start + 2 + index + length };
  }
  return 'endless';
}

function acknowledgementIn(bytes: Buffer, start: number, from: number, to: number): Acknowledgement {
  const type = (bytes[start] ?? 0) >> 4;
  if (type === CONNACK && to - from === 2) return { kind: 'connack', returnCode: bytes[from + 1] ?? 0 };
  if (type === PUBACK && to - from === 2) return { kind: 'puback', packetId: bytes.readUInt16BE(from) };
  return { kind: 'other' };
}
