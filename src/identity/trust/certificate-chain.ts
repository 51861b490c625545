// Chains of X.509 certificates as JOSE headers carry them. Source: RFC 7515, 4.1.6; RFC 5280, 6.1.
import { X509Certificate } from 'node:crypto';

const CERTIFICATES_at_most = 5;

/**
 * The first certificate of `x5c`, where each is signed by the next and the last by one of `roots`, all at their times.
 * Null otherwise, and where the chain brings its own root or signs itself. Source: HAIP 1.0, 4.5.1.
 */
export function leafOfChain(x5c: unknown, roots: readonly X509Certificate[], now_s: number): X509Certificate | null {
  const chain = certificates(x5c);
  const [leaf] = chain;
  if (leaf === undefined || leaf.ca) return null;
  for (const [at, certificate] of chain.entries()) {
    const issuers = at + 1 < chain.length ? chain.slice(at + 1, at + 2) : roots;
    if (!isAtItsTime(certificate, now_s) || isIssuedBy(certificate, certificate)) return null;
    if (!issuers.some((issuer) => issuer.ca && isAtItsTime(issuer, now_s) && isIssuedBy(certificate, issuer)))
      return null;
  }
  return leaf;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isAtItsTime({ validFrom, validTo }: X509Certificate, now_s: number): boolean {
  return Date.parse(validFrom) / 1_000 <= now_s && now_s <= Date.parse(validTo) / 1_000;
}

function certificates(x5c: unknown): X509Certificate[] {
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
