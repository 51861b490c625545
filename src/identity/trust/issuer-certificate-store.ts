// Reads the file that holds the issuer's certificate, for the keys that its DID's log knows.
import { readFileSync } from 'node:fs';
import { problem } from '../../platform/problem.ts';
import type { DidDocument, DidLog } from '../dids/did-log.ts';
import { type IssuerCertificate, readIssuerCertificate } from './issuer-certificate.ts';
import type { Issuer, IssuerKeyRing } from './issuer-keys.ts';

/**
 * The certificate of the key that signs.
 *
 * @param about.log of the issuer's DID: keys of all its entries are the issuer's, also those that were replaced or revoked
 * @throws SETTING_INVALID where the file cannot be read, and as `readIssuerCertificate`
 */
export function openIssuerCertificate(
  path: string,
  about: { issuer: Issuer; ring: IssuerKeyRing; log: DidLog; publicUrl: string; now_ms: number },
): IssuerCertificate {
  const { ring, log, ...rest } = about;
  const listed = log.flatMap(({ state }) => (state as DidDocument).verificationMethod ?? []);
  const known = [
    ...ring.generations.map(({ keys }) => keys.p256.publicJwk),
    ...listed.flatMap(({ publicKeyJwk }) => {
      const { x, y } = (publicKeyJwk ?? {}) as { x?: string; y?: string };
      return x === undefined || y === undefined ? [] : [{ x, y }];
    }),
  ];
  return readIssuerCertificate(read(path), { ...rest, known, what: path });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw problem('SETTING_INVALID', `${path}: the file cannot be read`);
  }
}
