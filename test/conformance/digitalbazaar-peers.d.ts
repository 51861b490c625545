// Types of the parts of Digital Bazaar's libraries that only the independent issuer and verifier of tests use.
declare module '@digitalbazaar/vc' {
  export function verifyCredential(options: {
    credential: object;
    suite: object;
    documentLoader: DocumentLoader;
    now?: Date;
  }): Promise<{ verified: boolean; error?: Error & { errors?: Error[] } }>;
  export function derive(options: {
    verifiableCredential: object;
    suite: object;
    documentLoader: DocumentLoader;
  }): Promise<Record<string, unknown>>;
}

declare module '@digitalbazaar/ecdsa-multikey' {
  import type { LibrarySigner } from '@digitalbazaar/data-integrity';
  export interface KeyPair {
    id: string;
    controller: string;
    publicKeyMultibase: string;
    signer(): LibrarySigner;
  }
  export function generate(options: { curve: 'P-256' | 'P-384' }): Promise<KeyPair>;
  export function from(key: object): Promise<KeyPair>;
}

declare module '@digitalbazaar/ed25519-multikey' {
  import type { KeyPair } from '@digitalbazaar/ecdsa-multikey';
  export function generate(): Promise<KeyPair>;
  export function from(key: object): Promise<KeyPair>;
}

declare module '@digitalbazaar/ecdsa-jcs-2019-cryptosuite' {
  import type { LibraryCryptosuite } from '@digitalbazaar/data-integrity';
  export function createSignCryptosuite(): LibraryCryptosuite;
  export function createVerifyCryptosuite(): LibraryCryptosuite;
}
