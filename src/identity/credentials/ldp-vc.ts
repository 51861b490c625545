// What all formats with a Data Integrity proof have in common. Source: OpenID4VCI 1.0, A.1.2.
import type { SigningKeyKind } from '../trust/signing-key.ts';
import type { ProofFormat } from './credential-format.ts';
import { credentialDefinition } from './w3c-credential.ts';

/** @param kinds of keys to sign with, the preferred first */
export function ldpVc(
  cryptosuite: string,
  kinds: readonly SigningKeyKind[],
): Omit<ProofFormat, 'createProof' | 'verifyProof' | 'deriveProof'> {
  return {
    id: cryptosuite,
    secures: 'w3c',
    by: 'proof',
    openidFormat: 'ldp_vc',
    signingAlgorithms: [cryptosuite],
    keyKinds: kinds,
    typeConfiguration: (type, publicUrl) => ({ credential_definition: credentialDefinition(type, publicUrl) }),
    claimPath: (_type, claim) => ['credentialSubject', claim],
  };
}
