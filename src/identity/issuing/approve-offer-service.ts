// Approving and refusing offers that were made to wait for it: what the desk decides, wallets that wait are told.
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type AwaitingOffer, awaitingOffers, type Decision, decideApproval } from './offer-approval-store.ts';

export type { AwaitingOffer };

const LISTED_AT_MOST = 500;

export function createOfferApprovalService({ pool, clock }: { pool: Pool; clock: Clock }) {
  async function decide(
    offerId: string,
    decision: Decision,
    within: Transaction | undefined,
  ): Promise<{ type: string; reference: string }> {
    const decided = await decideApproval(within ?? pool, { offerId, decision, now: new Date(clock.now_ms()) });
    if (decided === null)
      throw problem('NOT_FOUND', 'No offer with that id waits for approval; somebody may have decided.');
    return decided;
  }

  return {
    /** A wallet that waits gets its credential when it next asks. Throws NOT_FOUND. `within`: what commits it. */
    approveOffer: (offerId: string, within?: Transaction) => decide(offerId, 'approved', within),
    /** The offer ends, its claims are erased, and a wallet that waits is told. Throws NOT_FOUND. */
    refuseOffer: (offerId: string, within?: Transaction) => decide(offerId, 'refused', within),
    /** Offers of `types` that wait, the oldest first; 500 at most. */
    listAwaiting: (types: readonly string[]): Promise<AwaitingOffer[]> =>
      awaitingOffers(pool, types, new Date(clock.now_ms()), LISTED_AT_MOST),
  };
}
