// VC 2.0 documents as JWTs, `vc+jwt` and `vp+jwt`: the document is the payload, nothing is wrapped around it.
// Source: Securing Verifiable Credentials using JOSE and COSE, 3.1.
import { decodeProtectedHeader } from 'jose';
import { type HeaderProblem, readTokenHeader, type TokenHeader } from '../jose-header.ts';
import type { Es256Signer } from '../sd-jwt-vc.ts';
import { vcLimits } from '../vc-terms.ts';

export const VC_JWT_TYPE = 'vc+jwt';
export const VP_JWT_TYPE = 'vp+jwt';

/** @param credential with its issuer; becomes the payload as it is */
export function createVcJwt(credential: object, signer: Es256Signer): string {
  const header = { alg: 'ES256', typ: VC_JWT_TYPE, cty: 'vc', kid: signer.keyId };
  const message = `${encode(header)}.${encode(credential)}`;
  return `${message}.${Buffer.from(signer.sign(new TextEncoder().encode(message))).toString('base64url')}`;
}

export interface ReadToken {
  compact: string;
  header: TokenHeader;
  /** All members of the header, for those that repeat claims. */
  members: Record<string, unknown>;
  /** Not to be believed before the signature is checked. */
  payload: Record<string, unknown>;
}

/** Takes the token apart without believing any of it. */
export function readVcJwt(compact: string, type: typeof VC_JWT_TYPE | typeof VP_JWT_TYPE): ReadToken | HeaderProblem {
  return readToken(compact, type, type === VC_JWT_TYPE ? 'vc' : 'vp');
}

export function readToken(compact: string, type: string, content: string): ReadToken | HeaderProblem {
  if (compact.length > vcLimits.envelope_chars || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(compact)) return 'FORMAT_MALFORMED';
  try {
    const members: Record<string, unknown> = { ...decodeProtectedHeader(compact) };
    const header = readTokenHeader(members, type, content);
    if (typeof header === 'string') return header;
    const payload: unknown = JSON.parse(decode(compact.split('.')[1] ?? ''));
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return 'FORMAT_MALFORMED';
    return { compact, header, members, payload: payload as Record<string, unknown> };
  } catch {
    return 'FORMAT_MALFORMED';
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

function decode(text: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url'));
}
