// The zone job: brings the days of zones up to date with what changed, and works each day out when it is over, whether
// anything came or not.
import { Temporal } from 'temporal-polyfill';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { writeReadRates } from '../completeness/read-rate-store.ts';
import { followChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { writeZoneDays } from './zone-day-store.ts';
import {
  type DayJob,
  firstDayOfUse,
  holdZoneJob,
  lastClosedDay,
  markAllZones,
  markZonesOf,
  noteClosedDay,
  takeDueDay,
} from './zone-due-store.ts';

export const zoneJobLimits = {
  /** Changed days taken from the queue in one transaction. */
  changedAtOnce: 20_000,
  /** Before it was ever run: how far back days of use are gone through. Ten years. */
  firstDays: 3_660,
} as const;

/** The last local day that is over. */
export function lastDay(days: LocalDays, now_ms: number): string {
  return days.at(days.at(now_ms).start_ms - 1).date;
}

/** Says which zones are concerned by the next days whose use changed. @returns how many days; null: another copy is at it */
export function followUse(pool: Pool): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    const follower = { name: 'balance', begins: 'with_what_changes' } as const;
    const changed = await followChangedDays(transaction, follower, zoneJobLimits.changedAtOnce);
    await markZonesOf(transaction, changed ?? []);
    return changed?.length ?? null;
  });
}

/**
 * Works out the oldest day that is due for its zones, in one transaction: a kill leaves it due.
 *
 * @returns null where another copy is at it; 0 zones where nothing is due
 */
export function workOffZoneDay(
  pool: Pool,
  days: LocalDays,
  now_ms: number,
): Promise<{ day: string | null; zones: number } | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdZoneJob(transaction))) return null;
    const last = lastDay(days, now_ms);
    await closeDays(transaction, last);
    const due = await takeDueDay(transaction, last);
    if (due === null) return { day: null, zones: 0 };
    const day = days.on(due.day);
    await writeZoneDays(transaction, day, due.zoneIds);
    await writeReadRates(transaction, day, due.zoneIds);
    return { day: due.day, zones: due.zoneIds.length };
  });
}

/** Days that ended since the job last looked are due for all zones. */
async function closeDays(transaction: Transaction, last: string): Promise<void> {
  const from = await firstOpenDay(transaction, 'balance', last);
  if (from === null || from > last) return;
  await markAllZones(transaction, from, last);
  await noteClosedDay(transaction, 'balance', last);
}

/** The first day that the job has not closed, at its very beginning the first of use; null where there is nothing at all. */
export async function firstOpenDay(transaction: Transaction, job: DayJob, last: string): Promise<string | null> {
  const closed = await lastClosedDay(transaction, job);
  if (closed !== null) return Temporal.PlainDate.from(closed).add({ days: 1 }).toString();
  const first = await firstDayOfUse(transaction);
  const earliest = Temporal.PlainDate.from(last).subtract({ days: zoneJobLimits.firstDays }).toString();
  return first !== null && first < earliest ? earliest : first;
}
