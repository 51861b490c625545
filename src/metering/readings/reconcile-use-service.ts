// The reconciling job: proves meter by meter that stored use is the register's difference, and mends and records what isn't.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import type { LocalDays } from './local-days.ts';
import { curvesOver } from './register-curve-service.ts';
import { holdUseJob } from './touched-store.ts';
import { listUseDays, replaceUseDays } from './use-day-store.ts';
import type { UseDay } from './use-days.ts';
import { type Discrepancy, listUntouchedMeters, recordDiscrepancies } from './use-reconcile-store.ts';
import { replacedDays } from './work-off-use-service.ts';

/** Meters proved in one transaction: each is read from its first reading on. */
const METERS_AT_ONCE = 20;

export interface Reconciled {
  /** To be handed in for the next meters; null after the last. */
  next: number | null;
  meters: number;
  discrepancies: number;
}

/**
 * Proves the next meters after `after` (null: from the first) from all their readings, in one snapshot. Meters that the
 * use job has yet to work off are left for the next round.
 *
 * @returns null where another copy, or the use job, is at it
 */
export async function reconcileUse(
  pool: Pool,
  days: LocalDays,
  clock: Clock,
  after: number | null,
): Promise<Reconciled | null> {
  return inTransaction(pool, async (transaction) => {
    await transaction.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    if (!(await holdUseJob(transaction))) return null;
    const { meterIds, last } = await listUntouchedMeters(transaction, after ?? 0, METERS_AT_ONCE);
    const everything = { from_ms: EARLIEST_ms, to_ms: clock.now_ms() + DAY_ms };
    const curves = await curvesOver(
      transaction,
      meterIds.map((meterId) => ({ meterId, ...everything })),
    );
    const expected = [...curves.values()].flatMap((curve) => replacedDays(days, curve, everything));
    const stored = await listUseDays(
      transaction,
      expected.map((one) => one.install_id),
    );
    const found = differences(
      stored,
      expected.flatMap((one) => one.days),
    );
    if (found.length > 0) {
      await recordDiscrepancies(transaction, found, clock.now_ms());
      await replaceUseDays(
        transaction,
        expected.map((one) => ({ ...one, from: '-infinity', to: 'infinity' })),
      );
    }
    return { next: last, meters: meterIds.length, discrepancies: found.length };
  });
}

const DAY_ms = 86_400_000;
/** Before any reading that is kept as one. */
const EARLIEST_ms = Date.UTC(2014, 0, 1);

/** Days that are stored otherwise than expected, missing, or too many. */
function differences(stored: readonly UseDay[], expected: readonly UseDay[]): Discrepancy[] {
  const keyOf = ({ install_id, day }: UseDay) => `${install_id} ${day}`;
  const left = new Map(stored.map((one) => [keyOf(one), one]));
  const found: Discrepancy[] = [];
  for (const one of expected) {
    const other = left.get(keyOf(one));
    left.delete(keyOf(one));
    const isSame = other?.told_hours === one.told_hours && other.hours_l.join() === one.hours_l.join();
    if (!isSame) found.push({ ...one, stored_l: other === undefined ? null : sum(other), expected_l: sum(one) });
  }
  for (const other of left.values()) found.push({ ...other, stored_l: sum(other), expected_l: null });
  return found;
}

/** Of the hours that can be told. */
function sum({ hours_l }: UseDay): number {
  return hours_l.reduce<number>((total, use_l) => total + (use_l ?? 0), 0);
}
