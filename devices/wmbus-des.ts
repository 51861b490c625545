// Opens mode 2: DES in CBC with a vector of zeros, of meters older than the AES modes. It keeps nothing secret today.
// Source: EN 13757-7:2018 table 29, where it is deprecated.
import { createDecipheriv } from 'node:crypto';
import { beginsWithFillers, noKey, type Opened, wrongKey } from './wmbus-keys.ts';
import { joined, refusal } from './wmbus-link.ts';
import type { TransportHeader } from './wmbus-transport.ts';

const block_bytes = 8;

/** @param key the eight bytes of a DES key; of a longer one the first eight are taken */
export function openMode2(header: TransportHeader, key: Uint8Array | undefined): Opened {
  const { data } = header;
  // The low byte counts the encrypted bytes; the rest is in the clear.
  const sealed_bytes = header.configuration & 0xff;
  if (sealed_bytes === 0 || beginsWithFillers(data)) return { ok: true, data };
  if (sealed_bytes > data.length || sealed_bytes % block_bytes !== 0) {
    return refusal('FRAME_TOO_SHORT', 'fewer bytes than the header says are encrypted');
  }
  if (key === undefined) return noKey();
  if (key.length < block_bytes) return refusal('KEY_INVALID', 'a DES key is 8 bytes: 16 hex digits');
  const opened = desOpened(data.subarray(0, sealed_bytes), key.subarray(0, block_bytes));
  if (!beginsWithFillers(opened)) return wrongKey();
  return { ok: true, data: joined([opened, data.subarray(sealed_bytes)]) };
}

/** Three times with one key is once: OpenSSL 3 has the triple one at hand, and single DES no more. */
function desOpened(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createDecipheriv('des-ede3-cbc', joined([key, key, key]), new Uint8Array(block_bytes));
  return cipher.setAutoPadding(false).update(sealed);
}
