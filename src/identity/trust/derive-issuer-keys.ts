// The keys that a key file of version 1 lacks, derived from its secrets: however often a file is brought up to date, or
// put back from an old backup, and by however many copies at once, the same keys come out.
import { createECDH, hkdfSync } from 'node:crypto';
import { ALGORITHMS, generateBbsKeyPair, toJwk } from '@digitalbazaar/bls12-381-multikey';

/** Source: SEC 2, 2.5.1. */
const P384_ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
/** 64 bits more than the order, so that the remainder favours none. Source: FIPS 186-5, A.2.1. */
const P384_SEED_bytes = 56;
const BLS_SEED_bytes = 32;
/** Tries until a key is told by its first characters: about one in three hundred is not. */
const BLS_TRIES = 64;

function derived(secret: string, purpose: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha512', Buffer.from(secret, 'base64url'), 'naru/issuer-keys/2', purpose, length));
}

/** @param secret base64url of the private keys a version 1 file holds, one after the other */
export function deriveP384Jwk(secret: string) {
  const seed = BigInt(`0x${Buffer.from(derived(secret, 'P-384', P384_SEED_bytes)).toString('hex')}`);
  const d = Buffer.from(((seed % (P384_ORDER - 1n)) + 1n).toString(16).padStart(96, '0'), 'hex');
  const curve = createECDH('secp384r1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 49), point.subarray(49)].map((part) => part.toString('base64url'));
  return { kty: 'EC', crv: 'P-384', x, y, d: d.toString('base64url') };
}

/** @param secret as for `deriveP384Jwk` */
export async function deriveBlsJwk(secret: string) {
  return blsJwk((nth) => derived(secret, nth === 0 ? 'BLS12-381' : `BLS12-381/${nth}`, BLS_SEED_bytes));
}

/**
 * A key whose multibase text begins with `zUC7`: by that the did:key method tells keys on G2, and so does software that
 * resolves them. A key with few leading bits reads `zUC6`, and nobody could check what it signs.
 *
 * @param seedOf the nth seed, 32 bytes, secret. Source: draft-irtf-cfrg-bbs-signatures, 3.4.1
 */
export async function blsJwk(seedOf: (nth: number) => Uint8Array) {
  for (let nth = 0; nth < BLS_TRIES; nth += 1) {
    const keyPair = await generateBbsKeyPair({ algorithm: ALGORITHMS.BBS_BLS12381_SHA256, seed: seedOf(nth) });
    if (keyPair.publicKeyMultibase.startsWith('zUC7')) return toJwk({ keyPair, secretKey: true });
  }
  throw new Error('no seed gave a key that its did:key is told by');
}
