// VC Data Integrity ECDSA Cryptosuites 1.0, as an issuer and as a verifier, over the VC-API.
import { decode, encode, Token, Type } from 'cborg';
import { multibaseDecode } from 'didwebvh-ts';
import { beforeAll, describe, expect, test } from 'vitest';
import vectors from '../identity/credentials/vectors/data-integrity.json' with { type: 'json' };
import { conformingService, type Json, type Secured } from './conforming-service.ts';
import { issuerRequirements, unsigned, verifierRequirements } from './data-integrity-requirements.ts';
import { dereference, disclose, independentIssuer } from './independent-peer.ts';

const service = await conformingService();
const hashed = { disclosing: false, multibase: 'z' } as const;
const suites = [
  { cryptosuite: 'ecdsa-rdfc-2019', kind: 'P-256', ...hashed },
  { cryptosuite: 'ecdsa-rdfc-2019', kind: 'P-384', ...hashed },
  { cryptosuite: 'ecdsa-jcs-2019', kind: 'P-256', ...hashed },
  { cryptosuite: 'ecdsa-jcs-2019', kind: 'P-384', ...hashed },
  { cryptosuite: 'ecdsa-sd-2023', kind: 'P-256', disclosing: true, multibase: 'u' },
] as const;

const shape = { 'P-256': { key: [0x80, 0x24, 35], signature: 64 }, 'P-384': { key: [0x81, 0x24, 51], signature: 96 } };

for (const facts of suites) {
  issuerRequirements(service, facts);
  verifierRequirements(service, facts);
  const { cryptosuite, kind } = facts;
  if (facts.disclosing) continue;
  test(`${cryptosuite}, ${kind}: the key is a compressed point, the signature r ‖ s [VC-DI-ECDSA 2.1.1, 3]`, async () => {
    const credential = { ...unsigned, issuer: service.didKey(kind) };
    const { body } = await service.post(`/vc-api/${cryptosuite}/credentials/issue`, { credential });
    const { proof } = body.verifiableCredential as Secured;
    const { method } = await dereference(proof.verificationMethod);
    const key: Uint8Array = multibaseDecode(String(method.publicKeyMultibase)).bytes;
    expect([...key.subarray(0, 2), key.length]).toEqual(shape[kind].key);
    expect(multibaseDecode(proof.proofValue).bytes).toHaveLength(shape[kind].signature);
  });
}

describe('the published vectors over HTTP [VC-DI-ECDSA, A]', () => {
  test.each([
    'ecdsa-rdfc-2019 P-256',
    'ecdsa-rdfc-2019 P-384',
    'ecdsa-jcs-2019 P-256',
    'ecdsa-jcs-2019 P-384',
    'ecdsa-sd-2023 derived',
  ] as const)('%s verifies, whose issuer is an address that says nothing of keys', async (name) => {
    const { status, body } = await service.verify(vectors[name]);
    expect([status, body.trace?.find(({ step }) => step === 'issuer')?.reason]).toEqual([200, 'ISSUER_NOT_REGISTERED']);
  });
});

describe('ecdsa-sd-2023, base proofs', () => {
  const BASE = [0xd9, 0x5d, 0x00];
  const issue = (credential: Json, mandatoryPointers: string[]) =>
    service.post('/vc-api/ecdsa-sd-2023/credentials/issue', {
      credential: { ...credential, issuer: service.didKey('P-256') },
      options: { mandatoryPointers },
    });

  test('the value begins with the bytes of a base proof, and holds five untagged parts [VC-DI-ECDSA 3.5.2]', async () => {
    const { body } = await issue(unsigned, ['/issuer']);
    const value = Buffer.from(body.verifiableCredential?.proof.proofValue.slice(1) ?? '', 'base64url');
    expect([...value.subarray(0, 3)]).toEqual(BASE);
    const [signature, publicKey, hmacKey, signatures, pointers] = decode(value.subarray(3)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array[],
      string[],
    ];
    expect([signature.length, publicKey.length, hmacKey.length]).toEqual([64, 35, 32]);
    expect(new Set(signatures.map(({ length }) => length))).toEqual(new Set([64]));
    expect(pointers).toEqual(['/issuer']);
  });

  test.each([['/non/existent/path'], ['/credentialSubject/invalidPointer'], ['credentialSubject']])(
    'a mandatory pointer that leads nowhere raises an error: %s [VC-DI-ECDSA 3.4.13]',
    async (pointer) => {
      expect((await issue(unsigned, [pointer])).status).toBe(400);
    },
  );

  test('a base proof does not verify [VC-DI-ECDSA 3.6.8]', async () => {
    const { body } = await issue(unsigned, ['/issuer']);
    expect((await service.verify(body.verifiableCredential)).status).toBe(400);
  });
});

