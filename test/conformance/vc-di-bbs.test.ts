// VC Data Integrity BBS Cryptosuites 1.0, as an issuer and as a verifier, over the VC-API.
import { decode, encode, Token, Type } from 'cborg';
import { multibaseDecode } from 'didwebvh-ts';
import { beforeAll, describe, expect, test } from 'vitest';
import vectors from '../identity/credentials/vectors/data-integrity.json' with { type: 'json' };
import { conformingService, type Secured } from './conforming-service.ts';
import { issuerRequirements, unsigned, verifierRequirements } from './data-integrity-requirements.ts';
import { dereference, disclose, independentIssuer } from './independent-peer.ts';

const service = await conformingService();
const facts = { cryptosuite: 'bbs-2023', kind: 'Bls12381G2', disclosing: true, multibase: 'u' } as const;
issuerRequirements(service, facts);
verifierRequirements(service, facts);

test('the published derived proof verifies over HTTP [VC-DI-BBS, B]', async () => {
  expect((await service.verify(vectors['bbs-2023 derived'])).status).toBe(200);
});

test('the key is 96 bytes of G2 after its prefix, the base proof has its header and no time [VC-DI-BBS 2.1.1, 3.3.1]', async () => {
  const credential = { ...unsigned, issuer: service.didKey('Bls12381G2') };
  const { body } = await service.post('/vc-api/credentials/issue', {
    credential,
    options: { mandatoryPointers: ['/issuer'] },
  });
  const { proof } = body.verifiableCredential as Secured;
  expect(proof.cryptosuite).toBe('bbs-2023');
  expect(proof).not.toHaveProperty('created');
  const key: Uint8Array = multibaseDecode(
    String((await dereference(proof.verificationMethod)).method.publicKeyMultibase),
  ).bytes;
  expect([...key.subarray(0, 2), key.length]).toEqual([0xeb, 0x01, 98]);
  const value = Buffer.from(proof.proofValue.slice(1), 'base64url');
  expect([...value.subarray(0, 3)]).toEqual([0xd9, 0x5d, 0x02]);
  expect((await service.verify(body.verifiableCredential)).status).toBe(400);
});

describe('bbs-2023, disclosures', () => {
  let base: Secured;
  let good: Secured;
  beforeAll(async () => {
    const peer = await independentIssuer('bbs-2023', 'Bls12381G2');
    const document = {
      ...unsigned,
      '@context': ['https://www.w3.org/ns/credentials/v2', { '@vocab': 'urn:example:' }],
      credentialSubject: { name: 'Alice', sails: [{ size: 1 }, { size: 2 }, { size: 3 }], boat: { sailNumber: 'E1' } },
    };
    base = await peer.issue(document, undefined, { pointers: ['/issuer'] });
    good = await disclose(base, ['/credentialSubject/sails/1', '/credentialSubject/sails/2']);
  });
  const verifies = async (credential: unknown) => (await service.verify(credential)).status === 200;

  test('an array without its first element verifies [VC-DI-BBS 3.3.6]', async () => {
    expect(await verifies(good)).toBe(true);
  });
  test('derived here it verifies, and two derivations of one credential share no proof [VC-DI-BBS 3.4.4]', async () => {
    const derive = async () => {
      const options = { selectivePointers: ['/credentialSubject/name'] };
      return (await service.post('/vc-api/credentials/derive', { verifiableCredential: base, options })).body
        .verifiableCredential;
    };
    const [one, other] = [await derive(), await derive()];
    expect(await verifies(one)).toBe(true);
    expect(one?.credentialSubject).toEqual(other?.credentialSubject);
    expect(one?.proof.proofValue).not.toBe(other?.proof.proofValue);
  });
  test('must have no CBOR tags [VC-DI-BBS 3.3.6]', async () => {
    const value = Buffer.from(good.proof.proofValue.slice(1), 'base64url');
    const parts = decode(value.subarray(3), { useMaps: true });
    const tagged = (bytes: Uint8Array) => [new Token(Type.tag, 64), new Token(Type.bytes, bytes)];
    const packed = (options = {}) => {
      const bytes = Uint8Array.of(...value.subarray(0, 3), ...encode(parts, options));
      return { ...good, proof: { ...good.proof, proofValue: `u${Buffer.from(bytes).toString('base64url')}` } };
    };
    expect(await verifies(packed())).toBe(true);
    expect(await verifies(packed({ typeEncoders: { Uint8Array: tagged } }))).toBe(false);
  });
});
