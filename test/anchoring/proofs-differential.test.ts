// The map against a naive model, and its proofs in TypeScript, in Solidity and in a browser against each other.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeProof } from '../../src/anchoring/proofs.ts';
import { type Change, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { findChromium } from '../support/chromium.ts';
import {
  chromiumChecker,
  type ProofChecker,
  type Statement,
  solidityChecker,
  typescriptChecker,
} from '../support/proof-checkers.ts';

const SEED = Number(process.env.NARU_TEST_SEED ?? 20_261_124);
const OPERATIONS = 10_000;
const BATCH_MAX = 200;
const KEYS = 4_000;
const FLIPPED_PROOFS = 25;
const chromium = findChromium();

/** The map under test, behind as little as the test needs of it. */
class MapUnderTest {
  readonly #map = new SparseMerkleMap();
  async change(changes: readonly Change[]): Promise<void> {
    const before = this.#map.newest;
    if ((await this.#map.advance(changes)) !== before) this.#map.release(before);
  }
  root = (): Uint8Array => this.#map.newest.root;
  prove = (key: Uint8Array): Uint8Array => encodeProof(this.#map.newest.prove(key));
}

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The definition, put plainly: no nodes kept, every hash made again. */
function naiveRoot(entries: readonly (readonly [Uint8Array, Uint8Array])[], depth = 0): Uint8Array {
  const [first] = entries;
  if (first === undefined) return new Uint8Array(32);
  if (entries.length === 1) return sha256(Uint8Array.of(0), ...first);
  const isRight = ([key]: readonly [Uint8Array, Uint8Array]): boolean =>
    (((key[depth >> 3] as number) >> (7 - (depth & 7))) & 1) === 1;
  const left = entries.filter((entry) => !isRight(entry));
  const right = entries.filter(isRight);
  return sha256(Uint8Array.of(1), naiveRoot(left, depth + 1), naiveRoot(right, depth + 1));
}

/** Numbers that the seed alone decides. */
class Chance {
  #count = 0;
  bytes(): Uint8Array {
    this.#count += 1;
    return sha256(Buffer.from(`${SEED}/${this.#count}`));
  }
  below(limit: number): number {
    return Buffer.from(this.bytes()).readUInt32BE() % limit;
  }
}

/** One in eight differs from another key in a single bit only, the last one among them: deep paths. */
function keysOf(chance: Chance): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let n = 0; n < KEYS; n += 1) {
    if (n === 0 || chance.below(8) > 0) keys.push(chance.bytes());
    else {
      const near = (keys[chance.below(n)] as Uint8Array).slice();
      const bit = chance.below(2) === 0 ? 255 : chance.below(256);
      near[bit >> 3] = (near[bit >> 3] as number) ^ (0x80 >> (bit & 7));
      keys.push(near);
    }
  }
  return keys;
}

interface Step {
  right: Statement[];
  wrong: Statement[];
}

const counts = { insert: 0, change: 0, delete: 0 };
const steps: Step[] = [];
let roots = { map: [] as string[], model: [] as string[] };

beforeAll(async () => {
  console.info(`proofs: seed ${SEED} (NARU_TEST_SEED sets another)`);
  const chance = new Chance();
  const keys = keysOf(chance);
  const map = new MapUnderTest();
  const model = new Map<string, readonly [Uint8Array, Uint8Array]>();
  roots = { map: [], model: [] };
  for (let done = 0; done < OPERATIONS; ) {
    const changes = Array.from({ length: Math.min(1 + chance.below(BATCH_MAX), OPERATIONS - done) }, () => {
      const key = keys[chance.below(KEYS)] as Uint8Array;
      const value = chance.below(3) === 0 && model.has(hex(key)) ? null : chance.bytes();
      counts[value === null ? 'delete' : model.has(hex(key)) ? 'change' : 'insert'] += 1;
      if (value === null) model.delete(hex(key));
      else model.set(hex(key), [key, value]);
      return { key, value };
    });
    done += changes.length;
    await map.change(changes);
    roots.map.push(hex(map.root()));
    roots.model.push(hex(naiveRoot([...model.values()])));
    const asked = changes.flatMap(({ key }) => [
      key,
      chance.below(2) === 0 ? chance.bytes() : (keys[chance.below(KEYS)] as Uint8Array),
    ]);
    const right = asked.map((key) => {
      const value = model.get(hex(key))?.[1] ?? null;
      return { root: map.root(), key, value, proof: map.prove(key) };
    });
    const wrong = right.flatMap((statement) => [
      { ...statement, value: chance.bytes() },
      { ...statement, value: statement.value === null ? new Uint8Array(32) : null },
    ]);
    steps.push({ right, wrong });
  }
}, 120_000);

test('the map has the root of a naive model after each batch of 10,000 insertions, changes and deletions', () => {
  expect(roots.map).toEqual(roots.model);
  expect(counts.insert + counts.change + counts.delete).toBe(OPERATIONS);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(1_000);
});

const places: [string, () => Promise<ProofChecker>][] = [
  ['TypeScript', async () => typescriptChecker()],
  ['Solidity', solidityChecker],
];
if (chromium !== null) places.push(['Chromium', () => chromiumChecker(chromium)]);

describe.each(places)('in %s', (_, open) => {
  let checker: ProofChecker;
  beforeAll(async () => {
    checker = await open();
  });
  afterAll(() => checker?.close());

  test('20,000 proofs hold for what the model holds', { timeout: 120_000 }, async () => {
    let held = 0;
    for (const { right } of steps) held += (await checker.holdEach(right)).filter((one) => one).length;
    expect(held).toBe(2 * OPERATIONS);
  });

  test('none of them holds for another value or for the opposite', { timeout: 120_000 }, async () => {
    let asked = 0;
    let held = 0;
    for (const { wrong } of steps) {
      const answers = await checker.holdEach(wrong);
      asked += answers.length;
      held += answers.filter((one) => one).length;
    }
    expect([asked, held]).toEqual([4 * OPERATIONS, 0]);
  });

  test(`every single-bit change of ${FLIPPED_PROOFS} of them is refused`, { timeout: 120_000 }, async () => {
    const chance = new Chance();
    const all = steps.flatMap(({ right }) => right);
    let bits = 0;
    for (let n = 0; n < FLIPPED_PROOFS; n += 1) {
      const statement = all[chance.below(all.length)] as Statement;
      const { tried, accepted } = await checker.flipEachBit(statement);
      expect([tried, accepted]).toEqual([statement.proof.length * 8, 0]);
      bits += tried;
    }
    expect(bits).toBeGreaterThan(FLIPPED_PROOFS * 1_000);
  });
});
