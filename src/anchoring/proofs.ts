// Proofs that a map with a given root holds a value under a key, or nothing: their form, their bytes, and the check.
// Runs in Node, in browsers, and as contracts/SparseMerkleProof.sol, which also describes the bytes.
import type { Anchor } from './anchor.ts';
import { bytes32 } from './hexadecimal.ts';
import { compareBytes, DEPTH_MAX, EMPTY, HASH_bytes, isRight, leafHash, nodeHash } from './tree-hash.ts';

export interface Proof {
  /** The sibling at each level from the root down, `EMPTY` where there is none; as many as the place is deep. */
  readonly siblings: readonly Uint8Array[];
  /** What stands at the end of the key's path: its own leaf, nothing, or another key's leaf. */
  readonly end: 'own' | 'nothing' | { readonly key: Uint8Array; readonly value: Uint8Array };
}

const OWN_LEAF = 0;
const NOTHING = 1;
const OTHER_LEAF = 2;
const FIXED_bytes = 3;
const PROOF_MAX_bytes = FIXED_bytes + DEPTH_MAX / 8 + 2 * HASH_bytes + DEPTH_MAX * HASH_bytes;

/**
 * Whether `proof` shows that the map with `root` holds `value` under `key` (`null`: holds nothing there).
 * Anything malformed is false.
 */
export function verifyProof(root: Uint8Array, key: Uint8Array, value: Uint8Array | null, proof: Uint8Array): boolean {
  if (root.length !== HASH_bytes || key.length !== HASH_bytes) return false;
  if (value !== null && value.length !== HASH_bytes) return false;
  const decoded = decodeProof(proof);
  if (decoded === null) return false;
  const end = endHash(decoded, key, value);
  if (end === null) return false;
  let hash = end;
  for (let depth = decoded.siblings.length - 1; depth >= 0; depth -= 1) {
    const sibling = decoded.siblings[depth] ?? EMPTY;
    hash = isRight(key, depth) ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  return compareBytes(hash, root) === 0;
}

/** The same of a proof in base64url; what is no base64url proves nothing. */
export function proofHolds(root: Uint8Array, key: Uint8Array, value: Uint8Array | null, proof: string): boolean {
  try {
    return verifyProof(root, key, value, proofFromText(proof));
  } catch {
    return false;
  }
}

/** The hash at the end of the path, or `null` where the proof speaks of something else than was asked. */
function endHash({ end, siblings }: Proof, key: Uint8Array, value: Uint8Array | null): Uint8Array | null {
  if (value !== null) return end === 'own' ? leafHash(key, value) : null;
  if (end === 'own') return null;
  if (end === 'nothing') return EMPTY;
  const onPath = siblings.every((_, depth) => isRight(end.key, depth) === isRight(key, depth));
  return onPath && compareBytes(end.key, key) !== 0 ? leafHash(end.key, end.value) : null;
}

/** Whether an anchor as served leads from its key and value to its own root. That the root is on chain is not checked. */
export function anchorIsProven(anchor: Anchor): boolean {
  if (anchor.proof === null || anchor.root === null) return false;
  try {
    const value = anchor.value === null ? null : bytes32(anchor.value);
    return verifyProof(bytes32(anchor.root), bytes32(anchor.key), value, proofFromText(anchor.proof));
  } catch {
    return false;
  }
}

export function encodeProof({ siblings, end }: Proof): Uint8Array {
  const depth = siblings.length;
  const bitmap = new Uint8Array(Math.ceil(depth / 8));
  const listed: Uint8Array[] = [];
  siblings.forEach((sibling, level) => {
    if (compareBytes(sibling, EMPTY) === 0) return;
    bitmap[level >> 3] = (bitmap[level >> 3] ?? 0) | (0x80 >> (level & 7));
    listed.push(sibling);
  });
  const kind = end === 'own' ? OWN_LEAF : end === 'nothing' ? NOTHING : OTHER_LEAF;
  const other = typeof end === 'object' ? [end.key, end.value] : [];
  const parts = [Uint8Array.of(kind, depth >> 8, depth & 0xff), bitmap, ...other, ...listed];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @returns `null` for bytes that are not the one encoding of a proof */
export function decodeProof(bytes: Uint8Array): Proof | null {
  if (bytes.length < FIXED_bytes || bytes.length > PROOF_MAX_bytes) return null;
  const kind = bytes[0] ?? 0;
  const depth = ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
  if (kind > OTHER_LEAF || depth > DEPTH_MAX) return null;
  let at = FIXED_bytes;
  const take = (length: number): Uint8Array => {
    at += length;
    return bytes.slice(at - length, at);
  };
  const bitmap = take(Math.ceil(depth / 8));
  const bit = (level: number): boolean => isRight(bitmap, level);
  for (let unused = depth; unused < bitmap.length * 8; unused += 1) if (bit(unused)) return null;
  const other = kind === OTHER_LEAF ? { key: take(HASH_bytes), value: take(HASH_bytes) } : null;
  const siblings: Uint8Array[] = [];
  for (let level = 0; level < depth; level += 1) {
    const sibling = bit(level) ? take(HASH_bytes) : EMPTY;
    // Past the end of the bytes a part is short; and what is listed may not be empty.
    if (sibling.length !== HASH_bytes || (bit(level) && compareBytes(sibling, EMPTY) === 0)) return null;
    siblings.push(sibling);
  }
  if (at !== bytes.length || (other !== null && other.value.length !== HASH_bytes)) return null;
  return { siblings, end: other ?? (kind === OWN_LEAF ? 'own' : 'nothing') };
}

/** base64url without padding. */
export function proofToText(proof: Uint8Array): string {
  const binary = Array.from(proof, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws RangeError where `text` is not what `proofToText` writes */
export function proofFromText(text: string): Uint8Array {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new RangeError('expected base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const proof = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (proofToText(proof) !== text) throw new RangeError('expected base64url');
  return proof;
}
