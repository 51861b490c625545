// Writes a compact JWS for a key that signs and is not shown: `jose` signs with keys in hand alone. Source: RFC 7515, 7.1.
import type { Es256Key } from './trust/issuer-keys.ts';

/** @param header says which algorithm `sign` has */
export async function writeJws(header: object, payload: object, sign: Es256Key['sign']): Promise<string> {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  const signature = await sign(Buffer.from(signed, 'latin1'));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