describe('ecdsa-sd-2023, disclosures', () => {
  let base: Secured;
  beforeAll(async () => {
    const peer = await independentIssuer('ecdsa-sd-2023', 'P-256');
    const document = {
      ...unsigned,
      '@context': ['https://www.w3.org/ns/credentials/v2', { '@vocab': 'urn:example:' }],
      credentialSubject: { name: 'Alice', sails: [{ size: 1 }, { size: 2 }, { size: 3 }], boat: { sailNumber: 'E1' } },
    };
    base = await peer.issue(document, undefined, { pointers: ['/issuer'] });
  });
  const verifies = async (credential: unknown) => (await service.verify(credential)).status === 200;

  test.each<[string, string[]]>([
    ['nested properties', ['/credentialSubject/boat/sailNumber']],
    ['blank nodes only', ['/credentialSubject/boat']],
    ['a whole array', ['/credentialSubject/sails']],
    ['some of an array', ['/credentialSubject/sails/0', '/credentialSubject/sails/1']],
    ['an array without its first element', ['/credentialSubject/sails/1', '/credentialSubject/sails/2']],
    ['everything', ['/credentialSubject']],
  ])('%s verifies when disclosed [VC-DI-ECDSA 3.6.6]', async (_what, pointers) => {
    expect(await verifies(await disclose(base, pointers))).toBe(true);
  });

  test('our own derivation shows the selected and the mandatory, and its holder can use it anywhere [VC API 3.2; VC-DI-ECDSA 3.6.5]', async () => {
    const options = { selectivePointers: ['/credentialSubject/boat/sailNumber'] };
    const { status, body } = await service.post('/vc-api/credentials/derive', { verifiableCredential: base, options });
    expect(status).toBe(201);
    const derived = body.verifiableCredential as Secured;
    expect(derived).toMatchObject({
      id: base.id,
      type: base.type,
      issuer: base.issuer,
      credentialSubject: { boat: { sailNumber: 'E1' } },
    });
    expect(derived.credentialSubject).not.toHaveProperty('name');
    expect(await verifies(derived)).toBe(true);
  });

  test.each<[string, object]>([
    ['a pointer that leads nowhere', { selectivePointers: ['/credentialSubject/age'] }],
    ['a pointer that is none', { selectivePointers: ['name'] }],
  ])('deriving with %s raises an error', async (_what, options) => {
    const answer = await service.post('/vc-api/credentials/derive', { verifiableCredential: base, options });
    expect(answer.status).toBe(400);
  });

  test('what is derived already, or has no such proof, is not derived from', async () => {
    const once = await disclose(base, ['/credentialSubject/name']);
    const plain = await (await independentIssuer('eddsa-rdfc-2022', 'Ed25519')).issue(unsigned);
    for (const verifiableCredential of [once, plain]) {
      const options = { selectivePointers: ['/credentialSubject/name'] };
      expect((await service.post('/vc-api/credentials/derive', { verifiableCredential, options })).status).toBe(400);
    }
  });

  describe('the value of a disclosed proof', () => {
    let good: Secured;
    beforeAll(async () => {
      good = await disclose(base, ['/credentialSubject/sails']);
    });
    const withValue = (bytes: Uint8Array) => ({
      ...good,
      proof: { ...good.proof, proofValue: `u${Buffer.from(bytes).toString('base64url')}` },
    });
    const value = () => Buffer.from(good.proof.proofValue.slice(1), 'base64url');
    const parts = () => decode(value().subarray(3), { useMaps: true }) as unknown[];
    const header = () => value().subarray(0, 3);
    const repacked = (changed: unknown[], options = {}) =>
      withValue(Uint8Array.of(...header(), ...encode(changed, options)));

    test('packed again as it was it verifies, so that what follows is not refused for its packing', async () => {
      expect(await verifies(repacked(parts()))).toBe(true);
    });
    test('must begin with u [VC-DI-ECDSA 3.5.8]', async () => {
      expect(await verifies({ ...good, proof: { ...good.proof, proofValue: 'a' } })).toBe(false);
      expect(await verifies({ ...good, proof: { ...good.proof, proofValue: good.proof.proofValue.slice(1) } })).toBe(
        false,
      );
    });
    test('must have the header of a disclosure [VC-DI-ECDSA 3.5.8]', async () => {
      expect(await verifies(withValue(value().subarray(3)))).toBe(false);
      expect(await verifies(withValue(Uint8Array.of(0xd9, 0x5d, 0x00, ...value().subarray(3))))).toBe(false);
    });
    test('must have no CBOR tags [VC-DI-ECDSA 3.5.7]', async () => {
      const tagged = (bytes: Uint8Array) => [new Token(Type.tag, 64), new Token(Type.bytes, bytes)];
      expect(await verifies(repacked(parts(), { typeEncoders: { Uint8Array: tagged } }))).toBe(false);
    });
    type Parts = [Uint8Array, Uint8Array, Uint8Array[], Map<number, unknown>, unknown[]];
    test.each<[string, (parts: Parts) => unknown[]]>([
      ['four elements', (all) => all.slice(0, 4)],
      ['a base signature of 63 bytes', ([base, ...rest]) => [base.subarray(1), ...rest]],
      ['a key of 36 bytes', ([base, key, ...rest]) => [base, Uint8Array.of(...key, 0), ...rest]],
      [
        'a signature of 63 bytes',
        ([base, key, all, ...rest]) => [base, key, all.map((one) => one.subarray(1)), ...rest],
      ],
      ['one signature fewer than statements', ([base, key, all, ...rest]) => [base, key, all.slice(1), ...rest]],
      ['a label map to texts', ([base, key, all, _map, indexes]) => [base, key, all, new Map([[0, 'text']]), indexes]],
      ['a mandatory index that is a text', ([base, key, all, map]) => [base, key, all, map, ['0']]],
    ])('must not hold %s [VC-DI-ECDSA 3.5.8, 3.6.8]', async (_what, change) => {
      expect(await verifies(repacked(change(parts() as Parts)))).toBe(false);
    });
  });
});
