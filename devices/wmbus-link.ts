// The link layer of a wireless M-Bus telegram: frame formats A and B with their CRCs, or without, as receivers hand them on.
// Source: EN 13757-4:2019 clauses 11 and 12.

import { type MeterAddress, standardAddress } from './wmbus-address.ts';
import { diehlAddress } from './wmbus-diehl.ts';

/** The link layer's view: its address, and what comes behind, beginning with the CI field. */
export interface LinkFrame {
  address: MeterAddress;
  /** The frame from its L field on, without CRCs: the makers' own formats count from there. */
  link: Uint8Array;
  body: Uint8Array;
}

export type Refusal = { ok: false; code: string; detail: string };

export function refusal(code: string, detail: string): Refusal {
  return { ok: false, code, detail };
}

const header_bytes = 10;
const crc_bytes = 2;
const blockOfFormatA_bytes = 16;
const blockOfFormatB_bytes = 126;

/** C fields of telegrams that carry a meter's data to the other side. Source: EN 13757-4:2019 table 25. */
const carriesData = new Set([0x44, 0x46, 0x08, 0x18, 0x28, 0x38]);

/**
 * What the bytes can be as link frames, the likeliest first: receivers hand on telegrams with the link layer's CRCs
 * (frame format A or B) or, mostly, without. Mode C's synchronisation word in front is taken off.
 */
export function linkFrames(received: Uint8Array): LinkFrame[] | Refusal {
  const bytes = withoutSynchronisation(received);
  if (bytes.length < header_bytes + 1) return refusal('FRAME_TOO_SHORT', 'a telegram has at least 11 bytes');
  if (!carriesData.has(bytes[1] ?? 0)) {
    return refusal('FRAME_TYPE_UNKNOWN', 'the C field is not one of a telegram that carries data');
  }
  const length = bytes[0] ?? 0;
  const frames: Uint8Array[] = [];
  if (length + 1 !== bytes.length) {
    const formatA = withoutCrcsOfFormatA(bytes, length);
    if (formatA !== null) frames.push(formatA);
  } else {
    if (isFormatAWithWrongLength(bytes))
      return refusal('FRAME_LENGTH_WRONG', 'the CRCs are of a frame with another L field');
    const formatB = withoutCrcsOfFormatB(bytes);
    if (formatB !== null) frames.push(formatB);
    if (hasLastCrcOnly(bytes)) frames.push(bytes.subarray(0, -crc_bytes));
    frames.push(bytes);
  }
  if (frames.length > 0) return frames.map(toFrame);
  return refusal(
    'FRAME_LENGTH_WRONG',
    `the L field says ${length + 1} bytes without CRCs, there are ${bytes.length}, and they are no frame with right CRCs`,
  );
}

/** Mode C begins with 54 CD (format A follows) or 54 3D (format B). Source: EN 13757-4:2019 table 21. */
function withoutSynchronisation(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0x54 && (bytes[1] === 0xcd || bytes[1] === 0x3d) ? bytes.subarray(2) : bytes;
}

function toFrame(link: Uint8Array): LinkFrame {
  return { address: diehlAddress(link) ?? standardAddress(link), link, body: link.subarray(header_bytes) };
}

/** Blocks of 10, then 16 bytes, each with its CRC; L counts no CRC. Null when the length or a CRC is not so. */
function withoutCrcsOfFormatA(bytes: Uint8Array, length: number): Uint8Array | null {
  const bare = new Uint8Array(length + 1);
  let from = 0;
  let to = 0;
  while (to < bare.length) {
    const size = Math.min(to === 0 ? header_bytes : blockOfFormatA_bytes, bare.length - to);
    if (!blockHolds(bytes, from, from + size)) return null;
    bare.set(bytes.subarray(from, from + size), to);
    from += size + crc_bytes;
    to += size;
  }
  return from === bytes.length && bare.length > header_bytes ? bare : null;
}

/** A frame with format A's CRCs whose L field was changed to look as if it had none. */
function isFormatAWithWrongLength(bytes: Uint8Array): boolean {
  const blocks = Math.ceil((bytes.length - header_bytes - crc_bytes) / (blockOfFormatA_bytes + crc_bytes));
  const length = bytes.length - crc_bytes * (1 + blocks) - 1;
  if (blocks < 1 || length < header_bytes) return false;
  // Not slice: of a Buffer, as the broker hands it on, that is the same memory, and the telegram itself would change.
  const mended = Uint8Array.from(bytes);
  mended[0] = length;
  return blockHolds(mended, 0, header_bytes) && withoutCrcsOfFormatA(mended, length) !== null;
}

/** A block of up to 126 bytes, then up to 126 more, each with its CRC; L counts them. Null when a CRC is wrong. */
function withoutCrcsOfFormatB(bytes: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += blockOfFormatB_bytes + crc_bytes) {
    const end = Math.min(from + blockOfFormatB_bytes + crc_bytes, bytes.length) - crc_bytes;
    if (end <= from || !blockHolds(bytes, from, end)) return null;
    parts.push(bytes.subarray(from, end));
  }
  const bare = joined(parts);
  return bare.length > header_bytes ? bare : null;
}

/** Some receivers take every CRC of format A out but the last block's, and count that one in L. */
function hasLastCrcOnly(bytes: Uint8Array): boolean {
  const end = bytes.length - crc_bytes;
  if (end <= header_bytes) return false;
  const lastBlock = end - 1 - ((end - 1 - header_bytes) % blockOfFormatA_bytes);
  return blockHolds(bytes, lastBlock, end);
}

function blockHolds(bytes: Uint8Array, from: number, end: number): boolean {
  if (end + crc_bytes > bytes.length) return false;
  return crcOf(bytes.subarray(from, end)) === (((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0));
}

/** CRC-16 with polynomial 3D65, complemented. Source: EN 13757-4:2019 clause 11.5. */
export function crcOf(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (crcTable[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
  return crc ^ 0xffff;
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) !== 0 ? (crc << 1) ^ 0x3d65 : crc << 1) & 0xffff;
  return crc;
});

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
