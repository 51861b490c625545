// The SQL that reads bills back: lists of them, and one with its versions of use and what later bills corrected of it.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { UsePart } from './period-use.ts';

export interface BillSummary {
  bill_id: number;
  number: string;
  service_point_id: string;
  run_id: number;
  use_from: string;
  use_until: string;
  billed_on: string;
  due_on: string;
  tariff: string;
  version: number;
  volume_l: number;
  payable_won: number;
  credit_left_won: number;
}

const BILL = `b.bill_id, b.number, b.service_point_id, b.run_id, b.use_from::text, b.use_until::text, b.billed_on::text,
              b.due_on::text, b.tariff, b.version, v.volume_l, b.payable_won, b.credit_left_won`;
const BILLS = `metering.bill b JOIN metering.volume_version v USING (service_point_id, use_from, use_until, version)`;

/** A run's bills in the order in which they were made. */
export async function listBillsOfRun(
  from: Queryable,
  run_id: number,
  after: number,
  limit: number,
): Promise<BillSummary[]> {
  const { rows } = await from.query<BillSummary>(
    `SELECT ${BILL} FROM ${BILLS} WHERE b.run_id = $1 AND b.bill_id > $2 ORDER BY b.bill_id LIMIT $3`,
    [run_id, after, limit],
  );
  return rows;
}

/** All bills in the order in which they were made: who asks again after the last one misses none. */
export async function listBillsAfter(from: Queryable, after: number, limit: number): Promise<BillSummary[]> {
  const { rows } = await from.query<BillSummary>(
    `SELECT ${BILL} FROM ${BILLS} WHERE b.bill_id > $1 ORDER BY b.bill_id LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** The id of the bill made last; 0 where there is none. */
export async function lastBill(from: Queryable): Promise<number> {
  const { rows } = await from.query<{ last: number }>('SELECT coalesce(max(bill_id), 0) AS last FROM metering.bill');
  return rows[0]?.last ?? 0;
}

/** A place's bills, the newest first. */
export async function listBillsAt(
  from: Queryable,
  servicePointId: string,
  before: number | null,
  limit: number,
): Promise<BillSummary[]> {
  const { rows } = await from.query<BillSummary>(
    `SELECT ${BILL} FROM ${BILLS}
      WHERE b.service_point_id = $1 AND ($2::bigint IS NULL OR b.bill_id < $2) ORDER BY b.bill_id DESC LIMIT $3`,
    [servicePointId, before, limit],
  );
  return rows;
}

export interface StoredBill extends BillSummary {
  /** As it was kept, byte for byte. */
  document: string;
  document_sha256: string;
  tariff_text: string;
}

export async function findBill(from: Queryable, bill_id: number): Promise<StoredBill | null> {
  const { rows } = await from.query<StoredBill>(
    `SELECT ${BILL}, b.document::text AS document, encode(b.document_sha256, 'hex') AS document_sha256,
            t.content AS tariff_text
       FROM ${BILLS} JOIN metering.bill_run r USING (run_id) JOIN metering.tariff_text t ON t.sha256 = r.tariff_sha256
      WHERE b.bill_id = $1`,
    [bill_id],
  );
  return rows[0] ?? null;
}

export interface KnownVersion {
  version: number;
  volume_l: number;
  estimated_l: number;
  parts: UsePart[];
  computed_at_ms: number;
}

/** All that was ever known of the use that the bill is for, the first first. */
export async function listVersionsOf(from: Queryable, bill_id: number): Promise<KnownVersion[]> {
  const { rows } = await from.query<KnownVersion>(
    `SELECT v.version, v.volume_l, v.estimated_l, v.parts,
            round(extract(epoch FROM v.computed_at) * 1000)::float8 AS computed_at_ms
       FROM metering.bill b JOIN metering.volume_version v USING (service_point_id, use_from, use_until)
      WHERE b.bill_id = $1 ORDER BY v.version`,
    [bill_id],
  );
  return rows;
}

export interface LaterCorrection {
  bill_id: number;
  number: string;
  version_before: number;
  version_after: number;
  amount_won: number;
}

/** By which bills this one was corrected, the first first. */
export async function listCorrectionsOf(from: Queryable, bill_id: number): Promise<LaterCorrection[]> {
  const { rows } = await from.query<LaterCorrection>(
    `SELECT c.bill_id, b.number, c.version_before, c.version_after, c.amount_won
       FROM metering.bill_correction c JOIN metering.bill b USING (bill_id)
      WHERE c.corrected_bill_id = $1 ORDER BY c.version_after`,
    [bill_id],
  );
  return rows;
}
