// AES-CMAC with a 128-bit key: authenticates telegrams and derives their keys. Source: RFC 4493.
import { createCipheriv } from 'node:crypto';

const block_bytes = 16;

/** The 16 bytes of the MAC; whoever needs fewer takes the first ones. `key` is 16 bytes. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const forWhole = doubled(cipher.update(new Uint8Array(block_bytes)));
  const blocks = Math.max(1, Math.ceil(message.length / block_bytes));
  const last = message.slice((blocks - 1) * block_bytes);
  const tail = new Uint8Array(block_bytes);
  tail.set(last);
  if (last.length < block_bytes) tail[last.length] = 0x80;
  mix(tail, last.length === block_bytes ? forWhole : doubled(forWhole));
  let state: Uint8Array = new Uint8Array(block_bytes);
  for (let block = 0; block < blocks; block += 1) {
    const input = block === blocks - 1 ? tail : message.slice(block * block_bytes, (block + 1) * block_bytes);
    mix(input, state);
    state = cipher.update(input);
  }
  return Uint8Array.from(state);
}

/** Times x in the field of 2^128 elements. */
function doubled(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(block_bytes);
  for (let at = 0; at < block_bytes; at += 1) {
    result[at] = (((bytes[at] ?? 0) << 1) | ((bytes[at + 1] ?? 0) >> 7)) & 0xff;
  }
  if (((bytes[0] ?? 0) & 0x80) !== 0) result[block_bytes - 1] = (result[block_bytes - 1] ?? 0) ^ 0x87;
  return result;
}

function mix(into: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) ^ (other[at] ?? 0);
}
