// A citizen's wallet for tests: holds a key, and presents with the same library a wallet would use.
import { createHash } from 'node:crypto';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { sdJwtHasher } from '../../src/identity/credentials/sd-jwt-vc.ts';

export interface KeyBinding {
  nonce?: unknown;
  aud?: unknown;
  iat?: unknown;
  sd_hash?: unknown;
  header?: Partial<JWTHeaderParameters>;
  key?: CryptoKey;
}

export async function createHolder(algorithm: 'ES256' | 'EdDSA' = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = (await exportJWK(publicKey)) as { kty: 'EC'; crv: 'P-256'; x: string; y: string };

  /** Adds a key-binding JWT, right but for what `binding` says otherwise. */
  async function bind(sdJwt: string, binding: KeyBinding): Promise<string> {
    const { header, key, ...payload } = binding;
    const hash = createHash('sha256').update(sdJwt).digest('base64url');
    const jwt = await new SignJWT({ sd_hash: hash, ...payload } as JWTPayload)
      .setProtectedHeader({ alg: algorithm, typ: 'kb+jwt', ...header })
      .sign(key ?? privateKey);
    return sdJwt + jwt;
  }

  /** Keeps every disclosure but those of `claims`. */
  function select(credential: string, claims: Record<string, boolean>): Promise<string> {
    return new SDJwtVcInstance({ hasher: sdJwtHasher }).present(credential, claims);
  }

  return { jwk, privateKey, bind, select };
}
