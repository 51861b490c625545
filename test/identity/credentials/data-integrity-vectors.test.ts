import { expect, test } from 'vitest';
import type { Proof, ProofFormat, VerificationKey } from '../../../src/identity/credentials/credential-format.ts';
import { proofFormat } from '../../../src/identity/credentials/credential-formats.ts';
import { createJsonLd } from '../../../src/identity/credentials/json-ld.ts';
import { decodeMultikey } from '../../../src/identity/dids/multikey.ts';
import vectors from './vectors/data-integrity.json' with { type: 'json' };

const tools = { jsonLd: createJsonLd('https://city.example') };
type Secured = Record<string, unknown> & { proof: Proof };

function take(name: string): { document: Record<string, unknown>; proofs: Proof[] } {
  const { proof, ...document } = structuredClone(vectors[name as keyof typeof vectors]) as unknown as Secured;
  return { document, proofs: [proof].flat() };
}

/** The key that stands in the verification method's own name. */
function keyOf({ verificationMethod }: Proof): VerificationKey {
  const [controller = '', publicKeyMultibase = ''] = verificationMethod.split('#');
  const key = decodeMultikey(publicKeyMultibase);
  if (key === null) throw new Error('the vector names no Multikey');
  return { id: verificationMethod, controller, publicKeyMultibase, ...key };
}

function format({ cryptosuite }: Proof): ProofFormat {
  const found = proofFormat(cryptosuite);
  if (found === null) throw new Error(`no format ${cryptosuite}`);
  return found;
}

const verifies = (document: Record<string, unknown>, proof: Proof) =>
  format(proof)
    .verifyProof(document, proof, keyOf(proof), tools)
    .catch(() => false);

test.each([
  'eddsa-rdfc-2022',
  'eddsa-jcs-2022',
  'ecdsa-rdfc-2019 P-256',
  'ecdsa-rdfc-2019 P-384',
  'ecdsa-jcs-2019 P-256',
  'ecdsa-jcs-2019 P-384',
  'ecdsa-sd-2023 derived',
  'bbs-2023 derived',
])('the published proof %s verifies, and over no changed document', async (name) => {
  const { document, proofs } = take(name);
  const [proof] = proofs;
  if (proof === undefined) throw new Error('no proof');
  expect(await verifies(structuredClone(document), proof)).toBe(true);
  const changed = {
    ...document,
    credentialSubject: { ...(document.credentialSubject as object), sailNumber: 'Mars1' },
  };
  expect(await verifies(changed, proof)).toBe(false);
});

test('the published base proof of ecdsa-sd-2023 does not verify itself; what is derived from it does', async () => {
  const { document, proofs } = take('ecdsa-sd-2023 base');
  const [proof] = proofs;
  if (proof === undefined) throw new Error('no proof');
  expect(await verifies(structuredClone(document), proof)).toBe(false);
  const selectivePointers = ['/credentialSubject/boards/0', '/credentialSubject/boards/1'];
  const derived = (await format(proof).deriveProof?.({ ...document, proof }, { selectivePointers }, tools)) as Secured;
  const { proof: derivedProof, ...shown } = derived;
  expect(shown).toEqual(take('ecdsa-sd-2023 derived').document);
  expect(await verifies(shown, derivedProof)).toBe(true);
});

test('each proof of the published chain verifies over the proofs it names, and over none else [VC-DI 4.5]', async () => {
  const { document, proofs } = take('proof chain');
  const [first, second, third, fourth] = proofs as [Proof, Proof, Proof, Proof];
  const over = (...previous: Proof[]) => ({ ...document, ...(previous.length > 0 && { proof: previous }) });
  expect(await verifies(over(), first)).toBe(true);
  expect(await verifies(over(), second)).toBe(true);
  expect(await verifies(over(first, second), third)).toBe(true);
  expect(await verifies(over(third), fourth)).toBe(true);
  expect(await verifies(over(first), third)).toBe(false);
  expect(await verifies(over(), fourth)).toBe(false);
});
