// What an SD-JWT VC holds, and how its digests are made. Source: RFC 9901; draft-ietf-oauth-sd-jwt-vc.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Es256Key } from '../trust/issuer-keys.ts';

/** The draft's media type stands here only: it changed before and may again. */
export const SD_JWT_VC_TYPE = 'dc+sd-jwt';

/** A public signing key of a holder, as a JWK. */
export type PublicHolderJwk =
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string };

export interface SdJwtVcContent {
  issuer: string;
  /** DER as base64, the signer's first: they say who issued, so that `iss` does not. */
  certificates?: readonly string[] | null;
  vct: string;
  subject?: string;
  /** Seconds since 1970. */
  issuedAt_s: number;
  expiresAt_s: number;
  holderJwk: PublicHolderJwk;
  status: { uri: string; index: number };
  claims: Record<string, unknown>;
}

export interface Es256Signer {
  /** DID URL of the verification method. */
  keyId: string;
  sign: Es256Key['sign'];
}

/** SHA-256 as the SD-JWT libraries call for it. Other algorithms are refused before they get here. */
export function sdJwtHasher(data: string | ArrayBuffer): Uint8Array {
  return sha256(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data));
}
