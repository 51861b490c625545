// Trees over leaf hashes, and the paths in them. Source: RFC 9162, 2.1.1 (hash of a tree), 2.1.3 (inclusion proofs).
import { concatBytes } from '@noble/hashes/utils.js';

/** SHA-256; handed in, since a day of a city is hashed by Node's own and a bill's check by what browsers have. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const HASH_bytes = 32;
/** A tree has fewer leaves than this: paths are at most so many hashes long, and no longer one is looked at. */
export const pathMax = 40;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** SHA-256(0x00 ‖ data) */
export function leafHash(data: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(concatBytes(LEAF, data));
}

/** SHA-256(0x01 ‖ left ‖ right) */
function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(concatBytes(NODE, left, right));
}

/** @param leaves at least one */
export function treeRoot(leaves: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  return rootOf(leaves, 0, leaves.length, sha256);
}

function rootOf(leaves: readonly Uint8Array[], from: number, until: number, sha256: Sha256): Uint8Array {
  if (until - from < 2) {
    const leaf = leaves[from];
    if (leaf === undefined) throw new RangeError('a tree has at least one leaf');
    return leaf;
  }
  const middle = from + splitOf(until - from);
  return nodeHash(rootOf(leaves, from, middle, sha256), rootOf(leaves, middle, until, sha256), sha256);
}

/** The largest power of two below a number above 1. */
function splitOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/** The siblings on the way from a leaf to the root, the leaf's own first. */
export function treePath(leaves: readonly Uint8Array[], index: number, sha256: Sha256): Uint8Array[] {
  const path: Uint8Array[] = [];
  let [from, until] = [0, leaves.length];
  while (until - from > 1) {
    const middle = from + splitOf(until - from);
    if (index < middle) {
      path.push(rootOf(leaves, middle, until, sha256));
      until = middle;
    } else {
      path.push(rootOf(leaves, from, middle, sha256));
      from = middle;
    }
  }
  return path.reverse();
}

/** The root that a path leads to; null where the path is not one of a leaf at this place. Source: RFC 9162, 2.1.3.2. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  sha256: Sha256,
): Uint8Array | null {
  if (index < 0 || index >= size || path.length > pathMax) return null;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash, sha256);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling, sha256);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}
