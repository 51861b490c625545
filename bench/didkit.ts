// The peer DIDKit (Rust in WebAssembly), with the suite it is quickest in, Ed25519Signature2020, on a credential of VC 1.1.
import * as library from '@spruceid/didkit-wasm-node';
import { claimsOf } from './credential-content.ts';

/** It issues and verifies JSON texts, which is all it takes. */
export async function didkit() {
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
