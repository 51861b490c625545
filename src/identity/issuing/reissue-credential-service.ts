// After a loss: the old credentials end and the new one is offered, in one transaction.
import type { Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { lockCredentials } from '../credentials/credential-list-store.ts';
import { endGrantsOf } from './grant-store.ts';
import type { Offer, OfferOrder } from './offer.ts';

export interface ReissueOrder {
  /** The credentials that were lost: of one type and reference, none of them revoked. */
  credentials: readonly string[];
  reason: string;
  /** Of the new credential: those of the old are kept nowhere. */
  claims: Record<string, unknown>;
}

export type ReissueService = ReturnType<typeof createReissueService>;

export function createReissueService(parts: {
  createOffer(order: OfferOrder, within: Transaction): Promise<Offer>;
  revokeCredential(id: string, reason: string, within: Transaction): Promise<unknown>;
}) {
  const { createOffer, revokeCredential } = parts;
  return {
    /**
     * Revokes the old credentials and ends what the lost wallet could still fetch, its tokens; offers the new one.
     *
     * @param allowed is told the type before anything is changed, and throws where it is not the caller's
     * @throws CREDENTIAL_UNKNOWN, CONFLICT (one is revoked already, or they do not belong together), CLAIMS_INVALID
     */
    async reissue(
      order: ReissueOrder,
      within: Transaction,
      allowed: (type: string) => void,
    ): Promise<Offer & { type: string; reference: string }> {
      const ids = [...new Set(order.credentials)];
      const lost = await lockCredentials(within, ids);
      const [first] = lost;
      if (first === undefined || lost.length < ids.length) throw problem('CREDENTIAL_UNKNOWN');
      const { type, reference } = first;
      if (type === null || reference === null || lost.some((one) => one.type !== type || one.reference !== reference)) {
        throw problem('CONFLICT', 'The credentials are not of one type and one reference; replace each by itself.');
      }
      allowed(type);
      if (lost.some(({ revoked }) => revoked)) {
        throw problem('CONFLICT', 'One of the credentials is revoked already; reload the list and look again.');
      }
      for (const { id } of lost) await revokeCredential(id, order.reason, within);
      await endGrantsOf(within, reference);
      const offer = await createOffer({ type, claims: order.claims, reference }, within);
      return { ...offer, type, reference };
    },
  };
}
