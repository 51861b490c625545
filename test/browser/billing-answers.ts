// What the service answers about bills to the pages under test: bills that were really composed, by a shipped tariff.

import { type Bill, composeBill } from '../../src/metering/billing/bill.ts';
import { type BillDocument, billDocument } from '../../src/metering/billing/bill-document.ts';
import { heldFaults } from '../../src/metering/billing/bill-run-faults.ts';
import { requestTerms } from '../../src/metering/billing/place-exceptions.ts';
import { tariffLines } from '../../src/metering/billing/tariff-lines.ts';
import { type Fault, faultsIn } from '../../src/platform/fault-texts.ts';
import type {
  BillRunAnswer,
  BillSummaryAnswer,
  FollowedBillAnswer,
  HeldAnswer,
} from '../../web/utility/billing-answers.ts';
import { shippedTariff, shippedText } from '../support/shipped-tariff.ts';

const tariff = shippedTariff('gimhae-current');
const kept = { tariff, sha256: '5b'.repeat(32) };
const terms = { class: 'general', bore_mm: 13, households: 2 };
const exceptions = [{ from: '2026-03-01', without: ['sewer'], class_of: {}, counts: {} }];
const inFebruary = exceptions.map((one) => ({ ...one, from: '2026-02-01' }));
const march = { use_from: '2026-03-01', use_until: '2026-04-01', billed_on: '2026-04-10' };
const nothing = { predicates: [], corrections: [], credit_won: 0 };

const february: Bill = composeBill(tariff, {
  ...{ ...nothing, number: '20260201-SP-00012', use: { version: '1', volume_l: 57_120 } },
  terms: { ...terms, use_from: '2026-02-01', use_until: '2026-03-01', billed_on: '2026-03-10' },
});

export const billDocumentShown: BillDocument = billDocument(
  composeBill(tariff, {
    ...{
      ...nothing,
      number: '20260301-SP-00012',
      use: { version: '1', volume_l: 97_432 },
      terms: { ...terms, ...march, ...requestTerms(exceptions) },
    },
    corrections: [
      {
        ...{ bill: february.number, tariff, charged: { request: february.request, version: '1' } },
        known: { version: '2', volume_l: 61_300, terms: requestTerms(inFebruary) },
      },
    ],
    credit_won: 1_200,
  }),
  {
    ...{ service_point: 'SP-00012', due_on: '2026-04-30', tariff: kept, estimated_l: 0, exceptions },
    corrected: [
      {
        ...{ bill: february.number, tariff: kept, version_before: 1, version_after: 2 },
        ...{ volume_before_l: 57_120, volume_after_l: 61_300, exceptions: { before: [], after: inFebruary } },
      },
    ],
  },
);

const run: BillRunAnswer = {
  ...{ id: 7, tariff: 'gimhae-current', ...march, due_on: '2026-04-30', months: 1, zone: null, state: 'running' },
  ...{ places: 400_000, billed: 251_000, billed_before: 0, held: 812 },
  ...{ started_at: '2026-04-10T00:00:00Z', finished_at: null },
};
export const billRuns: BillRunAnswer[] = [
  run,
  {
    ...run,
    ...{
      id: 6,
      state: 'done',
      zone: 'DMA-3',
      places: 5_000,
      billed: 4_990,
      held: 10,
      finished_at: '2026-03-10T00:04:00Z',
    },
  },
];

const heldFault = faultsIn(heldFaults);
const held = ({ problem: detail, ...fault }: Fault) => ({ detail, fault });
export const heldPlaces: HeldAnswer[] = [
  {
    ...{ service_point: 'SP-00031', reason: 'no_reading', bill_id: null },
    ...held(heldFault('hours_untold', { hours: 288, from: '2026-03-20' })),
  },
  {
    ...{ service_point: 'SP-00040', reason: 'unknown_exception', bill_id: null },
    ...held(heldFault('component_unknown', { part: 'without', component: 'sewr', known: 'water, sewer, bore, levy' })),
  },
  {
    ...{ service_point: 'SP-00044', reason: 'register_broken', bill_id: 9_001 },
    ...held(heldFault('hours_untold', { hours: 1, from: '2026-03-11' })),
  },
  {
    ...{ service_point: 'SP-00071', reason: 'no_price', bill_id: null },
    ...held(heldFault('bore_without_amount', { component: 'bore', bore: 20, bores: '13, 100' })),
  },
];

const { payable_won, credit_left_won } = billDocumentShown;
const summary: BillSummaryAnswer = {
  ...{ id: 8_121, number: '20260301-SP-00012', service_point: 'SP-00012', run_id: 7, version: 1, volume_l: 97_432 },
  ...{ use_from: march.use_from, use_until: march.use_until, payable_won, credit_left_won },
};
export const billSummaries: BillSummaryAnswer[] = Array.from({ length: 12 }, (_, at) => ({
  ...{ ...summary, id: 8_121 + at, number: `20260301-SP-${String(12 + at).padStart(5, '0')}` },
}));

const part = (days_l: number[]) => ({ install_id: 3, meter_id: 12, from: march.use_from, days_l, estimated: [] });
const lines = new Set(billDocumentShown.components.flatMap(({ rows }) => rows.map(({ line }) => line)));
export const followedBill: FollowedBillAnswer = {
  ...summary,
  ...{ document: billDocumentShown, document_sha256: 'c4'.repeat(32) },
  tariff_lines: Object.fromEntries(tariffLines(shippedText('gimhae-current'), lines)),
  versions: [
    {
      ...{ version: 1, volume_l: 97_432, estimated_l: 0, computed_at: '2026-04-10T00:00:12Z' },
      parts: [part([...Array<number>(30).fill(3_140), 97_432 - 30 * 3_140])],
    },
    {
      ...{ version: 2, volume_l: 98_000, estimated_l: 2_000, computed_at: '2026-04-12T00:00:12Z' },
      parts: [
        { ...part([...Array<number>(30).fill(3_200), 2_000]), estimated: [{ day: '2026-03-31', volume_l: 2_000 }] },
      ],
    },
  ],
  corrected_by: [
    { bill_id: 9_400, number: '20260401-SP-00012', version_before: 1, version_after: 2, amount_won: 1_720 },
  ],
};
