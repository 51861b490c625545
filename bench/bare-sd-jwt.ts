// The peer @sd-jwt/sd-jwt-vc in memory, on Node's own synchronous cryptography, which is the fastest it can be given.
import { createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { SDJwtInstance } from '@sd-jwt/core';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { claimsOf, ISSUER, PUBLIC_URL, TYPE } from './credential-content.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const holderJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

const settings = {
  signAlg: 'ES256',
  hashAlg: 'sha-256' as const,
  hasher: (data: string | ArrayBuffer) =>
    createHash('sha256')
      .update(typeof data === 'string' ? data : Buffer.from(data))
      .digest(),
  saltGenerator: (length: number) => randomBytes(length).toString('base64url'),
  signer: (data: string) =>
    sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  verifier: (data: string, signature: string) =>
    verify(
      'sha256',
      Buffer.from(data),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    ),
};
const issuing = new SDJwtVcInstance(settings);
/** Without the part that fetches status lists. */
const verifying = new SDJwtInstance(settings);

export function issueBareSdJwtVc(n: number): Promise<string> {
  const claims = claimsOf(n);
  return issuing.issue(
    {
      iss: ISSUER,
      vct: `${PUBLIC_URL}/vct/${TYPE.id}`,
      iat: 1_767_225_600,
      exp: 4_039_372_800,
      cnf: { jwk: holderJwk },
      status: { status_list: { idx: n, uri: `${PUBLIC_URL}/status-lists/1` } },
      ...claims,
    },
    { _sd: Object.keys(claims) } as never,
    { header: { kid: `${ISSUER}#key` } },
  );
}

/** @throws Error where it does not verify */
export async function verifyBareSdJwtVc(credential: string): Promise<void> {
  await verifying.verify(credential);
}

export function bareP256Signature(message: Uint8Array): Uint8Array {
  return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}
