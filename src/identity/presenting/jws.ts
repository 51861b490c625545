// Whether a JWT was signed with a key: synchronously, over node:crypto, for the two algorithms that are accepted.
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

export interface Jwt {
  compact: string;
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

export type AcceptedAlgorithm = 'ES256' | 'EdDSA';

const curves = { ES256: 'P-256', EdDSA: 'Ed25519' } as const;
/** 64 bytes in base64url, for both algorithms. Source: RFC 7518, 3.4; RFC 8037, 3.1. */
const signatureForm = /^[\w-]{86}$/;

/** False for every other algorithm or curve, and where header and key do not say the same. */
export function isSignedBy(jwt: Jwt, jwk: JsonWebKey, algorithm: AcceptedAlgorithm): boolean {
  const [header, payload, signature, ...more] = jwt.compact.split('.');
  if (jwt.header.alg !== algorithm || jwk.crv !== curves[algorithm] || more.length > 0) return false;
  if (signature === undefined || !signatureForm.test(signature)) return false;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    const bytes = Buffer.from(signature, 'base64url');
    return algorithm === 'ES256'
      ? verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
      : verify(null, signed, key, bytes);
  } catch {
    return false;
  }
}
