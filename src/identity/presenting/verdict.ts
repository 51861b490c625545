// What a verification found: one outcome, and each step that led to it with its reason.
import type { Anchor } from '../../anchoring/anchor.ts';

export interface TraceStep {
  step: 'format' | 'signature' | 'issuer' | 'status' | 'validity' | 'holder' | 'disclosures' | 'anchor';
  outcome: 'passed' | 'failed' | 'not_checked';
  /** Stable code, such as CREDENTIAL_REVOKED. */
  reason: string;
  detail: { ko: string; en: string };
  data?: Record<string, string | number | boolean | null>;
  anchor?: Anchor;
}

export interface Verdict {
  verified: boolean;
  trace: TraceStep[];
  /** Credential type id. */
  type: string | null;
  claims: Record<string, unknown>;
  credential_id: string | null;
  /** RFC 7638 thumbprint of the holder's key. */
  holder_thumbprint: string | null;
}
