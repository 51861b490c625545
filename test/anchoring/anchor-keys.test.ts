import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { anchorKey, institutionValue, personValue } from '../../src/anchoring/anchor-keys.ts';

const sha256 = (...parts: (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};

test('a key is the SHA-256 of its kind and its name in UTF-8', () => {
  expect(anchorKey('did', 'did:webvh:Q:나루.example')).toEqual(sha256('naru/did/1did:webvh:Q:나루.example'));
});

test('the same name in two kinds makes two keys', () => {
  expect(anchorKey('did', 'x')).not.toEqual(anchorKey('status-list', 'x'));
});

test("a person's value depends on its salt, an institution's on the entry alone", () => {
  const entry = sha256('entry');
  const salt = sha256('salt');
  expect(personValue(salt, entry)).toEqual(sha256(salt, entry));
  expect(institutionValue(entry)).toEqual(sha256(entry));
});

test('refuses a salt that is too short to hide anything', () => {
  expect(() => personValue(new Uint8Array(16), sha256('entry'))).toThrow(RangeError);
});
