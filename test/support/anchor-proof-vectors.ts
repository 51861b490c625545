// Makes the test vectors that docs/anchor-proof-vectors.json publishes, always the same ones.
import { createHash } from 'node:crypto';
import { anchorKey, institutionValue, personValue } from '../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { encodeProof, proofToText } from '../../src/anchoring/proofs.ts';
import { type Change, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { leafHash, nodeHash } from '../../src/anchoring/tree-hash.ts';

const SEED = 'naru/anchor-proof-vectors/1';
const DEPTH_FIELD_bytes = 2;

/** JSON as published. Bytes are 0x-hex; `value: null` states that the map holds nothing under the key. */
export interface ProofVector {
  name: string;
  root: string;
  key: string;
  value: string | null;
  proof: string;
}

export interface AnchorProofVectors {
  description: string;
  seed: string;
  keys: { domain: string; name: string; key: string }[];
  values: { salt: string | null; entry_hash: string; value: string }[];
  maps: { name: string; entries: { key: string; value: string }[]; root: string }[];
  accepted: (ProofVector & { text: string })[];
  refused: ProofVector[];
  refused_texts: { name: string; text: string }[];
}

/** `value` of an entry, a key: SHA-256 of the seed and a name. */
function bytes(name: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(`${SEED}/${name}`).digest());
}

function withBit(key: Uint8Array, bit: number): Uint8Array {
  const changed = key.slice();
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return changed;
}

async function mapOf(...batches: Change[][]): Promise<{ root: Uint8Array; prove(key: Uint8Array): Uint8Array }> {
  const map = new SparseMerkleMap();
  for (const batch of batches) await map.advance(batch);
  const { newest } = map;
  return { root: newest.root, prove: (key) => encodeProof(newest.prove(key)) };
}

const entry = (n: number): { key: Uint8Array; value: Uint8Array } => ({
  key: bytes(`key ${n}`),
  value: bytes(`value ${n}`),
});
const zero = new Uint8Array(32);
const first = entry(0);
const base = entry(1);
const near = { key: withBit(base.key, 255), value: bytes('value of the near key') };
const many = Array.from({ length: 100 }, (_, n) => entry(n));

const maps = {
  'no entries': { entries: [], map: await mapOf() },
  'one entry': { entries: [first], map: await mapOf([first]) },
  'two keys that differ in the last bit alone': { entries: [base, near], map: await mapOf([base, near]) },
  'those two and a third': { entries: [base, near, first], map: await mapOf([base, near, first]) },
  'those two and a third, the near key removed: as if it had never been': {
    entries: [base, first],
    map: await mapOf([base, near, first], [{ key: near.key, value: null }]),
  },
  'a hundred entries': { entries: many, map: await mapOf(many) },
};
const [empty, single, deep, deepAndMore, removed, hundred] = Object.values(maps).map(({ map }) => map) as [
  Awaited<ReturnType<typeof mapOf>>,
  Awaited<ReturnType<typeof mapOf>>,
  Awaited<ReturnType<typeof mapOf>>,
  Awaited<ReturnType<typeof mapOf>>,
  Awaited<ReturnType<typeof mapOf>>,
  Awaited<ReturnType<typeof mapOf>>,
];

function vector(
  name: string,
  map: { root: Uint8Array; prove(key: Uint8Array): Uint8Array },
  key: Uint8Array,
  value: Uint8Array | null,
  proof: Uint8Array = map.prove(key),
): ProofVector {
  return {
    name,
    root: toHex(map.root),
    key: toHex(key),
    value: value === null ? null : toHex(value),
    proof: toHex(proof),
  };
}

/** A key that the map doesn't hold and whose proof ends as wanted: 1 at nothing, 2 at another leaf. */
function absentKey(map: { prove(key: Uint8Array): Uint8Array }, kind: 1 | 2): Uint8Array {
  for (let n = 0; ; n += 1) {
    const key = bytes(`absent key ${n}`);
    if (map.prove(key)[0] === kind) return key;
  }
}

const stranger = bytes('a stranger');
const beside = withBit(near.key, 200);

