// Credentials of version 1.1 with Data Integrity proofs: the suites of the cryptosuites send them wherever an implementation
// does not say which versions it takes. Source: Verifiable Credentials Data Model 1.1; VC Data Integrity 1.0, 2.1.
import { describe, expect, test } from 'vitest';
import { conformingService, type Json, type Secured } from './conforming-service.ts';
import { disclose, independentIssuer, isAcceptedByPeer } from './independent-peer.ts';

const service = await conformingService();
const VC_1 = 'https://www.w3.org/2018/credentials/v1';
const DATA_INTEGRITY = 'https://w3id.org/security/data-integrity/v2';
const schema = (term: string) => ({ [term]: `https://schema.org/${term}` });

const unsigned: Json = {
  '@context': [VC_1, { ...schema('name'), ...schema('description') }],
  id: 'urn:uuid:36245ee9-9074-4b05-a777-febff2e69757',
  type: ['VerifiableCredential'],
  issuanceDate: '2024-03-16T22:37:26Z',
  credentialSubject: {
    id: 'urn:uuid:1a0e4ef5-091f-4060-842e-18e519ab9440',
    name: 'Alice',
    description: 'A credential about Alice.',
  },
};
/** As it must stand for a proof to have its terms. */
const complete: Json = { ...unsigned, '@context': [...(unsigned['@context'] as unknown[]), DATA_INTEGRITY] };
const SHOWN = ['/credentialSubject/name'];

const suites = [
  ['eddsa-rdfc-2022', 'Ed25519'],
  ['eddsa-jcs-2022', 'Ed25519'],
  ['ecdsa-rdfc-2019', 'P-256'],
  ['ecdsa-rdfc-2019', 'P-384'],
  ['ecdsa-jcs-2019', 'P-256'],
  ['ecdsa-sd-2023', 'P-256'],
  ['bbs-2023', 'Bls12381G2'],
] as const;
const isDisclosing = (cryptosuite: string) => cryptosuite === 'ecdsa-sd-2023' || cryptosuite === 'bbs-2023';

const issue = (credential: Json, options: object = {}) =>
  service.post('/vc-api/credentials/issue', { credential, options });
const failed = async (credential: unknown) => {
  const { status, body } = await service.verify(credential);
  expect(status).toBe(400);
  return body.trace?.find(({ outcome }) => outcome === 'failed')?.reason;
};

describe.each(suites)('%s, %s', (cryptosuite, kind) => {
  test('is issued as a did:key with the context that defines its proof, and a peer takes it [VC-DI 2.1]', async () => {
    const pointers = isDisclosing(cryptosuite) ? { mandatoryPointers: ['/issuer', '/issuanceDate'] } : {};
    const { status, body } = await issue({ ...unsigned, issuer: service.didKey(kind) }, { cryptosuite, ...pointers });
    expect(status).toBe(201);
    const issued = body.verifiableCredential as Secured;
    const { proof: _proof, ...rest } = issued;
    expect(rest).toEqual({ ...complete, issuer: service.didKey(kind) });
    const shown = isDisclosing(cryptosuite) ? await disclose(issued, SHOWN) : issued;
    // The peer refuses its own JCS proofs too where such a credential has contexts as objects.
    if (!cryptosuite.includes('-jcs-')) expect(await isAcceptedByPeer(shown)).toBe(true);
    expect((await service.verify(shown)).status).toBe(200);
  });

  test('of a peer verifies, and not once it is changed', async () => {
    const peer = await independentIssuer(cryptosuite, kind);
    const base = await peer.issue(complete, undefined, { pointers: ['/issuer', '/issuanceDate'] });
    const good = isDisclosing(cryptosuite) ? await disclose(base, SHOWN) : base;
    expect(await service.verify(good)).toMatchObject({ status: 200, body: { verified: true } });
    expect(await failed({ ...good, issuanceDate: '2024-03-17T00:00:00Z' })).toBe('SIGNATURE_INVALID');
  });
});

describe('the rest of version 1.1', () => {
  const asKey = { ...unsigned, issuer: service.didKey('Ed25519') };

  test('gets the time of its issue where it names none [VC Data Model 1.1, 4.6]', async () => {
    const { body } = await issue({ ...asKey, issuanceDate: undefined });
    expect(body.verifiableCredential?.issuanceDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test.each<[string, Json, object]>([
    ['as the service itself, whose status lists it has no terms for', { ...unsigned, issuer: 'did:example:other' }, {}],
    ['in an envelope, which VC-JOSE-COSE does not know', asKey, { format: 'vc+jwt' }],
    ['with a time that is none', { ...asKey, issuanceDate: 'yesterday' }, {}],
    [
      'with the context of 2.0 after that of 1.1',
      { ...asKey, '@context': [VC_1, 'https://www.w3.org/ns/credentials/v2'] },
      {},
    ],
  ])('is not issued %s', async (_what, credential, options) => {
    const { status, body } = await issue(credential, options);
    expect([status, body.code]).toEqual([400, 'CREDENTIAL_INVALID']);
  });

  test('is judged by its issuanceDate and expirationDate [VC Data Model 1.1, 4.6, 4.7]', async () => {
    const peer = await independentIssuer('eddsa-rdfc-2022', 'Ed25519');
    const over = { issuanceDate: '2020-01-01T00:00:00Z', expirationDate: '2021-01-01T00:00:00Z' };
    expect(await failed(await peer.issue({ ...complete, ...over }))).toBe('CREDENTIAL_EXPIRED');
    const later = { issuanceDate: '2999-01-01T00:00:00Z' };
    expect(await failed(await peer.issue({ ...complete, ...later }))).toBe('CREDENTIAL_NOT_YET_VALID');
    const backwards = { issuanceDate: '2024-01-01T00:00:00Z', expirationDate: '2023-01-01T00:00:00Z' };
    expect(await failed(await peer.issue({ ...complete, ...backwards }))).toBe('FORMAT_MALFORMED');
  });

  test('without an issuanceDate is malformed [VC Data Model 1.1, 4.6]', async () => {
    const peer = await independentIssuer('eddsa-jcs-2022', 'Ed25519');
    const { issuanceDate: _time, ...without } = complete;
    expect(await failed(await peer.issue(without))).toBe('FORMAT_MALFORMED');
  });
});
