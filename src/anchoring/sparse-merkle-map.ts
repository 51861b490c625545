// The authenticated map: 256-bit keys to 256-bit values under one root that depends on the entries alone.
//
// Compact: a subtree with one entry is that entry's leaf, so a path is about log2(size) long instead of 256. A map never
// changes: `with` makes another that shares every untouched node, so the maps of several epochs stand side by side for
// little more than one, and a proof can be made for each of them.
import type { Proof } from './proofs.ts';
import { assertHash, compareBytes, EMPTY, isRight, leafHash, nodeHash } from './tree-hash.ts';

/** One entry to set, or with `null` to remove. */
export interface Change {
  /** 32 bytes */
  readonly key: Uint8Array;
  /** 32 bytes */
  readonly value: Uint8Array | null;
}

interface Leaf {
  readonly hash: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Branch {
  readonly hash: Uint8Array;
  readonly left: Node;
  readonly right: Node;
}

type Node = Leaf | Branch | null;

export class SparseMerkleMap {
  static readonly empty = new SparseMerkleMap(null);

  readonly #top: Node;

  private constructor(top: Node) {
    this.#top = top;
  }

  get root(): Uint8Array {
    return hashOf(this.#top);
  }

  get(key: Uint8Array): Uint8Array | null {
    const { end } = this.#walk(key);
    return end !== null && compareBytes(end.key, key) === 0 ? end.value : null;
  }

  /**
   * @param changes in any order; of several with one key the last counts
   * @returns the map with the changes made; this very map where they change nothing
   * @throws RangeError for a key or value that has not 32 bytes
   */
  with(changes: Iterable<Change>): SparseMerkleMap {
    const top = update(this.#top, inKeyOrder(changes), 0);
    return top === this.#top ? this : new SparseMerkleMap(top);
  }

  /** A proof of what stands under `key`: its value, or that there is none. */
  prove(key: Uint8Array): Proof {
    assertHash(key);
    const { end, siblings } = this.#walk(key);
    if (end === null) return { siblings, end: 'nothing' };
    return { siblings, end: compareBytes(end.key, key) === 0 ? 'own' : { key: end.key, value: end.value } };
  }

  #walk(key: Uint8Array): { end: Leaf | null; siblings: Uint8Array[] } {
    const siblings: Uint8Array[] = [];
    let node = this.#top;
    while (node !== null && 'left' in node) {
      const right = isRight(key, siblings.length);
      siblings.push(hashOf(right ? node.left : node.right));
      node = right ? node.right : node.left;
    }
    return { end: node, siblings };
  }
}

function hashOf(node: Node): Uint8Array {
  return node === null ? EMPTY : node.hash;
}

function inKeyOrder(changes: Iterable<Change>): Change[] {
  const sorted = [...changes];
  for (const { key, value } of sorted) {
    assertHash(key);
    if (value !== null) assertHash(value);
  }
  // The sort is stable: of equal keys the last given stays last.
  sorted.sort((a, b) => compareBytes(a.key, b.key));
  return sorted.filter((change, i) => {
    const next = sorted[i + 1];
    return next === undefined || compareBytes(change.key, next.key) !== 0;
  });
}

/** @param changes in key order, each key once, all of them below this node */
function update(node: Node, changes: readonly Change[], depth: number): Node {
  if (changes.length === 0) return node;
  if (node === null) return build(leavesOf(changes), depth);
  if (!('left' in node)) return updateLeaf(node, changes, depth);
  const middle = firstRight(changes, depth, (change) => change.key);
  const left = update(node.left, changes.slice(0, middle), depth + 1);
  const right = update(node.right, changes.slice(middle), depth + 1);
  return left === node.left && right === node.right ? node : join(left, right);
}

function updateLeaf(leaf: Leaf, changes: readonly Change[], depth: number): Node {
  const own = changes.find((change) => compareBytes(change.key, leaf.key) === 0);
  const kept = own === undefined || (own.value !== null && compareBytes(own.value, leaf.value) === 0);
  if (kept && changes.every((change) => change === own || change.value === null)) return leaf;
  const others = leavesOf(kept ? changes.filter((change) => change !== own) : changes);
  const leaves = kept ? [...others, leaf].sort((a, b) => compareBytes(a.key, b.key)) : others;
  return build(leaves, depth);
}

function leavesOf(changes: readonly Change[]): Leaf[] {
  const leaves: Leaf[] = [];
  for (const { key, value } of changes) {
    // Copies: a caller may use its buffers again.
    if (value !== null) leaves.push({ hash: leafHash(key, value), key: key.slice(), value: value.slice() });
  }
  return leaves;
}

/** @param leaves in key order */
function build(leaves: readonly Leaf[], depth: number): Node {
  if (leaves.length <= 1) return leaves[0] ?? null;
  const middle = firstRight(leaves, depth, (leaf) => leaf.key);
  return join(build(leaves.slice(0, middle), depth + 1), build(leaves.slice(middle), depth + 1));
}

/** A leaf alone rises; anything else stays below a branch. */
function join(left: Node, right: Node): Node {
  if (left === null && (right === null || !('left' in right))) return right;
  if (right === null && left !== null && !('left' in left)) return left;
  return { hash: nodeHash(hashOf(left), hashOf(right)), left, right };
}

/** Index of the first item that goes right at `depth`; items are in key order. */
function firstRight<T>(items: readonly T[], depth: number, keyOf: (item: T) => Uint8Array): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isRight(keyOf(items[middle] as T), depth)) high = middle;
    else low = middle + 1;
  }
  return low;
}
