// SD-JWT VCs: issues one in which every claim is disclosed on its own. Source: RFC 9901; draft-ietf-oauth-sd-jwt-vc.
import { sha256 } from '@noble/hashes/sha2.js';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

type SdJwtVcPayload = Parameters<SDJwtVcInstance['issue']>[0];
type DisclosureFrame = NonNullable<Parameters<SDJwtVcInstance['issue']>[1]>;

/** The draft's media type stands here only: it changed before and may again. */
export const SD_JWT_VC_TYPE = 'dc+sd-jwt';

const SALT_bytes = 16;

/** A public signing key of a holder, as a JWK. */
export type PublicHolderJwk =
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string };

export interface SdJwtVcContent {
  issuer: string;
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
  /** 64 bytes, r ‖ s. */
  sign(message: Uint8Array): Uint8Array;
}

/** SHA-256 as the SD-JWT libraries call for it. Other algorithms are refused before they get here. */
export function sdJwtHasher(data: string | ArrayBuffer): Uint8Array {
  return sha256(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data));
}

/**
 * @param randomBytes for the salts: 128 bits each. Source: RFC 9901, 9.3
 * @returns `<JWT>~<disclosure>~…~`
 */
export function createSdJwtVc(
  content: SdJwtVcContent,
  signer: Es256Signer,
  randomBytes: (length: number) => Uint8Array,
): Promise<string> {
  const instance = new SDJwtVcInstance({
    signAlg: 'ES256',
    signer: (data) => toBase64url(signer.sign(new TextEncoder().encode(data))),
    hashAlg: 'sha-256',
    hasher: sdJwtHasher,
    saltGenerator: () => toBase64url(randomBytes(SALT_bytes)),
  });
  const payload: SdJwtVcPayload = {
    iss: content.issuer,
    vct: content.vct,
    ...(content.subject === undefined ? {} : { sub: content.subject }),
    iat: content.issuedAt_s,
    exp: content.expiresAt_s,
    cnf: { jwk: content.holderJwk },
    status: { status_list: { idx: content.status.index, uri: content.status.uri } },
    ...content.claims,
  };
  const frame = { _sd: Object.keys(content.claims) } as DisclosureFrame;
  return instance.issue(payload, frame, { header: { kid: signer.keyId } });
}

function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
