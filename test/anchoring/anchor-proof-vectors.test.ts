// The published vectors, over a verifier written from docs/anchor-proof.md alone, and over ours.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes32 } from '../../src/anchoring/hexadecimal.ts';
import { proofFromText } from '../../src/anchoring/proofs.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { type AnchorProofVectors, anchorProofVectors, type ProofVector } from '../support/anchor-proof-vectors.ts';
import { findChromium } from '../support/chromium.ts';
import { chromiumChecker, type ProofChecker, solidityChecker, typescriptChecker } from '../support/proof-checkers.ts';

const FILE = 'docs/anchor-proof-vectors.json';

test('the published file is what the code makes [npx vitest run test/anchoring/anchor-proof-vectors.test.ts -u]', async () => {
  await expect(`${JSON.stringify(anchorProofVectors(), null, 2)}\n`).toMatchFileSnapshot(`../../${FILE}`);
});

const vectors = JSON.parse(readFileSync(join(packageRoot, FILE), 'utf8')) as AnchorProofVectors;
const unhex = (text: string): Buffer => Buffer.from(text.slice(2), 'hex');
const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

// ---- from the document: hashes, tree, verification; on whole numbers where ours works on bytes ----

const bit = (key: Buffer, level: number): bigint => (BigInt(`0x${key.toString('hex')}`) >> BigInt(255 - level)) & 1n;
const leaf = (key: Buffer, value: Buffer): Buffer => sha256(Buffer.of(0), key, value);
const node = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.of(1), left, right);
const nothing = Buffer.alloc(32);

function rootOf(entries: { key: Buffer; value: Buffer }[], level = 0): Buffer {
  const [only] = entries;
  if (only === undefined) return nothing;
  if (entries.length === 1) return leaf(only.key, only.value);
  const below = (side: bigint): Buffer =>
    rootOf(
      entries.filter(({ key }) => bit(key, level) === side),
      level + 1,
    );
  return node(below(0n), below(1n));
}

function verifies(statement: ProofVector): boolean {
  const [root, key, proof] = [statement.root, statement.key, statement.proof].map(unhex) as [Buffer, Buffer, Buffer];
  const value = statement.value === null ? null : unhex(statement.value);
  if (proof.length < 3) return false;
  const kind = proof.readUInt8(0);
  const depth = proof.readUInt16BE(1);
  if (kind > 2 || depth > 256 || (kind === 0) !== (value !== null)) return false;
  const bitmapLength = Math.ceil(depth / 8);
  let rest = proof.subarray(3);
  const take = (length: number): Buffer | null => {
    if (rest.length < length) return null;
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  const bitmap = take(bitmapLength);
  if (bitmap === null) return false;
  const flags = [...bitmap].flatMap((byte) => [...byte.toString(2).padStart(8, '0')]);
  if (flags.slice(depth).includes('1')) return false;
  let hash = value === null ? nothing : leaf(key, value);
  if (kind === 2) {
    const [otherKey, otherValue] = [take(32), take(32)];
    if (otherKey === null || otherValue === null || otherKey.equals(key)) return false;
    for (let level = 0; level < depth; level += 1) if (bit(otherKey, level) !== bit(key, level)) return false;
    hash = leaf(otherKey, otherValue);
  }
  const siblings: Buffer[] = [];
  for (const flag of flags.slice(0, depth)) {
    const sibling = flag === '1' ? take(32) : nothing;
    if (sibling === null || (flag === '1' && sibling.equals(nothing))) return false;
    siblings.push(sibling);
  }
  if (rest.length > 0) return false;
  siblings.reverse().forEach((sibling, index) => {
    hash = bit(key, depth - 1 - index) === 0n ? node(hash, sibling) : node(sibling, hash);
  });
  return hash.equals(root);
}

describe('a reading of the specification alone', () => {
  test.each(vectors.keys)('makes the key of $domain $name', ({ domain, name, key }) => {
    expect(sha256(`naru/${domain}/1`, name)).toEqual(unhex(key));
  });

  test.each(vectors.values)('makes the value $value', ({ salt, entry_hash, value }) => {
    expect(sha256(salt === null ? '' : unhex(salt), unhex(entry_hash))).toEqual(unhex(value));
  });

  test.each(vectors.maps)('makes the root of $name', ({ entries, root }) => {
    expect(rootOf(entries.map(({ key, value }) => ({ key: unhex(key), value: unhex(value) })))).toEqual(unhex(root));
  });

  test.each(vectors.accepted)('accepts $name', (vector) => {
    expect(unhex(vector.proof).toString('base64url')).toBe(vector.text);
    expect(verifies(vector)).toBe(true);
  });

  test.each(vectors.refused)('refuses $name', (vector) => {
    expect(verifies(vector)).toBe(false);
  });
});

test('the vectors hold each kind of proof, and the deepest', () => {
  expect(new Set(vectors.accepted.map(({ proof }) => unhex(proof)[0]))).toEqual(new Set([0, 1, 2]));
  expect(Math.max(...vectors.accepted.map(({ proof }) => unhex(proof).readUInt16BE(1)))).toBe(256);
});

test.each(vectors.refused_texts)('the text of a proof is refused for $name', ({ text }) => {
  expect(() => proofFromText(text)).toThrow(RangeError);
});

const chromium = findChromium();
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
  const namesOfHolding = async (all: ProofVector[]): Promise<string[]> => {
    const answers = await checker.holdEach(
      all.map(({ root, key, value, proof }) => ({
        root: bytes32(root),
        key: bytes32(key),
        value: value === null ? null : bytes32(value),
        proof: Uint8Array.from(unhex(proof)),
      })),
    );
    return all.filter((_one, i) => answers[i] === true).map(({ name }) => name);
  };

  test('each vector that must verify does', async () => {
    expect(await namesOfHolding(vectors.accepted)).toEqual(vectors.accepted.map(({ name }) => name));
  });

  test('each vector that must be refused is', async () => {
    expect(await namesOfHolding(vectors.refused)).toEqual([]);
  });
});
