// Keys of holders: which are taken, the name they go by, and whether a JWS was made with one.
import { createPublicKey, ECDH, hash, verify } from 'node:crypto';
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';

/** Algorithms of holders' proofs, with the curve each needs. Source: RFC 7518, 3.1; RFC 8037, 3.1. */
const curveOf = { ES256: 'P-256', EdDSA: 'Ed25519' } as const;
export type ProofAlgorithm = keyof typeof curveOf;
export const proofAlgorithms = Object.keys(curveOf) as ProofAlgorithm[];

/** Methods whose DIDs a credential may be bound to: they say their key themselves, or are kept here. */
export const holderDidMethods = ['did:jwk', 'did:key', 'did:webvh'] as const;

const COORDINATE_bytes = 32;

/**
 * The public members of a key, each in its one right spelling; whatever else came with it would be one more thing to
 * recognise a person by. Null for any other kind of key, and for one that carries its private half.
 */
export function publicHolderJwk(jwk: unknown): PublicHolderJwk | null {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) return null;
  const { kty, crv, x, y } = jwk as Record<string, unknown>;
  const first = coordinate(x);
  if (kty === 'EC' && crv === 'P-256') {
    const second = coordinate(y);
    return first === null || second === null ? null : { kty, crv, x: first, y: second };
  }
  return kty === 'OKP' && crv === 'Ed25519' && first !== null ? { kty, crv, x: first } : null;
}

function coordinate(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.length === COORDINATE_bytes ? bytes.toString('base64url') : null;
}

/** The same key out of a DID document's Multikey; null for a kind that holders do not use. */
export function holderJwkOfMultikey(kind: string, bytes: Uint8Array): PublicHolderJwk | null {
  if (kind === 'Ed25519')
    return publicHolderJwk({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(bytes).toString('base64url') });
  if (kind !== 'P-256') return null;
  try {
    const point = ECDH.convertKey(bytes, 'prime256v1', undefined, undefined, 'uncompressed') as Buffer;
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
    return publicHolderJwk({ kty: 'EC', crv: 'P-256', x, y });
  } catch {
    return null;
  }
}

/** RFC 7638 thumbprint. */
export function holderKeyThumbprint(jwk: PublicHolderJwk): string {
  const { kty, crv, x } = jwk;
  const members = jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return hash('sha256', JSON.stringify(members), 'base64url');
}

/** Whether `compact` is signed with `jwk` by `algorithm`; false also for a point that is not on the curve. */
export function isSignedBy(compact: string, algorithm: ProofAlgorithm, jwk: PublicHolderJwk): boolean {
  if (jwk.crv !== curveOf[algorithm]) return false;
  const end = compact.lastIndexOf('.');
  const signature = Buffer.from(compact.slice(end + 1), 'base64url');
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const signed = Buffer.from(compact.slice(0, end));
    return algorithm === 'EdDSA'
      ? verify(null, signed, key, signature)
      : verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}
