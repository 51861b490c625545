// The issuer's keys as the rest of the room sees them: they sign, and they show their public half.
import type { KeyObject } from 'node:crypto';

interface PublicP256Jwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

export interface IssuerKeys {
  /** ES256: SD-JWT VCs, status lists, request objects. */
  p256: {
    publicJwk: PublicP256Jwk;
    /** For `jose`. */
    privateKey: KeyObject;
    /** 64 bytes, r ‖ s. Source: RFC 7518, 3.4. */
    sign(message: Uint8Array): Uint8Array;
  };
  /** Ed25519: eddsa-rdfc-2022 proofs and the entries of the issuer's DID log. */
  ed25519: {
    /** 32 bytes. */
    publicKey: Uint8Array;
    sign(message: Uint8Array): Uint8Array;
  };
}

/** Who issues: a DID, its keys, and the addresses of these keys in its document. */
export interface Issuer {
  did: string;
  keys: IssuerKeys;
  /** Verification method of `keys.p256`, the `kid` of everything it signs. */
  p256KeyId: string;
  /** Verification method of `keys.ed25519`. */
  ed25519KeyId: string;
}
