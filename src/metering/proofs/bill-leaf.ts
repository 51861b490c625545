// What is hashed of a bill, and how a run's tree is cut into stretches.
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { leafHash, type Sha256, treePath, treeRoot } from './merkle-tree.ts';

const BILL = utf8ToBytes('naru/bill/1');

/** SHA-256(0x00 ‖ "naru/bill/1" ‖ salt ‖ SHA-256 of the document) */
export function billLeaf(salt: Uint8Array, documentSha256: Uint8Array, sha256: Sha256): Uint8Array {
  return leafHash(concatBytes(BILL, salt, documentSha256), sha256);
}

/** Roots of stretches of so many leaves, a power of two: of them as leaves the whole has the same root. */
export function stretchRoots(leaves: readonly Uint8Array[], length: number, sha256: Sha256): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let from = 0; from < leaves.length; from += length) {
    roots.push(treeRoot(leaves.slice(from, from + length), sha256));
  }
  return roots;
}

/** The path of a leaf in the whole, from its stretch alone and the roots of all. */
export function pathByStretch(
  ofStretch: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  place: number,
  length: number,
  sha256: Sha256,
): Uint8Array[] {
  return [...treePath(ofStretch, place % length, sha256), ...treePath(roots, Math.floor(place / length), sha256)];
}

/** Hashes that stand one after the other. */
export function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
}
