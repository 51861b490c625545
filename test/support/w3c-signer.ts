// Somebody of the W3C's world with a did:key of their own: signs with the bare libraries, and whatever they are told to.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import type { ProofOptions } from '../../src/identity/credentials/credential-format.ts';
import { eddsaJcs2022 } from '../../src/identity/credentials/formats/eddsa-jcs-2022.ts';
import { createJsonLd } from '../../src/identity/credentials/json-ld.ts';
import { ed25519Multikey } from '../../src/identity/dids/did-entry.ts';

type Json = Record<string, unknown>;

/** As much of the bare library as is called here; it brings no types. */
const library = vc as unknown as {
  issue(options: object): Promise<Json>;
  signPresentation(options: object): Promise<Json>;
};

export const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';

export function w3cSigner(publicUrl: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const multikey = ed25519Multikey(new Uint8Array(raw));
  const did = `did:key:${multikey}`;
  const keyId = `${did}#${multikey}`;
  const jsonLd = createJsonLd(publicUrl);
  const suite = () =>
    new DataIntegrityProof({
      signer: {
        ...{ id: keyId, algorithm: 'Ed25519' },
        sign: async ({ data }) => new Uint8Array(sign(null, data, privateKey)),
      },
      cryptosuite: cryptosuite as never,
    });
  const documentLoader = jsonLd.loadDocument;

  /** A proof over any document, even one that no library would sign: over its JSON, whatever that means. */
  async function prove(document: Json, options: Partial<ProofOptions> = {}): Promise<Json> {
    const proof = await eddsaJcs2022.createProof(
      document,
      {
        ...{ type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', created: '2026-01-01T00:00:00Z' },
        ...{ verificationMethod: keyId, proofPurpose: 'assertionMethod', ...options },
      },
      { kind: 'Ed25519', methodId: keyId, keys: { ed25519: { sign: signed(privateKey) } } } as never,
      { publicUrl, jsonLd, randomBytes: () => new Uint8Array() },
      {},
    );
    return { ...proof };
  }

  return {
    did,
    keyId,
    jwk: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: raw.toString('base64url') },
    prove,
    /** By the bare library. */
    issue: (credential: Json) =>
      library.issue({
        credential: { ...credential, issuer: credential.issuer ?? did },
        suite: suite(),
        documentLoader,
      }),
    /** By the bare library. */
    present: (presentation: Json, challenge: string, domain: string) =>
      library.signPresentation({
        presentation: structuredClone(presentation),
        suite: suite(),
        documentLoader,
        challenge,
        domain,
      }),
    /** Signed as it is. */
    issueAnyhow: async (credential: Json, options: Partial<ProofOptions> = {}): Promise<Json> => ({
      ...credential,
      proof: await prove(credential, options),
    }),
    presentAnyhow: async (presentation: Json, challenge: string, domain: string): Promise<Json> => ({
      ...presentation,
      proof: await prove(presentation, { proofPurpose: 'authentication', challenge, domain }),
    }),
    /** A JWS with any header; the signature is right for EdDSA. */
    jws: (header: Json, payload: Json): string => {
      const message = `${base64url(header)}.${base64url(payload)}`;
      return `${message}.${Buffer.from(sign(null, Buffer.from(message), privateKey)).toString('base64url')}`;
    },
  };
}

function signed(key: KeyObject) {
  return (message: Uint8Array) => new Uint8Array(sign(null, message, key));
}

export function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
