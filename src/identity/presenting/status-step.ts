// The step that asks whether a credential was revoked. Policy: what the records don't hold is not accepted.
import type { StatusState } from '../credentials/status-list.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/** As much of the status lists as a verdict needs. */
export interface StatusSource {
  statusAt(
    uri: string,
    index: number,
  ): Promise<{
    state: StatusState | null;
    credential: { id: string; revoked_at: string | null; suspended_at: string | null } | null;
  } | null>;
}

/** @param reference null where the credential names no status */
export async function statusStep(
  reference: { uri: string; index: number } | null,
  source: StatusSource,
): Promise<{ step: TraceStep; credentialId: string | null }> {
  const status = reference && (await source.statusAt(reference.uri, reference.index));
  if (!reference || !status?.credential) {
    return { step: traceStep('status', 'failed', 'STATUS_UNKNOWN'), credentialId: null };
  }
  // The issuer's own records are read at this moment, so what is known is no older than that.
  const data = { list: reference.uri, index: reference.index, age_s: 0, revoked_at: status.credential.revoked_at };
  const credentialId = status.credential.id;
  if (status.state === 'revoked')
    return { step: traceStep('status', 'failed', 'CREDENTIAL_REVOKED', { data }), credentialId };
  if (status.state === 'suspended') {
    const suspended = { ...data, suspended_at: status.credential.suspended_at };
    return { step: traceStep('status', 'failed', 'CREDENTIAL_SUSPENDED', { data: suspended }), credentialId };
  }
  if (status.state !== 'valid')
    return { step: traceStep('status', 'failed', 'STATUS_UNKNOWN', { data }), credentialId };
  return { step: traceStep('status', 'passed', 'STATUS_VALID', { data }), credentialId };
}
