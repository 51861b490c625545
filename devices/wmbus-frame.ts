// The layers around a wireless M-Bus telegram's records: link layer, extended link layer, authentication, transport.
// Source: EN 13757-4:2019 clauses 11 to 13, EN 13757-7:2018 clauses 6 and 7, OMS-Specification volume 2 issue 4.

/** Who sent: from the link layer, or from the long transport header where a radio sends for a meter. */
export interface MeterAddress {
  /** Two bytes as sent, little-endian. */
  manufacturer: Uint8Array;
  /** Four bytes as sent, little-endian digits. */
  id: Uint8Array;
  version: number;
  medium: number;
}

/** The link layer's view: its address, and what comes behind, beginning with the CI field. */
export interface LinkFrame {
  address: MeterAddress;
  body: Uint8Array;
}

export type Refusal = { ok: false; code: string; detail: string };

/** Source: EN 13757-7:2018 table 13. */
const mediumNames: Record<number, string> = {
  0: 'other',
  1: 'oil',
  2: 'electricity',
  3: 'gas',
  4: 'heat',
  6: 'warm water',
  7: 'water',
  8: 'heat cost allocator',
  14: 'bus or system component',
  21: 'hot water',
  22: 'cold water',
  23: 'dual water',
  40: 'waste water',
  55: 'radio converter',
};

export function mediumName(medium: number): string {
  return mediumNames[medium] ?? `medium ${medium}`;
}

/** C fields of telegrams that carry a meter's data to the other side. Source: EN 13757-4:2019 table 25. */
const carriesData = new Set([0x44, 0x46, 0x08, 0x18, 0x28, 0x38]);

/**
 * What the bytes can be as link frames, the likeliest first: receivers hand on telegrams with the link layer's CRCs
 * (frame format A or B) or, mostly, without.
 */
export function linkFrames(bytes: Uint8Array): LinkFrame[] | Refusal {
  if (bytes.length < 11) return { ok: false, code: 'FRAME_TOO_SHORT', detail: 'a telegram has at least 11 bytes' };
  if (bytes[0] === 0x68 && bytes[3] === 0x68 && bytes[1] === bytes[2]) return wiredFrame(bytes);
  if (!carriesData.has(bytes[1] ?? 0)) {
    return { ok: false, code: 'FRAME_TYPE_UNKNOWN', detail: 'the C field is not one of a telegram that carries data' };
  }
  const length = bytes[0] ?? 0;
  const frames: LinkFrame[] = [];
  const formatA = length + 1 === bytes.length ? null : withoutCrcsOfFormatA(bytes, length);
  if (formatA !== null) frames.push(linkFrame(formatA));
  if (length + 1 === bytes.length) {
    const formatB = withoutCrcsOfFormatB(bytes);
    if (formatB !== null) frames.push(linkFrame(formatB));
    frames.push(linkFrame(bytes));
  }
  if (frames.length > 0) return frames;
  return {
    ok: false,
    code: 'FRAME_LENGTH_WRONG',
    detail: `the L field says ${length + 1} bytes without CRCs, there are ${bytes.length}, and they are no frame with right CRCs`,
  };
}

/**
 * Radio adapters of wired meters hand on the wired long frame as it is: `68 L L 68 C A CI … checksum 16`, its meter named
 * by the long transport header. Source: EN 13757-2:2018 clause 5 (frame format FT1.2), EN 13757-7:2018 clause 7.3.
 */
function wiredFrame(bytes: Uint8Array): LinkFrame[] | Refusal {
  const length = bytes[1] ?? 0;
  if (bytes.length !== length + 6 || bytes.at(-1) !== 0x16) {
    return { ok: false, code: 'FRAME_LENGTH_WRONG', detail: 'the wired long frame is not as long as it says' };
  }
  const content = bytes.subarray(4, 4 + length);
  if ((content.reduce((sum, byte) => sum + byte, 0) & 0xff) !== bytes.at(-2)) {
    return { ok: false, code: 'FRAME_CHECKSUM_WRONG', detail: 'the checksum is not the sum of the bytes' };
  }
  const body = content.subarray(2);
  const header = body[0] === 0x72 ? transportHeader(body) : null;
  if (header === null || 'ok' in header || header.address === null) {
    return { ok: false, code: 'FRAME_TYPE_UNKNOWN', detail: 'the wired frame has no long header that names its meter' };
  }
  return [{ address: header.address, body }];
}

