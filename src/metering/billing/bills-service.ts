// What can be seen of bill runs and bills: lists, one bill followed to its tariff lines and versions of use, and its paper.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { BillDocument } from './bill-document.ts';
import { readBillFonts } from './bill-font-port.ts';
import {
  type BillSummary,
  findBill,
  type KnownVersion,
  type LaterCorrection,
  listBillsAt,
  listBillsOfRun,
  listCorrectionsOf,
  listVersionsOf,
  type StoredBill,
} from './bill-list-store.ts';
import { billPaper } from './bill-paper.ts';
import { type BillRun, findBillRun, type HeldPlace, listBillRuns, listHeld } from './bill-run-store.ts';
import { type TariffLineText, tariffLines } from './tariff-lines.ts';

/** A bill and what leads on from it. */
export interface FollowedBill extends StoredBill {
  lines: Map<string, TariffLineText>;
  versions: KnownVersion[];
  corrected_by: LaterCorrection[];
}

export interface BillsService {
  listRuns(before: number | null, limit: number): Promise<BillRun[]>;
  /** @throws BILL_RUN_UNKNOWN */
  getRun(run_id: number): Promise<BillRun>;
  listHeld(run_id: number, after: string, limit: number): Promise<(HeldPlace & { bill_id: number | null })[]>;
  listBillsOfRun(run_id: number, after: number, limit: number): Promise<BillSummary[]>;
  /** The newest first. */
  listBillsAt(servicePointId: string, before: number | null, limit: number): Promise<BillSummary[]>;
  /** @throws BILL_UNKNOWN */
  getBill(bill_id: number): Promise<StoredBill>;
  /** @throws BILL_UNKNOWN */
  followBill(bill_id: number): Promise<FollowedBill>;
  /** PDF. @throws BILL_UNKNOWN */
  printBill(bill_id: number): Promise<Buffer>;
}

export function createBillsService(pool: Pool): BillsService {
  async function getBill(bill_id: number): Promise<StoredBill> {
    const bill = await findBill(pool, bill_id);
    if (bill === null) throw problem('BILL_UNKNOWN');
    return bill;
  }

  return {
    listRuns: (before, limit) => listBillRuns(pool, before, limit),
    getRun: async (run_id) => {
      const run = await findBillRun(pool, run_id);
      if (run === null) throw problem('BILL_RUN_UNKNOWN');
      return run;
    },
    listHeld: (run_id, after, limit) => listHeld(pool, run_id, after, limit),
    listBillsOfRun: (run_id, after, limit) => listBillsOfRun(pool, run_id, after, limit),
    listBillsAt: (servicePointId, before, limit) => listBillsAt(pool, servicePointId, before, limit),
    getBill,
    followBill: async (bill_id) => {
      const bill = await getBill(bill_id);
      const { components } = JSON.parse(bill.document) as BillDocument;
      const used = new Set(components.flatMap(({ rows }) => rows.map(({ line }) => line)));
      const [versions, corrected_by] = [await listVersionsOf(pool, bill_id), await listCorrectionsOf(pool, bill_id)];
      return { ...bill, lines: tariffLines(bill.tariff_text, used), versions, corrected_by };
    },
    printBill: async (bill_id) => {
      const bill = await getBill(bill_id);
      const document = JSON.parse(bill.document) as BillDocument;
      return billPaper(document, bill.document_sha256, await readBillFonts());
    },
  };
}
