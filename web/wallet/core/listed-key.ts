// The key that a method of the service's DID document stands for, as a JWK, where nothing can uncompress a point.
import type { DidDocument } from '../../../src/identity/dids/did-log.ts';
import { multikeyOfJwk } from '../../../src/identity/dids/multikey.ts';

/**
 * A method that gives its key as a Multikey is read through another of the same document that gives the same key as a JWK:
 * a compressed point is compared and never uncompressed. Null where the document has no such method.
 */
export function listedKey(document: DidDocument, methodId: string): object | null {
  const methods = document.verificationMethod ?? [];
  const method = methods.find(({ id }) => id === methodId);
  if (method?.publicKeyJwk !== undefined) return method.publicKeyJwk;
  if (method?.publicKeyMultibase === undefined) return null;
  const same = methods.find(
    ({ publicKeyJwk }) => publicKeyJwk !== undefined && multikeyOfJwk(publicKeyJwk) === method.publicKeyMultibase,
  );
  return same?.publicKeyJwk ?? null;
}
