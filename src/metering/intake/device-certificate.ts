// What a client certificate says of a device: its name, its key, and the certificates that vouch for it.
import { createHash, type X509Certificate } from 'node:crypto';
import type { CertificateLink } from './device-credential.ts';

const DEVICE_URI = /^URI:urn:naru:device:([A-Za-z0-9_.:-]{1,64})$/;
const DNS_NAME = /^DNS:([A-Za-z0-9_.-]{1,64})$/;

/** SHA-256 of the public key with its algorithm (SubjectPublicKeyInfo): 32 bytes. Source: RFC 7469 section 2.4 */
export function spkiHash(certificate: X509Certificate): Buffer {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** Hexadecimal digits in small letters, without leading zeros: authorities and lists write one number differently. */
export function serialOf(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, '');
}

/**
 * The device a certificate was made for: the subject's common name (which has room for the 64 characters of a device id).
 * One without a common name is named by its one alternative name, `urn:naru:device:{id}` or a DNS name. A certificate that
 * says two different things is nobody's.
 */
export function deviceOf(certificate: X509Certificate): string | null {
  const commonName: unknown = certificate.toLegacyObject().subject?.CN;
  const alternatives = (certificate.subjectAltName ?? '').split(', ').filter((name) => name !== '');
  const uris = alternatives.flatMap((name) => DEVICE_URI.exec(name)?.[1] ?? []);
  if (typeof commonName === 'string') return uris.every((uri) => uri === commonName) ? commonName : null;
  if (commonName !== undefined) return null;
  const names = [...uris, ...alternatives.flatMap((name) => DNS_NAME.exec(name)?.[1] ?? [])];
  return names.length === 1 ? (names[0] ?? null) : null;
}

/**
 * The way from a certificate up to one that is trusted.
 *
 * @param chain the certificate, then those that the device sent or the store holds
 * @returns null where it doesn't get there
 */
export function linksTo(
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): CertificateLink[] | null {
  const links: CertificateLink[] = [];
  for (let at = chain[0]; at !== undefined; ) {
    const of: X509Certificate = at;
    const anchor = trusted.find((one) => isSignedBy(of, one));
    if (anchor !== undefined) return [...links, linkOf(of, anchor)];
    const issuer = chain.find((one) => one !== of && isSignedBy(of, one));
    if (issuer === undefined || links.length >= chain.length) return null;
    links.push(linkOf(of, issuer));
    at = issuer;
  }
  return null;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function linkOf(certificate: X509Certificate, issuer: X509Certificate): CertificateLink {
  return { issuer: spkiHash(issuer).toString('hex'), serial: serialOf(certificate.serialNumber) };
}
