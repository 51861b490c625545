// Starts a bill run: checks what it is asked for, keeps the tariff's text, and leaves the work to the worker.
import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { wrongRun } from './bill-run-faults.ts';
import { insertBillRun, keepTariffText, zoneExists } from './bill-run-store.ts';
import { type DateText, dayBefore, daysBetween, isDate, lastOfMonth } from './billing-dates.ts';
import { requestLimits } from './price-request.ts';
import { readTariff } from './read-tariff.ts';

export interface BillRunOrder {
  /** A tariff file: what a message calls it, and its text. */
  tariff: { name: string; text: string };
  use_from: DateText;
  /** The first day that is no longer billed. */
  use_until: DateText;
  billed_on: DateText;
  /** The end of the month of `billed_on` without. */
  due_on?: DateText | undefined;
  /** Months that a bill is for; 1 without. */
  months?: number | undefined;
  /** With the zones in it; everywhere without. */
  zone?: string | undefined;
  /** The hash of the staff session; null from the command line. */
  startedBy: Buffer | null;
}

/** @throws TARIFF_INVALID, BILL_RUN_INVALID @returns the run's number */
export async function startBillRun(
  { pool, clock, days }: { pool: Pool; clock: Clock; days: LocalDays },
  order: BillRunOrder,
): Promise<number> {
  const { use_from, use_until, billed_on, zone } = order;
  const now_ms = clock.now_ms();
  const due_on = order.due_on ?? lastOfMonth(dateOf('billed_on', billed_on));
  checkDates({ ...order, due_on }, days.at(now_ms).date);
  const months = order.months ?? 1;
  if (!Number.isInteger(months) || months < 1 || months > requestLimits.months) {
    throw wrongRun('months_outside', { months, most: requestLimits.months });
  }
  const tariff = readTariff(order.tariff.text, order.tariff.name);
  const tariff_sha256 = createHash('sha256').update(order.tariff.text, 'utf8').digest();
  return inTransaction(pool, async (transaction) => {
    if (zone !== undefined && !(await zoneExists(transaction, zone))) throw wrongRun('zone_unknown');
    const { text } = order.tariff;
    await keepTariffText(transaction, { sha256: tariff_sha256, tariff_id: tariff.id, content: text }, now_ms);
    return insertBillRun(
      transaction,
      {
        tariff_sha256,
        use_from,
        use_until,
        billed_on,
        due_on,
        months,
        zone_id: zone ?? null,
        started_by: order.startedBy,
      },
      { from_ms: days.on(use_from).start_ms, until_ms: days.on(use_until).start_ms, now_ms },
    );
  });
}

function checkDates(
  {
    use_from,
    use_until,
    billed_on,
    due_on,
  }: Pick<BillRunOrder, 'use_from' | 'use_until' | 'billed_on'> & { due_on: DateText },
  today: DateText,
): void {
  const length = daysBetween(dateOf('use_from', use_from), dateOf('use_until', use_until));
  if (length < 1) throw wrongRun('not_after', { until: use_until, from: use_from });
  if (length > requestLimits.days) throw wrongRun('days_above', { days: length, most: requestLimits.days });
  if (use_until > today) throw wrongRun('not_passed', { day: dayBefore(use_until), today });
  if (dateOf('due_on', due_on) < billed_on) throw wrongRun('due_before_bill', { due_on, billed_on });
}

function dateOf(part: string, text: string): DateText {
  if (!isDate(text)) throw wrongRun('not_date', { part, text: text.slice(0, 20) });
  return text;
}
