// The peer DIDKit (Rust in WebAssembly), with the suite it is quickest in, Ed25519Signature2020, on a credential of VC 1.1.
import { createRequire } from 'node:module';
import { claimsOf } from './credential-content.ts';

interface DidKit {
  generateEd25519Key(): string;
  keyToDID(method: string, key: string): string;
  keyToVerificationMethod(method: string, key: string): Promise<string>;
  issueCredential(credential: string, options: string, key: string): Promise<string>;
  verifyCredential(credential: string, options: string): Promise<string>;
}

/** It issues and verifies JSON texts, which is all it takes. */
export async function didkit() {
  const library = createRequire(import.meta.url)('@spruceid/didkit-wasm-node') as DidKit;
  const key = library.generateEd25519Key();
  const issuer = library.keyToDID('key', key);
  const options = JSON.stringify({
    type: 'Ed25519Signature2020',
    proofPurpose: 'assertionMethod',
    verificationMethod: await library.keyToVerificationMethod('key', key),
  });
  const terms = Object.fromEntries(Object.keys(claimsOf(0)).map((name) => [name, `urn:naru:vocab:${name}`]));
  return {
    issue: (n: number): Promise<string> =>
      library.issueCredential(
        JSON.stringify({
          '@context': ['https://www.w3.org/2018/credentials/v1', terms],
          type: ['VerifiableCredential'],
          issuer,
          issuanceDate: '2026-01-01T00:00:00Z',
          credentialSubject: { id: `did:example:holder${n}`, ...claimsOf(n) },
        }),
        options,
        key,
      ),
    async verify(credential: string): Promise<void> {
      const { errors } = JSON.parse(await library.verifyCredential(credential, '{"proofPurpose":"assertionMethod"}'));
      if (errors.length > 0) throw new Error(`DIDKit: ${errors[0]}`);
    },
  };
}
