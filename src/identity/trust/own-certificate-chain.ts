// A certificate chain as a signer sends it along: whose key it is, what it hashes to, and whether it may be sent.
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { problem } from '../../platform/problem.ts';

const CHAIN_MOST = 5;

export interface CertificateChain {
  /** DER as base64, the signer's own first, no trust anchor. Source: RFC 7515, 4.1.6; HAIP 1.0, 5. */
  x5c: string[];
  /** SHA-256 of the first certificate, base64url. Source: OpenID4VP 1.0, 5.9.3 (`x509_hash`). */
  hash: string;
  /** The trust anchors the chain came with, DER as base64: what a wallet has to trust. */
  anchors: string[];
  expiresAt_ms: number;
}

/** A public key on P-256, its coordinates base64url. */
export interface P256Point {
  x: string;
  y: string;
}

/**
 * Reads the chain of `key`.
 *
 * @param pem certificates, the signer's own first; a trust anchor at the end is left out
 * @param what names the chain in refusals, such as a setting
 * @throws SETTING_INVALID where it is no chain, of another key, self-signed, or not valid now
 */
export function readCertificateChain(pem: string, key: P256Point, what: string, now_ms: number): CertificateChain {
  const refuse = (why: string) => problem('SETTING_INVALID', `${what}: ${why}`);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > CHAIN_MOST) {
    throw refuse(`give 1 to ${CHAIN_MOST} certificates in PEM, that of the key first`);
  }
  const certificates = blocks.map((block) => parse(block) ?? raise(refuse('a certificate in it cannot be read')));
  const [own, ...above] = certificates;
  if (own === undefined || !isOfKey(own, key)) {
    throw refuse('the first certificate is of another key');
  }
  if (isSelfSigned(own)) {
    throw refuse('the first certificate signs itself; have an authority sign it (HAIP 1.0, section 5)');
  }
  certificates.reduce((certificate, next) => {
    if (!certificate.checkIssued(next) || !certificate.verify(next.publicKey)) {
      throw refuse('each certificate must be signed by the one after it');
    }
    return next;
  });
  const validFrom_ms = Date.parse(own.validFrom);
  const expiresAt_ms = Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)));
  if (validFrom_ms > now_ms || expiresAt_ms <= now_ms) throw refuse('a certificate in it is not valid at this time');
  const texts = (of: X509Certificate[]) => of.map(({ raw }) => raw.toString('base64'));
  return {
    x5c: texts([own, ...above.filter((certificate) => !isSelfSigned(certificate))]),
    anchors: texts(above.filter(isSelfSigned)),
    hash: createHash('sha256').update(own.raw).digest('base64url'),
    expiresAt_ms,
  };
}

function parse(block: string): X509Certificate | null {
  try {
    return new X509Certificate(block);
  } catch {
    return null;
  }
}

function raise(error: Error): never {
  throw error;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** The key in a certificate; null where it is on no curve, or another one. */
export function certifiedPoint({ publicKey }: X509Certificate): P256Point | null {
  if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
  const { x, y } = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' });
  return x === undefined || y === undefined ? null : { x, y };
}

function isOfKey(certificate: X509Certificate, key: P256Point): boolean {
  const point = certifiedPoint(certificate);
  return point !== null && point.x === key.x && point.y === key.y;
}
