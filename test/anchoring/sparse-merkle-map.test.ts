import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProof, encodeProof, verifyProof } from '../../src/anchoring/proofs.ts';
import { type Change, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { leafHash, nodeHash } from '../../src/anchoring/tree-hash.ts';

// The definition, as plainly as it can be put: recursion over all 256 levels on the set of entries.
const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest());
function naiveRoot(entries: readonly (readonly [Uint8Array, Uint8Array])[], depth = 0): Uint8Array {
  const [first] = entries;
  if (first === undefined) return new Uint8Array(32);
  if (entries.length === 1) return sha256(Uint8Array.of(0), first[0], first[1]);
  const side = (wanted: number): Uint8Array =>
    naiveRoot(
      entries.filter(([key]) => (((key[depth >> 3] as number) >> (7 - (depth % 8))) & 1) === wanted),
      depth + 1,
    );
  return sha256(Uint8Array.of(1), side(0), side(1));
}

// Keys near each other (few distinct bits) make deep paths; keys at random make shallow ones.
const nearKey = fc.tuple(fc.nat(255), fc.nat(3)).map(([bit, low]) => {
  const key = new Uint8Array(32);
  key[bit >> 3] = 0x80 >> (bit & 7);
  key[31] = (key[31] as number) ^ low;
  return key;
});
const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const key = fc.oneof(nearKey, anyKey);
const value = fc.uint8Array({ minLength: 32, maxLength: 32 });
const change: fc.Arbitrary<Change> = fc.record({
  key,
  value: fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }),
});
const changes = fc.array(change, { maxLength: 40 });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
function model(all: Iterable<Change>): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  for (const one of all) {
    if (one.value === null) map.delete(hex(one.key));
    else map.set(hex(one.key), one.value);
  }
  return map;
}
const modelRoot = (map: Map<string, Uint8Array>): Uint8Array =>
  naiveRoot([...map].map(([k, v]) => [unhex(k), v] as const));

describe('the map', () => {
  test('has 32 zero bytes as its root when it is empty', () => {
    expect(SparseMerkleMap.empty.root).toEqual(new Uint8Array(32));
  });

  test('has the root and the values of a naive model after any batches of changes', () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 6 }), (batches) => {
        const map = batches.reduce((made, batch) => made.with(batch), SparseMerkleMap.empty);
        const expected = model(batches.flat());
        expect(hex(map.root)).toBe(hex(modelRoot(expected)));
        for (const one of batches.flat()) expect(map.get(one.key)).toEqual(expected.get(hex(one.key)) ?? null);
      }),
      { numRuns: 300 },
    );
  });

  test('is the same for a batch as for its changes one by one', () => {
    fc.assert(
      fc.property(changes, (batch) => {
        const oneByOne = batch.reduce((made, one) => made.with([one]), SparseMerkleMap.empty);
        expect(SparseMerkleMap.empty.with(batch).root).toEqual(oneByOne.root);
      }),
    );
  });

  test('does not depend on the order in which keys came', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (batch, ranks) => {
        const entries = [...model(batch)].map(([k, v]) => ({ key: unhex(k), value: v }));
        const shuffled = entries
          .map((entry) => ({ entry, rank: ranks.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ entry }) => entry);
        const map = shuffled.reduce((made, one) => made.with([one]), SparseMerkleMap.empty);
        expect(map.root).toEqual(SparseMerkleMap.empty.with(entries).root);
      }),
    );
  });

  test('is empty again when everything was removed, and an older map keeps what it held', () => {
    fc.assert(
      fc.property(changes, (batch) => {
        const full = SparseMerkleMap.empty.with(batch);
        const before = hex(full.root);
        expect(full.with(batch.map((one) => ({ key: one.key, value: null }))).root).toEqual(new Uint8Array(32));
        expect(hex(full.root)).toBe(before);
      }),
    );
  });

  test('is itself where nothing changes', () => {
    fc.assert(
      fc.property(changes, anyKey, (batch, stranger) => {
        const map = SparseMerkleMap.empty.with(batch);
        const same = [...model(batch)].map(([k, v]) => ({ key: unhex(k), value: v }));
        expect(map.with(same)).toBe(map);
        fc.pre(!model(batch).has(hex(stranger)));
        expect(map.with([{ key: stranger, value: null }])).toBe(map);
      }),
    );
  });

  test('does not follow a buffer that its caller uses again', () => {
    const reused = new Uint8Array(32).fill(1);
    const map = SparseMerkleMap.empty.with([{ key: reused, value: reused }]);
    reused.fill(2);
    expect(map.get(new Uint8Array(32).fill(1))).toEqual(new Uint8Array(32).fill(1));
  });

  test('refuses a key or value that is no hash', () => {
    expect(() => SparseMerkleMap.empty.with([{ key: new Uint8Array(31), value: null }])).toThrow(RangeError);
    expect(() => SparseMerkleMap.empty.with([{ key: new Uint8Array(32), value: new Uint8Array(33) }])).toThrow(
      RangeError,
    );
  });
});

