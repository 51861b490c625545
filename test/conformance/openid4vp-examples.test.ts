// OpenID4VP 1.0's published examples: its queries answered by the wallet's own selection, and its presentation verified.
import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DcqlQuery } from 'dcql';
import { describe, expect, test } from 'vitest';
import { applyDisclosures } from '../../src/identity/presenting/disclosures.ts';
import { holderStep } from '../../src/identity/presenting/holder-step.ts';
import { isSignedBy } from '../../src/identity/presenting/jws.ts';
import { decryptAnswer, makeResponseKey, type ResponseKey } from '../../src/identity/presenting/response-key.ts';
import { readSdJwt } from '../../src/identity/presenting/sd-jwt-presentation.ts';
import { transactionHash } from '../../src/identity/presenting/transaction-data.ts';
import { selectCredentials } from '../../web/wallet/core/select-credentials.ts';

const vectors = JSON.parse(readFileSync(new URL('vectors/openid4vp.json', import.meta.url), 'utf8')) as {
  queries: Record<string, DcqlQuery.Input>;
  claims_path_pointer: { credential: Record<string, unknown>; paths: [(string | number | null)[], object][] };
  encrypted_response: { private_jwk: JsonWebKey & ResponseKey['publicJwk']; response: string; payload: object };
  sd_jwt_vcld: {
    issuer_key: { kty: string; crv: string; x: string; y: string };
    presentation: string;
    nonce: string;
    aud: string;
    iat: number;
  };
};

const identity = 'https://credentials.example.com/identity_credential';
const address = { street_address: '42 Market Street', locality: 'Milliways' };
const person = { given_name: 'Arthur', family_name: 'Dent', address };
const reduced = {
  vct: 'https://credentials.example.com/reduced_identity_credential',
  claims: { given_name: 'Arthur', family_name: 'Dent' },
};
const residence = {
  vct: 'https://cred.example/residence_credential',
  claims: { postal_code: '12345', locality: 'Milliways', region: 'X' },
};
const rewards = { vct: 'https://company.example/company_rewards', claims: { rewards_number: '7' } };
const other = { vct: 'https://othercredentials.example/pid', claims: person };
const pid = (claims: Record<string, unknown>) => ({ vct: identity, claims });

/** What would be shown, by query id; null where something that is required cannot be. */
function shown(name: string, held: { vct: string; claims: Record<string, unknown> }[]) {
  const query = DcqlQuery.parse(vectors.queries[name] as DcqlQuery.Input);
  DcqlQuery.validate(query);
  const selected = selectCredentials(query, held);
  if (selected.some(({ fitting }) => fitting.length === 0)) return null;
  return Object.fromEntries(selected.map(({ asked, fitting }) => [asked.id, fitting[0]?.claims]));
}

test.each([
  [
    'shows exactly the claims named',
    [pid({ ...person, birthdate: 'x' })],
    {
      my_credential: { ...person, address: { street_address: '42 Market Street' } },
    },
  ],
  ['shows nothing without one of them', [pid({ given_name: 'Arthur', family_name: 'Dent' })], null],
  ['shows nothing of another type', [other], null],
])('the simple query %s [OID4VP 6.5]', (_what, held, expected) => {
  expect(shown('simple', held)).toEqual(expected);
});

test.each([
  ['shows the values asked for', { family_name: 'Doe', postal_code: '90211' }, true],
  ['shows nothing for another name', { family_name: 'Dent', postal_code: '90211' }, false],
  ['shows nothing for another postal code', { family_name: 'Doe', postal_code: '12345' }, false],
  ['shows nothing for a value of another type', { family_name: 'Doe', postal_code: 90_211 }, false],
])('the query with values %s [OID4VP 6.3, D]', (_what, claims, answers) => {
  expect(shown('value_matching_simple', [pid({ ...person, ...claims })]) !== null).toBe(answers);
});

test.each([
  [
    'takes the first set where it can',
    { last_name: 'D', locality: 'M', region: 'X', date_of_birth: '1', postal_code: '2' },
    { last_name: 'D', locality: 'M', region: 'X', date_of_birth: '1' },
  ],
  [
    'takes the second where it cannot',
    { last_name: 'D', date_of_birth: '1', postal_code: '2', locality: 'M' },
    { last_name: 'D', date_of_birth: '1', postal_code: '2' },
  ],
  ['shows nothing where it can neither', { last_name: 'D', date_of_birth: '1' }, null],
])('the query with alternatives of claims %s [OID4VP 6.4.1, D]', (_what, claims, expected) => {
  expect(shown('claims_alternatives', [pid(claims)])).toEqual(expected === null ? null : { pid: expected });
});

