// The steps that say whether the chain of certificates in a credential's header signed it, and may issue its type.
// Source: HAIP 1.0, 6.1.1; draft-ietf-oauth-sd-jwt-vc; RFC 7515, 4.1.6.
import type { JsonWebKey } from 'node:crypto';
import { type ChainTrouble, namesIssuer, readTrustedChain } from '../trust/certificate-chain.ts';
import { type IssuerTrust, rootName } from '../trust/trusted-issuers.ts';
import { isSignedBy, type Jwt } from './jws.ts';
import type { TraceReason } from './trace-reasons.ts';
import { type TraceStep, traceStep } from './verdict.ts';

const reasons = {
  malformed: 'FORMAT_HEADER_REFUSED',
  not_valid_now: 'CERTIFICATE_NOT_VALID_NOW',
  broken: 'CERTIFICATE_CHAIN_BROKEN',
  root_unknown: 'CERTIFICATE_ROOT_NOT_TRUSTED',
} as const satisfies Record<ChainTrouble, TraceReason>;

/** What a chain signed. */
export interface Certified {
  x5c: unknown;
  /** Who it says issued it; absent where the certificate alone says so. */
  iss: unknown;
  /** Whether the key of the first certificate signed it. */
  isSignedBy(key: JsonWebKey): boolean;
}

export function certifiedJwt(jwt: Jwt): Certified {
  return { x5c: jwt.header.x5c, iss: jwt.payload.iss, isSignedBy: (key) => isSignedBy(jwt, key, 'ES256') };
}

export async function chainSteps(
  { x5c, iss, isSignedBy: isSigned }: Certified,
  { type, now_s, trust }: { type: string; now_s: number; trust: IssuerTrust },
): Promise<{ signature: TraceStep; issuer: TraceStep }> {
  const found = readTrustedChain(x5c, await trust.rootsFor(type), now_s);
  if (typeof found === 'string') {
    return {
      signature: traceStep('signature', 'failed', reasons[found]),
      issuer: traceStep('issuer', 'failed', 'ISSUER_NOT_TRUSTED'),
    };
  }
  const { leaf, root } = found;
  const data = { root: rootName(root.raw), type };
  const isNamed = iss === undefined || namesIssuer(leaf, String(iss));
  return {
    signature: isSigned(leaf.publicKey.export({ format: 'jwk' }))
      ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'ES256', key: rootName(leaf.raw) } })
      : traceStep('signature', 'failed', 'SIGNATURE_INVALID'),
    issuer: isNamed
      ? traceStep('issuer', 'passed', 'ISSUER_TRUSTED', { data })
      : traceStep('issuer', 'failed', 'CERTIFICATE_NAME_DIFFERENT', { data }),
  };
}
