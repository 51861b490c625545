// Offers that wait for a second person at the desk: what waits, approving and refusing it, recorded with it.
import type { AwaitingOffer } from '../identity/issuing/approve-offer-service.ts';
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Actor, typeAllowed, typesOfDuty } from './actor.ts';
import { findOfferMaker } from './audit-store.ts';
import { deskAudit } from './desk-import-service.ts';

/** What approving needs of the issuer. */
export interface OfferApprovals {
  approveOffer(offerId: string, within: Transaction): Promise<{ type: string; reference: string }>;
  refuseOffer(offerId: string, within: Transaction): Promise<{ type: string; reference: string }>;
  listAwaiting(types: readonly string[]): Promise<AwaitingOffer[]>;
}

export type DeskApprovalService = ReturnType<typeof createDeskApprovalService>;

export function createDeskApprovalService(parts: {
  pool: Pool;
  clock: Clock;
  approvals: OfferApprovals;
  statusOf(credentialId: string): Promise<IssuedCredential | null>;
}) {
  const { pool, clock, approvals, statusOf } = parts;

  /** The office's number of whoever signed in with a staff credential. */
  async function staffNumber(credentialId: string | null): Promise<string | null> {
    return credentialId === null ? null : ((await statusOf(credentialId))?.reference ?? null);
  }

  /** Sessions and credentials are many for one person; the staff number is one. */
  async function requireSecondPerson(actor: Actor, offerId: string): Promise<void> {
    const approver = await staffNumber(actor.credentialId);
    const maker = await findOfferMaker(pool, offerId);
    // A program's offer has no maker here: any person is another than it.
    if (approver !== null && maker === null) return;
    const makersNumber = await staffNumber(maker?.credentialId ?? null);
    if (approver === null || makersNumber === null || approver === makersNumber) throw problem('SECOND_PERSON_NEEDED');
  }

  return {
    /** Of the actor's types, the oldest first. */
    waiting: (actor: Actor): Promise<AwaitingOffer[]> =>
      approvals.listAwaiting(typesOfDuty(actor.duty).map(({ id }) => id)),

    /** @throws NOT_FOUND, NOT_ALLOWED, SECOND_PERSON_NEEDED */
    async approve(actor: Actor, offerId: string): Promise<void> {
      await requireSecondPerson(actor, offerId);
      await inTransaction(pool, async (transaction) => {
        const { type } = await approvals.approveOffer(offerId, transaction);
        typeAllowed(actor.duty, type);
        await deskAudit(actor, clock)(transaction, { action: 'offer_approved', offerId, type });
      });
    },

    /** Whoever may offer the type may refuse, the maker too. @throws NOT_FOUND, NOT_ALLOWED */
    async refuse(actor: Actor, offerId: string): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const { type } = await approvals.refuseOffer(offerId, transaction);
        typeAllowed(actor.duty, type);
        await deskAudit(actor, clock)(transaction, { action: 'offer_refused', offerId, type });
      });
    },
  };
}