describe('a proof', () => {
  test('holds for each value and each absence, and for nothing else', () => {
    fc.assert(
      fc.property(changes, key, value, (batch, asked, other) => {
        const map = SparseMerkleMap.empty.with(batch);
        for (const at of [asked, ...batch.map((one) => one.key)]) {
          const held = map.get(at);
          const proof = encodeProof(map.prove(at));
          expect(verifyProof(map.root, at, held, proof)).toBe(true);
          expect(verifyProof(map.root, at, held === null ? other : null, proof)).toBe(false);
          const elsewhere = map.with([{ key: at, value: sha256(other) }]);
          expect(verifyProof(elsewhere.root, at, held, proof)).toBe(false);
          expect(verifyProof(map.root, at, sha256(other), proof)).toBe(false);
        }
      }),
    );
  });

  test('reads back from its bytes as it was', () => {
    fc.assert(
      fc.property(changes, key, (batch, asked) => {
        const proof = SparseMerkleMap.empty.with(batch).prove(asked);
        expect(decodeProof(encodeProof(proof))).toEqual(proof);
      }),
    );
  });

  test('is refused after any single bit of it was changed', () => {
    fc.assert(
      fc.property(changes, key, (batch, asked) => {
        const map = SparseMerkleMap.empty.with(batch);
        const held = map.get(asked);
        const proof = encodeProof(map.prove(asked));
        for (let bit = 0; bit < proof.length * 8; bit += 1) {
          const changed = proof.slice();
          changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
          expect(verifyProof(map.root, asked, held, changed)).toBe(false);
          expect(verifyProof(map.root, asked, held === null ? asked : null, changed)).toBe(false);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('is refused with a byte more, a byte less, or any other bytes', () => {
    fc.assert(
      fc.property(changes, key, fc.uint8Array({ maxLength: 300 }), (batch, asked, noise) => {
        const map = SparseMerkleMap.empty.with(batch);
        const proof = encodeProof(map.prove(asked));
        const held = map.get(asked);
        expect(verifyProof(map.root, asked, held, Uint8Array.of(...proof, 0))).toBe(false);
        expect(verifyProof(map.root, asked, held, proof.slice(0, -1))).toBe(false);
        fc.pre(hex(noise) !== hex(proof));
        expect(verifyProof(map.root, asked, held, noise)).toBe(false);
      }),
    );
  });

  test('of absence is refused where the other leaf does not belong on the path', () => {
    const [left, right, between] = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0x0f)];
    const [leftLeaf, rightLeaf] = [left, right].map((one) => leafHash(one, one)) as [Uint8Array, Uint8Array];
    const proof = (other: Uint8Array, sibling: Uint8Array): Uint8Array =>
      encodeProof({ siblings: [sibling], end: { key: other, value: other } });
    expect(verifyProof(nodeHash(leftLeaf, rightLeaf), between, null, proof(left, rightLeaf))).toBe(true);
    // A root that no map has, with the two on each other's sides.
    expect(verifyProof(nodeHash(rightLeaf, leftLeaf), between, null, proof(right, leftLeaf))).toBe(false);
  });

  test('is refused where it lists a sibling that is empty: each fact has one encoding', () => {
    const [even, odd] = [Uint8Array.of(0, ...new Uint8Array(31)), Uint8Array.of(1, ...new Uint8Array(31))];
    const map = SparseMerkleMap.empty.with([even, odd].map((one) => ({ key: one, value: one })));
    const proof = encodeProof(map.prove(odd));
    expect([...proof.slice(0, 4)]).toEqual([0, 0, 8, 0b0000_0001]);
    const wordy = Uint8Array.of(0, 0, 8, 0b0000_0011, ...new Uint8Array(32), ...proof.slice(4));
    expect(verifyProof(map.root, odd, odd, proof)).toBe(true);
    expect(verifyProof(map.root, odd, odd, wordy)).toBe(false);
  });

  test('of two keys that part at the very last bit is 256 deep and holds', () => {
    const even = new Uint8Array(32).fill(7);
    const odd = Uint8Array.of(...even.slice(0, 31), 6);
    const map = SparseMerkleMap.empty.with([
      { key: even, value: even },
      { key: odd, value: odd },
    ]);
    const proof = encodeProof(map.prove(odd));
    expect(map.prove(odd).siblings).toHaveLength(256);
    expect(proof).toHaveLength(3 + 32 + 32);
    expect(verifyProof(map.root, odd, odd, proof)).toBe(true);
  });
});
