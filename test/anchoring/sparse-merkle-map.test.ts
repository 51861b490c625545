import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProof, encodeProof, verifyProof } from '../../src/anchoring/proofs.ts';
import { type Change, type MapVersion, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { leafHash, nodeHash } from '../../src/anchoring/tree-hash.ts';
import { mapOf } from '../support/map-of.ts';

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

async function mapAfter(batches: readonly (readonly Change[])[]): Promise<MapVersion> {
  const map = new SparseMerkleMap();
  for (const batch of batches) await map.advance(batch);
  return map.newest;
}

describe('the map', () => {
  test('has 32 zero bytes as its root when it is empty', () => {
    expect(new SparseMerkleMap().newest.root).toEqual(new Uint8Array(32));
  });

  test('has the root and the values of a naive model after any batches of changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 6 }), async (batches) => {
        const map = await mapAfter(batches);
        const expected = model(batches.flat());
        expect(hex(map.root)).toBe(hex(modelRoot(expected)));
        for (const one of batches.flat()) expect(map.get(one.key)).toEqual(expected.get(hex(one.key)) ?? null);
      }),
      { numRuns: 300 },
    );
  });

  test('has the root of a naive model after batches that are made in several turns', async () => {
    const keys = Array.from({ length: 3_000 }, (_, n) => sha256(Uint8Array.of(n >> 8, n & 0xff)));
    const batch = (round: number): Change[] =>
      keys.map((one, n) => ({
        key: one,
        value: (n + round) % 5 === 0 ? null : sha256(one, Uint8Array.of((n * round) % 3)),
      }));
    const map = new SparseMerkleMap();
    const all: Change[] = [];
    for (let round = 0; round < 4; round += 1) {
      const before = map.newest;
      const root = before.root;
      // Keys that come again and again within one batch, too.
      const changes = [...batch(round), ...batch(round + 1).slice(0, 700)];
      all.push(...changes);
      const after = await map.advance(changes);
      expect(hex(after.root)).toBe(hex(modelRoot(model(all))));
      expect(before.root).toEqual(root);
      map.release(before);
      expect(hex(after.root)).toBe(hex(modelRoot(model(all))));
    }
  });

  test('is the same for a batch as for its changes one by one, in any order of keys', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.infiniteStream(fc.nat()), async (batch, ranks) => {
        const oneByOne = await mapAfter(batch.map((one) => [one]));
        const { root } = await mapOf(batch);
        expect(root).toEqual(oneByOne.root);
        const shuffled = [...model(batch)]
          .map(([k, v]) => ({ entry: { key: unhex(k), value: v }, rank: ranks.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ entry }) => [entry]);
        expect((await mapAfter(shuffled)).root).toEqual(root);
      }),
    );
  });

  test('is empty again when everything was removed, and an older version keeps what it held', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (batch) => {
        const map = new SparseMerkleMap();
        const full = await map.advance(batch);
        const before = hex(full.root);
        const gone = await map.advance(batch.map((one) => ({ key: one.key, value: null })));
        expect(gone.root).toEqual(new Uint8Array(32));
        expect(hex(full.root)).toBe(before);
        for (const [k, v] of model(batch)) expect(full.get(unhex(k))).toEqual(v);
      }),
    );
  });

  test('stays at its version where nothing changes', async () => {
    await fc.assert(
      fc.asyncProperty(changes, anyKey, async (batch, stranger) => {
        const map = new SparseMerkleMap();
        const version = await map.advance(batch);
        const same = [...model(batch)].map(([k, v]) => ({ key: unhex(k), value: v }));
        expect(await map.advance(same)).toBe(version);
        fc.pre(!model(batch).has(hex(stranger)));
        expect(await map.advance([{ key: stranger, value: null }])).toBe(version);
      }),
    );
  });

  test('does not follow a buffer that its caller uses again', async () => {
    const reused = new Uint8Array(32).fill(1);
    const map = await mapOf([{ key: reused, value: reused }]);
    reused.fill(2);
    const held = map.get(new Uint8Array(32).fill(1));
    expect(held).toEqual(new Uint8Array(32).fill(1));
    held?.fill(3);
    expect(map.get(new Uint8Array(32).fill(1))).toEqual(new Uint8Array(32).fill(1));
  });

  test('refuses a key or value that is no hash, and is then as it was', async () => {
    const map = new SparseMerkleMap();
    const good = { key: new Uint8Array(32).fill(1), value: new Uint8Array(32) };
    await expect(map.advance([good, { key: new Uint8Array(31), value: null }])).rejects.toThrow(RangeError);
    await expect(map.advance([{ key: new Uint8Array(32), value: new Uint8Array(33) }])).rejects.toThrow(RangeError);
    expect(map.newest.root).toEqual(new Uint8Array(32));
    expect((await map.advance([good])).get(good.key)).toEqual(good.value);
  });
});

