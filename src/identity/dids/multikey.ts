// Public keys as Multikey text: a multicodec prefix and the key's bytes, in base58btc. Runs in browsers.
// Source: Controlled Identifiers 1.0, 2.2.2; the multicodec table.

import { MultibaseEncoding, multibaseDecode, multibaseEncode } from 'didwebvh-ts';
import { base64url } from 'jose';

/** Multicodec prefix and length of the key after it; points are compressed. */
const kinds = {
  Ed25519: { prefix: [0xed, 0x01], length_bytes: 32 },
  'P-256': { prefix: [0x80, 0x24], length_bytes: 33 },
  'P-384': { prefix: [0x81, 0x24], length_bytes: 49 },
  Bls12381G2: { prefix: [0xeb, 0x01], length_bytes: 96 },
  X25519: { prefix: [0xec, 0x01], length_bytes: 32 },
  secp256k1: { prefix: [0xe7, 0x01], length_bytes: 33 },
} as const;

export type MultikeyKind = keyof typeof kinds;

const TEXT_chars = 160;

/** @param bytes of the kind's length */
export function encodeMultikey(kind: MultikeyKind, bytes: Uint8Array): string {
  return multibaseEncode(Uint8Array.of(...kinds[kind].prefix, ...bytes), MultibaseEncoding.BASE58_BTC);
}

/** Why a text is no Multikey of a known kind: it isn't base58btc, its prefix is unknown, its key has another length. */
export type MultikeyFault = 'encoding' | 'kind' | 'length';

export function readMultikey(text: string): { kind: MultikeyKind; bytes: Uint8Array } | MultikeyFault {
  if (text.length > TEXT_chars || !/^z[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return 'encoding';
  const all: Uint8Array = multibaseDecode(text).bytes;
  for (const [kind, { prefix, length_bytes }] of Object.entries(kinds)) {
    if (all[0] !== prefix[0] || all[1] !== prefix[1]) continue;
    if (all.length !== prefix.length + length_bytes) return 'length';
    return { kind: kind as MultikeyKind, bytes: all.slice(prefix.length) };
  }
  return 'kind';
}

/** @returns null where the text is no Multikey of a known kind, or its key has another length than that kind's */
export function decodeMultikey(text: string): { kind: MultikeyKind; bytes: Uint8Array } | null {
  const read = readMultikey(text);
  return typeof read === 'string' ? null : read;
}

/** Of an EC public key as a JWK. Source: SEC 1, 2.3.3. */
export function multikeyOfEcJwk(jwk: { crv: 'P-256' | 'P-384'; x: string; y: string }): string {
  const [x, y] = [base64url.decode(jwk.x), base64url.decode(jwk.y)];
  return encodeMultikey(jwk.crv, Uint8Array.of((y.at(-1) ?? 0) % 2 === 0 ? 2 : 3, ...x));
}

const curves = { 'P-256': 32, 'P-384': 48 } as const;

/** Of a public JWK on one of the curves of Multikeys; null for any other value. */
export function multikeyOfJwk(jwk: unknown): string | null {
  const { kty, crv, x, y } = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as Record<string, unknown>;
  if (typeof x !== 'string' || !/^[\w-]+$/.test(x)) return null;
  if (kty === 'OKP' && crv === 'Ed25519' && base64url.decode(x).length === 32)
    return encodeMultikey(crv, base64url.decode(x));
  if (kty !== 'EC' || (crv !== 'P-256' && crv !== 'P-384') || typeof y !== 'string' || !/^[\w-]+$/.test(y)) return null;
  return base64url.decode(x).length === curves[crv] && base64url.decode(y).length === curves[crv]
    ? multikeyOfEcJwk({ crv, x, y })
    : null;
}
