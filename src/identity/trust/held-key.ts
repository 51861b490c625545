// What the issuer asks of a service that holds keys: to make one and to sign with it. The keys themselves never leave it.
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { problem } from '../../platform/problem.ts';

/** Kinds of keys that such services have; BBS signatures are in none of the common ones. */
export type HeldKeyKind = 'P-256' | 'P-384' | 'Ed25519';

export interface HeldKey {
  /** Under which the service finds it again. */
  name: string;
  /** `kty`, `crv`, `x` and, on the NIST curves, `y`. */
  publicJwk: JsonWebKey;
}

export interface KeyService {
  /** Makes a key of which nobody gets the private half. @throws NOT_READY */
  makeKey(kind: HeldKeyKind): Promise<HeldKey>;
  /**
   * @returns 64 bytes for P-256 (over SHA-256) and Ed25519, 96 for P-384 (over SHA-384); r ‖ s on the NIST curves
   * @throws NOT_READY
   */
  sign(name: string, kind: HeldKeyKind, message: Uint8Array): Promise<Uint8Array>;
}

/** Source: RFC 7518, 3.4; RFC 8032. */
export const signatureDigests = { 'P-256': 'sha256', 'P-384': 'sha384', Ed25519: null } as const;

/**
 * Signs with a key in the service. What it gives back is checked with the public half that was recorded when the key was
 * made, so that nothing is issued under a key that somebody put in its place.
 */
export function heldSigner(service: KeyService, kind: HeldKeyKind, { name, publicJwk }: HeldKey) {
  const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });
  return async (message: Uint8Array): Promise<Uint8Array> => {
    const signature = await service.sign(name, kind, message);
    const key = { key: publicKey, ...(kind === 'Ed25519' ? {} : { dsaEncoding: 'ieee-p1363' as const }) };
    if (!verify(signatureDigests[kind], message, key, signature)) {
      throw problem('NOT_READY', `The key service signed with another key than the issuer's under the name ${name}.`);
    }
    return signature;
  };
}
