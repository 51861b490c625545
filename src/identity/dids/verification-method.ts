// Finds in a DID document the key that may be used for a purpose, and its public half as a JWK.
// Source: Controlled Identifiers 1.0, 2.2, 2.3 and 3.3.
import { ECDH } from 'node:crypto';
import type { DidDocument, VerificationMethod } from './did-log.ts';
import { decodeMultikey } from './multikey.ts';

export type VerificationRelationship = 'assertionMethod' | 'authentication';

type Listed = string | VerificationMethod;

/** Null where the document does not list that address for the purpose, or says another controls it. */
export function methodFor(
  document: DidDocument,
  address: string,
  purpose: VerificationRelationship,
): VerificationMethod | null {
  const listed = (document[purpose] ?? []) as Listed[];
  const entry = listed.find((one) => absoluteDidUrl(typeof one === 'string' ? one : one.id, document.id) === address);
  if (entry === undefined) return null;
  const method =
    typeof entry === 'string'
      ? document.verificationMethod?.find(({ id }) => absoluteDidUrl(id, document.id) === address)
      : entry;
  return method?.controller === document.id ? method : null;
}

/** The address that the document lists this key under for the purpose; null where it does not. */
export function methodOfKey(
  document: DidDocument,
  { crv, x, y }: { crv?: string; x?: string; y?: string },
  purpose: VerificationRelationship,
): VerificationMethod | null {
  for (const one of (document[purpose] ?? []) as Listed[]) {
    const id = absoluteDidUrl(typeof one === 'string' ? one : one.id, document.id);
    const method = methodFor(document, id, purpose);
    const jwk = method && publicJwkOf(method);
    if (jwk && jwk.crv === crv && jwk.x === x && ('y' in jwk ? jwk.y : undefined) === y) return method;
  }
  return null;
}

type PublicJwk =
  | { kty: 'EC'; crv: 'P-256' | 'P-384'; x: string; y: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string };

/** Null where the key is of no kind that signs here. Only public members are taken over. */
export function publicJwkOf({ publicKeyJwk, publicKeyMultibase }: VerificationMethod): PublicJwk | null {
  if (publicKeyMultibase !== undefined) return jwkOfMultikey(publicKeyMultibase);
  const { kty, crv, x, y } = (publicKeyJwk ?? {}) as Record<string, unknown>;
  if (typeof x !== 'string') return null;
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x };
  return kty === 'EC' && (crv === 'P-256' || crv === 'P-384') && typeof y === 'string' ? { kty, crv, x, y } : null;
}

function jwkOfMultikey(text: string): PublicJwk | null {
  const key = decodeMultikey(text);
  if (key === null) return null;
  if (key.kind === 'Ed25519') return { kty: 'OKP', crv: 'Ed25519', x: base64url(key.bytes) };
  if (key.kind !== 'P-256' && key.kind !== 'P-384') return null;
  try {
    const curve = key.kind === 'P-256' ? 'prime256v1' : 'secp384r1';
    const point = ECDH.convertKey(Buffer.from(key.bytes), curve, undefined, undefined, 'uncompressed') as Buffer;
    const half = (point.length - 1) / 2;
    const [x, y] = [point.subarray(1, 1 + half), point.subarray(1 + half)];
    return { kty: 'EC', crv: key.kind, x: base64url(x), y: base64url(y) };
  } catch {
    // Not a point of the curve.
    return null;
  }
}

/** DID URLs in a document may be relative to it. Source: DID Core 1.0, 3.2.2. */
export function absoluteDidUrl(id: string, did: string): string {
  return id.startsWith('#') ? `${did}${id}` : id;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
