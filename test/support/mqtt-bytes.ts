// MQTT 3.1.1 packets by hand, for what a client library would refuse to send.

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** The fixed header and the body. @param declared remaining length to claim, where it shall differ from the body's */
export function packet(firstByte: number, body: Buffer, declared = body.length): Buffer {
  const length: number[] = [];
  let rest = declared;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([firstByte, ...length]), body]);
}

export function connectPacket(clientId: string, secret: string, userName = clientId): Buffer {
  const head = Buffer.concat([text('MQTT'), Buffer.from([4, 0b1100_0010, 0, 0])]);
  return packet(0x10, Buffer.concat([head, text(clientId), text(userName), text(secret)]));
}

export function publishPacket(topic: string, payload: string, packetId: number, flags: { dup?: boolean } = {}): Buffer {
  const id = Buffer.from([packetId >> 8, packetId & 0xff]);
  return packet(flags.dup ? 0x3a : 0x32, Buffer.concat([text(topic), id, Buffer.from(payload)]));
}

export const CONNACK = 0x20;
export const PUBACK = 0x40;