function linkFrame(bytes: Uint8Array): LinkFrame {
  const manufacturer = manufacturerCode(bytes.subarray(2, 4));
  if (
    manufacturer === 'HYD' &&
    !(bytes[9] !== undefined && bytes[9] in mediumNames) &&
    (bytes[5] ?? 0) in mediumNames
  ) {
    // Older Hydrometer radios send version and medium before the id; told by the medium, which no device type has there.
    return {
      address: {
        manufacturer: bytes.subarray(2, 4),
        id: bytes.subarray(6, 10),
        version: bytes[4] ?? 0,
        medium: bytes[5] ?? 0,
      },
      body: bytes.subarray(10),
    };
  }
  return {
    address: {
      manufacturer: bytes.subarray(2, 4),
      id: bytes.subarray(4, 8),
      version: bytes[8] ?? 0,
      medium: bytes[9] ?? 0,
    },
    body: bytes.subarray(10),
  };
}

/** Blocks of 10, then 16 bytes, each with its CRC; L counts no CRC. Null when the length or a CRC is not so. */
function withoutCrcsOfFormatA(bytes: Uint8Array, length: number): Uint8Array | null {
  const bare = new Uint8Array(length + 1);
  let from = 0;
  let to = 0;
  while (to < bare.length) {
    const size = Math.min(to === 0 ? 10 : 16, bare.length - to);
    if (!blockHolds(bytes, from, from + size)) return null;
    bare.set(bytes.subarray(from, from + size), to);
    from += size + 2;
    to += size;
  }
  return from === bytes.length ? bare : null;
}

/** A block of up to 126 bytes, then up to 126 more, each with its CRC; L counts them. Null when a CRC is wrong. */
function withoutCrcsOfFormatB(bytes: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += 128) {
    const end = Math.min(from + 128, bytes.length) - 2;
    if (end <= from || !blockHolds(bytes, from, end)) return null;
    parts.push(bytes.subarray(from, end));
  }
  const bare = joined(parts);
  return bare.length >= 11 ? bare : null;
}

function blockHolds(bytes: Uint8Array, from: number, end: number): boolean {
  if (end + 2 > bytes.length) return false;
  return crcOf(bytes.subarray(from, end)) === (((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0));
}

/** CRC-16 with polynomial 3D65, complemented. Source: EN 13757-4:2019 clause 11.5. */
export function crcOf(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) !== 0 ? (crc << 1) ^ 0x3d65 : crc << 1) & 0xffff;
  }
  return crc ^ 0xffff;
}

export type TransportHeader = {
  /** Null when the header has none (CI 78) and the link layer's address stands. */
  address: MeterAddress | null;
  access_number: number | null;
  status: number;
  configuration: number;
  data: Uint8Array;
};

/** The transport layer behind `body[0]`, a CI of 72 (long header), 7A (short) or 78 (none). */
export function transportHeader(body: Uint8Array): TransportHeader | Refusal {
  const cut: Refusal = { ok: false, code: 'FRAME_TOO_SHORT', detail: 'the telegram ends inside its transport header' };
  const ci = body[0];
  if (ci === 0x78) {
    return { address: null, access_number: null, status: 0, configuration: 0, data: body.subarray(1) };
  }
  const start = ci === 0x72 ? 9 : 1;
  if (body.length < start + 4) return cut;
  const address: MeterAddress | null =
    ci === 0x72
      ? {
          id: body.subarray(1, 5),
          manufacturer: body.subarray(5, 7),
          version: body[7] ?? 0,
          medium: body[8] ?? 0,
        }
      : null;
  return {
    address,
    access_number: body[start] ?? 0,
    status: body[start + 1] ?? 0,
    configuration: (body[start + 2] ?? 0) | ((body[start + 3] ?? 0) << 8),
    data: body.subarray(start + 4),
  };
}

/** `0x44B4` is three letters of five bits: `QDS`. Source: EN 13757-7:2018 clause 7.5.2 (FLAG association). */
export function manufacturerCode(bytes: Uint8Array): string {
  const packed = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const letters = [packed >> 10, packed >> 5, packed].map((part) => 64 + (part & 0x1f));
  return letters.every((code) => code >= 65 && code <= 90) ? String.fromCharCode(...letters) : 'unknown';
}

/** The id as it is printed on the meter. */
export function meterIdOf(id: Uint8Array): string {
  return [...id]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
