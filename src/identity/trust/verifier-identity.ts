// Under which identity this service asks for presentations: a P-256 key of its own and the certificate over it.
import type { Es256Key } from './issuer-keys.ts';
import type { CertificateChain } from './own-certificate-chain.ts';

export interface VerifierIdentity extends Es256Key {
  /** The service's certificate; a registered verifier may have another one over the same key. */
  chain: CertificateChain;
}

/** Source: OpenID4VP 1.0, 5.9.3. */
export function x509ClientId(chain: CertificateChain): string {
  return `x509_hash:${chain.hash}`;
}
