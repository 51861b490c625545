// SD-JWT VCs as the issuer writes them: byte for byte what the library writes, and good in its eyes.
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { SDJwtInstance } from '@sd-jwt/core';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sdJwtHasher } from '../../../src/identity/credentials/sd-jwt-vc.ts';
import { writeSdJwtVc } from '../../../src/identity/credentials/sd-jwt-vc-issuing.ts';
import { newSeed } from '../../support/seed.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer = {
  keyId: 'did:example:issuer#key',
  sign: (message: Uint8Array) =>
    new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
};
const base = {
  issuer: 'did:example:issuer',
  vct: 'https://naru.example/vct/resident',
  issuedAt_s: 1_767_225_600,
  expiresAt_s: 1_830_297_600,
  holderJwk: { kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' } as const,
  status: { uri: 'https://naru.example/status-lists/1', index: 4711 },
};

/** The same bytes from the same seed, however many are drawn at once. */
function stream(seed: number) {
  let drawn = 0;
  return (length: number) =>
    Uint8Array.from({ length }, () => createHash('sha256').update(`${seed} ${drawn++}`).digest()[0] ?? 0);
}

function settings(randomBytes: (length: number) => Uint8Array) {
  return {
    signAlg: 'ES256',
    signer: (data: string) => Buffer.from(signer.sign(Buffer.from(data))).toString('base64url'),
    verifier: (data: string, signature: string) =>
      verify(
        'sha256',
        Buffer.from(data),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
    hashAlg: 'sha-256' as const,
    hasher: sdJwtHasher,
    saltGenerator: (length: number) => Buffer.from(randomBytes(length)).toString('base64url'),
  };
}

/** Without the part that fetches status lists. */
const verifier = new SDJwtInstance(settings(stream(0)));

/** All but the signature, which is another at every time. */
function unsigned(credential: string): string[] {
  const [jwt = '', ...disclosures] = credential.split('~');
  return [...jwt.split('.').slice(0, 2), ...disclosures];
}

const claims = fc.dictionary(
  fc
    .stringMatching(/^[a-z][a-z_]{2,20}$/)
    .filter((name) => !['iss', 'nbf', 'exp', 'cnf', 'vct', 'status', 'sub', 'iat'].includes(name)),
  fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.integer(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.record({ value: fc.string() }),
  ),
  { maxKeys: 12, noNullPrototype: true },
);

describe('writing an SD-JWT VC', () => {
  test('gives the bytes of the library for the same salts, and the library verifies it [RFC 9901, 4 and 7.1]', async () => {
    await fc.assert(
      fc.asyncProperty(claims, fc.boolean(), fc.nat(), async (given, named, salts) => {
        const subject = named ? { subject: 'did:example:holder' } : {};
        const ours = await writeSdJwtVc({ ...base, ...subject, claims: given }, signer, stream(salts));
        const { issuer: iss, vct, issuedAt_s: iat, expiresAt_s: exp, holderJwk: jwk, status } = base;
        const theirs = await new SDJwtVcInstance(settings(stream(salts))).issue(
          {
            iss,
            vct,
            ...(named ? { sub: subject.subject } : {}),
            iat,
            exp,
            cnf: { jwk },
            status: { status_list: { idx: status.index, uri: status.uri } },
            ...given,
          },
          { _sd: Object.keys(given) } as never,
          { header: { kid: signer.keyId } },
        );
        expect(unsigned(ours)).toEqual(unsigned(theirs));
        const { payload } = await verifier.verify(ours, { currentDate: iat });
        expect(payload).toMatchObject(given);
      }),
      { numRuns: 100, seed: newSeed('SD-JWT VCs beside the library') },
    );
  });

  test('shows the library nothing of a disclosure that was changed, and is refused once its payload was', async () => {
    const ours = await writeSdJwtVc({ ...base, claims: { role: 'owner' } }, signer, stream(1));
    const [jwt = '', disclosure = ''] = ours.split('~');
    const [salt, name] = JSON.parse(Buffer.from(disclosure, 'base64url').toString());
    const other = Buffer.from(JSON.stringify([salt, name, 'occupant'])).toString('base64url');
    const at = { currentDate: base.issuedAt_s };
    expect((await verifier.verify(`${jwt}~${other}~`, at)).payload).not.toHaveProperty('role');

    const [header, payload = '', signature] = jwt.split('.');
    const later = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), exp: base.expiresAt_s + 1 };
    const changed = [header, Buffer.from(JSON.stringify(later)).toString('base64url'), signature].join('.');
    await expect(verifier.verify(`${changed}~${disclosure}~`, at)).rejects.toThrow();
  });

  test('draws 128 bits of salt for every claim [RFC 9901, 9.3]', async () => {
    let drawn = 0;
    const count = (length: number) => {
      drawn += length;
      return stream(drawn)(length);
    };
    await writeSdJwtVc({ ...base, claims: { one: 1, two: 2, three: 3 } }, signer, count);
    expect(drawn).toBe(48);
  });

  test.each(['iss', 'status', 'cnf', 'exp', '_sd', '...'])('refuses a claim that is called %s', async (name) => {
    const refused = writeSdJwtVc({ ...base, claims: { [name]: 'a' } }, signer, stream(1));
    await expect(refused).rejects.toThrow(TypeError);
  });
});
