// The proofs whose holder chooses what to show: made, derived and checked by their libraries.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.4 to 3.6; VC Data Integrity BBS Cryptosuites 1.0, 3.

import { DataIntegrityProof, type LibraryCryptosuite, type LibrarySigner } from '@digitalbazaar/data-integrity';
import type { DocumentLoader } from '@digitalbazaar/vc';
import { decode } from 'cborg';
import { base64url } from 'jose';
import type { Proof, ProofFormat, ProofOptions, VerificationKey } from './credential-format.ts';

const MULTIKEY_CONTEXT = 'https://w3id.org/security/multikey/v1';

/** What a status, an issuer or a time is worth if its holder may leave it out: nothing. */
export const TYPE_POINTERS = ['/issuer', '/validFrom', '/validUntil', '/credentialStatus'] as const;

export function disclosingProofs(parts: {
  signer(key: Parameters<ProofFormat['createProof']>[2]): LibrarySigner;
  createSignCryptosuite(options: { mandatoryPointers: readonly string[] }): LibraryCryptosuite;
  createDiscloseCryptosuite(options: {
    selectivePointers: readonly string[];
    presentationHeader?: Uint8Array;
  }): LibraryCryptosuite;
  createVerifyCryptosuite(): LibraryCryptosuite;
  fits(key: VerificationKey): boolean;
}): Required<Pick<ProofFormat, 'createProof' | 'verifyProof' | 'deriveProof'>> {
  return {
    async createProof(document, options, key, { jsonLd }, { mandatoryPointers = [] }) {
      const suite = new DataIntegrityProof({
        signer: parts.signer(key),
        date: null,
        cryptosuite: parts.createSignCryptosuite({ mandatoryPointers }),
      });
      suite.proof = { ...options };
      const { '@context': _contexts, ...proof } = await suite.createProof({
        document,
        purpose: { update: async (made) => made },
        proofSet: [],
        documentLoader: jsonLd.loadDocument,
      });
      return proof as unknown as Proof;
    },

    async verifyProof(document, proof, key, { jsonLd }) {
      if (!parts.fits(key) || !isPlainValue(proof.proofValue)) return false;
      const { id, controller, publicKeyMultibase } = key;
      const method = { '@context': MULTIKEY_CONTEXT, id, type: 'Multikey', controller, publicKeyMultibase };
      const documentLoader: DocumentLoader = async (url) =>
        url === id ? { contextUrl: null, documentUrl: url, document: method } : jsonLd.loadDocument(url);
      const suite = new DataIntegrityProof({ cryptosuite: parts.createVerifyCryptosuite() });
      const { verified } = await suite.verifyProof({
        proof: { '@context': document['@context'], ...proof },
        proofSet: [],
        document,
        documentLoader,
      });
      return verified;
    },

    async deriveProof({ proof, ...document }, disclose, { jsonLd }) {
      const suite = new DataIntegrityProof({ cryptosuite: parts.createDiscloseCryptosuite(disclose) });
      const proofs = [proof].flat() as ProofOptions[];
      const base = proofs.find((candidate) => candidate.cryptosuite === suite.cryptosuite);
      return suite.derive({
        document,
        purpose: { term: base?.proofPurpose },
        proofSet: proofs.map((candidate) => ({ '@context': document['@context'], ...candidate })),
        documentLoader: jsonLd.loadDocument,
      });
    },
  };
}

/** Three bytes in front say what kind of value it is. */
const HEADER_bytes = 3;

/**
 * Whether a value is base64url of CBOR without tags. The library takes tagged byte strings too, which makes two values of
 * one proof. Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.5.7; VC Data Integrity BBS Cryptosuites 1.0, 3.3.6.
 */
function isPlainValue(proofValue: string): boolean {
  if (!/^u[A-Za-z0-9_-]+$/.test(proofValue)) return false;
  try {
    return Array.isArray(decode(base64url.decode(proofValue.slice(1)).subarray(HEADER_bytes), { useMaps: true }));
  } catch {
    return false;
  }
}
