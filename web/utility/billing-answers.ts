// What the service answers about bill runs and bills.
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import type { UsePart } from '../../src/metering/billing/period-use.ts';
import type { CodedFault } from '../../src/platform/fault-texts.ts';

export interface BillRunAnswer {
  id: number;
  tariff: string;
  use_from: string;
  use_until: string;
  billed_on: string;
  due_on: string;
  months: number;
  zone: string | null;
  state: 'waiting' | 'running' | 'done';
  places: number;
  billed: number;
  billed_before: number;
  held: number;
  started_at: string;
  finished_at: string | null;
}

export type HeldReason =
  | 'no_meter'
  | 'no_reading'
  | 'register_broken'
  | 'overlaps_bill'
  | 'no_price'
  | 'unknown_exception';

export interface HeldAnswer {
  service_point: string;
  reason: HeldReason;
  detail: string;
  fault: CodedFault | null;
  bill_id: number | null;
}

export interface BillSummaryAnswer {
  id: number;
  number: string;
  service_point: string;
  run_id: number;
  use_from: string;
  use_until: string;
  version: number;
  volume_l: number;
  payable_won: number;
  credit_left_won: number;
}

export interface FollowedBillAnswer extends BillSummaryAnswer {
  document: BillDocument;
  document_sha256: string;
  tariff_lines: Record<string, { at_line: number; text: string }>;
  versions: { version: number; volume_l: number; estimated_l: number; computed_at: string; parts: UsePart[] }[];
  corrected_by: {
    bill_id: number;
    number: string;
    version_before: number;
    version_after: number;
    amount_won: number;
  }[];
}
