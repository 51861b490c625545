// The strict reader of MQTT in front of everything: it judges each packet's fixed header before a byte of its body is
// held, and says at the first sign that this is not MQTT, or too much of it. Bodies: see packet-body.ts.
import { intakeLimits } from './intake-limits.ts';
import { PacketReader } from './packet-reader.ts';

/** Protocol level of CONNECT: 3 is MQTT 3.1, 4 is MQTT 3.1.1. */
export type ProtocolLevel = 3 | 4;

/** Control packet types. Source: MQTT 3.1.1 table 2.1 */
export const packetType = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  DISCONNECT: 14,
} as const;
const { CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT } = packetType;

const NOT_FROM_CLIENTS = -1;
const ANY = -2;
/** Flags by packet type that a client's fixed header must have. [MQTT-2.2.2-1] [MQTT-2.2.2-2], table 2.2 */
const FLAGS: Int8Array = byType(NOT_FROM_CLIENTS, [
  [PUBLISH, ANY],
  [PUBACK, 0],
  [PUBREC, 0],
  [PUBREL, 0b0010],
  [PUBCOMP, 0],
  [SUBSCRIBE, 0b0010],
  [UNSUBSCRIBE, 0b0010],
  [PINGREQ, 0],
  [DISCONNECT, 0],
]);
/** Lengths that are fixed: acknowledgements carry a packet id, PINGREQ and DISCONNECT nothing. */
const LENGTH_bytes: Int8Array = byType(ANY, [
  [PUBACK, 2],
  [PUBREC, 2],
  [PUBREL, 2],
  [PUBCOMP, 2],
  [PINGREQ, 0],
  [DISCONNECT, 0],
]);

export class PacketGuard extends PacketReader {
  /** Null until the CONNECT was read; then the rules of that level hold. */
  level: ProtocolLevel | null = null;

  constructor() {
    super(intakeLimits.packetBeforeAuthentication_bytes);
  }

  protected override isStartRight(first: number): boolean {
    const type = first >> 4;
    // The first packet must be a CONNECT, and only the first may be. [MQTT-3.1.0-1] [MQTT-3.1.0-2]
    // Its flags are judged with its body, which tells the level: MQTT 3.1 (section 2.1) lets them be anything.
    if (this.level === null) return type === CONNECT;
    const flags = FLAGS[type] as number;
    if (flags === NOT_FROM_CLIENTS) return false;
    if (flags === ANY) return isPublishStartRight(first, this.level);
    if (this.level === 4) return (first & 0x0f) === flags;
    // MQTT 3.1: SUBSCRIBE, UNSUBSCRIBE and PUBREL travel at QoS 1 and may be marked DUP (sections 3.6, 3.8, 3.10); in
    // the others the flags are not used.
    return flags === 0 || (first & 0b0110) === flags;
  }

  protected override isLengthRight(first: number, length: number): boolean {
    const fixed = LENGTH_bytes[first >> 4] as number;
    return fixed === ANY || fixed === length;
  }
}

/** QoS 3 does not exist [MQTT-3.3.1-4]; DUP without QoS neither [MQTT-3.3.1-2], though MQTT 3.1 does not say so. */
function isPublishStartRight(first: number, level: ProtocolLevel): boolean {
  const qos = (first >> 1) & 0b11;
  return qos !== 3 && (qos !== 0 || (first & 0b1000) === 0 || level === 3);
}

function byType(otherwise: number, given: readonly (readonly [number, number])[]): Int8Array {
  const table = new Int8Array(16).fill(otherwise);
  for (const [type, value] of given) table[type] = value;
  return table;
}
