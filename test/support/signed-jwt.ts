// Signs JWTs of a test's making: with a key in hand, or with one of the service's, which nobody has in hand.
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type CompactJWSHeaderParameters, CompactSign, type CryptoKey } from 'jose';
import type { Es256Key } from '../../src/identity/trust/issuer-keys.ts';
import { writeJws } from '../../src/identity/written-jws.ts';

export type TestSigner = KeyObject | CryptoKey | Pick<Es256Key, 'sign'>;

export function signedJwt(header: CompactJWSHeaderParameters, payload: object, key: TestSigner): Promise<string> {
  if ('sign' in key) return writeJws(header, payload, key.sign);
  return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(key);
}

/** A P-256 key of a test's own, as the service holds its keys. */
export function es256Key(privateKey: KeyObject): Es256Key {
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    publicJwk: { kty: 'EC', crv: 'P-256', x, y },
    sign: (message) => new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}