test.each([
  ['takes the first option', [pid(person), other, reduced, residence], ['pid']],
  ['takes the second without the first', [other, reduced, residence], ['other_pid']],
  ['takes two together without either', [reduced, residence], ['pid_reduced_cred_1', 'pid_reduced_cred_2']],
  ['does not show what is optional by itself', [pid(person), rewards], ['pid']],
  ['shows nothing with half an option', [reduced, rewards], null],
  ['shows nothing with the optional one alone', [rewards], null],
])('the query with alternatives of credentials %s [OID4VP 6.4.2, D]', (_what, held, expected) => {
  const selected = shown('credentials_alternatives', held);
  expect(selected === null ? null : Object.keys(selected)).toEqual(expected);
});

test.each<[string, Parameters<typeof shown>[1]]>([
  ['multi_credentials', [pid(person)]],
  ['complex_mdoc', [pid(person), other]],
  ['jwt_vc', [pid(person)]],
])('the query %s is valid, and shows nothing without the formats it wants [OID4VP 6, B, D]', (name, held) => {
  expect(shown(name, held)).toBeNull();
});

describe('the encrypted response [OID4VP 8.3]', () => {
  const { private_jwk, response, payload } = vectors.encrypted_response;
  const privateKey = createPrivateKey({ key: private_jwk, format: 'jwk' });
  const { d: _d, ...publicJwk } = private_jwk;
  const key: ResponseKey = { privateKey, publicJwk };

  test('is opened with the published key, and says what it is said to', async () => {
    expect(await decryptAnswer(response, key)).toEqual(payload);
  });

  test.each<[string, string, ResponseKey]>([
    ['another key of the same name', response, { ...makeResponseKey(), publicJwk }],
    ['another name', response, { ...key, publicJwk: { ...publicJwk, kid: 'bd' } }],
    ['a changed tag', `${response.slice(0, -2)}AA`, key],
  ])('is not opened with %s', async (_what, jwe, other) => {
    expect(await decryptAnswer(jwe, other)).toBeNull();
  });
});

test.each(vectors.claims_path_pointer.paths)(
  'the claims path pointer %j selects what it is said to [OID4VP 7.3]',
  (path, output) => {
    const query = DcqlQuery.parse({
      credentials: [{ id: 'a', format: 'dc+sd-jwt', meta: { vct_values: [identity] }, claims: [{ path }] }],
    } as DcqlQuery.Input);
    const [selected] = selectCredentials(query, [pid(vectors.claims_path_pointer.credential)]);
    // What is not selected of an array has no value.
    expect(JSON.parse(JSON.stringify(selected?.fitting[0]?.claims))).toEqual(output);
  },
);

describe('the SD-JWT VCLD presentation [OID4VP B.3.7]', () => {
  const { issuer_key, presentation, nonce, aud, iat } = vectors.sd_jwt_vcld;
  const read = readSdJwt(presentation);
  if (read === null) throw new Error('not an SD-JWT');

  test('is signed by the published key', () => {
    expect(isSignedBy(read.jwt, issuer_key, 'ES256')).toBe(true);
    expect(isSignedBy({ ...read.jwt, compact: `${read.jwt.compact.slice(0, -2)}AA` }, issuer_key, 'ES256')).toBe(false);
  });

  test('discloses the given name alone', () => {
    expect(applyDisclosures(read.jwt.payload, read.disclosures)).toMatchObject({
      ok: true,
      payload: { ld: { credentialSubject: { givenName: 'John' } } },
    });
  });

  test('is bound to its request, and to no other', () => {
    const expected = { nonce, audience: aud, transactions: [] };
    expect(holderStep(read, expected, iat).step.reason).toBe('HOLDER_OK');
    expect(holderStep(read, { ...expected, nonce: 'n-0S6_WzA2Mj' }, iat).step.reason).toBe('HOLDER_NONCE_WRONG');
    expect(holderStep(read, { ...expected, audience: 'x509_san_dns:client.example.org' }, iat).step.reason).toBe(
      'HOLDER_AUDIENCE_WRONG',
    );
  });
});

test('an entry of transaction data is hashed as the string that was sent [OID4VP B.3.3.1]', () => {
  const entry = Buffer.from(
    '["2GLC42sKQveCfGfryNRN9w", "address", {"street_address": "Schulstr. 12", "locality": "Schulpforta", "region": "Sachsen-Anhalt", "country": "DE"}]',
  ).toString('base64url');
  expect(transactionHash(entry)).toBe('fOBUSQvo46yQO-wRwXBcGqvnbKIueISEL961_Sjd4do');
});
