// Bytes as `0x…` text and back, the way chains write them.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

export function toHex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

/** @throws RangeError unless `text` is `0x` and 64 hexadecimal digits */
export function bytes32(text: string): Uint8Array {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new RangeError('expected 0x and 64 hexadecimal digits');
  return hexToBytes(text.slice(2));
}
