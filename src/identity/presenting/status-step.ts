// The step that asks whether a credential was revoked. Policy: what the records don't hold is not accepted.
import { type TraceStep, traceStep } from './verdict.ts';

/** As much of the status lists as a verdict needs. */
export interface StatusSource {
  statusAt(
    uri: string,
    index: number,
  ): Promise<{ revoked: boolean; credential: { id: string; revoked_at: string | null } | null } | null>;
}

/** @param reference null where the credential names no status, `unreadable` where it does in another form */
export async function statusStep(
  reference: { uri: string; index: number } | null | 'unreadable',
  source: StatusSource,
): Promise<{ step: TraceStep; credentialId: string | null }> {
  if (reference === null) return { step: traceStep('status', 'failed', 'STATUS_MISSING'), credentialId: null };
  const status = reference === 'unreadable' ? null : await source.statusAt(reference.uri, reference.index);
  if (reference === 'unreadable' || !status?.credential) {
    return { step: traceStep('status', 'failed', 'STATUS_UNKNOWN'), credentialId: null };
  }
  // The issuer's own records are read at this moment, so what is known is no older than that.
  const data = { list: reference.uri, index: reference.index, age_s: 0, revoked_at: status.credential.revoked_at };
  return {
    step: status.revoked
      ? traceStep('status', 'failed', 'CREDENTIAL_REVOKED', { data })
      : traceStep('status', 'passed', 'STATUS_VALID', { data }),
    credentialId: status.credential.id,
  };
}
