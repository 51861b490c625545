import { createSignCryptosuite } from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createGrouping } from '../../../src/identity/credentials/compiled-grouping.ts';
import { ecdsaSd2023 } from '../../../src/identity/credentials/formats/ecdsa-sd-2023.ts';
import { createJsonLd } from '../../../src/identity/credentials/json-ld.ts';
import { decodeMultikey } from '../../../src/identity/dids/multikey.ts';
import { generateKeyMaterial, issuerKeysOf } from '../../../src/identity/trust/issuer-key-material.ts';
import { didKeyOf } from '../../../src/identity/trust/signing-key.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { newSeed } from '../../support/seed.ts';

type Json = Record<string, unknown>;

const publicUrl = 'https://naru.example';
const jsonLd = createJsonLd(publicUrl);
const tools = { publicUrl, jsonLd, randomBytes: systemRandom.bytes };
const POINTERS = ['/issuer', '/validFrom', '/credentialStatus', '/credentialSubject/role'];

function credential(claims: Json = {}): Json {
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', `${publicUrl}/contexts/v1`],
    type: ['VerifiableCredential', 'WaterAccountCredential'],
    issuer: 'did:web:naru.example',
    validFrom: '2026-01-01T00:00:00Z',
    credentialStatus: {
      id: `${publicUrl}/status-lists/1/bitstring#1`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: '1',
      statusListCredential: `${publicUrl}/status-lists/1/bitstring`,
    },
    credentialSubject: { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01', ...claims },
  };
}

const proofOptions = {
  type: 'DataIntegrityProof' as const,
  cryptosuite: 'ecdsa-sd-2023',
  created: '2026-01-15T00:00:00Z',
  verificationMethod: 'did:web:naru.example#p256',
  proofPurpose: 'assertionMethod',
};

function byLibrary(document: Json) {
  const cryptosuite = createSignCryptosuite({ mandatoryPointers: POINTERS });
  return cryptosuite.createVerifyData({
    ...{ cryptosuite, document, proof: proofOptions, documentLoader: jsonLd.loadDocument },
  });
}

async function trained() {
  const grouping = createGrouping(jsonLd);
  for (let n = 0; n < 4; n += 1) {
    const document = credential({ service_point: `SP-${n}` });
    await jsonLd.learn(document, 'sha256');
    grouping.learn(document, POINTERS, await byLibrary(document));
  }
  return grouping;
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('_:'));

describe('grouping the statements of a credential', () => {
  test('gives the groups of the library for random values, under its labels [VC-DI-ECDSA, 3.5.2]', async () => {
    const grouping = await trained();
    await fc.assert(
      fc.asyncProperty(text, text, text, async (service_point, usage_class, role) => {
        const document = credential({ service_point, usage_class, role });
        const { hmacKey, nonMandatory, mandatoryHash } = await byLibrary(document);
        expect(grouping.group(document, POINTERS, hmacKey)).toEqual({ nonMandatory, mandatoryHash });
      }),
      { numRuns: 60, seed: newSeed('groups of statements') },
    );
  });

  test('is the library’s to do for a shape, pointers or labels that it has not been asked about', async () => {
    const grouping = await trained();
    const hmacKey = new Uint8Array(32);
    expect(grouping.group(credential(), POINTERS, hmacKey)).not.toBeNull();
    expect(grouping.group(credential(), POINTERS.slice(1), hmacKey)).toBeNull();
    expect(grouping.group(credential({ until: '2027-01-01' }), POINTERS, hmacKey)).toBeNull();
    expect(grouping.group(credential({ service_point: 'a _:c14n0 b' }), POINTERS, hmacKey)).toBeNull();
  });

  test('is the library’s for good where the library once says otherwise', async () => {
    const grouping = await trained();
    const answer = await byLibrary(credential());
    grouping.learn(credential(), POINTERS, { ...answer, nonMandatory: answer.nonMandatory.slice(1) });
    grouping.learn(credential(), POINTERS, answer);
    expect(grouping.group(credential(), POINTERS, new Uint8Array(32))).toBeNull();
  });
});

describe('a base proof of ecdsa-sd-2023 over a compiled shape', async () => {
  const keys = await issuerKeysOf(await generateKeyMaterial((length) => systemRandom.bytes(length)));
  const methodId = proofOptions.verificationMethod;
  const controller = 'did:web:naru.example';
  const signing = { kind: 'P-256' as const, controller, methodId, jwkMethodId: methodId, keys };
  const publicKeyMultibase = didKeyOf(keys, 'P-256').slice('did:key:'.length);
  const decoded = decodeMultikey(publicKeyMultibase);
  if (decoded === null) throw new Error('no Multikey');
  const key = { id: methodId, controller, ...decoded, publicKeyMultibase };

  async function issued(claims: Json = {}): Promise<Json> {
    const document = credential(claims);
    const proof = await ecdsaSd2023.createProof(document, proofOptions, signing, tools, {
      mandatoryPointers: POINTERS,
    });
    return { ...document, proof };
  }
  const shown = async (signed: Json, ...claims: string[]): Promise<Json> => {
    const selectivePointers = claims.map((claim) => `/credentialSubject/${claim}`);
    return (await ecdsaSd2023.deriveProof?.(signed, { selectivePointers }, tools)) ?? {};
  };
  const verified = ({ proof, ...document }: Json) => ecdsaSd2023.verifyProof(document, proof as never, key, tools);

  // Compiled at the second sight, trusted after three agreements.
  for (let n = 0; n < 6; n += 1) await issued({ service_point: `SP-${n}` });

  test('is one that holders derive from and verifiers take, mandatory claims always shown', async () => {
    const derived = await shown(await issued({ service_point: '수용가 "7"' }), 'service_point');
    expect(derived.credentialSubject).toEqual({ service_point: '수용가 "7"', role: 'owner' });
    expect(await verified(derived)).toBe(true);
  });

  test.each<[string, Json]>([
    ['a changed claim', { credentialSubject: { service_point: 'SP-8', role: 'owner' } }],
    ['a changed mandatory claim', { credentialSubject: { service_point: 'SP-7', role: 'occupant' } }],
    ['a mandatory claim taken away', { credentialSubject: { service_point: 'SP-7' } }],
    ['another time', { validFrom: '2025-01-01T00:00:00Z' }],
  ])('is refused with %s', async (_what, change) => {
    const derived = await shown(await issued({ service_point: 'SP-7' }), 'service_point');
    expect(await verified(derived)).toBe(true);
    expect(await verified({ ...derived, ...change })).toBe(false);
  });

  test('has another key for its labels and its statements each time', async () => {
    const [one, other] = [await issued(), await issued()].map(
      ({ proof }) => (proof as { proofValue: string }).proofValue,
    );
    expect(one).not.toBe(other);
    expect(one?.length).toBe(other?.length);
  });
});
