// The failed steps of a verdict as the problems that the W3C specifications name.
// Source: VC Data Model 2.0, 7.1; VC Data Integrity 1.0, 4.7; Bitstring Status List 1.0, 3.6.
import type { TraceReason } from './trace-reasons.ts';
import type { TraceStep } from './verdict.ts';

export interface ProblemDetail {
  type: string;
  title: string;
  detail: string;
}

const VC = 'https://www.w3.org/TR/vc-data-model#';
const STATUS = 'https://www.w3.org/ns/credentials/status-list#';
const SECURITY = 'https://w3id.org/security#';

const byReason: Partial<Record<TraceReason, string>> = {
  FORMAT_MALFORMED: `${VC}MALFORMED_VALUE_ERROR`,
  CONTEXT_UNKNOWN: `${VC}MALFORMED_VALUE_ERROR`,
  TERM_UNDEFINED: `${VC}MALFORMED_VALUE_ERROR`,
  STATUS_HOST_NOT_ASKED: `${STATUS}STATUS_RETRIEVAL_ERROR`,
  STATUS_LIST_AWAY: `${STATUS}STATUS_RETRIEVAL_ERROR`,
  STATUS_LIST_NOT_VERIFIED: `${STATUS}STATUS_VERIFICATION_ERROR`,
  STATUS_PURPOSE_DIFFERENT: `${STATUS}STATUS_VERIFICATION_ERROR`,
  STATUS_LIST_MALFORMED: `${STATUS}MALFORMED_VALUE_ERROR`,
  STATUS_LIST_TOO_SHORT: `${STATUS}STATUS_LIST_LENGTH_ERROR`,
  STATUS_INDEX_OUTSIDE: `${STATUS}RANGE_ERROR`,
  PROOF_DOMAIN_WRONG: `${SECURITY}INVALID_DOMAIN_ERROR`,
  HOLDER_AUDIENCE_WRONG: `${SECURITY}INVALID_DOMAIN_ERROR`,
  PROOF_CHALLENGE_WRONG: `${SECURITY}INVALID_CHALLENGE_ERROR`,
  HOLDER_NONCE_WRONG: `${SECURITY}INVALID_CHALLENGE_ERROR`,
};

const byStep: Partial<Record<TraceStep['step'], string>> = {
  format: `${VC}PARSING_ERROR`,
  signature: `${VC}CRYPTOGRAPHIC_SECURITY_ERROR`,
  holder: `${VC}CRYPTOGRAPHIC_SECURITY_ERROR`,
  disclosures: `${VC}CRYPTOGRAPHIC_SECURITY_ERROR`,
  validity: `${VC}MALFORMED_VALUE_ERROR`,
  status: `${STATUS}STATUS_VERIFICATION_ERROR`,
};

export function problemDetails(trace: readonly TraceStep[]): ProblemDetail[] {
  return trace
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ step, reason, detail, data }) => ({
      type: byReason[reason] ?? byStep[step] ?? 'about:blank',
      title: reason,
      detail: typeof data?.problem === 'string' ? `${detail.en} ${data.problem}.` : detail.en,
    }));
}
