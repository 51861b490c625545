// Encrypted credential requests and answers: the published key, opening what was sealed to it, sealing to a wallet's key.
// Source: OpenID4VCI 1.0, 10.
import { createECDH, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { credentialRefusal } from './credential-refusal.ts';

const KEY_AGREEMENT = 'ECDH-ES';
const contentAlgorithms = ['A128GCM', 'A256GCM'] as const;
type ContentAlgorithm = (typeof contentAlgorithms)[number];

/** Order of P-256's group. Source: SEC 2, 2.4.2. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** 64 bits more than the order, so that the remainder favours no key. Source: FIPS 186-5, A.2.1. */
const SEED_bytes = 40;
const COORDINATE_bytes = 32;

export interface RequestKey {
  publicJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string; use: 'enc'; alg: typeof KEY_AGREEMENT; kid: string };
  privateKey: KeyObject;
}

export interface ResponseEncryption {
  jwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
  kid: string | null;
  enc: ContentAlgorithm;
}

/** The key that requests are encrypted to: the same in every copy of the service that has the same secret. */
export function requestKeyOf(secret: string): RequestKey {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'naru/credential-request-encryption/1', SEED_bytes));
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (P256_ORDER - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(2 * COORDINATE_bytes, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const x = point.subarray(1, 1 + COORDINATE_bytes).toString('base64url');
  const y = point.subarray(1 + COORDINATE_bytes).toString('base64url');
  const key = { kty: 'EC', crv: 'P-256', x, y } as const;
  return {
    publicJwk: { ...key, use: 'enc', alg: KEY_AGREEMENT, kid: 'credential-request-1' },
    privateKey: createPrivateKey({ key: { ...key, d: d.toString('base64url') }, format: 'jwk' }),
  };
}

/** `credential_request_encryption` and `credential_response_encryption`. Source: OpenID4VCI 1.0, 12.2.4. */
export function encryptionMetadata({ publicJwk }: RequestKey, encryption_required: boolean) {
  const enc_values_supported = [...contentAlgorithms];
  return {
    credential_request_encryption: { jwks: { keys: [publicJwk] }, enc_values_supported, encryption_required },
    credential_response_encryption: {
      alg_values_supported: [KEY_AGREEMENT],
      enc_values_supported,
      encryption_required,
    },
  };
}

/**
 * The JSON object inside an encrypted request. Compressed content is refused, as the metadata promises none.
 *
 * @throws invalid_encryption_parameters
 */
export async function openRequest(jwe: string, key: RequestKey): Promise<unknown> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key.privateKey, {
      keyManagementAlgorithms: [KEY_AGREEMENT],
      contentEncryptionAlgorithms: [...contentAlgorithms],
    });
    if (protectedHeader.kid !== key.publicJwk.kid) throw new TypeError('kid');
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
  } catch {
    throw credentialRefusal(
      'invalid_encryption_parameters',
      "The request is not encrypted to the key, and with the algorithms, of 'credential_request_encryption'.",
    );
  }
}

/** @throws invalid_encryption_parameters */
export function readResponseEncryption(value: unknown): ResponseEncryption {
  const { jwk, enc, zip } = (value ?? {}) as Record<string, unknown>;
  const { kty, crv, x, y, alg, kid, d } = (jwk ?? {}) as Record<string, unknown>;
  const right = kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string' && d === undefined;
  if (!right || alg !== KEY_AGREEMENT) {
    throw refused(`'jwk' must be a public P-256 key whose 'alg' is ${KEY_AGREEMENT}`);
  }
  const known = contentAlgorithms.find((algorithm) => algorithm === enc);
  if (known === undefined) throw refused(`'enc' must be one of ${contentAlgorithms.join(', ')}`);
  if (zip !== undefined) throw refused("no 'zip' is supported");
  return { jwk: { kty, crv, x, y }, kid: typeof kid === 'string' ? kid : null, enc: known };
}

function refused(what: string) {
  return credentialRefusal('invalid_encryption_parameters', `credential_response_encryption: ${what}.`);
}

/** @throws invalid_encryption_parameters for a point that is not on the curve */
export async function sealResponse(response: object, { jwk, kid, enc }: ResponseEncryption): Promise<string> {
  const key = await importJWK(jwk, KEY_AGREEMENT).catch(() => {
    throw refused("'jwk' is no key");
  });
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(response)))
    .setProtectedHeader({ alg: KEY_AGREEMENT, enc, ...(kid === null ? {} : { kid }) })
    .encrypt(key);
}
