// A certificate chain of our own making: an authority that signs one key, for a service that no authority has certified.
import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Random } from '../../platform/random.ts';

const DAY_ms = 86_400_000;
const LIFETIME_days = 3_650;
const SERIAL_bytes = 16;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/**
 * The authority's key is used for this one certificate and forgotten.
 *
 * @param host of the service, as the certificate names it
 * @returns PEM: the key's certificate, then the authority's
 */
export async function makeOwnChain(
  about: { key: KeyObject; name: string; host: string },
  random: Random,
  now_ms: number,
): Promise<string> {
  const authorityKeys = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const spki = new Uint8Array(createPublicKey(about.key).export({ type: 'spki', format: 'der' }));
  const publicKey = await crypto.subtle.importKey('spki', spki, CURVE, true, ['verify']);
  const validity = { notBefore: new Date(now_ms - DAY_ms), notAfter: new Date(now_ms + LIFETIME_days * DAY_ms) };
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serial(random),
    name: [{ CN: [`${about.name} authority`] }],
    keys: authorityKeys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const own = await X509CertificateGenerator.create({
    ...validity,
    serialNumber: serial(random),
    subject: [{ CN: [about.name] }],
    issuer: authority.subject,
    publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: about.host }]),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  return `${own.toString('pem')}\n${authority.toString('pem')}\n`;
}

/** Positive: the first bit is never set. */
function serial(random: Random): string {
  const bytes = Buffer.from(random.bytes(SERIAL_bytes));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
