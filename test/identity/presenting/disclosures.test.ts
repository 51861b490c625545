import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { sdJwtHasher } from '../../../src/identity/credentials/sd-jwt-vc.ts';
import { applyDisclosures } from '../../../src/identity/presenting/disclosures.ts';
import { systemRandom } from '../../../src/platform/random.ts';

// Source: RFC 9901, 4.2.1 to 4.2.3.
const familyName = {
  disclosure: 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0',
  digest: 'X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0',
};
const france = {
  disclosure: 'WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0',
  digest: 'w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs',
};

const encode = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const digestOf = (disclosure: string) => Buffer.from(sdJwtHasher(disclosure)).toString('base64url');

describe('disclosures', () => {
  test('put the published claim of an object back [RFC 9901 4.2.3]', () => {
    expect(applyDisclosures({ iss: 'x', _sd: [familyName.digest] }, [familyName.disclosure])).toEqual({
      ok: true,
      payload: { iss: 'x', family_name: 'Möbius' },
    });
  });

  test('put the published element of an array back, and leave out what is kept [RFC 9901 4.2.4.2]', () => {
    const payload = { nationalities: ['DE', { '...': france.digest }, { '...': 'kept-back' }] };
    expect(applyDisclosures(payload, [france.disclosure])).toEqual({
      ok: true,
      payload: { nationalities: ['DE', 'FR'] },
    });
    expect(applyDisclosures(payload, [])).toEqual({ ok: true, payload: { nationalities: ['DE'] } });
  });

  test('may hold digests themselves [RFC 9901 4.2.6]', () => {
    const outer = encode(['s', 'address', { country: 'KR', _sd: [familyName.digest] }]);
    expect(applyDisclosures({ _sd: [digestOf(outer)] }, [familyName.disclosure, outer])).toEqual({
      ok: true,
      payload: { address: { country: 'KR', family_name: 'Möbius' } },
    });
  });

  const element = encode(['s', 'FR']);
  const claim = (name: string) => encode(['s', name, 1]);
  test.each([
    ['an inner one without its outer', { _sd: [] }, [familyName.disclosure], 'DISCLOSURE_UNKNOWN'],
    [
      'a claim that stands there already',
      { family_name: 'X', _sd: [familyName.digest] },
      [familyName.disclosure],
      'DISCLOSURE_MALFORMED',
    ],
    ['an element in an object', { _sd: [digestOf(element)] }, [element], 'DISCLOSURE_MALFORMED'],
    ['a claim in an array', { a: [{ '...': familyName.digest }] }, [familyName.disclosure], 'DISCLOSURE_MALFORMED'],
    ['a claim named _sd', { _sd: [digestOf(claim('_sd'))] }, [claim('_sd')], 'DISCLOSURE_MALFORMED'],
    ['a claim named …', { _sd: [digestOf(claim('...'))] }, [claim('...')], 'DISCLOSURE_MALFORMED'],
    ['an expiry left to the holder', { _sd: [digestOf(claim('exp'))] }, [claim('exp')], 'DISCLOSURE_MALFORMED'],
    [
      'one digest in two places',
      { a: { _sd: [familyName.digest] }, _sd: [familyName.digest] },
      [],
      'DISCLOSURE_DUPLICATE',
    ],
    ['digests that are no list', { _sd: 'x' }, [], 'DISCLOSURE_MALFORMED'],
    ['a digest that is no text', { _sd: [1] }, [], 'DISCLOSURE_MALFORMED'],
    ['another hash', { _sd_alg: 'sha-512' }, [], 'FORMAT_ALGORITHM_REFUSED'],
    [
      'more of them than is sensible',
      {},
      Array.from({ length: 101 }, (_, n) => encode([String(n), 'a', n])),
      'DISCLOSURE_MALFORMED',
    ],
  ])('are refused with %s [RFC 9901 7.1]', (_what, payload, disclosures, reason) => {
    expect(applyDisclosures(payload, disclosures)).toEqual({ ok: false, reason });
  });

  test('are refused where they are nested without end', () => {
    let payload: Record<string, unknown> = {};
    for (let depth = 0; depth < 40; depth += 1) payload = { deeper: payload };
    expect(applyDisclosures(payload, [])).toEqual({ ok: false, reason: 'DISCLOSURE_MALFORMED' });
  });

  test('a claim named __proto__ changes no prototype', () => {
    const evil = Buffer.from('["s","__proto__",{"admin":true}]').toString('base64url');
    const opened = applyDisclosures({ _sd: [digestOf(evil)] }, [evil]);
    expect(opened.ok && (opened.payload as { admin?: boolean }).admin).toBeUndefined();
  });

  test('give back what the library hid, whatever it was', async () => {
    const instance = new SDJwtVcInstance({
      signer: () => 'AA',
      signAlg: 'ES256',
      hasher: sdJwtHasher,
      saltGenerator: () => Buffer.from(systemRandom.bytes(16)).toString('base64url'),
    });
    const name = fc
      .stringMatching(/^[a-z]{3,8}$/)
      .filter((n) => !['iss', 'nbf', 'exp', 'cnf', 'vct', 'status'].includes(n));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 6 }), async (generated) => {
        const claims = JSON.parse(JSON.stringify(generated)) as Record<string, unknown>;
        // Naru's claims have no digests in their values; a value that looks like one is refused, as it must be.
        fc.pre(!/"(_sd|\.\.\.)"/.test(JSON.stringify(claims)));
        const payload: Parameters<typeof instance.issue>[0] = { vct: 'x', ...claims };
        const frame = { _sd: Object.keys(claims) } as Parameters<typeof instance.issue>[1];
        const [jwt = '', ...disclosures] = (await instance.issue(payload, frame)).split('~');
        const opened = applyDisclosures({ ...decodeJwt(jwt) }, disclosures.slice(0, -1));
        expect(opened).toEqual({ ok: true, payload: { vct: 'x', ...claims } });
      }),
      { numRuns: 50 },
    );
  });
});
