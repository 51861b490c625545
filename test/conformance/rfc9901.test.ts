// RFC 9901's published examples, issuances and presentations, through our own reader, signature check, disclosures and
// holder's step.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyDisclosures } from '../../src/identity/presenting/disclosures.ts';
import { holderStep } from '../../src/identity/presenting/holder-step.ts';
import { isSignedBy } from '../../src/identity/presenting/jws.ts';
import { readSdJwt, type SdJwtPresentation } from '../../src/identity/presenting/sd-jwt-presentation.ts';

interface Example {
  name: string;
  section: string;
  compact: string;
  processed: Record<string, unknown>;
}

const vectors = JSON.parse(readFileSync(new URL('vectors/rfc9901.json', import.meta.url), 'utf8')) as {
  issuer_key: { kty: string; crv: string; x: string; y: string };
  key_binding: { nonce: string; aud: string; iat: number };
  examples: Example[];
  structures: {
    name: string;
    section: string;
    payload: Record<string, unknown>;
    disclosures: string[];
    processed: Record<string, unknown>;
  }[];
};
const { issuer_key, key_binding } = vectors;
const expected = { nonce: key_binding.nonce, audience: key_binding.aud, transactions: [] };
const named = <T extends Pick<Example, 'name' | 'section'>>(examples: T[]) =>
  examples.map((example) => [example.name, example.section, example] as const);
const bound = vectors.examples.filter(({ compact }) => !compact.endsWith('~'));

function read(compact: string): SdJwtPresentation {
  const presentation = readSdJwt(compact);
  if (presentation === null) throw new Error('not an SD-JWT');
  return presentation;
}

test('there are ten signed examples, three of them with key binding, and four structures', () => {
  expect([vectors.examples.length, bound.length, vectors.structures.length]).toEqual([10, 3, 4]);
});

describe.each(named(vectors.examples))('%s [RFC 9901 %s]', (_name, _section, { compact, processed }) => {
  test('is signed by the published key', () => {
    expect(isSignedBy(read(compact).jwt, issuer_key, 'ES256')).toBe(true);
  });

  test('gives the processed payload [7.1]', () => {
    const { jwt, disclosures } = read(compact);
    expect(applyDisclosures(jwt.payload, disclosures)).toEqual({ ok: true, payload: processed });
  });

  test('is refused with its first disclosure changed or twice [7.1]', () => {
    const { jwt, disclosures } = read(compact);
    const [first = '', ...rest] = disclosures;
    const parts = JSON.parse(Buffer.from(first, 'base64url').toString()) as unknown[];
    const forged = Buffer.from(JSON.stringify([...parts.slice(0, -1), 'forged'])).toString('base64url');
    expect(applyDisclosures(jwt.payload, [forged, ...rest])).toMatchObject({ ok: false });
    expect(applyDisclosures(jwt.payload, [first, ...disclosures])).toEqual({
      ok: false,
      reason: 'DISCLOSURE_DUPLICATE',
    });
  });

  test('is refused where its payload was changed', () => {
    const [header, payload = '', signature] = read(compact).jwt.compact.split('.');
    const content = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), iat: 1 };
    const changed = `${header}.${Buffer.from(JSON.stringify(content)).toString('base64url')}.${signature}`;
    expect(isSignedBy({ ...read(compact).jwt, compact: changed }, issuer_key, 'ES256')).toBe(false);
  });
});

describe.each(named(bound))('%s [RFC 9901 %s]', (_name, _section, { compact }) => {
  test('passes the holder’s step at its time [7.3]', () => {
    const { step, thumbprint } = holderStep(read(compact), expected, key_binding.iat + 1);
    expect(step).toMatchObject({ outcome: 'passed', reason: 'HOLDER_OK' });
    expect(thumbprint).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    ['another nonce', { nonce: 'other' }, 0, 'HOLDER_NONCE_WRONG'],
    ['another audience', { audience: 'https://elsewhere.example' }, 0, 'HOLDER_AUDIENCE_WRONG'],
    ['an hour later', {}, 3_600, 'HOLDER_PROOF_STALE'],
    ['an hour before', {}, -3_600, 'HOLDER_PROOF_STALE'],
    ['a text to be signed', { transactions: ['e30'] }, 0, 'HOLDER_TRANSACTION_UNSIGNED'],
  ])('fails it for %s', (_what, change, later_s, reason) => {
    const { step } = holderStep(read(compact), { ...expected, ...change }, key_binding.iat + later_s);
    expect(step).toMatchObject({ outcome: 'failed', reason });
  });

  test('fails it with a disclosure taken away after it was signed [7.3]', () => {
    const parts = compact.split('~');
    parts.splice(1, 1);
    const { step } = holderStep(read(parts.join('~')), expected, key_binding.iat);
    expect(step).toMatchObject({ outcome: 'failed', reason: 'HOLDER_CONTENT_CHANGED' });
  });

  test('fails it without the key-binding JWT', () => {
    const { step } = holderStep(read(compact.slice(0, compact.lastIndexOf('~') + 1)), expected, key_binding.iat);
    expect(step).toMatchObject({ outcome: 'failed', reason: 'HOLDER_PROOF_MISSING' });
  });
});

test.each(named(vectors.structures))('the %s structure gives the whole address back [RFC 9901 %s]', (...[, , of]) => {
  expect(applyDisclosures(of.payload, of.disclosures)).toEqual({ ok: true, payload: of.processed });
});
