import type { FormatTools, ProofFormat, VerificationKey } from '../src/identity/credentials/credential-format.ts';
import { dcSdJwt } from '../src/identity/credentials/formats/dc-sd-jwt.ts';
import { ecdsaRdfc2019 } from '../src/identity/credentials/formats/ecdsa-rdfc-2019.ts';
import { ecdsaSd2023 } from '../src/identity/credentials/formats/ecdsa-sd-2023.ts';
import { eddsaRdfc2022 } from '../src/identity/credentials/formats/eddsa-rdfc-2022.ts';
import { createJsonLd } from '../src/identity/credentials/json-ld.ts';
import { decodeMultikey } from '../src/identity/dids/multikey.ts';
import { generateKeyMaterial, issuerKeysOf } from '../src/identity/trust/issuer-key-material.ts';
import type { Issuer } from '../src/identity/trust/issuer-keys.ts';
import { didKeyOf, type SigningKey, signingKey } from '../src/identity/trust/signing-key.ts';
import { systemRandom } from '../src/platform/random.ts';
import { holderJwk } from './bare-sd-jwt.ts';
import { claimsOf, documentOf, ISSUER, PUBLIC_URL, TYPE } from './credential-content.ts';

type Json = Record<string, unknown>;

const ISSUED_s = 1_767_225_600;
const proofFormats: readonly ProofFormat[] = [eddsaRdfc2022, ecdsaRdfc2019, ecdsaSd2023];

export async function naruFormats() {
  const keys = await issuerKeysOf(await generateKeyMaterial((length) => systemRandom.bytes(length)));
  const issuer: Issuer = {
    ...{
      did: ISSUER,
      generation: 1,
      keys,
      certificate: null,
      p256KeyId: `${ISSUER}#jwk`,
      p256MultikeyId: `${ISSUER}#p256`,
    },
    ...{ p384KeyId: `${ISSUER}#p384`, ed25519KeyId: `${ISSUER}#ed25519`, bls12381KeyId: `${ISSUER}#bls` },
  };
  const tools: FormatTools = {
    publicUrl: PUBLIC_URL,
    jsonLd: createJsonLd(PUBLIC_URL),
    randomBytes: (length) => systemRandom.bytes(length),
  };

  const keyOf = (format: { keyKinds: ProofFormat['keyKinds'] }): SigningKey => {
    const key = signingKey(issuer, null, format.keyKinds);
    if (key === null) throw new Error('no key for the format');
    return key;
  };

  return {
    sdJwt: (n: number): Promise<string> =>
      dcSdJwt.issue(
        {
          type: TYPE,
          claims: claimsOf(n),
          issuer: ISSUER,
          certificates: null,
          holder: { jwk: holderJwk as never, did: 'did:example:holder' },
          issuedAt_s: ISSUED_s,
          expiresAt_s: ISSUED_s + TYPE.validity_days * 86_400,
          status: {
            uri: `${PUBLIC_URL}/status-lists/1`,
            bitstringUri: `${PUBLIC_URL}/status-lists/1/bitstring`,
            index: n,
          },
        },
        keyOf(dcSdJwt),
        tools,
      ),
    proofs: proofFormats.map((format) => {
      const key = keyOf(format);
      const multikey = didKeyOf(keys, key.kind).slice('did:key:'.length);
      const decoded = decodeMultikey(multikey);
      if (decoded === null) throw new Error('the key is no Multikey');
      const verificationKey: VerificationKey = {
        ...{ id: key.methodId, controller: ISSUER, ...decoded, publicKeyMultibase: multikey },
      };
      return {
        id: format.id,
        async issue(n: number): Promise<Json> {
          const document = documentOf(n);
          const proof = await format.createProof(
            document,
            {
              type: 'DataIntegrityProof',
              cryptosuite: format.id,
              created: '2026-01-01T00:00:00Z',
              verificationMethod: key.methodId,
              proofPurpose: 'assertionMethod',
            },
            key,
            tools,
            { mandatoryPointers: format.mandatoryPointers ?? [] },
          );
          return { ...document, proof };
        },
        disclose: (credential: Json): Promise<Json> =>
          format.deriveProof?.(
            credential,
            { selectivePointers: ['/credentialSubject/family_name', '/credentialSubject/age_over_19'] },
            tools,
          ) ?? Promise.resolve(credential),
        async verify({ proof, ...document }: Json): Promise<void> {
          if (!(await format.verifyProof(document, proof as never, verificationKey, tools))) {
            throw new Error(`${format.id} did not verify`);
          }
        },
      };
    }),
  };
}
