// Takes an SD-JWT VC presentation apart without believing any of it. Source: RFC 9901, 4 and 7.3.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { SD_JWT_VC_TYPE } from '../credentials/sd-jwt-vc.ts';
import { readCertificates } from '../trust/certificate-chain.ts';
import type { Jwt } from './jws.ts';
import type { TraceReason } from './trace-reasons.ts';

const presentationLimits = { presentation_bytes: 65_536 } as const;

export interface SdJwtPresentation {
  jwt: Jwt;
  /** As they stand between the tildes. */
  disclosures: string[];
  /** The key-binding JWT, null where the presentation ends with a tilde. */
  keyBinding: Jwt | null;
  /** Everything the key-binding JWT's `sd_hash` is over: up to and with the last tilde. */
  bound: string;
}

/** Header members that name or bring a key from outside. Nothing they say is ever followed; `x5c` alone is judged. */
const FOREIGN_KEYS = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'zip'];

/** The parts of an SD-JWT, null where it is none. */
export function readSdJwt(compact: unknown): SdJwtPresentation | null {
  if (typeof compact !== 'string' || compact.length > presentationLimits.presentation_bytes) return null;
  const [first, ...disclosures] = compact.split('~');
  const last = disclosures.pop();
  if (first === undefined || last === undefined || disclosures.includes('')) return null;
  const jwt = readJwt(first);
  const keyBinding = last === '' ? null : readJwt(last);
  if (jwt === null || (last !== '' && keyBinding === null)) return null;
  return { jwt, disclosures, keyBinding, bound: compact.slice(0, compact.lastIndexOf('~') + 1) };
}

/** The parts, or the reason why they can't be believed to be an SD-JWT VC. */
export function readSdJwtPresentation(compact: unknown): SdJwtPresentation | TraceReason {
  const presentation = readSdJwt(compact);
  if (presentation === null) return 'FORMAT_MALFORMED';
  const { header, payload } = presentation.jwt;
  if (header.alg !== 'ES256') return 'FORMAT_ALGORITHM_REFUSED';
  const { x5c, ...others } = header;
  if (FOREIGN_KEYS.some((name) => name in others)) return 'FORMAT_HEADER_REFUSED';
  if (header.typ !== SD_JWT_VC_TYPE || typeof payload.vct !== 'string') return 'FORMAT_MALFORMED';
  if (x5c === undefined) {
    return typeof header.kid === 'string' && typeof payload.iss === 'string' ? presentation : 'FORMAT_MALFORMED';
  }
  if (readCertificates(x5c).length === 0) return 'FORMAT_HEADER_REFUSED';
  // A certificate may stand for the issuer's name and for the key's address. Source: draft-ietf-oauth-sd-jwt-vc, iss.
  return payload.iss === undefined || typeof payload.iss === 'string' ? presentation : 'FORMAT_MALFORMED';
}

/** Whether a key-binding JWT's header is one that is accepted, for a key of this algorithm. */
export function keyBindingHeaderProblem(header: Record<string, unknown>, algorithm: string): TraceReason | null {
  if (header.typ !== 'kb+jwt' || header.alg !== algorithm) return 'HOLDER_PROOF_MALFORMED';
  return FOREIGN_KEYS.some((name) => name in header) ? 'HOLDER_PROOF_MALFORMED' : null;
}

function readJwt(compact: string): Jwt | null {
  try {
    return { compact, header: { ...decodeProtectedHeader(compact) }, payload: { ...decodeJwt(compact) } };
  } catch {
    return null;
  }
}
