// The ledger job: works out what became of each expected hour, for days whose use changed and for every day that is over,
// whether anything came or not.
import { Temporal } from 'temporal-polyfill';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { firstOpenDay, lastDay } from '../balance/work-off-zones-service.ts';
import { holdZoneJob, lastClosedDay, markZonesOf, noteClosedDay } from '../balance/zone-due-store.ts';
import { type ChangedDay, followChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { hasLosses, type LedgerFacts, ledgerHours, noSigns } from './ledger-day.ts';
import {
  type AskedDay,
  beginSweeps,
  type FactRow,
  listInstallsOfDay,
  listLedgerFacts,
  listLossSigns,
  listSwayedDays,
  nextSweep,
  noteSweep,
  writeLedger,
} from './ledger-store.ts';

const ledgerJobLimits = {
  /** Changed days, and installs of a day, worked out in one transaction. */
  daysAtOnce: 5_000,
  /**
   * A day is gone through when it is over, and again after so many days: what came late without changing any use (an
   * uplink that can't be decoded, a reading that doesn't count) is nowhere told.
   */
  againAfter_days: [0, 1, 7],
} as const;

/** Works out the next days whose use changed. @returns how many days changed; null: another copy is at it */
export function followUseWithLedger(pool: Pool, days: LocalDays, now_ms: number): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    // Nobody goes through a day meanwhile: two that write the same rows would wait for each other.
    if (!(await holdZoneJob(transaction))) return null;
    const follower = { name: 'completeness', begins: 'with_what_changes' } as const;
    const changed = await followChangedDays(transaction, follower, ledgerJobLimits.daysAtOnce);
    if (changed === null) return null;
    const last = lastDay(days, now_ms);
    const swayed = await listSwayedDays(transaction, changed, last);
    for (let at = 0; at < swayed.length; at += ledgerJobLimits.daysAtOnce) {
      await deriveLedger(transaction, days, swayed.slice(at, at + ledgerJobLimits.daysAtOnce), last);
    }
    return changed.length;
  });
}

/**
 * Goes through the next installs of the next day that is over; a kill leaves them for the next time.
 *
 * @returns installs gone through; null where another copy is at it, or no day is left
 */
export function sweepLedger(pool: Pool, days: LocalDays, now_ms: number): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdZoneJob(transaction))) return null;
    const last = lastDay(days, now_ms);
    await beginDays(transaction, last);
    const sweep = await nextSweep(transaction);
    if (sweep === null) return null;
    const installs = await listInstallsOfDay(transaction, days.on(sweep.day), sweep.after, ledgerJobLimits.daysAtOnce);
    await deriveLedger(
      transaction,
      days,
      installs.map((install_id) => ({ install_id, day: sweep.day })),
      last,
    );
    await noteSweep(
      transaction,
      sweep.day,
      installs.length < ledgerJobLimits.daysAtOnce ? null : (installs.at(-1) ?? null),
    );
    return installs.length;
  });
}

/** Days that ended since the job last looked are gone through, and with each those before it whose time it is. */
async function beginDays(transaction: Transaction, last: string): Promise<void> {
  const from = await firstOpenDay(transaction, 'completeness', last);
  if (from === null || from > last) return;
  const isFirst = (await lastClosedDay(transaction, 'completeness')) === null;
  const sweeps = new Set<string>();
  for (let day = Temporal.PlainDate.from(from); day.toString() <= last; day = day.add({ days: 1 })) {
    for (const back of ledgerJobLimits.againAfter_days) {
      const again = day.subtract({ days: back }).toString();
      if (!isFirst || again >= from) sweeps.add(again);
    }
  }
  await beginSweeps(transaction, [...sweeps]);
  await noteClosedDay(transaction, 'completeness', last);
}

async function deriveLedger(
  transaction: Transaction,
  days: LocalDays,
  wanted: readonly ChangedDay[],
  last: string,
): Promise<void> {
  if (wanted.length === 0) return;
  const asked = wanted.map((one): AskedDay => {
    const { start_ms, end_ms } = days.on(one.day);
    return { ...one, start_ms, end_ms };
  });
  const rows = await listLedgerFacts(transaction, asked, last);
  const facts = new Map([...rows].map(([place, row]) => [place, factsOf(days, asked[place]?.day ?? '', row)]));
  const open = [...facts].flatMap(([place, one]) => (hasLosses(one) ? [place] : []));
  const signs = await listLossSigns(
    transaction,
    open.flatMap((place) => asked[place] ?? []),
  );
  const signsAt = new Map(open.map((place, index) => [place, signs.get(index) ?? noSigns]));
  const changed = await writeLedger(
    transaction,
    asked.map(({ install_id, day }, place) => {
      const known = facts.get(place);
      return { install_id, day, hours: known ? ledgerHours(known, signsAt.get(place) ?? noSigns) : null };
    }),
  );
  await markZonesOf(transaction, changed);
}

function factsOf(days: LocalDays, day: string, row: FactRow): LedgerFacts {
  return {
    boundaries_ms: days.on(day).boundaries_ms,
    ...{ from_ms: row.from_ms, until_ms: row.until_ms, toldCounts: row.told_counts },
    ...{ counted: row.counted, inTime: row.in_time, late: row.late },
  };
}
