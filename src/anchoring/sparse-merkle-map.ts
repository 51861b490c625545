// The authenticated map: 256-bit keys to 256-bit values under one root that depends on the entries alone.
//
// Compact: a subtree with one entry is that entry's leaf, so a path is about log2(size) long instead of 256. The map has a
// line of versions that share every node they have in common: the maps of several epochs stand side by side for little more
// than one, and a proof can be made for each. What a version replaced is freed once no older version is left.
import { isLeaf, NOTHING, NodeArena, type NodeRef } from './node-arena.ts';
import type { Proof } from './proofs.ts';
import { assertHash, compareBytes, isRight } from './tree-hash.ts';

/** One entry to set, or with `null` to remove. */
export interface Change {
  /** 32 bytes */
  readonly key: Uint8Array;
  /** 32 bytes */
  readonly value: Uint8Array | null;
}

/** The map as it was after some changes. Good until it is released. */
export interface MapVersion {
  /** 32 bytes */
  readonly root: Uint8Array;
  get(key: Uint8Array): Uint8Array | null;
  /** A proof of what stands under `key`: its value, or that there is none. */
  prove(key: Uint8Array): Proof;
}

/** Changes put in key order and looked at together. */
const SORTED_together = 16_384;
/** Changes made before the event loop has its turn: about a millisecond's work on a million leaves. */
const MADE_at_once = 128;

export class SparseMerkleMap {
  readonly #arena = new NodeArena();
  readonly #versions: Version[] = [new Version(this.#arena, NOTHING, 0)];
  #numbers = 0;
  #isAdvancing = false;

  get newest(): MapVersion {
    return this.#versions.at(-1) as Version;
  }

