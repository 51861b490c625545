// Offers a citizen's bill to their wallet as a credential: once for each bill and person.
import { createHash } from 'node:crypto';
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import { grantLimits } from '../identity/issuing/grant.ts';
import type { Offer, OfferOrder } from '../identity/issuing/offer.ts';
import { dayBefore } from '../metering/billing/billing-dates.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { insertAudit } from './audit-store.ts';
import { type BillOffer, lockBillOffer, recordBillOffer } from './bill-offer-store.ts';
import type { CitizenBillsService } from './citizen-bills-service.ts';
import type { CitizenSession } from './citizen-store.ts';

/** Long enough to reach for the telephone; the person is at the page. */
const OFFER_LIFETIME_s = 900;

export interface BillIssuer {
  createOffer(order: OfferOrder, within: Transaction): Promise<Offer>;
  withdrawOffer(id: string, within: Transaction): Promise<unknown>;
  listIssued(filter: { reference: string }): Promise<IssuedCredential[]>;
}

export type BillOfferService = ReturnType<typeof createBillOfferService>;

export function createBillOfferService(parts: {
  pool: Pool;
  clock: Clock;
  bills: Pick<CitizenBillsService, 'ownBill'>;
  issuer: BillIssuer;
}) {
  const { pool, clock, bills, issuer } = parts;

  async function isInWallet(session: CitizenSession, billId: number): Promise<boolean> {
    const issued = await issuer.listIssued({ reference: referenceOf(session, billId) });
    return issued.some(({ state }) => state !== 'revoked');
  }

  /** @throws CONFLICT while a wallet is about to fetch what it was given the right to */
  async function withdraw(within: Transaction, { offerId, expiresAt }: BillOffer): Promise<void> {
    if (offerId === null || expiresAt === null) return;
    const gone = await issuer.withdrawOffer(offerId, within).then(
      () => true,
      (error: unknown) => (error instanceof Problem && error.code === 'NOT_FOUND' ? false : Promise.reject(error)),
    );
    const fetchedUntil_ms = expiresAt.getTime() + grantLimits.claimsLifetime_s * 1_000;
    if (!gone && clock.now_ms() < fetchedUntil_ms) {
      throw problem('CONFLICT', 'A wallet has taken the offer and is about to fetch the bill; look into it, or wait.');
    }
  }

  return {
    isInWallet,

    /**
     * An offer that was not taken is withdrawn for the new one.
     * @throws NOT_FOUND where the bill is not theirs, CONFLICT where they have it or are about to
     */
    async offerBill(session: CitizenSession, billId: number): Promise<Offer> {
      const bill = await bills.ownBill(session, billId);
      return inTransaction(pool, async (transaction) => {
        const before = await lockBillOffer(transaction, session.pseudonym, billId);
        if (await isInWallet(session, billId)) throw problem('CONFLICT', 'This bill is in your wallet already.');
        await withdraw(transaction, before);
        const offer = await issuer.createOffer(
          {
            type: 'water-bill',
            claims: {
              bill_number: bill.number,
              ...{ used_from: bill.use_from, used_to: dayBefore(bill.use_until), amount_won: bill.payable_won },
              document_sha256: bill.document_sha256,
            },
            reference: referenceOf(session, billId),
            lifetime_s: OFFER_LIFETIME_s,
          },
          transaction,
        );
        const { offer_id: offerId, expires_at } = offer;
        await recordBillOffer(transaction, session.pseudonym, billId, { offerId, expiresAt: new Date(expires_at) });
        await insertAudit(transaction, {
          ...{ at: new Date(clock.now_ms()), actor: { hash: session.hash, duty: 'citizen' } },
          ...{ action: 'bill_offered', servicePoint: session.servicePoint, type: 'water-bill', offerId },
        });
        return offer;
      });
    },
  };
}

/** What identity files the issue under: it tells bill and person apart, and neither can be read from it. */
function referenceOf({ pseudonym }: CitizenSession, billId: number): string {
  return createHash('sha256').update(`naru/portal/bill/1\0${billId}\0`).update(pseudonym).digest('base64url');
}