function accepted(): ProofVector[] {
  return [
    vector('absence from the empty map', empty, stranger, null),
    vector('the only entry of its map', single, first.key, first.value),
    vector('absence where the only leaf is that of another key', single, stranger, null),
    vector('one of two keys that differ in the last bit: depth 256', deep, base.key, base.value),
    vector('the other of them', deep, near.key, near.value),
    vector('absence beside a long path that has only one branch', deep, beside, null),
    vector('depth 256 with more than one sibling', deepAndMore, near.key, near.value),
    vector('absence of a key that was removed', removed, near.key, null),
    vector('a leaf that rose when its neighbour was removed', removed, base.key, base.value),
    ...[0, 17, 99].map((n) => vector(`entry ${n} of a hundred`, hundred, entry(n).key, entry(n).value)),
    vector('absence by nothing', hundred, absentKey(hundred, 1), null),
    vector('absence by another leaf', hundred, absentKey(hundred, 2), null),
  ];
}

function refused(): ProofVector[] {
  const of = many[17] as { key: Uint8Array; value: Uint8Array };
  const proof = hundred.prove(of.key);
  const depth = proof[2] as number;
  const bitmap_bytes = Math.ceil(depth / 8);
  const siblingsAt = 1 + DEPTH_FIELD_bytes + bitmap_bytes;
  const changed = (change: (copy: Uint8Array) => void, from = proof): Uint8Array => {
    const copy = from.slice();
    change(copy);
    return copy;
  };
  const other = absentKey(hundred, 2);
  const otherProof = hundred.prove(other);
  const otherAt = 1 + DEPTH_FIELD_bytes + Math.ceil((otherProof[2] as number) / 8);
  const nothing = absentKey(hundred, 1);
  const deepProof = deep.prove(base.key);
  const [left, right] = [zero, new Uint8Array(32).fill(0xff)];
  const swapped = { root: nodeHash(leafHash(right, right), leafHash(left, left)), prove: () => new Uint8Array() };
  const wordy = Uint8Array.of(
    ...deepProof.slice(0, 3),
    0x80,
    ...deepProof.slice(4, 35),
    ...zero,
    ...deepProof.slice(35),
  );
  return [
    vector('another root', single, of.key, of.value, proof),
    vector('another value', hundred, of.key, bytes('another value'), proof),
    vector('a value of zeros for an absence', hundred, nothing, zero),
    vector('an inclusion read as an absence', hundred, of.key, null, proof),
    vector('another key', hundred, stranger, of.value, proof),
    vector('no bytes', hundred, of.key, of.value, new Uint8Array()),
    vector('two bytes', hundred, of.key, of.value, proof.slice(0, 2)),
    vector(
      'a kind that is none',
      hundred,
      of.key,
      of.value,
      changed((copy) => copy.set([3], 0)),
    ),
    vector('one byte more', hundred, of.key, of.value, Uint8Array.of(...proof, 0)),
    vector('one byte less', hundred, of.key, of.value, proof.slice(0, -1)),
    vector('the last sibling left out', hundred, of.key, of.value, proof.slice(0, -32)),
    vector('a sibling more than the bitmap counts', hundred, of.key, of.value, Uint8Array.of(...proof, ...stranger)),
    vector('siblings in the opposite order', hundred, of.key, of.value, siblingsReversed(proof, siblingsAt)),
    vector(
      'one bit of a sibling',
      hundred,
      of.key,
      of.value,
      changed((copy) => copy.set([(copy[siblingsAt] as number) ^ 1], siblingsAt)),
    ),
    vector(
      'a bit of the bitmap past the depth',
      hundred,
      of.key,
      of.value,
      changed((copy) => copy.set([(copy[siblingsAt - 1] as number) | 1], siblingsAt - 1)),
    ),
    vector(
      'a byte of bitmap more than the depth needs',
      hundred,
      of.key,
      of.value,
      Uint8Array.of(...proof.slice(0, siblingsAt), 0, ...proof.slice(siblingsAt)),
    ),
    vector(
      'a level less',
      hundred,
      of.key,
      of.value,
      changed((copy) => copy.set([depth - 1], 2)),
    ),
    vector(
      'depth 257',
      deep,
      base.key,
      base.value,
      Uint8Array.of(0, 1, 1, ...deepProof.slice(3, 35), 0, ...deepProof.slice(35)),
    ),
    vector('an empty sibling listed as 32 zero bytes', deep, base.key, base.value, wordy),
    vector(
      "the key's own leaf as another's: present, not absent",
      hundred,
      of.key,
      null,
      Uint8Array.of(2, ...proof.slice(1, siblingsAt), ...of.key, ...of.value, ...proof.slice(siblingsAt)),
    ),
    vector(
      'another leaf that is not on the path, under a root made to fit it',
      swapped,
      new Uint8Array(32).fill(0x0f),
      null,
      Uint8Array.of(2, 0, 1, 0x80, ...right, ...right, ...leafHash(left, left)),
    ),
    vector(
      "another leaf's value changed",
      hundred,
      other,
      null,
      changed((copy) => copy.set([(copy[otherAt + 32] as number) ^ 1], otherAt + 32), otherProof),
    ),
    vector('another leaf cut short', single, stranger, null, single.prove(stranger).slice(0, -1)),
    vector(
      'nothing where a leaf is',
      hundred,
      of.key,
      null,
      changed((copy) => copy.set([1], 0)),
    ),
    vector('a node read as a leaf: no prefix is shared', ...nodeAsLeaf()),
  ];
}

