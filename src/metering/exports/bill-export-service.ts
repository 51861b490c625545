// Lets a copy outside the service keep up with bills: they never change, so only new ones are to be told.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type BillSummary, lastBill, listBillsAfter } from '../billing/bill-list-store.ts';
import { readMark, writeMark } from './export-cursor.ts';
import { exportLimits } from './export-limits.ts';

export interface BillExportService {
  /** In the order in which they were made. @throws REQUEST_INVALID where the cursor is none */
  bills(cursor: string | null, limit: number): Promise<{ bills: BillSummary[]; next_cursor: string; more: boolean }>;
  /** All that there are by now. @returns what to go on from for who has read to the end. @throws as `bills` */
  allBills(cursor: string | null): Promise<{ next_cursor: string; bills: AsyncGenerator<BillSummary[]> }>;
}

/** Ids are drawn under the lock of billing, which is held to the commit: who has seen one has seen all below it. */
export function createBillExportService(pool: Pool): BillExportService {
  function placeOf(cursor: string | null): number {
    const after = cursor === null ? 0 : readMark(cursor);
    if (after === null) {
      throw problem('REQUEST_INVALID', 'querystring/cursor: it is not one that a page of bills ended with');
    }
    return after;
  }

  return {
    bills: async (cursor, limit) => {
      const after = placeOf(cursor);
      const bills = await listBillsAfter(pool, after, limit);
      const next_cursor = writeMark(bills.at(-1)?.bill_id ?? after);
      return { bills, next_cursor, more: bills.length === limit };
    },
    allBills: async (cursor) => {
      const after = placeOf(cursor);
      const until = Math.max(after, await lastBill(pool));
      return { next_cursor: writeMark(until), bills: billsBetween(pool, after, until) };
    },
  };
}

async function* billsBetween(pool: Pool, first: number, until: number): AsyncGenerator<BillSummary[]> {
  for (let after = first; after < until; ) {
    const bills = (await listBillsAfter(pool, after, exportLimits.rowsAtOnce)).filter(
      ({ bill_id }) => bill_id <= until,
    );
    yield bills;
    after = bills.length < exportLimits.rowsAtOnce ? until : (bills.at(-1)?.bill_id ?? until);
  }
}
