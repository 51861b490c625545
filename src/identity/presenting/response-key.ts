// The key that one answer is encrypted to: made for one request, and readable only with what the wallet's link holds.
// Source: OpenID4VP 1.0, 8.3; HAIP 1.0, 5: ephemeral, ECDH-ES on P-256, A128GCM or A256GCM.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import type { Random } from '../../platform/random.ts';
import { secretHash } from '../secrets.ts';

export const responseEncodings = ['A128GCM', 'A256GCM'] as const;
const responseAlgorithm = 'ECDH-ES';

const IV_bytes = 12;
const TAG_bytes = 16;

export interface ResponseKey {
  privateKey: KeyObject;
  /** As it stands in `client_metadata.jwks`. */
  publicJwk: {
    kty: 'EC';
    crv: 'P-256';
    x: string;
    y: string;
    use: 'enc';
    alg: typeof responseAlgorithm;
    kid: string;
  };
}

export function makeResponseKey(): ResponseKey {
  return responseKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** For the database, which holds a hash of the handle only: a copy of it opens no answer. */
export function sealResponseKey({ privateKey }: ResponseKey, handle: string, random: Random): Buffer {
  const iv = Buffer.from(random.bytes(IV_bytes));
  const cipher = createCipheriv('aes-256-gcm', sealingKey(handle), iv);
  const sealed = [cipher.update(privateKey.export({ type: 'pkcs8', format: 'der' })), cipher.final()];
  return Buffer.concat([iv, cipher.getAuthTag(), ...sealed]);
}

export function openResponseKey(sealed: Buffer, handle: string): ResponseKey {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(handle), sealed.subarray(0, IV_bytes));
  decipher.setAuthTag(sealed.subarray(IV_bytes, IV_bytes + TAG_bytes));
  const der = Buffer.concat([decipher.update(sealed.subarray(IV_bytes + TAG_bytes)), decipher.final()]);
  return responseKeyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** The members of an encrypted answer; null where it was not encrypted to this key, or in another way. */
export async function decryptAnswer(jwe: string, key: ResponseKey): Promise<Record<string, unknown> | null> {
  try {
    if (decodeProtectedHeader(jwe).kid !== key.publicJwk.kid) return null;
    const { plaintext } = await compactDecrypt(jwe, key.privateKey, {
      keyManagementAlgorithms: [responseAlgorithm],
      contentEncryptionAlgorithms: [...responseEncodings],
    });
    const answer: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
    return typeof answer === 'object' && answer !== null ? { ...answer } : null;
  } catch {
    return null;
  }
}

function sealingKey(handle: string): Buffer {
  return secretHash('naru/response-key/1', handle);
}

function responseKeyOf(privateKey: KeyObject): ResponseKey {
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x: string; y: string };
  const kid = createHash('sha256').update(`${x}.${y}`).digest('base64url');
  return { privateKey, publicJwk: { kty: 'EC', crv: 'P-256', x, y, use: 'enc', alg: responseAlgorithm, kid } };
}
