// The step that looks at the period of validity of a W3C credential, and of what secures it.
// Source: Verifiable Credentials Data Model 2.0, 4.9.
import type { ConformingCredential } from '../credentials/vc-data-model.ts';
import { verdictLimits } from './validity-step.ts';
import { type TraceStep, traceStep } from './verdict.ts';

type Times = Pick<ConformingCredential, 'validFrom' | 'validUntil'>;

/** Both ends are optional in the data model. @param token the times of the signature, in seconds since 1970 */
export function vcValidityStep(
  { validFrom, validUntil }: Times,
  token: { notBefore_s: number | undefined; expires_s: number | undefined },
  now_ms: number,
): TraceStep {
  const skew_ms = verdictLimits.clockSkew_s * 1000;
  const begins = [validFrom && Date.parse(validFrom), token.notBefore_s && token.notBefore_s * 1000];
  const ends = [validUntil && Date.parse(validUntil), token.expires_s && token.expires_s * 1000];
  if (begins.some((time_ms) => typeof time_ms === 'number' && time_ms > now_ms + skew_ms)) {
    return traceStep('validity', 'failed', 'CREDENTIAL_NOT_YET_VALID', { data: { from: validFrom ?? null } });
  }
  if (ends.some((time_ms) => typeof time_ms === 'number' && time_ms + skew_ms < now_ms)) {
    return traceStep('validity', 'failed', 'CREDENTIAL_EXPIRED', { data: { until: validUntil ?? null } });
  }
  return traceStep('validity', 'passed', 'VALIDITY_OK', { data: { until: validUntil ?? null } });
}
