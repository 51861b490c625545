// The step that compares an issuer's DID log with what the map and the chain hold.
// Policy: on the chain, finally or not yet, passes; what waits, or a chain that is away, is treated as the freshness policy
// says; anything else fails.
import type { Anchor } from '../../anchoring/anchor.ts';
import { contradictsDatabase } from '../../anchoring/chain-trouble.ts';
import { toHex } from '../../anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../anchoring/proofs.ts';
import { type FreshnessPolicy, freshnessPolicies, outcomeOf } from './freshness-policy.ts';
import { type TraceStep, traceStep } from './verdict.ts';

export interface AnchorCircumstances {
  /** What keeps the chain from being asked now, or from agreeing with the database; null for nothing. */
  chainTrouble?: string | null;
  /** How long ago a kept anchor was fetched; absent for one that was looked up now. */
  age_s?: number;
}

/** @param value what the anchor must hold, computed from the log at hand */
export function anchorStep(
  anchor: Anchor | null,
  value: Uint8Array,
  { chainTrouble = null, age_s }: AnchorCircumstances = {},
  policy: FreshnessPolicy = freshnessPolicies.standard,
): TraceStep {
  const data = age_s === undefined ? {} : { data: { age_s } };
  if (anchor === null || anchor.value === null) return traceStep('anchor', 'failed', 'ANCHOR_MISSING');
  if (anchor.value.toLowerCase() !== toHex(value)) return traceStep('anchor', 'failed', 'ANCHOR_MISMATCH', { anchor });
  if (contradictsDatabase(chainTrouble)) {
    return traceStep('anchor', 'failed', 'ANCHOR_CONTRADICTED', { anchor, data: { chain: chainTrouble } });
  }
  if (anchor.status === 'pending') {
    return traceStep('anchor', outcomeOf(policy.anchorPending), 'ANCHOR_PENDING', { anchor, ...data });
  }
  if (!anchorIsProven(anchor)) return traceStep('anchor', 'failed', 'ANCHOR_PROOF_INVALID', { anchor });
  if (chainTrouble !== null) {
    const away = { anchor, data: { chain: chainTrouble } };
    return traceStep('anchor', outcomeOf(policy.chainAway), 'ANCHOR_CHAIN_AWAY', away);
  }
  const reason = anchor.status === 'final' ? 'ANCHOR_FINAL' : 'ANCHOR_INCLUDED';
  return traceStep('anchor', 'passed', reason, { anchor, ...data });
}
