import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite as ecdsa } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import { cryptosuite as eddsa } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as library from '@digitalbazaar/vc';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProofFormat, VerificationKey } from '../../../src/identity/credentials/credential-format.ts';
import { ecdsaRdfc2019 } from '../../../src/identity/credentials/formats/ecdsa-rdfc-2019.ts';
import { eddsaRdfc2022 } from '../../../src/identity/credentials/formats/eddsa-rdfc-2022.ts';
import { createJsonLd } from '../../../src/identity/credentials/json-ld.ts';
import { decodeMultikey } from '../../../src/identity/dids/multikey.ts';
import { generateKeyMaterial, issuerKeysOf } from '../../../src/identity/trust/issuer-key-material.ts';
import { didKeyOf, type SigningKeyKind, signWith } from '../../../src/identity/trust/signing-key.ts';
import { systemRandom } from '../../../src/platform/random.ts';

type Json = Record<string, unknown>;

const { issue, verifyCredential } = library as unknown as {
  issue(options: object): Promise<Json>;
  verifyCredential(options: object): Promise<{ verified: boolean }>;
};
const publicUrl = 'https://naru.example';
const ISSUER = 'did:web:naru.example';
const NOW = new Date('2026-01-15T00:00:00Z');

const keys = await issuerKeysOf(await generateKeyMaterial((length) => systemRandom.bytes(length)));

const jsonLd = createJsonLd(publicUrl);
const tools = { publicUrl, jsonLd, randomBytes: (length: number) => new Uint8Array(length) };
/** Every question that the compiled forms put to the library. */
const asked = vi.spyOn(ecdsa, 'canonize');

