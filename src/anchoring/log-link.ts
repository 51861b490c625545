// The link of each row of the public log to its epoch and to the row before it: what names a row changed by hand.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Change } from './sparse-merkle-map.ts';
import { HASH_bytes } from './tree-hash.ts';

const REMOVED: Uint8Array = new Uint8Array(HASH_bytes);

/**
 * SHA-256(before ‖ key ‖ value), for a removal with 32 zero bytes as the value.
 *
 * @param before the link of the row before in key order; for an epoch's first row its previous root
 */
export function logLink(before: Uint8Array, { key, value }: Change): Uint8Array {
  const input = new Uint8Array(3 * HASH_bytes);
  input.set(before, 0);
  input.set(key, HASH_bytes);
  input.set(value ?? REMOVED, 2 * HASH_bytes);
  return sha256(input);
}

/** @param changes one epoch's, in key order */
export function logLinks(previousRoot: Uint8Array, changes: readonly Change[]): Uint8Array[] {
  let before = previousRoot;
  return changes.map((change) => {
    before = logLink(before, change);
    return before;
  });
}
