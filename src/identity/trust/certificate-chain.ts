// Chains of X.509 certificates as JOSE headers carry them. Source: RFC 7515, 4.1.6; RFC 5280, 6.1.
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { X509Certificate as ParsedCertificate, SubjectAlternativeNameExtension } from '@peculiar/x509';

const CERTIFICATES_at_most = 5;

/**
 * Why a chain is not believed: it cannot be read; one of it is not valid now; its members do not sign one another, it signs
 * itself or brings its own root (HAIP 1.0, 4.5.1); none of the roots signed its last.
 */
export type ChainTrouble = 'malformed' | 'not_valid_now' | 'broken' | 'root_unknown';

/** The first certificate of `x5c` and the root that vouches for it, all at their times; or why there is none. */
export function readTrustedChain(
  x5c: unknown,
  roots: readonly X509Certificate[],
  now_s: number,
): { leaf: X509Certificate; root: X509Certificate } | ChainTrouble {
  const chain = readCertificates(x5c);
  const [leaf] = chain;
  const last = chain.at(-1);
  if (leaf === undefined || last === undefined) return 'malformed';
  if (!chain.every((certificate) => isAtItsTime(certificate, now_s))) return 'not_valid_now';
  if (leaf.ca || chain.some((certificate) => isIssuedBy(certificate, certificate))) return 'broken';
  for (const [at, issuer] of chain.slice(1).entries()) {
    const issued = chain[at];
    if (!issuer.ca || issued === undefined || !isIssuedBy(issued, issuer)) return 'broken';
  }
  const root = roots.find((one) => one.ca && isAtItsTime(one, now_s) && isIssuedBy(last, one));
  return root === undefined ? 'root_unknown' : { leaf, root };
}

/** The first certificate of `x5c` where its chain ends at one of `roots`, all at their times; null otherwise. */
export function leafOfChain(x5c: unknown, roots: readonly X509Certificate[], now_s: number): X509Certificate | null {
  const found = readTrustedChain(x5c, roots, now_s);
  return typeof found === 'string' ? null : found.leaf;
}

/**
 * Whether the certificate was given for the issuer's name: as one of its URIs, or, of an https address, its host as one of
 * its DNS names. Source: draft-ietf-oauth-sd-jwt-vc, X.509 certificates; RFC 5280, 4.2.1.6.
 */
export function namesIssuer(leaf: X509Certificate, name: string): boolean {
  const extension = new ParsedCertificate(leaf.raw).getExtension(SubjectAlternativeNameExtension);
  const names = extension?.names.items ?? [];
  if (names.some(({ type, value }) => type === 'url' && value === name)) return true;
  if (!URL.canParse(name)) return false;
  const { protocol, hostname } = new URL(name);
  return protocol === 'https:' && names.some(({ type, value }) => type === 'dns' && value.toLowerCase() === hostname);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isAtItsTime({ validFrom, validTo }: X509Certificate, now_s: number): boolean {
  return Date.parse(validFrom) / 1_000 <= now_s && now_s <= Date.parse(validTo) / 1_000;
}

/** None where one of them cannot be read, or there are too many. */
export function readCertificates(x5c: unknown): X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length > CERTIFICATES_at_most) return [];
  try {
    return x5c.map((text: unknown) => {
      if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new TypeError('not base64');
      return new X509Certificate(Buffer.from(text, 'base64'));
    });
  } catch {
    return [];
  }
}
