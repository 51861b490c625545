// The few packets that the intake writes itself. Source: MQTT 3.1.1 sections 2.2.3, 3.1, 3.2 and 3.4 to 3.7
import type { ConnectPacket } from './connect-packet.ts';

export const PINGRESP: Uint8Array = Uint8Array.of(0xd0, 0);
/** First bytes of packets that carry a packet id and no more. */
export const firstByte = { PUBACK: 0x40, PUBREL: 0x62, PUBCOMP: 0x70, UNSUBACK: 0xb0 } as const;

/** The session present flag is 0 here: a session that was kept is aedes' to speak of. */
export function encodeConnack(returnCode: number): Uint8Array {
  return Uint8Array.of(0x20, 2, 0, returnCode);
}

/** One packet of two bytes of id for each of the first `count`. */
export function encodeAcknowledgements(first: number, packetIds: readonly number[], count = packetIds.length): Buffer {
  const bytes = Buffer.allocUnsafe(4 * count);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const id = packetIds[index] as number;
    bytes[at] = first;
    bytes[at + 1] = 2;
    bytes[at + 2] = id >> 8;
    bytes[at + 3] = id & 0xff;
    at += 4;
  }
  return bytes;
}

/** @param granted a QoS for each filter, in their order. [MQTT-3.8.4-5] */
export function encodeSuback(packetId: number, granted: readonly number[]): Buffer {
  return encodePacket(0x90, [Uint8Array.of(packetId >> 8, packetId & 0xff), Uint8Array.from(granted)]);
}

/** @param packetId of a PUBLISH at QoS 1; null for QoS 0 */
export function encodePublish(topic: string, payload: Uint8Array, packetId: number | null): Buffer {
  if (packetId === null) return encodePacket(0x30, [text(topic), payload]);
  return encodePacket(0x32, [text(topic), Uint8Array.of(packetId >> 8, packetId & 0xff), payload]);
}

/** A CONNECT that opens the same session, of a client that is known by now and whose keep-alive is watched already. */
export function encodeConnect({ level, clean, will, willFields }: ConnectPacket, clientId: string): Buffer {
  const willFlags = will === null ? 0 : 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0);
  const head = Uint8Array.of(level, (clean ? 0x02 : 0) | willFlags, 0, 0);
  return encodePacket(0x10, [text(level === 3 ? 'MQIsdp' : 'MQTT'), head, text(clientId), willFields]);
}

export function encodePacket(first: number, body: readonly Uint8Array[]): Buffer {
  let rest = body.reduce((sum, part) => sum + part.length, 0);
  const header = [first];
  do {
    header.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Uint8Array.from(header), ...body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
