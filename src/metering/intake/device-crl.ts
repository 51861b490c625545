// The revocation lists of a utility's certificate authorities: read, checked against who must have signed them, and asked.
import 'reflect-metadata';
import type { X509Certificate } from 'node:crypto';
import { PemConverter, PublicKey, X509Crl } from '@peculiar/x509';
import { serialOf, spkiHash } from './device-certificate.ts';
import type { CertificateLink } from './device-credential.ts';

export interface RevocationLists {
  /** Why a certificate can't be taken: it is on its issuer's list, or that list is missing or overdue; null where it can. */
  refusalOf(link: CertificateLink, now_ms: number): 'revoked' | 'list_missing' | 'list_overdue' | null;
}

/**
 * @param file PEM blocks, or one list in DER
 * @param authorities those that may have signed
 * @throws Error that says what is wrong with the file; nothing of it is then in force
 */
export async function readRevocationLists(
  file: Buffer,
  authorities: readonly X509Certificate[],
): Promise<RevocationLists> {
  const lists = new Map<string, { serials: ReadonlySet<string>; nextUpdate_ms: number }>();
  for (const der of blocksOf(file)) {
    const list = new X509Crl(der);
    const signer = await signerOf(list, authorities);
    if (signer === undefined) throw new Error(`the list of ${list.issuer} is signed by none of the authorities`);
    lists.set(spkiHash(signer).toString('hex'), {
      serials: new Set(list.entries.map((entry) => serialOf(entry.serialNumber))),
      nextUpdate_ms: list.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY,
    });
  }
  return {
    refusalOf: ({ issuer, serial }, now_ms) => {
      const list = lists.get(issuer);
      if (list === undefined) return 'list_missing';
      if (list.serials.has(serial)) return 'revoked';
      return list.nextUpdate_ms < now_ms ? 'list_overdue' : null;
    },
  };
}

function blocksOf(file: Buffer): ArrayBuffer[] {
  const text = file.toString('latin1');
  if (!text.includes('-----BEGIN ')) return [new Uint8Array(file).buffer];
  // RFC 7468 section 7 writes `X509 CRL`; `CRL` is met too.
  const blocks = PemConverter.decodeWithHeaders(text)
    .filter(({ type }) => type === 'X509 CRL' || type === 'CRL')
    .map(({ rawData }) => rawData);
  if (blocks.length === 0) throw new Error('holds no revocation list');
  return blocks;
}

async function signerOf(list: X509Crl, authorities: readonly X509Certificate[]): Promise<X509Certificate | undefined> {
  for (const authority of authorities) {
    const publicKey = new PublicKey(new Uint8Array(authority.publicKey.export({ type: 'spki', format: 'der' })));
    // Whose key does not fit the signature's kind is refused by an exception.
    if (await list.verify({ publicKey }).catch(() => false)) return authority;
  }
  return undefined;
}
