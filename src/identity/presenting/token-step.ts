// The step that checks the signature of a token around a credential or a presentation.
// Source: Securing Verifiable Credentials using JOSE and COSE, 4.1 and 4.2; RFC 8725.
import { compactVerify, importJWK } from 'jose';
import { didOfKey } from '../credentials/jose-header.ts';
import type { ReadToken } from '../credentials/vc-token.ts';
import type { DidDocument } from '../dids/did-log.ts';
import type { DidResolver } from '../dids/did-resolution.ts';
import { methodFor, publicJwkOf, type VerificationRelationship } from '../dids/verification-method.ts';
import { type TraceStep, traceStep } from './verdict.ts';

const algorithmsOf = { 'P-256': ['ES256'], 'P-384': ['ES384'], Ed25519: ['EdDSA', 'Ed25519'] } as const;

/** @param by the DID whose document must list the key for the purpose */
export async function tokenStep(
  { compact, header }: Pick<ReadToken, 'compact' | 'header'>,
  { by, purpose }: { by: string; purpose: VerificationRelationship },
  resolver: DidResolver,
): Promise<TraceStep> {
  const failed = (
    reason: 'PROOF_NOT_BY_ISSUER' | 'SIGNER_UNRESOLVED' | 'SIGNATURE_KEY_UNKNOWN' | 'SIGNATURE_INVALID',
  ) => traceStep('signature', 'failed', reason, { data: { algorithm: header.alg, key: header.kid } });
  if (didOfKey(header.kid) !== by) return failed('PROOF_NOT_BY_ISSUER');
  const resolved = await resolver.resolve(by);
  if (resolved.error !== null || resolved.document === null) return failed('SIGNER_UNRESOLVED');
  const method = methodFor(resolved.document as DidDocument, header.kid, purpose);
  const jwk = method && publicJwkOf(method);
  if (jwk === null) return failed('SIGNATURE_KEY_UNKNOWN');
  // The algorithm is the key's own; what the header says must agree with it.
  if (!(algorithmsOf[jwk.crv] as readonly string[]).includes(header.alg)) return failed('SIGNATURE_INVALID');
  try {
    await compactVerify(compact, await importJWK(jwk, header.alg), { algorithms: [header.alg] });
    return traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: header.alg, key: header.kid } });
  } catch {
    return failed('SIGNATURE_INVALID');
  }
}
