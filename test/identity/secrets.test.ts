// The secrets of offers and requests: evenly drawn, and never mistaken for one another.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  codeHash,
  preAuthorizedCode,
  randomDigits,
  randomUuid,
  sameSecret,
  secretHash,
  txCodeHash,
} from '../../src/identity/secrets.ts';
import type { Random } from '../../src/platform/random.ts';

const given = (...draws: number[]): Random => ({
  bytes: (length) => {
    const bytes = Buffer.alloc(length, 0xab);
    const draw = draws.shift();
    if (draw !== undefined) bytes.writeUInt32BE(draw);
    return new Uint8Array(bytes);
  },
});

test('digits are what the draw is modulo a million, with leading zeros', () => {
  expect(randomDigits(given(42))).toBe('000042');
  expect(randomDigits(given(3_999_999_999))).toBe('999999');
});

test('a draw that would favour small numbers is drawn again', () => {
  const firstUnfair = Math.floor(2 ** 32 / 1_000_000) * 1_000_000;
  expect(randomDigits(given(firstUnfair, 7))).toBe('000007');
  expect(randomDigits(given(firstUnfair - 1))).toBe('999999');
});

test('a UUID has the version and the variant of RFC 9562', () => {
  expect(randomUuid(given())).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('two lists of parts have one hash only when they are the same list', () => {
  const parts = fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right);
      return secretHash('p', ...left).equals(secretHash('p', ...right)) === same;
    }),
  );
  expect(secretHash('p', 'ab', 'c')).not.toEqual(secretHash('p', 'a', 'bc'));
  expect(secretHash('p', 'a')).not.toEqual(secretHash('q', 'a'));
});

test('what the database keeps of a transaction code depends on the code it belongs to', () => {
  const [one, other] = [preAuthorizedCode('one'), preAuthorizedCode('other')];
  expect(txCodeHash(one, '123456')).not.toEqual(txCodeHash(other, '123456'));
  expect(codeHash(one)).not.toEqual(codeHash(other));
});

test('secrets of different lengths are not the same', () => {
  expect(sameSecret(Buffer.from('a'), Buffer.from('a'))).toBe(true);
  expect(sameSecret(Buffer.from('a'), Buffer.from('b'))).toBe(false);
  expect(sameSecret(Buffer.from('a'), Buffer.from('aa'))).toBe(false);
});
