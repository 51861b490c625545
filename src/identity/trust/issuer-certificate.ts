// The certificate of the issuer's P-256 key: which chain of a file it is, whose name it must have, and when it is sent along.
// Source: HAIP 1.0, 6.1.1; draft-ietf-oauth-sd-jwt-vc, 2.5.
import { X509Certificate } from 'node:crypto';
import { problem } from '../../platform/problem.ts';
import { namesIssuer } from './certificate-chain.ts';
import type { Issuer } from './issuer-keys.ts';
import {
  type CertificateChain,
  certifiedPoint,
  type P256Point,
  readCertificateChain,
} from './own-certificate-chain.ts';

export interface IssuerCertificate {
  certificate: CertificateChain | null;
  /** Why there is none although the file holds one of this issuer's: the DID alone says who issues until that is mended. */
  trouble: string | null;
}

/** What goes into `x5c` now; null where there is no certificate, or it has run out. */
export function certificatesOf({ certificate }: Pick<Issuer, 'certificate'>, now_ms: number): readonly string[] | null {
  return certificate !== null && now_ms < certificate.expiresAt_ms ? certificate.x5c : null;
}

/**
 * Finds the chain of the key that signs among those of a file. The file may also hold that of the key that comes next, so
 * that both stand there before the keys are rotated.
 *
 * @param pem chains one after the other, each key's own certificate first
 * @param about.known every P-256 key the issuer has, had or will have
 * @param about.what names the file in what is said
 * @throws SETTING_INVALID where none is of this issuer's keys, or the one of the key that signs may not be sent: it signs
 *   itself, is no chain, or names neither the issuer's DID nor its address
 */
export function readIssuerCertificate(
  pem: string,
  about: { issuer: Issuer; known: readonly P256Point[]; publicUrl: string; what: string; now_ms: number },
): IssuerCertificate {
  const { issuer, known, publicUrl, what, now_ms } = about;
  const chains = chainsIn(pem, what);
  const isOf = ({ key }: OneChain, point: P256Point) => key?.x === point.x && key.y === point.y;
  const own = chains.filter((chain) => isOf(chain, issuer.keys.p256.publicJwk));
  if (own.length === 0) {
    if (chains.some((chain) => known.some((point) => isOf(chain, point)))) {
      return { certificate: null, trouble: `${what}: holds no certificate of the key that signs now` };
    }
    throw problem(
      'SETTING_INVALID',
      `${what}: holds no certificate of this issuer's key; have the request certified that \`naru issuer-keys csr\` prints`,
    );
  }
  const [current] = own
    .filter(({ from_ms, until_ms }) => from_ms <= now_ms && now_ms < until_ms)
    .sort((left, right) => right.until_ms - left.until_ms);
  if (current === undefined) {
    return { certificate: null, trouble: `${what}: the certificate of the key that signs is not valid at this time` };
  }
  const certificate = readCertificateChain(current.pem, issuer.keys.p256.publicJwk, what, now_ms);
  if (!namesIssuer(current.leaf, issuer.did) && !namesIssuer(current.leaf, publicUrl)) {
    throw problem(
      'SETTING_INVALID',
      `${what}: the certificate must have ${issuer.did} or ${publicUrl} as a URI, or the host of the latter as a DNS name`,
    );
  }
  return { certificate, trouble: null };
}

interface OneChain {
  pem: string;
  leaf: X509Certificate;
  key: P256Point | null;
  from_ms: number;
  until_ms: number;
}

/** Each certificate that is not an authority's begins one. */
function chainsIn(pem: string, what: string): OneChain[] {
  const chains: OneChain[] = [];
  for (const block of pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []) {
    const one = parse(block, what);
    const [from_ms, until_ms] = [Date.parse(one.validFrom), Date.parse(one.validTo)];
    const last = chains.at(-1);
    if (one.ca && last !== undefined) {
      last.pem += `\n${block}`;
      last.from_ms = Math.max(last.from_ms, from_ms);
      last.until_ms = Math.min(last.until_ms, until_ms);
    } else {
      chains.push({ pem: block, leaf: one, key: certifiedPoint(one), from_ms, until_ms });
    }
  }
  return chains;
}

function parse(block: string, what: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw problem('SETTING_INVALID', `${what}: a certificate in it cannot be read`);
  }
}
