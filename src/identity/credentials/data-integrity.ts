// W3C credentials with eddsa-rdfc-2022 proofs; contexts are bundled, nothing is ever fetched.
// Source: VC Data Integrity EdDSA Cryptosuites 1.0, section 3.2.
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { contexts as dataIntegrityContexts } from '@digitalbazaar/data-integrity-context';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { CredentialIssuancePurpose, type DocumentLoader, issue, verifyCredential } from '@digitalbazaar/vc';
import type { DidDocument, VerificationMethod } from '../dids/did-log.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { jsonLdContext } from './credential-metadata.ts';
import { credentialTypes } from './credential-types.ts';

const MULTIKEY_CONTEXT = 'https://w3id.org/security/multikey/v1';
const VC_1_CONTEXT = 'https://www.w3.org/2018/credentials/v1';

export type DataIntegrity = ReturnType<typeof createDataIntegrity>;

/** Where Naru's own context is served. */
export function naruContextUrl(publicUrl: string): string {
  return `${publicUrl}/contexts/v1`;
}

/** @param publicUrl no slash at the end */
export function createDataIntegrity({ issuer, publicUrl }: { issuer: Issuer; publicUrl: string }) {
  const contexts = new Map<string, object>([
    ...credentialsContexts,
    ...dataIntegrityContexts,
    [naruContextUrl(publicUrl), jsonLdContext(credentialTypes)],
  ]);
  contexts.delete(VC_1_CONTEXT);

  function loaderWith(method: VerificationMethod | null): DocumentLoader {
    return async (url) => {
      const context = contexts.get(url);
      // `static` lets the library process a context once and keep it.
      if (context) return { contextUrl: null, documentUrl: url, document: context, tag: 'static' };
      if (method !== null && url === method.id) {
        return { contextUrl: null, documentUrl: url, document: { '@context': MULTIKEY_CONTEXT, ...method } };
      }
      throw new Error('only bundled contexts are loaded');
    };
  }

  return {
    /** Whether every context a credential names is bundled. */
    knowsContexts: (names: readonly unknown[]) =>
      names.every((name) =>
        typeof name === 'string' ? contexts.has(name) : typeof name === 'object' && name !== null,
      ),

    /**
     * Adds the issuer's proof.
     *
     * @throws Error by the library where the credential isn't one, or has terms that no context defines
     */
    sign(credential: object, now_ms: number): Promise<Record<string, unknown>> {
      const { keys, ed25519KeyId } = issuer;
      const suite = new DataIntegrityProof({
        signer: { id: ed25519KeyId, algorithm: 'Ed25519', sign: async ({ data }) => keys.ed25519.sign(data) },
        date: new Date(now_ms),
        cryptosuite,
      });
      const now = new Date(now_ms);
      return issue({ credential: structuredClone(credential), suite, documentLoader: loaderWith(null), now });
    },

    /**
     * Whether the proof fits the credential and was made with `method`, which the controller lists for assertions.
     * Validity and status are not looked at.
     *
     * @param at_ms a moment within the credential's validity
     */
    async verify(
      credential: object,
      method: VerificationMethod,
      controller: DidDocument,
      at_ms: number,
    ): Promise<boolean> {
      const { verified } = await verifyCredential({
        credential: structuredClone(credential),
        suite: new DataIntegrityProof({ cryptosuite }),
        purpose: new CredentialIssuancePurpose({ controller }),
        documentLoader: loaderWith(method),
        checkStatus: async () => ({ verified: true }),
        now: new Date(at_ms),
      });
      return verified;
    },
  };
}