function credential(n: number): Json {
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', `${publicUrl}/contexts/v1`],
    type: ['VerifiableCredential', 'WaterAccountCredential'],
    issuer: ISSUER,
    validFrom: '2026-01-01T00:00:00Z',
    credentialStatus: {
      id: `${publicUrl}/status-lists/1/bitstring#${n}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: String(n),
      statusListCredential: `${publicUrl}/status-lists/1/bitstring`,
    },
    credentialSubject: {
      id: `did:key:zHolder${n}`,
      service_point: `수용가 "${n}"\n`,
      usage_class: 'domestic',
      role: 'owner',
      from: '2026-01-01',
    },
  };
}

const suites: [string, ProofFormat, SigningKeyKind, object][] = [
  ['eddsa-rdfc-2022', eddsaRdfc2022, 'Ed25519', eddsa],
  ['ecdsa-rdfc-2019 on P-256', ecdsaRdfc2019, 'P-256', ecdsa],
  ['ecdsa-rdfc-2019 on P-384', ecdsaRdfc2019, 'P-384', ecdsa],
];

describe.each(suites)('%s over compiled canonical forms', (_what, format, kind, cryptosuite) => {
  const id = `${ISSUER}#${kind}`;
  const publicKeyMultibase = didKeyOf(keys, kind).slice('did:key:'.length);
  const method = { id, type: 'Multikey', controller: ISSUER, publicKeyMultibase };
  const decoded = decodeMultikey(publicKeyMultibase);
  if (decoded === null) throw new Error('no Multikey');
  const key: VerificationKey = { id, controller: ISSUER, ...decoded, publicKeyMultibase };
  const sign = (data: Uint8Array) => signWith({ kind, controller: ISSUER, methodId: id, jwkMethodId: id, keys }, data);

  async function documentLoader(url: string) {
    const known = new Map<string, object>([
      [id, { '@context': 'https://w3id.org/security/multikey/v1', ...method }],
      [ISSUER, { '@context': ['https://www.w3.org/ns/did/v1'], id: ISSUER, assertionMethod: [id] }],
    ]);
    const document = known.get(url);
    return document ? { contextUrl: null, documentUrl: url, document } : jsonLd.loadDocument(url);
  }

  async function ours(n: number): Promise<Json> {
    const document = credential(n);
    const proof = await format.createProof(
      document,
      {
        type: 'DataIntegrityProof',
        cryptosuite: format.id,
        created: '2026-01-15T00:00:00Z',
        verificationMethod: id,
        proofPurpose: 'assertionMethod',
      },
      { kind, controller: ISSUER, methodId: id, jwkMethodId: id, keys },
      tools,
      {},
    );
    return { ...document, proof };
  }

  function theirs(n: number): Promise<Json> {
    const signer = { id, algorithm: kind, sign: async ({ data }: { data: Uint8Array }) => sign(data) };
    const suite = new DataIntegrityProof({ signer, date: NOW as never, cryptosuite: cryptosuite as never });
    return issue({ credential: credential(n), suite, documentLoader, now: NOW });
  }

  async function verifiedThere(signed: Json): Promise<boolean> {
    const suite = new DataIntegrityProof({ cryptosuite: cryptosuite as never });
    const checkStatus = async () => ({ verified: true });
    return (await verifyCredential({ credential: signed, suite, documentLoader, checkStatus, now: NOW })).verified;
  }

  function verifiedHere({ proof, ...document }: Json): Promise<boolean> {
    return format.verifyProof(document, proof as never, key, tools);
  }

  beforeEach(async () => {
    // Each shape is compiled at its second sight.
    for (let n = 0; n < 3; n += 1) await ours(n);
    await verifiedHere(await theirs(0));
    await verifiedHere(await theirs(1));
    asked.mockClear();
  });

  test('asks the library nothing, and the library verifies what was made', async () => {
    const signed = await ours(77);
    expect(asked).not.toHaveBeenCalled();
    expect(await verifiedThere(signed)).toBe(true);
    expect(await verifiedThere({ ...signed, validFrom: '2025-01-01T00:00:00Z' })).toBe(false);
  });

  test('verifies what the library made, asking it nothing', async () => {
    const signed = await theirs(77);
    asked.mockClear();
    expect(await verifiedHere(signed)).toBe(true);
    expect(asked).not.toHaveBeenCalled();
  });

  const subject = (signed: Json) => signed.credentialSubject as Json;
  test.each<[string, (signed: Json) => Json]>([
    ['a changed claim', (c) => ({ ...c, credentialSubject: { ...subject(c), role: 'occupant' } })],
    [
      'two claims exchanged',
      (c) => ({ ...c, credentialSubject: { ...subject(c), role: 'domestic', usage_class: 'owner' } }),
    ],
    ['a claim taken away', (c) => ({ ...c, credentialSubject: { ...subject(c), role: undefined } })],
    ['a claim that ends like a statement', (c) => ({ ...c, credentialSubject: { ...subject(c), role: 'owner" .\n' } })],
    ['another holder', (c) => ({ ...c, credentialSubject: { ...subject(c), id: 'did:key:zOther' } })],
    ['another status', (c) => ({ ...c, credentialStatus: (credential(78) as Json).credentialStatus })],
    ['a later end', (c) => ({ ...c, validUntil: '2099-01-01T00:00:00Z' })],
    ['another type', (c) => ({ ...c, type: ['VerifiableCredential', 'ResidentCredential'] })],
    ['another time of the proof', (c) => ({ ...c, proof: { ...(c.proof as Json), created: '2026-01-16T00:00:00Z' } })],
    ['another purpose', (c) => ({ ...c, proof: { ...(c.proof as Json), proofPurpose: 'authentication' } })],
    ['an end of the proof', (c) => ({ ...c, proof: { ...(c.proof as Json), expires: '2099-01-01T00:00:00Z' } })],
  ])('refuses %s, at first sight and once that shape is compiled', async (_change, change) => {
    const changed = JSON.parse(JSON.stringify(change(await ours(77))));
    for (let time = 0; time < 3; time += 1) expect(await verifiedHere(changed)).toBe(false);
  });
});
