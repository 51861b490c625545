// The step that asks whether the holder of the credential answered this very request: its key-binding JWT.
// Source: RFC 9901, 4.3 and 7.3; OpenID4VP 1.0, B.3.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sdJwtHasher } from '../credentials/sd-jwt-vc.ts';
import { type AcceptedAlgorithm, isSignedBy, type Jwt } from './jws.ts';
import { keyBindingHeaderProblem, type SdJwtPresentation } from './sd-jwt-presentation.ts';
import { transactionHash } from './transaction-data.ts';
import { verdictLimits } from './validity-step.ts';
import { type TraceStep, traceStep } from './verdict.ts';

export interface HolderExpectation {
  /** The nonce of the request this must answer. */
  nonce: string;
  /** Who it must have been made for: the verifier's client id, or the origin of the page that asked. */
  audience: string;
  /** Entries of `transaction_data` that this presentation must sign, and no others. */
  transactions: readonly string[];
}

const holderKeySchema = z.object({
  jwk: z.union([
    z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
    z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
  ]),
});

type HolderJwk = z.output<typeof holderKeySchema>['jwk'];

/** @returns the step, and where it passed the RFC 7638 thumbprint of the holder's key */
export function holderStep(
  { jwt, keyBinding, bound }: SdJwtPresentation,
  expected: HolderExpectation,
  now_s: number,
): { step: TraceStep; thumbprint: string | null } {
  const refused = (reason: TraceStep['reason']) => ({ step: traceStep('holder', 'failed', reason), thumbprint: null });
  const key = holderKeySchema.safeParse(jwt.payload.cnf);
  if (!key.success) return refused('HOLDER_KEY_MISSING');
  if (keyBinding === null) return refused('HOLDER_PROOF_MISSING');
  const { jwk } = key.data;
  const algorithm: AcceptedAlgorithm = jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
  const headerProblem = keyBindingHeaderProblem(keyBinding.header, algorithm);
  if (headerProblem) return refused(headerProblem);
  if (!isSignedBy(keyBinding, jwk, algorithm)) return refused('HOLDER_SIGNATURE_INVALID');
  const { payload } = keyBinding;
  if (payload.nonce !== expected.nonce) return refused('HOLDER_NONCE_WRONG');
  if (payload.aud !== expected.audience) return refused('HOLDER_AUDIENCE_WRONG');
  if (typeof payload.iat !== 'number') return refused('HOLDER_PROOF_MALFORMED');
  const age_s = now_s - payload.iat;
  if (age_s > verdictLimits.holderProofAge_s || age_s < -verdictLimits.clockSkew_s) {
    return refused('HOLDER_PROOF_STALE');
  }
  if (payload.sd_hash !== Buffer.from(sdJwtHasher(bound)).toString('base64url')) {
    return refused('HOLDER_CONTENT_CHANGED');
  }
  const transactionProblem = transactionsProblem(keyBinding, expected.transactions);
  if (transactionProblem !== null) return refused(transactionProblem);
  const signed = expected.transactions.length === 0 ? {} : { signed_texts: expected.transactions.length };
  const data = { age_s: Math.max(0, age_s), ...signed };
  return { step: traceStep('holder', 'passed', 'HOLDER_OK', { data }), thumbprint: thumbprintOf(jwk) };
}

/** Source: OpenID4VP 1.0, B.3.3.1: one hash an entry, SHA-256 where nothing else is said. */
function transactionsProblem({ payload }: Jwt, transactions: readonly string[]): TraceStep['reason'] | null {
  const { transaction_data_hashes: hashes, transaction_data_hashes_alg: algorithm } = payload;
  if (transactions.length === 0) return hashes === undefined ? null : 'HOLDER_TRANSACTION_UNASKED';
  if (!Array.isArray(hashes) || (algorithm !== undefined && algorithm !== 'sha-256')) {
    return 'HOLDER_TRANSACTION_UNSIGNED';
  }
  const expected = transactions.map(transactionHash);
  const all = hashes.length === expected.length && expected.every((hash) => hashes.includes(hash));
  return all ? null : 'HOLDER_TRANSACTION_UNSIGNED';
}

/** Source: RFC 7638, 3: the required members in the order of their names. */
function thumbprintOf(jwk: HolderJwk): string {
  const { kty, crv, x } = jwk;
  const members = jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
