// Follows exceptions that are entered for days that were billed: a correction for the next bill, of those bills that they change.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { holdBilling, listTariffTexts } from './bill-run-store.ts';
import { billingLimits } from './billing-limits.ts';
import {
  type ChargedBill,
  listBillsSince,
  listExceptions,
  settleDueExceptions,
  takeEntered,
} from './exception-store.ts';
import { chargeableWithin, sameStretches } from './place-exceptions.ts';
import { readTariff } from './read-tariff.ts';

export interface FollowedExceptions {
  /** Entries looked at; 0: there is none left. */
  entries: number;
  /** Bills that the next bill of their place will correct. */
  corrections: number;
}

/**
 * One copy at a time, and never beside a run, as `followUse`: what is entered while a run reads is followed when its bills
 * are there.
 * @returns null where another copy is at it
 */
export async function followExceptions(pool: Pool, { clock }: { clock: Clock }): Promise<FollowedExceptions | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdBilling(transaction))) return null;
    const entered = await takeEntered(transaction, billingLimits.places);
    if (entered.length === 0) return { entries: 0, corrections: 0 };
    const charged = await listBillsSince(transaction, entered);
    const known = await listExceptions(transaction, [...new Set(charged.map((bill) => bill.service_point_id))]);
    const texts = await listTariffTexts(transaction, [...new Set(charged.map((bill) => bill.tariff_sha256))]);
    const tariffs = new Map([...texts].map(([sha256, text]) => [sha256, readTariff(text, 'the kept tariff')]));
    const isSame = (bill: ChargedBill): boolean => {
      const tariff = tariffs.get(bill.tariff_sha256);
      if (tariff === undefined) throw new Error(`tariff ${bill.tariff_sha256} is not kept`);
      return sameStretches(bill.exceptions, chargeableWithin(tariff, known.get(bill.service_point_id) ?? [], bill));
    };
    const looked: { others: number[]; same: number[] } = { others: [], same: [] };
    for (const bill of charged) looked[isSame(bill) ? 'same' : 'others'].push(bill.bill_id);
    const corrections = await settleDueExceptions(transaction, looked, clock.now_ms());
    return { entries: entered.length, corrections };
  });
}