function siblingsReversed(proof: Uint8Array, from: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = from; at < proof.length; at += 32) parts.unshift(proof.slice(at, at + 32));
  return Uint8Array.from(Buffer.concat([proof.slice(0, from), ...parts]));
}

/** The two children of the top node stated as key and value of a single leaf. */
function nodeAsLeaf(): [{ root: Uint8Array; prove(key: Uint8Array): Uint8Array }, Uint8Array, Uint8Array, Uint8Array] {
  const [a, b] = [new Uint8Array(32), new Uint8Array(32).fill(0xff)].map((key) => leafHash(key, key)) as [
    Uint8Array,
    Uint8Array,
  ];
  return [{ root: nodeHash(a, b), prove: () => new Uint8Array() }, a, b, Uint8Array.of(0, 0, 0)];
}

export function anchorProofVectors(): AnchorProofVectors {
  const salt = bytes('salt');
  const entryHash = new TextEncoder().encode('QmfXiXGE2ZkJ8mBnJdYWPkJ6GbQVVM9a1xuLcVQPYxnkLB');
  return {
    description: 'Test vectors of docs/anchor-proof.md. Each of accepted must verify, each of refused must not.',
    seed: SEED,
    keys: (
      [
        ['did', 'did:webvh:QmfXiXGE2ZkJ8mBnJdYWPkJ6GbQVVM9a1xuLcVQPYxnkLB:city.example:people:1'],
        ['did', 'did:webvh:QmfXiXGE2ZkJ8mBnJdYWPkJ6GbQVVM9a1xuLcVQPYxnkLB:나루.example'],
        ['status-list', 'https://city.example/status-lists/1'],
      ] as const
    ).map(([domain, name]) => ({ domain, name, key: toHex(anchorKey(domain, name)) })),
    values: [
      { salt: toHex(salt), entry_hash: toHex(entryHash), value: toHex(personValue(salt, entryHash)) },
      { salt: null, entry_hash: toHex(entryHash), value: toHex(institutionValue(entryHash)) },
    ],
    maps: Object.entries(maps).map(([name, { entries, map }]) => ({
      name,
      entries: entries.map(({ key, value }) => ({ key: toHex(key), value: toHex(value) })),
      root: toHex(map.root),
    })),
    accepted: accepted().map((one) => ({ ...one, text: proofToText(Buffer.from(one.proof.slice(2), 'hex')) })),
    refused: refused(),
    refused_texts: [
      { name: 'padding', text: 'AQAA=' },
      { name: 'the other alphabet', text: 'AA+/' },
      { name: 'white space', text: 'AQ AA' },
      { name: 'a length that no bytes have', text: 'AQAAA' },
      { name: 'unused bits that are not zero', text: 'AQB' },
    ],
  };
}
