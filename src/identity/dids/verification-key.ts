// The key that a verification method stands for, as a JWK. Runs in browsers.
import type { DidDocument } from './did-log.ts';
import { multikeyOfJwk } from './multikey.ts';

/**
 * A method that gives its key as a Multikey is read through another of the same document that gives the same key as a JWK:
 * a compressed point is compared and never uncompressed. Null where the document has no such method.
 */
export function publicJwkOf(document: DidDocument, methodId: string): object | null {
  const methods = document.verificationMethod ?? [];
  const method = methods.find(({ id }) => id === methodId);
  if (method?.publicKeyJwk !== undefined) return method.publicKeyJwk;
  if (method?.publicKeyMultibase === undefined) return null;
  const same = methods.find(
    ({ publicKeyJwk }) => publicKeyJwk !== undefined && multikeyOfJwk(publicKeyJwk) === method.publicKeyMultibase,
  );
  return same?.publicKeyJwk ?? null;
}