  /**
   * Makes the next version, with turns for everybody else in between. Reading older versions goes on meanwhile.
   *
   * @param changes in any order; of several with one key the last counts
   * @returns the newest version now; the one there was where they change nothing
   * @throws RangeError for a key or value that has not 32 bytes; then nothing has changed
   */
  async advance(changes: Iterable<Change>): Promise<MapVersion> {
    if (this.#isAdvancing) throw new Error('a map advances once at a time');
    this.#isAdvancing = true;
    const base = this.#versions.at(-1) as Version;
    this.#numbers += 1;
    const next = new Version(this.#arena, base.top, this.#numbers);
    try {
      for (const group of grouped(changes)) {
        for (let from = 0; from < group.length; from += MADE_at_once) {
          next.make(group.slice(from, from + MADE_at_once));
          await turn();
        }
      }
    } catch (error) {
      next.giveUp();
      throw error;
    } finally {
      this.#isAdvancing = false;
    }
    if (next.top === base.top) return base;
    next.settle();
    this.#versions.push(next);
    return next;
  }

  /** Lets go of the oldest version, or of the newest, which is thereby given up; not of the only one. */
  release(version: MapVersion): void {
    const [oldest, second] = this.#versions;
    if (second === undefined) return;
    if (version === oldest) {
      this.#versions.shift();
      oldest.end();
      second.freeReplaced();
    } else if (version === this.#versions.at(-1) && !this.#isAdvancing) {
      this.#versions.pop();
      (version as Version).giveUp();
    } else {
      throw new Error('only the oldest or the newest version can be released');
    }
  }
}

class Version implements MapVersion {
  readonly #arena: NodeArena;
  readonly #number: number;
  /** Nodes this version made; a place may come twice where it was freed and taken again. */
  #made: NodeRef[] = [];
  /** Nodes of older versions that this one has no more. */
  #replaced: NodeRef[] = [];
  #ended = false;
  top: NodeRef;

  constructor(arena: NodeArena, top: NodeRef, number: number) {
    this.#arena = arena;
    this.top = top;
    this.#number = number;
  }

  get root(): Uint8Array {
    this.#assertLive();
    return this.#arena.hashOf(this.top);
  }

  get(key: Uint8Array): Uint8Array | null {
    const end = this.#walk(key, null);
    return end !== NOTHING && compareBytes(this.#arena.keyOf(end), key) === 0 ? this.#arena.valueOf(end).slice() : null;
  }

  prove(key: Uint8Array): Proof {
    const siblings: Uint8Array[] = [];
    const end = this.#walk(key, siblings);
    if (end === NOTHING) return { siblings, end: 'nothing' };
    const arena = this.#arena;
    if (compareBytes(arena.keyOf(end), key) === 0) return { siblings, end: 'own' };
    return { siblings, end: { key: arena.keyOf(end).slice(), value: arena.valueOf(end).slice() } };
  }

  /** @param changes in key order, each key once */
  make(changes: readonly Change[]): void {
    this.top = this.#update(this.top, changes, 0);
  }

  /** Copies are small again; nothing more is made. */
  settle(): void {
    this.#made = this.#made.filter((ref) => this.#arena.makerOf(ref) === this.#number);
  }

  /** The versions before this one are gone: so may be what they alone had. */
  freeReplaced(): void {
    for (const ref of this.#replaced) this.#arena.free(ref);
    this.#replaced = [];
    this.#made = [];
  }

  /** As if it had never been. */
  giveUp(): void {
    for (const ref of this.#made) if (this.#arena.makerOf(ref) === this.#number) this.#arena.free(ref);
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#made = [];
    this.#replaced = [];
  }

  #assertLive(): void {
    if (this.#ended) throw new Error('this version of the map was released');
  }

  /** @returns what stands at the end of the key's path */
  #walk(key: Uint8Array, siblings: Uint8Array[] | null): NodeRef {
    this.#assertLive();
    assertHash(key);
    const arena = this.#arena;
    let node = this.top;
    for (let depth = 0; node !== NOTHING && !isLeaf(node); depth += 1) {
      const right = isRight(key, depth);
      siblings?.push(arena.hashOf(right ? arena.left(node) : arena.right(node)));
      node = right ? arena.right(node) : arena.left(node);
    }
    return node;
  }

  /** @param changes in key order, each key once, all of them below this node */
  #update(node: NodeRef, changes: readonly Change[], depth: number): NodeRef {
    if (changes.length === 0) return node;
    if (node === NOTHING) return this.#build(this.#leavesOf(changes), depth);
    if (isLeaf(node)) return this.#updateLeaf(node, changes, depth);
    const middle = firstRight(changes, depth, ({ key }) => key);
    const oldLeft = this.#arena.left(node);
    const oldRight = this.#arena.right(node);
    const left = this.#update(oldLeft, changes.slice(0, middle), depth + 1);
    const right = this.#update(oldRight, changes.slice(middle), depth + 1);
    if (left === oldLeft && right === oldRight) return node;
    const made = this.#join(left, right);
    this.#replace(node);
    return made;
  }

  #updateLeaf(leaf: NodeRef, changes: readonly Change[], depth: number): NodeRef {
    const arena = this.#arena;
    const own = changes.find(({ key }) => compareBytes(key, arena.keyOf(leaf)) === 0);
    const kept = own === undefined || (own.value !== null && compareBytes(own.value, arena.valueOf(leaf)) === 0);
    if (!kept) {
      const made = this.#build(this.#leavesOf(changes), depth);
      this.#replace(leaf);
      return made;
    }
    const others = this.#leavesOf(changes.filter((change) => change !== own));
    if (others.length === 0) return leaf;
    return this.#build(
      [...others, leaf].sort((a, b) => compareBytes(arena.keyOf(a), arena.keyOf(b))),
      depth,
    );
  }

  #leavesOf(changes: readonly Change[]): NodeRef[] {
    const leaves: NodeRef[] = [];
    for (const { key, value } of changes) {
      if (value !== null) leaves.push(this.#note(this.#arena.addLeaf(key, value, this.#number)));
    }
    return leaves;
  }

  /** @param leaves in key order */
  #build(leaves: readonly NodeRef[], depth: number): NodeRef {
    if (leaves.length <= 1) return leaves[0] ?? NOTHING;
    const middle = firstRight(leaves, depth, (leaf) => this.#arena.keyOf(leaf));
    return this.#join(this.#build(leaves.slice(0, middle), depth + 1), this.#build(leaves.slice(middle), depth + 1));
  }

  /** A leaf alone rises; anything else stays below a branch. */
  #join(left: NodeRef, right: NodeRef): NodeRef {
    if (left === NOTHING && (right === NOTHING || isLeaf(right))) return right;
    if (right === NOTHING && isLeaf(left)) return left;
    return this.#note(this.#arena.addBranch(left, right, this.#number));
  }

  #note(ref: NodeRef): NodeRef {
    this.#made.push(ref);
    return ref;
  }

  /** To be called after what stands in its place was made: so that never has its number, and is seen to be new. */
  #replace(ref: NodeRef): void {
    // Made a moment ago by this very version: nobody else has it.
    if (this.#arena.makerOf(ref) === this.#number) this.#arena.free(ref);
    else this.#replaced.push(ref);
  }
}

/** In key order within a group, each key once there; a later group comes after an earlier one. */
function* grouped(changes: Iterable<Change>): Generator<Change[]> {
  let group: Change[] = [];
  for (const change of changes) {
    assertHash(change.key);
    if (change.value !== null) assertHash(change.value);
    group.push(change);
    if (group.length === SORTED_together) {
      yield inKeyOrder(group);
      group = [];
    }
  }
  if (group.length > 0) yield inKeyOrder(group);
}

function inKeyOrder(changes: Change[]): Change[] {
  // The sort is stable: of equal keys the last given stays last.
  changes.sort((a, b) => compareBytes(a.key, b.key));
  return changes.filter((change, i) => {
    const next = changes[i + 1];
    return next === undefined || compareBytes(change.key, next.key) !== 0;
  });
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

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
