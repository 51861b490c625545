// Offers of bills to their persons' wallets, in PostgreSQL.
import type { Queryable } from '../platform/postgres/database.ts';

export interface BillOffer {
  offerId: string | null;
  expiresAt: Date | null;
}

/** What was offered to the person before of this bill; locked, so that one thing happens at a time. */
export async function lockBillOffer(transaction: Queryable, pseudonym: Buffer, billId: number): Promise<BillOffer> {
  await transaction.query(
    'INSERT INTO portal.bill_offer (pseudonym, bill_id) VALUES ($1, $2) ON CONFLICT (pseudonym, bill_id) DO NOTHING',
    [pseudonym, billId],
  );
  const { rows } = await transaction.query<BillOffer>(
    `SELECT offer_id AS "offerId", expires_at AS "expiresAt" FROM portal.bill_offer
     WHERE pseudonym = $1 AND bill_id = $2 FOR UPDATE`,
    [pseudonym, billId],
  );
  return rows[0] ?? { offerId: null, expiresAt: null };
}

export async function recordBillOffer(
  transaction: Queryable,
  pseudonym: Buffer,
  billId: number,
  offer: { offerId: string; expiresAt: Date },
): Promise<void> {
  await transaction.query(
    'UPDATE portal.bill_offer SET offer_id = $3, expires_at = $4 WHERE pseudonym = $1 AND bill_id = $2',
    [pseudonym, billId, offer.offerId, offer.expiresAt],
  );
}
