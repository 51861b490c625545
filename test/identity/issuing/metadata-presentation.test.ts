// Which form and which languages of the metadata a wallet gets, and what a nonce of the service is.
import { describe, expect, test } from 'vitest';
import { inLanguages, wantedLanguages, wantsSigned } from '../../../src/identity/issuing/metadata-presentation.ts';
import { nonceSeal } from '../../../src/identity/issuing/proof-nonce.ts';

test.each<[string | undefined, string[]]>([
  [undefined, ['ko', 'en']],
  ['', ['ko', 'en']],
  ['ko', ['ko']],
  ['ko-KR, ko;q=0.9', ['ko']],
  ['en-US,en;q=0.9,ko;q=0.5', ['en', 'ko']],
  ['ko;q=0.1, en;q=0.2', ['en', 'ko']],
  ['ko;q=0, en', ['en']],
  ['fr-ch, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5', ['en', 'ko']],
  ['fr', ['ko', 'en']],
  ['*', ['ko', 'en']],
])('Accept-Language %j gets %j [OID4VCI 12.2.2]', (header, expected) => {
  expect(wantedLanguages(header)).toEqual(expected);
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['*/*', false],
  ['application/json', false],
  ['application/jwt', true],
  ['application/jwt, application/json;q=0.5', true],
  ['application/json, application/jwt;q=0.9', false],
  ['application/jwt;q=0', false],
  ['text/html', false],
])('Accept %j: signed %j [OID4VCI 12.2.2]', (header, expected) => {
  expect(wantsSigned(header)).toBe(expected);
});

test('display entries of other languages are left out, wherever they stand', () => {
  const display = [
    { name: '나', locale: 'ko' },
    { name: 'I', locale: 'en' },
  ];
  const document = { display, deep: [{ display, claims: [{ path: ['a'], display }] }], other: 1 };
  const left = [{ name: 'I', locale: 'en' }];
  expect(inLanguages(document, ['en'])).toEqual({
    display: left,
    deep: [{ display: left, claims: [{ path: ['a'], display: left }] }],
    other: 1,
  });
});

describe('a nonce of the service', () => {
  const seal = nonceSeal('a secret of forty characters for a test.');
  const nonce = seal.make(new Uint8Array(16).fill(7), 1_800_000_000);

  test('carries its end, which every copy with the same secret reads', () => {
    expect(nonceSeal('a secret of forty characters for a test.').endOf(nonce)).toBe(1_800_000_000);
  });

  test.each([
    ['made with another secret', nonceSeal('another secret').make(new Uint8Array(16), 1_800_000_000)],
    ['with a changed letter', nonce.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))],
    ['spelled another way', `${nonce}=`],
    ['cut short', nonce.slice(0, -4)],
    ['empty', ''],
  ])('is unknown %s', (_what, text) => {
    expect(seal.endOf(text)).toBeNull();
  });
});
