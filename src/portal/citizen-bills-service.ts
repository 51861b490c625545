// A citizen's bills: those of the days on which they lived there, and no others.
import type { Clock } from '../platform/clock.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { insertAudit } from './audit-store.ts';
import type { CitizenSession } from './citizen-store.ts';
import { covers } from './days.ts';

/** Ten years of monthly bills. */
const LISTED_AT_MOST = 120;

export interface BillOfPlace {
  bill_id: number;
  number: string;
  service_point_id: string;
  use_from: string;
  /** The first day after. */
  use_until: string;
  due_on: string;
  volume_l: number;
  payable_won: number;
}

export interface KeptBill extends BillOfPlace {
  /** As it was kept, byte for byte. */
  document: string;
  document_sha256: string;
}

/** What the portal needs of billing for bills. */
export interface BillReading {
  listBillsAt(servicePoint: string, before: number | null, limit: number): Promise<BillOfPlace[]>;
  /** Throws BILL_UNKNOWN. */
  getBill(billId: number): Promise<KeptBill>;
  /** PDF. Throws BILL_UNKNOWN. */
  printBill(billId: number): Promise<Buffer>;
}

export type CitizenBillsService = ReturnType<typeof createCitizenBillsService>;

export function createCitizenBillsService(parts: { pool: Pool; clock: Clock; billing: BillReading }) {
  const { pool, clock, billing } = parts;

  /**
   * The bill, where it is the citizen's own. Another's is as if it were not there, and that it was asked for is recorded
   * under the place that it is of.
   *
   * @throws NOT_FOUND
   */
  async function ownBill(session: CitizenSession, billId: number): Promise<KeptBill> {
    const bill = await billing.getBill(billId).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'BILL_UNKNOWN') return null;
      throw error;
    });
    if (bill === null) throw problem('NOT_FOUND');
    const { service_point_id: servicePoint, use_from, use_until } = bill;
    if (servicePoint === session.servicePoint && covers(session, use_from, use_until)) return bill;
    const actor = { hash: session.hash, duty: 'citizen' } as const;
    await insertAudit(pool, { at: new Date(clock.now_ms()), actor, action: 'bill_refused', servicePoint });
    throw problem('NOT_FOUND');
  }

  return {
    ownBill,

    /** The newest first. */
    async listBills(session: CitizenSession): Promise<BillOfPlace[]> {
      const bills = await billing.listBillsAt(session.servicePoint, null, LISTED_AT_MOST);
      return bills.filter(({ use_from, use_until }) => covers(session, use_from, use_until));
    },

    /** @throws NOT_FOUND */
    async printBill(session: CitizenSession, billId: number): Promise<Buffer> {
      await ownBill(session, billId);
      return billing.printBill(billId);
    },
  };
}