describe('the versions of a map', () => {
  /** What a run does after each batch: give the new version up, let the oldest go, or keep all. */
  const step = fc.record({ batch: changes, fate: fc.constantFrom('keep', 'give up', 'release', 'release') });

  test('each hold what they held, whatever is released, given up, or made meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const map = new SparseMerkleMap();
        const live = [{ version: map.newest, held: new Map<string, Uint8Array>() }];
        for (const { batch, fate } of steps) {
          const base = live.at(-1) as (typeof live)[number];
          const advancing = map.advance(batch);
          // In the middle of the work the older ones answer as ever.
          for (const { version, held } of live) expect(hex(version.root)).toBe(hex(modelRoot(held)));
          const version = await advancing;
          if (version !== base.version) {
            const held = new Map(base.held);
            for (const one of batch) {
              if (one.value === null) held.delete(hex(one.key));
              else held.set(hex(one.key), one.value);
            }
            live.push({ version, held });
            if (fate === 'give up') map.release((live.pop() as (typeof live)[number]).version);
          }
          if (fate === 'release' && live.length > 1) map.release((live.shift() as (typeof live)[number]).version);
          for (const { version: one, held } of live) {
            expect(hex(one.root)).toBe(hex(modelRoot(held)));
            for (const [k, v] of held) {
              expect(one.get(unhex(k))).toEqual(v);
              expect(verifyProof(one.root, unhex(k), v, encodeProof(one.prove(unhex(k))))).toBe(true);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  test('take no more room for thousands of changes to the same keys', async () => {
    const map = new SparseMerkleMap();
    const keys = Array.from({ length: 400 }, (_, n) => sha256(Uint8Array.of(n >> 8, n & 0xff)));
    const round = async (n: number): Promise<void> => {
      const before = map.newest;
      await map.advance(keys.map((one) => ({ key: one, value: sha256(one, Uint8Array.of(n >> 8, n & 0xff)) })));
      map.release(before);
    };
    for (let n = 0; n < 3; n += 1) await round(n);
    const { arrayBuffers } = process.memoryUsage();
    for (let n = 3; n < 500; n += 1) await round(n);
    // Five hundred rounds of some 1,000 nodes would be 40 MB if none were used again.
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(8_000_000);
  });

  test('refuse to be read once released, and only the outermost can be', async () => {
    const map = new SparseMerkleMap();
    const set = (n: number): Promise<MapVersion> =>
      map.advance([{ key: new Uint8Array(32).fill(n), value: new Uint8Array(32) }]);
    const [first, second] = [await set(1), await set(2), await set(3)];
    expect(() => map.release(second)).toThrow();
    map.release(map.newest);
    map.release(second);
    expect(() => second.get(new Uint8Array(32))).toThrow(/released/);
    expect(map.newest).toBe(first);
    await Promise.all([set(4), expect(set(5)).rejects.toThrow(/one|once/)]);
  });
});

describe('a proof', () => {
  test('holds for each value and each absence, and for nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(changes, key, value, async (batch, asked, other) => {
        const map = await mapOf(batch);
        for (const at of [asked, ...batch.map((one) => one.key)]) {
          const held = map.get(at);
          const proof = encodeProof(map.prove(at));
          expect(verifyProof(map.root, at, held, proof)).toBe(true);
          expect(verifyProof(map.root, at, held === null ? other : null, proof)).toBe(false);
          const elsewhere = await mapOf([...batch, { key: at, value: sha256(other) }]);
          expect(verifyProof(elsewhere.root, at, held, proof)).toBe(false);
          expect(verifyProof(map.root, at, sha256(other), proof)).toBe(false);
        }
      }),
    );
  });

  test('reads back from its bytes as it was', async () => {
    await fc.assert(
      fc.asyncProperty(changes, key, async (batch, asked) => {
        const proof = (await mapOf(batch)).prove(asked);
        expect(decodeProof(encodeProof(proof))).toEqual(proof);
      }),
    );
  });

  test('is refused after any single bit of it was changed', async () => {
    await fc.assert(
      fc.asyncProperty(changes, key, async (batch, asked) => {
        const map = await mapOf(batch);
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

  test('is refused with a byte more, a byte less, or any other bytes', async () => {
    await fc.assert(
      fc.asyncProperty(changes, key, fc.uint8Array({ maxLength: 300 }), async (batch, asked, noise) => {
        const map = await mapOf(batch);
        const proof = encodeProof(map.prove(asked));
        const held = map.get(asked);
        expect(verifyProof(map.root, asked, held, Uint8Array.of(...proof, 0))).toBe(false);
        expect(verifyProof(map.root, asked, held, proof.slice(0, -1))).toBe(false);
        fc.pre(hex(noise) !== hex(proof));
        expect(verifyProof(map.root, asked, held, noise)).toBe(false);
      }),
    );
  });

  test('of absence is refused where the other leaf does not belong on the path', async () => {
    const [left, right, between] = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0x0f)];
    const [leftLeaf, rightLeaf] = [left, right].map((one) => leafHash(one, one)) as [Uint8Array, Uint8Array];
    const proof = (other: Uint8Array, sibling: Uint8Array): Uint8Array =>
      encodeProof({ siblings: [sibling], end: { key: other, value: other } });
    expect(verifyProof(nodeHash(leftLeaf, rightLeaf), between, null, proof(left, rightLeaf))).toBe(true);
    // A root that no map has, with the two on each other's sides.
    expect(verifyProof(nodeHash(rightLeaf, leftLeaf), between, null, proof(right, leftLeaf))).toBe(false);
  });

  test('is refused where it lists a sibling that is empty: each fact has one encoding', async () => {
    const [even, odd] = [Uint8Array.of(0, ...new Uint8Array(31)), Uint8Array.of(1, ...new Uint8Array(31))];
    const map = await mapOf([even, odd].map((one) => ({ key: one, value: one })));
    const proof = encodeProof(map.prove(odd));
    expect([...proof.slice(0, 4)]).toEqual([0, 0, 8, 0b0000_0001]);
    const wordy = Uint8Array.of(0, 0, 8, 0b0000_0011, ...new Uint8Array(32), ...proof.slice(4));
    expect(verifyProof(map.root, odd, odd, proof)).toBe(true);
    expect(verifyProof(map.root, odd, odd, wordy)).toBe(false);
  });

  test('of two keys that part at the very last bit is 256 deep and holds', async () => {
    const even = new Uint8Array(32).fill(7);
    const odd = Uint8Array.of(...even.slice(0, 31), 6);
    const map = await mapOf([
      { key: even, value: even },
      { key: odd, value: odd },
    ]);
    const proof = encodeProof(map.prove(odd));
    expect(map.prove(odd).siblings).toHaveLength(256);
    expect(proof).toHaveLength(3 + 32 + 32);
    expect(verifyProof(map.root, odd, odd, proof)).toBe(true);
  });
});
