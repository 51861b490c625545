// The cryptography that the OpenID4VC libraries ask for, over WebCrypto and jose, so that service and wallet share it.
import { type CallbackContext, clientAuthenticationAnonymous, type Jwk } from '@openid4vc/oauth2';
import { setGlobalConfig } from '@openid4vc/utils';
import {
  base64url,
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  compactVerify,
  exportJWK,
  importJWK,
  importX509,
  type KeyObject,
} from 'jose';

/** The one signature algorithm of holder proofs and request objects in this version. */
export const protocolAlgorithm = 'ES256';

/** Members of a P-256 public key; anything else in a key that arrived is dropped. */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

/** The public P-256 key in `jwk`, or null when it is not one or carries a private part. */
export function publicP256(jwk: unknown): PublicJwk | null {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) return null;
  const { kty, crv, x, y } = jwk as Record<string, unknown>;
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return null;
  return { kty, crv, x, y };
}

/** Whether `compact` is an ES256 signature by `key`. `alg: none`, HS256 and every other algorithm fail. */
export async function verifyEs256(compact: string, key: PublicJwk): Promise<boolean> {
  try {
    await compactVerify(compact, await importJWK({ ...key }, protocolAlgorithm), { algorithms: [protocolAlgorithm] });
    return true;
  } catch {
    return false;
  }
}

/** A JWT of `payload`, signed with ES256; `header` as the libraries give it, its `alg` replaced. */
export async function signEs256(header: object, payload: object, key: CryptoKey | KeyObject): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ ...header, alg: protocolAlgorithm })
    .sign(key);
}

const refuse = (what: string) => () => {
  throw new Error(`${what} is not used in this version`);
};

/**
 * Callbacks that refuse whatever the caller does not give. `findKey`: the public key of a JWT whose signer is not inside
 * the JWT itself (a DID), or null; a holder proof carries its key in `jwk`. `acceptCertificates`: the key may come in `x5c`,
 * and whose it is, is for the caller to say.
 */
export function openidCallbacks(given: {
  fetch?: typeof globalThis.fetch;
  signJwt?: CallbackContext['signJwt'];
  findKey?: (didUrl: string) => Promise<PublicJwk | null>;
  acceptCertificates?: boolean;
}): CallbackContext {
  return {
    ...(given.fetch === undefined ? {} : { fetch: given.fetch }),
    hash: async (data, algorithm) =>
      new Uint8Array(await globalThis.crypto.subtle.digest(algorithm.toUpperCase(), new Uint8Array(data))),
    generateRandom: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
    signJwt: given.signJwt ?? refuse('signing'),
    verifyJwt: async (signer, { compact }) => {
      const key =
        signer.method === 'jwk'
          ? publicP256(signer.publicJwk)
          : signer.method === 'did' && given.findKey !== undefined
            ? await given.findKey(signer.didUrl)
            : signer.method === 'x5c' && given.acceptCertificates === true
              ? await certifiedKey(signer.x5c[0] ?? '')
              : null;
      if (key === null || signer.alg !== protocolAlgorithm || !(await verifyEs256(compact, key))) {
        return { verified: false };
      }
      return { verified: true, signerJwk: key as unknown as Jwk };
    },
    encryptJwe: async (to, data) => {
      const key = to.method === 'jwk' ? publicP256(to.publicJwk) : null;
      if (key === null || to.method !== 'jwk' || to.alg !== 'ECDH-ES') throw new Error('only ECDH-ES on P-256 is used');
      const { kid } = to.publicJwk;
      const jwe = await new CompactEncrypt(new TextEncoder().encode(data))
        .setProtectedHeader({ alg: to.alg, enc: to.enc, ...(kid === undefined ? {} : { kid }) })
        .setKeyManagementParameters(partyInfo(to))
        .encrypt(await importJWK({ ...key }, to.alg));
      return { encryptionJwk: to.publicJwk, jwe };
    },
    decryptJwe: refuse('decryption'),
    clientAuthentication: clientAuthenticationAnonymous(),
  };
}

/** Source: RFC 7518, 4.6.1.2 and 4.6.1.3. */
function partyInfo({ apu, apv }: { apu?: string; apv?: string }) {
  return {
    ...(apu === undefined ? {} : { apu: base64url.decode(apu) }),
    ...(apv === undefined ? {} : { apv: base64url.decode(apv) }),
  };
}

/** The P-256 key in a certificate, given as in `x5c`. */
export async function certifiedKey(certificate: string): Promise<PublicJwk | null> {
  try {
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`;
    return publicP256(await exportJWK(await importX509(pem, protocolAlgorithm, { extractable: true })));
  } catch {
    return null;
  }
}

/** The libraries refuse `http:` addresses unless told; a service that itself runs on one (a demonstration) tells them. */
export function allowAddressesLike(serviceUrl: string): void {
  setGlobalConfig({ allowInsecureUrls: new URL(serviceUrl).protocol === 'http:' });
}
