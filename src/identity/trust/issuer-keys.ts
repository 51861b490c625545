// The issuer's keys as the rest of the room sees them: they sign, and they show their public half. This is the seam for
// another keeper of keys: whoever gives a ring of generations with these functions (a PKCS #11 module, a KMS) can stand in
// the file's place. No private key is handed out, so that it may lie in another process or in a device.
import type { CertificateChain } from './own-certificate-chain.ts';

interface PublicEcJwk<Curve extends 'P-256' | 'P-384'> {
  kty: 'EC';
  crv: Curve;
  x: string;
  y: string;
}

/** At once where the key lies in this process, later where it does not. */
export type Signature = Uint8Array | Promise<Uint8Array>;

/** A P-256 key that signs and is not shown. */
export interface Es256Key {
  publicJwk: PublicEcJwk<'P-256'>;
  /** 64 bytes, r ‖ s, over the message's SHA-256. Source: RFC 7518, 3.4. */
  sign(message: Uint8Array): Signature;
}

export interface IssuerKeys {
  /** ES256: SD-JWT VCs, mdocs, status lists, request objects, certificate requests; ECDSA proofs. */
  p256: Es256Key;
  /** ECDSA proofs of the higher strength. */
  p384: {
    publicJwk: PublicEcJwk<'P-384'>;
    /** 96 bytes, r ‖ s, over the message's SHA-384. Source: RFC 7518, 3.4. */
    sign(message: Uint8Array): Signature;
  };
  /** Ed25519: EdDSA proofs and the entries of the issuer's DID log. */
  ed25519: {
    /** 32 bytes. */
    publicKey: Uint8Array;
    sign(message: Uint8Array): Signature;
  };
  /** BBS signatures on BLS12-381 with SHA-256: proofs that holders can show unlinkably. */
  bls12381: {
    /** 96 bytes, a compressed point of G2. */
    publicKey: Uint8Array;
    /** 80 bytes. Source: draft-irtf-cfrg-bbs-signatures, 3.5.1. */
    multisign(input: { header: Uint8Array; messages: Uint8Array[] }): Promise<Uint8Array>;
  };
}

/** Keys that were made together and are replaced together. */
export interface IssuerKeyGeneration {
  /** From 1; the methods of a later one end in it: `#p256-2`. */
  number: number;
  keys: IssuerKeys;
}

/** Every generation that is kept, oldest first. Which of them signs, the issuer's DID log says. */
export interface IssuerKeyRing {
  generations: readonly IssuerKeyGeneration[];
}

/**
 * Who issues: a DID, its keys, and the addresses of these keys in its document. Keys and addresses change when the keys are
 * rotated while the service runs, so they are read when something is signed.
 */
export interface Issuer {
  did: string;
  /** Number of the generation that signs. */
  generation: number;
  keys: IssuerKeys;
  /** Verification method of `keys.p256` as a JsonWebKey, the `kid` of W3C credentials in JOSE. Source: VC-JOSE-COSE 3.3.2. */
  p256KeyId: string;
  /** Verification methods as Multikeys: named by Data Integrity proofs and, because most wallets read them, by other JWTs. */
  p256MultikeyId: string;
  p384KeyId: string;
  ed25519KeyId: string;
  bls12381KeyId: string;
  /** Over `keys.p256`; null where no authority certified it, and the DID alone says who issues. */
  certificate: CertificateChain | null;
}
