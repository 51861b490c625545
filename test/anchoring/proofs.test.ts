import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { anchorIsProven, encodeProof, proofFromText, proofToText } from '../../src/anchoring/proofs.ts';
import { mapOf } from '../support/map-of.ts';

const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const map = await mapOf([1, 2, 3, 200].map((n) => ({ key: bytes(n), value: bytes(n + 1) })));
const anchor: Anchor = {
  status: 'final',
  key: toHex(bytes(2)),
  value: toHex(bytes(3)),
  chain_id: 1,
  contract: '0x',
  registry_id: toHex(bytes(0)),
  epoch: 1,
  root: toHex(map.root),
  transaction: null,
  block: null,
  block_time: null,
  proof: proofToText(encodeProof(map.prove(bytes(2)))),
};

test('a proof as text is base64url without padding, and reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (proof) => {
      expect(proofToText(proof)).toBe(Buffer.from(proof).toString('base64url'));
      expect(proofFromText(proofToText(proof))).toEqual(proof);
    }),
  );
});

test.each(['AAAA=', 'AA+A', 'AAA A', 'A', 'AB'])('refuses %j as the text of a proof', (text) => {
  expect(() => proofFromText(text)).toThrow(RangeError);
});

test('an anchor as served is checked by itself', () => {
  expect(anchorIsProven(anchor)).toBe(true);
  const absent = proofToText(encodeProof(map.prove(bytes(9))));
  expect(anchorIsProven({ ...anchor, key: toHex(bytes(9)), value: null, proof: absent })).toBe(true);
});

test.each([
  ['another value', { value: toHex(bytes(4)) }],
  ['no value', { value: null }],
  ['another key', { key: toHex(bytes(3)) }],
  ['another root', { root: toHex(bytes(5)) }],
  ['no root', { root: null }],
  ['no proof', { proof: null }],
  ['a malformed proof', { proof: '!' }],
  ['a malformed key', { key: '0x12' }],
])('an anchor with %s is not proven', (_, change) => {
  expect(anchorIsProven({ ...anchor, ...change })).toBe(false);
});
