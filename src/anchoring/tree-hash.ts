// The three hashes a sparse Merkle map is made of, and the path a key takes through it.
//
// SHA-256 rather than keccak: every language's standard library, every HSM and the EVM (precompile 2) have it, so anyone
// can write a verifier without a package, and in JavaScript it is about twice as fast. On chain it costs some 150 gas a
// level more than keccak, which matters only to contracts that check proofs, never to the commit.
import { sha256 } from '@noble/hashes/sha2.js';

export const HASH_bytes = 32;
export const DEPTH_MAX = 256;

/** What an empty subtree hashes to. No leaf or node can be found that hashes to it. */
export const EMPTY: Uint8Array = new Uint8Array(HASH_bytes);

const LEAF = 0;
const NODE = 1;

/** SHA-256(0x00 ‖ key ‖ value) */
export function leafHash(key: Uint8Array, value: Uint8Array): Uint8Array {
  return tagged(LEAF, key, value);
}

/** SHA-256(0x01 ‖ left ‖ right) */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return tagged(NODE, left, right);
}

function tagged(tag: number, first: Uint8Array, second: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_bytes);
  input[0] = tag;
  input.set(first, 1);
  input.set(second, 1 + HASH_bytes);
  return sha256(input);
}

/** The key's bit at `depth` (0 next to the root), the most significant first; true is right. */
export function isRight(key: Uint8Array, depth: number): boolean {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < HASH_bytes; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @throws RangeError unless `bytes` has 32 bytes */
export function assertHash(bytes: Uint8Array): void {
  if (bytes.length !== HASH_bytes) throw new RangeError(`expected ${HASH_bytes} bytes, got ${bytes.length}`);
}
