// The step that compares an issuer's DID log with what the map and the chain hold.
// Policy: on the chain, finally or not yet, passes; waiting for its epoch stays open and says so; anything else fails.
import type { Anchor } from '../../anchoring/anchor.ts';
import { toHex } from '../../anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../anchoring/proofs.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/** @param value what the anchor must hold, computed from the log at hand */
export function anchorStep(anchor: Anchor | null, value: Uint8Array): TraceStep {
  if (anchor === null || anchor.value === null) return traceStep('anchor', 'failed', 'ANCHOR_MISSING');
  if (anchor.value.toLowerCase() !== toHex(value)) return traceStep('anchor', 'failed', 'ANCHOR_MISMATCH', { anchor });
  if (anchor.status === 'pending') return traceStep('anchor', 'not_checked', 'ANCHOR_PENDING', { anchor });
  if (!anchorIsProven(anchor)) return traceStep('anchor', 'failed', 'ANCHOR_PROOF_INVALID', { anchor });
  return traceStep('anchor', 'passed', anchor.status === 'final' ? 'ANCHOR_FINAL' : 'ANCHOR_INCLUDED', { anchor });
}
