// Which authorities the certificates of a credential name as having signed them, for service and wallet alike.
// Source: RFC 5280, 4.2.1.1; OpenID4VP 1.0, 6.1.1.1.
import 'reflect-metadata';
import { AuthorityKeyIdentifierExtension, X509Certificate } from '@peculiar/x509';
import { base64url } from 'jose';

/** Key identifiers, base64url; none for what cannot be read. Whether they are true, only a chain to a trusted root shows. */
export function authorityKeyIds(x5c: unknown): string[] {
  if (!Array.isArray(x5c)) return [];
  try {
    return x5c.flatMap((text: string) => {
      const keyId = new X509Certificate(text).getExtension(AuthorityKeyIdentifierExtension)?.keyId;
      return keyId === undefined ? [] : [base64url.encode(bytesOf(keyId))];
    });
  } catch {
    return [];
  }
}

function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
