// Keys made here that never leave: their private halves cannot be read out, only used.
import { calculateJwkThumbprint } from 'jose';
import type { StoredKey } from './wallet-store.ts';

const algorithms = {
  ES256: { generate: { name: 'ECDSA', namedCurve: 'P-256' }, purpose: 'holder-binding' },
  EdDSA: { generate: { name: 'Ed25519' }, purpose: 'did-update' },
} as const;

/** A fresh key pair: ES256 to prove who holds a credential, EdDSA to write the DID's log. */
export async function makeKey(algorithm: keyof typeof algorithms): Promise<StoredKey & { publicKey: CryptoKey }> {
  const { generate, purpose } = algorithms[algorithm];
  const pair = (await crypto.subtle.generateKey(generate, false, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const publicJwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey;
  const id = await calculateJwkThumbprint(publicJwk as Parameters<typeof calculateJwkThumbprint>[0]);
  return { id, purpose, algorithm, privateKey: pair.privateKey, publicJwk, publicKey: pair.publicKey };
}

/** The public half of a stored key for the DID's log. */
export function publicKeyOf({ publicJwk }: StoredKey): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', publicJwk, 'Ed25519', true, ['verify']);
}

export function randomId(): string {
  return crypto.randomUUID();
}
