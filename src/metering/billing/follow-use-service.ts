// Follows what use changes after it was billed: a new version of the period's use, and a correction for the next bill.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { followChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { holdBilling } from './bill-run-store.ts';
import { listBillsOfDays, markDueCorrections } from './bill-store.ts';
import { billingLimits } from './billing-limits.ts';
import { groupedBy } from './grouped-by.ts';
import { keepVolumeVersions } from './keep-volume-versions-service.ts';

export interface FollowedUse {
  /** Days looked at; 0: nothing has changed. */
  days: number;
  /** Bills that the next bill of their place will correct. */
  corrections: number;
}

/**
 * One copy at a time, and never beside a run: use that changed after a run read it is followed after the run's bill is there.
 * A period that can't be told any more keeps the version that was charged until it can.
 * @returns null where another copy is at it
 */
export async function followUse(
  pool: Pool,
  { clock, days }: { clock: Clock; days: LocalDays },
): Promise<FollowedUse | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdBilling(transaction))) return null;
    const follower = { name: 'bills', begins: 'with_what_changes' } as const;
    const changed = await followChangedDays(transaction, follower, billingLimits.changedDays);
    if (changed === null) return null;
    if (changed.length === 0) return { days: 0, corrections: 0 };
    const bills = await listBillsOfDays(transaction, changed);
    const now_ms = clock.now_ms();
    for (const ofPeriod of groupedBy(bills, (bill) => `${bill.use_from} ${bill.use_until}`).values()) {
      const [period] = ofPeriod;
      if (period === undefined) continue;
      const places = ofPeriod.map((bill) => bill.service_point_id);
      await keepVolumeVersions(transaction, { days, now_ms }, period, places);
    }
    const ids = bills.map((bill) => bill.bill_id);
    return {
      days: changed.length,
      corrections: ids.length === 0 ? 0 : await markDueCorrections(transaction, ids, now_ms),
    };
  });
}
