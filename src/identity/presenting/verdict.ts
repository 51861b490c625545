// What a verifier found out about a credential: one verdict, and the trace of the steps that led to it.
import type { Anchor } from '../../anchoring/anchor.ts';
import { type TraceReason, traceReasons } from './trace-reasons.ts';

export const traceSteps = [
  'format',
  'signature',
  'issuer',
  'status',
  'validity',
  'holder',
  'disclosures',
  'anchor',
] as const;
export type TraceStepName = (typeof traceSteps)[number];
export type TraceOutcome = 'passed' | 'failed' | 'not_checked';

export interface TraceStep {
  step: TraceStepName;
  outcome: TraceOutcome;
  /** Stable code, one of `traceReasons`. */
  reason: TraceReason;
  detail: { ko: string; en: string };
  data?: Record<string, string | number | boolean | null>;
  anchor?: Anchor;
}

export interface Verdict {
  /** No step failed. A step that could not be checked says so and why; only steps that policy lets wait may. */
  verified: boolean;
  trace: TraceStep[];
  /** Credential type id (`resident`, …); null where the credential could not be read or its type is not ours. */
  type: string | null;
  /** Disclosed claims only; empty unless the signature and the disclosures hold. */
  claims: Record<string, unknown>;
  /** The record, for asking its status again later; null where no record fits. */
  credential_id: string | null;
  /** RFC 7638 thumbprint of the key the holder proved; null unless it was proved. */
  holder_thumbprint: string | null;
}

/** The verdict on one presentation of an answer. */
export interface CredentialVerdict extends Verdict {
  /** Id of the credential in the question. */
  query_id: string;
}

/** What came of a request: verified when every presentation is. */
export interface PresentationOutcome {
  verified: boolean;
  credentials: CredentialVerdict[];
}

/** Makes a step with the sentences its reason has. */
export function traceStep(
  step: TraceStepName,
  outcome: TraceOutcome,
  reason: TraceReason,
  extra: Pick<TraceStep, 'data' | 'anchor'> = {},
): TraceStep {
  return { step, outcome, reason, detail: traceReasons[reason], ...extra };
}

/** Fills the steps nobody came to with `not_checked`, in the fixed order. */
export function completeTrace(steps: readonly TraceStep[]): TraceStep[] {
  return traceSteps.map(
    (name) => steps.find(({ step }) => step === name) ?? traceStep(name, 'not_checked', 'EARLIER_STEP_FAILED'),
  );
}

/** Whether nothing failed and everything that must be checked was. */
export function isVerified(trace: readonly TraceStep[]): boolean {
  return trace.every(
    ({ outcome, reason }) => outcome === 'passed' || (outcome === 'not_checked' && mayWait.has(reason)),
  );
}

/** Reasons for which a step may stay unchecked in a verdict that still says verified. */
const mayWait: ReadonlySet<TraceReason> = new Set([
  ...(['ANCHOR_PENDING', 'ANCHOR_CHAIN_AWAY', 'ANCHOR_NOT_USED', 'HOLDER_NOT_ASKED', 'DISCLOSURES_NOT_USED'] as const),
  ...(['ISSUER_NOT_REGISTERED', 'STATUS_NOT_NAMED'] as const),
]);
