// VC Data Integrity EdDSA Cryptosuites 1.0, as an issuer and as a verifier, over the VC-API.
import type { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { MultibaseEncoding, multibaseDecode, multibaseEncode } from 'didwebvh-ts';
import { describe, expect, test } from 'vitest';
import { conformingService, type Secured } from './conforming-service.ts';
import { issuerRequirements, unsigned, verifierRequirements } from './data-integrity-requirements.ts';
import { dereference, independentIssuer } from './independent-peer.ts';

const service = await conformingService();

for (const cryptosuite of ['eddsa-rdfc-2022', 'eddsa-jcs-2022']) {
  const facts = { cryptosuite, kind: 'Ed25519', disclosing: false, multibase: 'z' } as const;
  issuerRequirements(service, facts);
  verifierRequirements(service, facts);

  describe(`${cryptosuite}, its own clauses`, () => {
    test('the key is 32 bytes after a prefix of two, the signature 64 [VC-DI-EdDSA 2.1.1, 2.2.1]', async () => {
      const credential = { ...unsigned, issuer: service.didKey('Ed25519') };
      const { body } = await service.post(`/vc-api/${cryptosuite}/credentials/issue`, { credential });
      const { proof } = body.verifiableCredential as Secured;
      const { method } = await dereference(proof.verificationMethod);
      const key: Uint8Array = multibaseDecode(String(method.publicKeyMultibase)).bytes;
      expect([...key.subarray(0, 2), key.length]).toEqual([0xed, 0x01, 34]);
      expect(multibaseDecode(proof.proofValue).bytes).toHaveLength(64);
    });

    test.each([-1, 32])(
      'a signature of another length raises an error (%i bytes) [VC-DI-EdDSA 2.2.1]',
      async (more) => {
        const peer = await independentIssuer(cryptosuite, 'Ed25519');
        const good = await peer.issue(unsigned);
        const bytes: Uint8Array = multibaseDecode(good.proof.proofValue).bytes;
        const changed = more < 0 ? bytes.subarray(0, more) : Uint8Array.of(...bytes, ...new Uint8Array(more).fill(7));
        const proofValue = multibaseEncode(changed, MultibaseEncoding.BASE58_BTC);
        expect((await service.verify({ ...good, proof: { ...good.proof, proofValue } })).status).toBe(400);
      },
    );

    test('a proof of the other transformation raises an error [VC-DI-EdDSA 3.2.3, 3.3.3]', async () => {
      const other = cryptosuite === 'eddsa-rdfc-2022' ? 'eddsa-jcs-2022' : 'eddsa-rdfc-2022';
      const peer = await independentIssuer(other, 'Ed25519');
      const good = await peer.issue(unsigned);
      expect((await service.verify(good)).status).toBe(200);
      expect((await service.verify({ ...good, proof: { ...good.proof, cryptosuite } })).status).toBe(400);
    });
  });
}

describe('eddsa-rdfc-2022, hashing and canonicalisation', () => {
  const disturbed: [string, (suite: DataIntegrityProof) => void][] = [
    ['canonical JSON', (suite) => Object.assign(suite, { canonize: async (input: object) => JSON.stringify(input) })],
    [
      'SHA-512',
      (suite) =>
        Object.assign(suite, {
          createVerifyData: async ({ document }: { document: object }) =>
            new Uint8Array(await crypto.subtle.digest('SHA-512', new TextEncoder().encode(JSON.stringify(document)))),
        }),
    ],
  ];
  test.each(disturbed)('a proof over %s raises an error [VC-DI-EdDSA 3.2.3, 3.2.4]', async (_what, disturb) => {
    const peer = await independentIssuer('eddsa-rdfc-2022', 'Ed25519');
    const credential = await peer.issue(unsigned, undefined, { disturb });
    expect((await service.verify(credential)).status).toBe(400);
  });
});

describe('eddsa-jcs-2022, contexts of the proof', () => {
  const newPeer = () => independentIssuer('eddsa-jcs-2022', 'Ed25519');
  const EXAMPLES = 'https://www.w3.org/ns/credentials/examples/v2';

  test("the proof carries the document's contexts [VC-DI-EdDSA 3.3.1]", async () => {
    const credential = { ...unsigned, issuer: service.didKey('Ed25519') };
    const { body } = await service.post('/vc-api/eddsa-jcs-2022/credentials/issue', { credential });
    expect(body.verifiableCredential?.proof['@context']).toEqual(unsigned['@context']);
  });

  test('a document that only goes on after them verifies, any other does not [VC-DI-EdDSA 3.3.2]', async () => {
    const peer = await newPeer();
    const good = await peer.issue(unsigned);
    const [first] = unsigned['@context'] as string[];
    expect((await service.verify({ ...good, '@context': [first, EXAMPLES] })).status).toBe(200);
    const signedWithBoth = await peer.issue({ ...unsigned, '@context': [first, EXAMPLES] });
    expect((await service.verify({ ...signedWithBoth, '@context': [first] })).status).toBe(400);
  });
});

// Source: w3c-ccg/data-integrity-test-suite-assertion, inputs/eddsa-rdfc-2022, 2.0-previousProof*-SimpleSigned2.json.
describe('the chain of proofs that the test suites of Data Integrity publish [VC-DI 4.5]', () => {
  const FIRST = 'urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544';
  const proof = (key: string, created: string, proofValue: string) => ({
    ...{ type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created, proofPurpose: 'assertionMethod' },
    ...{ verificationMethod: `did:key:${key}#${key}`, proofValue },
  });
  const first = proof(
    'z6MktgKTsu1QhX6QPbyqG6geXdw6FQCZBPq7uQpieWbiQiG7',
    '2023-02-26T22:06:38Z',
    'z3MPPHM5VFhWw2teqGvjXDzsrqPcJoruJryZKCfhjpfpMjqgJq2D3whcG23BKnonAyT8c45VK4SfiQfkShFWPGmsi',
  );
  const second = proof(
    'z6MkhWqdDBPojHA7cprTGTt5yHv5yUi1B8cnXn8ReLumkw6E',
    '2023-02-26T22:16:38Z',
    'z4eFuUYchGeBhRgAqupyQko8GB7JDF6Ws5Sfnrqx799ERJgDLxoJC2NyjEmfTqcpRukbdEGZX7wnhkya9sQzNF7rp',
  );
  const chain = (previousProof: unknown, firstId: string = FIRST) => ({
    '@context': [
      'https://www.w3.org/ns/credentials/v2',
      {
        '@context': {
          AlumniCredential: 'https://www.example.org/AlumniCredential',
          alumniOf: 'https://www.example.org/alumniOf',
        },
      },
    ],
    id: 'urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33',
    type: ['VerifiableCredential', 'AlumniCredential'],
    name: 'Alumni Credential',
    description: 'A minimum viable example of a VC 2.0 Alumni Credential.',
    issuer: 'https://vc.example/issuers/5678',
    validFrom: '2023-01-01T00:00:00Z',
    credentialSubject: { id: 'did:example:abcdefgh', alumniOf: 'The School of Examples' },
    proof: [
      { ...first, id: firstId },
      { ...second, previousProof },
    ],
  });

  test.each([[FIRST], [[FIRST]]])('verifies with the previous proof as %j', async (previousProof) => {
    expect((await service.verify(chain(previousProof))).status).toBe(200);
  });
  test.each<[string, unknown, string?]>([
    ['a number', 456_321],
    ['an id that no proof has', 'urn:uuid:00000000-0000-4000-8000-000000000000'],
    ['a list with an id that no proof has', [FIRST, 'urn:uuid:00000000-0000-4000-8000-000000000000']],
    ['another proof than was signed', 'urn:uuid:1', 'urn:uuid:1'],
  ])('does not verify with %s', async (_what, previousProof, firstId) => {
    expect((await service.verify(chain(previousProof, firstId))).status).toBe(400);
  });
});
