// The machine's chance, which is drawn in pieces larger than what is asked for.
import { expect, test } from 'vitest';
import { systemRandom } from '../../src/platform/random.ts';

test('gives as many bytes as are asked for, and none of them twice, however they are asked for', () => {
  const sizes = Array.from({ length: 600 }, (_, n) => 16 + n);
  const given = sizes.map((size) => systemRandom.bytes(size));
  expect(given.map(({ length }) => length)).toEqual(sizes);
  const pieces = given.flatMap((bytes) =>
    Array.from({ length: bytes.length >> 4 }, (_, n) =>
      Buffer.from(bytes.subarray(16 * n, 16 * n + 16)).toString('hex'),
    ),
  );
  expect(new Set(pieces).size).toBe(pieces.length);
});

test('keeps what it gave out from those who are given more', () => {
  const first = systemRandom.bytes(16);
  const kept = Buffer.from(first).toString('hex');
  for (let n = 0; n < 2_000; n += 1) systemRandom.bytes(16).fill(0);
  expect(Buffer.from(first).toString('hex')).toBe(kept);
});
