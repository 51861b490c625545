// Whether a frame's own checksum holds, worked out apart from the decoders, so that they are not their own judges.

/** CRC-16 of polynomial 3D65, complemented, by table. Source: EN 13757-4:2019 clause 11.5. */
const crcTable = Uint16Array.from({ length: 256 }, (_, high) => {
  let crc = high << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x13d65);
  return crc & 0xffff;
});

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (crcTable[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  return crc ^ 0xffff;
}

/** A bare telegram with the CRCs of frame format A: after 10 bytes, then after every 16. */
export function withCrcs(bare: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bare.length; from += from === 0 ? 10 : 16) {
    const block = bare.subarray(from, from + (from === 0 ? 10 : 16));
    const crc = crc16(block);
    parts.push(block, Uint8Array.of(crc >> 8, crc & 0xff));
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** Null where the bytes carry none: other formats, and wireless telegrams that receivers hand on without CRCs. */
export function checksumHolds(decoder: string, bytes: Uint8Array): boolean | null {
  const looksWired = bytes[0] === 0x68 && bytes[3] === 0x68 && bytes[1] === bytes[2];
  if (decoder === 'seoul-digital' || decoder === 'mbus' || (decoder === 'wmbus' && looksWired)) return sumHolds(bytes);
  if (decoder !== 'wmbus') return null;
  // Mode C's synchronisation word may still stand in front.
  const isModeC = bytes[0] === 0x54 && (bytes[1] === 0xcd || bytes[1] === 0x3d);
  const frame = isModeC ? bytes.subarray(2) : bytes;
  return (frame[0] ?? 0) + 1 === frame.length ? null : crcsHold(frame);
}

/** The byte before the last is the sum of those from the fourth on. */
function sumHolds(bytes: Uint8Array): boolean {
  let sum = 0;
  for (let at = 4; at < bytes.length - 2; at += 1) sum += bytes[at] ?? 0;
  return bytes.length > 6 && (sum & 0xff) === bytes[bytes.length - 2];
}

function crcsHold(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length; ) {
    const end = Math.min(from + (from === 0 ? 10 : 16), bytes.length - 2);
    if (end <= from || crc16(bytes.subarray(from, end)) !== (((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0)))
      return false;
    from = end + 2;
  }
  return bytes.length > 0;
}

/** The frame with its lengths and sum made right again, so that what is broken in it is seen behind them. */
export function repaired(decoder: string, bytes: Uint8Array): Uint8Array {
  const own = Uint8Array.from(bytes);
  if (own[0] === 0x68 && own[3] === 0x68 && own.length > 6 && own.length < 256) {
    own[1] = own.length - 6;
    own[2] = own.length - 6;
    own[own.length - 1] = 0x16;
    own[own.length - 2] = own.subarray(4, -2).reduce((sum, byte) => (sum + byte) & 0xff, 0);
  } else if (decoder === 'wmbus' && own.length > 0 && own.length <= 256) own[0] = own.length - 1;
  return own;
}
