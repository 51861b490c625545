// The step that looks at the period of validity, and the times a verdict works with.
import { type TraceStep, traceStep } from './verdict.ts';

export const verdictLimits = {
  /** How far clocks may lie apart. */
  clockSkew_s: 60,
  /** How long after it was made a holder's proof is still fresh. */
  holderProofAge_s: 300,
} as const;

/** @param validity seconds since 1970; a credential with no end is one whose form is wrong */
export function validityStep(validity: { notBefore_s: unknown; expires_s: unknown }, now_s: number): TraceStep {
  const { notBefore_s, expires_s } = validity;
  if (typeof notBefore_s === 'number' && notBefore_s > now_s + verdictLimits.clockSkew_s) {
    return traceStep('validity', 'failed', 'CREDENTIAL_NOT_YET_VALID', { data: { from: iso(notBefore_s) } });
  }
  if (typeof expires_s !== 'number') return traceStep('validity', 'failed', 'VALIDITY_MISSING');
  if (expires_s + verdictLimits.clockSkew_s < now_s) {
    return traceStep('validity', 'failed', 'CREDENTIAL_EXPIRED', { data: { until: iso(expires_s) } });
  }
  return traceStep('validity', 'passed', 'VALIDITY_OK', { data: { until: iso(expires_s) } });
}

const LAST_DATE_s = 8_640_000_000_000;

function iso(time_s: number): string | null {
  return Math.abs(time_s) <= LAST_DATE_s ? new Date(time_s * 1000).toISOString() : null;
}
