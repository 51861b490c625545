// What a client has been sent at QoS 1 and 2 and must answer: which packet it may say next about which id.
// Source: MQTT 3.1.1 section 4.3
import { packetType } from './packet-guard.ts';

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = packetType;

/** An answer to something: `expected`; to nothing we know of, which does no harm: `unknown`; to something else: `wrong`. */
export type Answer = 'expected' | 'unknown' | 'wrong';

export class OutgoingHandshakes {
  /** The packet type awaited, by packet id. */
  readonly #awaited = new Map<number, number>();

  /** A packet leaves for the client. @param first its first byte */
  sent(first: number, packetId: number): void {
    const type = first >> 4;
    const qos = (first >> 1) & 0b11;
    if (type === PUBREL) this.#awaited.set(packetId, PUBCOMP);
    if (type === PUBLISH && qos > 0) this.#awaited.set(packetId, qos === 1 ? PUBACK : PUBREC);
  }

  isFree(packetId: number): boolean {
    return !this.#awaited.has(packetId);
  }

  /** PUBACK, PUBREC or PUBCOMP came. */
  answered(type: number, packetId: number): Answer {
    const awaited = this.#awaited.get(packetId);
    if (awaited === undefined) return 'unknown';
    // PUBREC again, because our PUBREL was lost: it is sent once more.
    if (type === PUBREC && awaited === PUBCOMP) return 'expected';
    if (awaited !== type) return 'wrong';
    if (type === PUBREC) this.#awaited.set(packetId, PUBCOMP);
    else this.#awaited.delete(packetId);
    return 'expected';
  }
}
