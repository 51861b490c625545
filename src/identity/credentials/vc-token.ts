// Takes a token that secures a VC 2.0 document apart, without believing any of it.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.1 and 3.2; RFC 9901, 4.
import { decodeProtectedHeader } from 'jose';
import { type HeaderProblem, readTokenHeader, type TokenHeader } from './jose-header.ts';
import { vcLimits } from './vc-terms.ts';

export const VC_JWT_TYPE = 'vc+jwt';
export const VP_JWT_TYPE = 'vp+jwt';
export const VC_SD_JWT_TYPE = 'vc+sd-jwt';
export const VP_SD_JWT_TYPE = 'vp+sd-jwt';

export interface ReadToken {
  /** The JWT. */
  compact: string;
  header: TokenHeader;
  /** All members of the header, for those that repeat claims. */
  members: Record<string, unknown>;
  /** Not to be believed before the signature is checked. */
  payload: Record<string, unknown>;
  /** As they stand between the tildes; none of a JWT. */
  disclosures: string[];
}

export function readVcJwt(compact: string, type: typeof VC_JWT_TYPE | typeof VP_JWT_TYPE): ReadToken | HeaderProblem {
  return readToken(compact, type, type === VC_JWT_TYPE ? 'vc' : 'vp');
}

/** One that is bound to a holder's key is refused: without a request there is nothing to check the binding by. */
export function readVcSdJwt(
  compact: string,
  type: typeof VC_SD_JWT_TYPE | typeof VP_SD_JWT_TYPE,
): ReadToken | HeaderProblem {
  const [jwt, ...disclosures] = compact.split('~');
  const keyBinding = disclosures.pop();
  if (jwt === undefined || keyBinding !== '' || disclosures.includes('')) return 'FORMAT_MALFORMED';
  const read = readToken(jwt, type, type === VC_SD_JWT_TYPE ? 'vc' : 'vp');
  return typeof read === 'string' ? read : { ...read, disclosures };
}

function readToken(compact: string, type: string, content: string): ReadToken | HeaderProblem {
  if (compact.length > vcLimits.envelope_chars || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(compact)) return 'FORMAT_MALFORMED';
  try {
    const members: Record<string, unknown> = { ...decodeProtectedHeader(compact) };
    const header = readTokenHeader(members, type, content);
    if (typeof header === 'string') return header;
    const bytes = Buffer.from(compact.split('.')[1] ?? '', 'base64url');
    const payload: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return 'FORMAT_MALFORMED';
    return { compact, header, members, payload: payload as Record<string, unknown>, disclosures: [] };
  } catch {
    return 'FORMAT_MALFORMED';
  }
}
