// Bills a run's next places in one transaction: killed at any point, what was not committed is done again, and only that.
import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault-texts.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { heldFault } from './bill-run-faults.ts';
import {
  type BillRun,
  type HeldPlace,
  holdBilling,
  insertHeld,
  moveBillRun,
  nextBillRun,
  nextPlaces,
} from './bill-run-store.ts';
import { insertBills, insertCorrections, listBillsWithin } from './bill-store.ts';
import type { BilledPlace } from './bill-terms.ts';
import { billingLimits } from './billing-limits.ts';
import { type ComposedBill, composeBills } from './compose-bills-service.ts';
import { type KnownUse, keepVolumeVersions } from './keep-volume-versions-service.ts';
import type { Untold } from './period-use.ts';

export interface BilledPart {
  /** null: there is no run, or those there are wait for the use job. */
  run_id: number | null;
  bills: number;
  held: number;
}

/** @returns null where another copy is at it */
export async function workOffBillRun(
  pool: Pool,
  { clock, days }: { clock: Clock; days: LocalDays },
  placesAtOnce: number = billingLimits.places,
): Promise<BilledPart | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdBilling(transaction))) return null;
    const run = await nextBillRun(transaction);
    if (run === null) return { run_id: null, bills: 0, held: 0 };
    const now_ms = clock.now_ms();
    const span = { from_ms: days.on(run.use_from).start_ms, until_ms: days.on(run.use_until).start_ms };
    const { places, last } = await nextPlaces(transaction, run, span, placesAtOnce);
    const { open, billed_before, overlapping } = await withoutBilled(transaction, run, places);
    const uses = await keepVolumeVersions(
      transaction,
      { days, now_ms },
      run,
      open.map((place) => place.service_point_id),
    );
    const { billable, untold } = told(open, uses, days);
    const { bills, held } = await composeBills(transaction, run, billable);
    await keepBills(transaction, run, bills, now_ms);
    const allHeld = [...overlapping, ...untold, ...held];
    if (allHeld.length > 0) await insertHeld(transaction, run.run_id, allHeld);
    const progress = { billed: bills.length, billed_before, held: allHeld.length, last };
    await moveBillRun(transaction, run.run_id, progress, now_ms);
    return { run_id: run.run_id, bills: bills.length, held: allHeld.length };
  });
}

/** Leaves out what has its bill for the period, and holds what has one for other days of it. */
async function withoutBilled(transaction: Transaction, run: BillRun, places: readonly BilledPlace[]) {
  const ids = places.map((place) => place.service_point_id);
  const billed = new Map(
    (await listBillsWithin(transaction, ids, run)).map((bill) => [bill.service_point_id, bill] as const),
  );
  const open: BilledPlace[] = [];
  const overlapping: HeldPlace[] = [];
  let billed_before = 0;
  for (const place of places) {
    const bill = billed.get(place.service_point_id);
    if (bill === undefined) open.push(place);
    else if (bill.use_from === run.use_from && bill.use_until === run.use_until) billed_before += 1;
    else {
      const days = { bill: bill.number, from: bill.use_from, until: bill.use_until };
      overlapping.push(heldPlace(place, 'overlaps_bill', heldFault('other_days', days)));
    }
  }
  return { open, billed_before, overlapping };
}

function heldPlace(
  { service_point_id }: BilledPlace,
  reason: HeldPlace['reason'],
  { problem: detail, ...fault }: Fault,
): HeldPlace {
  return { service_point_id, reason, detail, fault };
}

function told(places: readonly BilledPlace[], uses: ReadonlyMap<string, KnownUse | Untold>, days: LocalDays) {
  const billable: { place: BilledPlace; use: KnownUse }[] = [];
  const untold: HeldPlace[] = [];
  for (const place of places) {
    const use = uses.get(place.service_point_id);
    if (use === undefined) continue;
    if ('reason' in use) {
      const missing = { hours: Math.ceil(use.missing_h), from: days.at(use.from_ms).date };
      untold.push(heldPlace(place, use.reason, heldFault('hours_untold', missing)));
    } else billable.push({ place, use });
  }
  return { billable, untold };
}

async function keepBills(
  transaction: Transaction,
  run: BillRun,
  bills: readonly ComposedBill[],
  now_ms: number,
): Promise<void> {
  if (bills.length === 0) return;
  const ids = await insertBills(transaction, run, bills, now_ms);
  const corrections = bills.flatMap((bill) => {
    const bill_id = ids.get(bill.service_point_id);
    if (bill_id === undefined) throw new Error('a bill that was written has no id');
    return bill.corrections.map((one) => ({ ...one, bill_id }));
  });
  if (corrections.length > 0) await insertCorrections(transaction, corrections);
}
