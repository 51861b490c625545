// One of the issuer's keys under one of its names: in the issuer's DID document, or as the did:key that it is itself.
import { ed25519Multikey } from '../dids/did-entry.ts';
import { encodeMultikey, type MultikeyKind, multikeyOfEcJwk } from '../dids/multikey.ts';
import type { Issuer, IssuerKeys, Signature } from './issuer-keys.ts';

export type SigningKeyKind = Exclude<MultikeyKind, 'secp256k1' | 'X25519'>;

export interface SigningKey {
  kind: SigningKeyKind;
  /** The DID whose document lists the key. */
  controller: string;
  /** Its verification method there, a Multikey. */
  methodId: string;
  /** The `kid` of JOSE: where the document also lists the key as a JWK, that. */
  jwkMethodId: string;
  keys: IssuerKeys;
}

const KINDS: readonly SigningKeyKind[] = ['Ed25519', 'P-256', 'P-384', 'Bls12381G2'];

/**
 * The key an issuer signs with under a name.
 *
 * @param name the issuer's DID, or the did:key of one of its keys; null for the DID
 * @param kinds those that will do, the preferred first
 * @returns null where none of these keys has that name
 */
export function signingKey(issuer: Issuer, name: string | null, kinds: readonly SigningKeyKind[]): SigningKey | null {
  if (name === null || name === issuer.did) {
    const [kind] = kinds;
    return kind === undefined ? null : documentKey(issuer, kind);
  }
  if (!name.startsWith('did:key:z')) return null;
  const kind = kinds.find((candidate) => name === didKeyOf(issuer.keys, candidate));
  if (kind === undefined) return null;
  const methodId = `${name}#${name.slice('did:key:'.length)}`;
  return { kind, controller: name, methodId, jwkMethodId: methodId, keys: issuer.keys };
}

function documentKey(issuer: Issuer, kind: SigningKeyKind): SigningKey {
  const methodId = {
    Ed25519: issuer.ed25519KeyId,
    'P-256': issuer.p256MultikeyId,
    'P-384': issuer.p384KeyId,
    Bls12381G2: issuer.bls12381KeyId,
  }[kind];
  const jwkMethodId = kind === 'P-256' ? issuer.p256KeyId : methodId;
  return { kind, controller: issuer.did, methodId, jwkMethodId, keys: issuer.keys };
}

/** The kind of the issuer's key that has this name, null for its DID and for others' names. */
export function kindOfDidKey(issuer: Issuer, name: string): SigningKeyKind | null {
  return KINDS.find((kind) => name === didKeyOf(issuer.keys, kind)) ?? null;
}

/** Source: did:key method, "Format". */
export function didKeyOf(keys: IssuerKeys, kind: SigningKeyKind): string {
  return `did:key:${multikeyOf(keys, kind)}`;
}

function multikeyOf(keys: IssuerKeys, kind: SigningKeyKind): string {
  switch (kind) {
    case 'Ed25519':
      return ed25519Multikey(keys.ed25519.publicKey);
    case 'P-256':
      return multikeyOfEcJwk(keys.p256.publicJwk);
    case 'P-384':
      return multikeyOfEcJwk(keys.p384.publicJwk);
    case 'Bls12381G2':
      return encodeMultikey('Bls12381G2', keys.bls12381.publicKey);
  }
}

/**
 * @returns 64 bytes for Ed25519 and P-256, 96 for P-384 (r ‖ s)
 * @throws TypeError for a key that signs several messages at once
 */
export function signWith({ kind, keys }: SigningKey, message: Uint8Array): Signature {
  switch (kind) {
    case 'Ed25519':
      return keys.ed25519.sign(message);
    case 'P-256':
      return keys.p256.sign(message);
    case 'P-384':
      return keys.p384.sign(message);
    case 'Bls12381G2':
      throw new TypeError('a BBS key signs by multisign');
  }
}
