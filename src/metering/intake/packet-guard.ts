// The strict reader of MQTT framing in front of the broker: it sees each packet's fixed header before the broker holds
// a byte of its body, and says at the first sign that this is not MQTT, or too much of it.
import { intakeLimits } from './intake-limits.ts';

export type GuardRefusal = 'packet_too_large' | 'malformed_packet';

const CONNECT = 1;
const PUBLISH = 3;
/** Packets a server may receive, with the flags their fixed header must have. [MQTT-2.2.2-1], table 2.2 */
const FLAGS: ReadonlyMap<number, number> = new Map([
  [CONNECT, 0],
  [4, 0], // PUBACK
  [5, 0], // PUBREC
  [6, 0b0010], // PUBREL
  [7, 0], // PUBCOMP
  [8, 0b0010], // SUBSCRIBE
  [10, 0b0010], // UNSUBSCRIBE
  [12, 0], // PINGREQ
  [14, 0], // DISCONNECT
]);
/** Packets whose length is fixed: acknowledgements carry a packet id, PINGREQ and DISCONNECT nothing. */
const LENGTH_bytes: ReadonlyMap<number, number> = new Map([
  [4, 2],
  [5, 2],
  [6, 2],
  [7, 2],
  [12, 0],
  [14, 0],
]);

export class PacketGuard {
  /** Largest remaining length taken now. */
  mostBytes: number = intakeLimits.packetBeforeAuthentication_bytes;
  #first = true;
  #type = 0;
  /** -1 while the type byte is awaited; 0 … 3 the length byte awaited; 4 inside the body. */
  #lengthByte = -1;
  #remaining = 0;

  /** @returns the reason to close the connection, or null to hand the chunk on. */
  accept(chunk: Uint8Array): GuardRefusal | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthByte === 4) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        if (this.#remaining === 0) this.#lengthByte = -1;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      const refusal = this.#lengthByte < 0 ? this.#startPacket(byte) : this.#addLength(byte);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #startPacket(byte: number): GuardRefusal | null {
    this.#type = byte >> 4;
    // The first packet must be a CONNECT, and only the first may be. [MQTT-3.1.0-1] [MQTT-3.1.0-2]
    if ((this.#type === CONNECT) !== this.#first) return 'malformed_packet';
    this.#first = false;
    if (!areFlagsRight(this.#type, byte & 0x0f)) return 'malformed_packet';
    this.#lengthByte = 0;
    this.#remaining = 0;
    return null;
  }

  /** Source: MQTT 3.1.1 section 2.2.3: seven bits a byte, least significant first, four bytes at most. */
  #addLength(byte: number): GuardRefusal | null {
    this.#remaining += (byte & 0x7f) << (7 * this.#lengthByte);
    if (this.#remaining > this.mostBytes) return 'packet_too_large';
    if (byte & 0x80) {
      this.#lengthByte += 1;
      return this.#lengthByte > 3 ? 'malformed_packet' : null;
    }
    const fixed = LENGTH_bytes.get(this.#type);
    if (fixed !== undefined && fixed !== this.#remaining) return 'malformed_packet';
    this.#lengthByte = this.#remaining === 0 ? -1 : 4;
    return null;
  }
}

function areFlagsRight(type: number, flags: number): boolean {
  if (type !== PUBLISH) return FLAGS.get(type) === flags;
  const qos = (flags >> 1) & 0b11;
  const dup = (flags & 0b1000) !== 0;
  // QoS 3 does not exist; DUP without QoS neither. [MQTT-3.3.1-4] [MQTT-3.3.1-2]
  return qos !== 3 && !(dup && qos === 0);
}
