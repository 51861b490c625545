// What the service answers about bills and reductions: one bill with everything on it, priced and composed by the product.
import { composeBill } from '../../src/metering/billing/bill.ts';
import { billDocument } from '../../src/metering/billing/bill-document.ts';
import { Exact } from '../../src/metering/billing/exact.ts';
import type { BillInList, Comparison, MadeOffer, MyBill, Reduction } from '../../web/shared/service-types.ts';
import { tariffOf } from '../support/shipped-tariff.ts';

const tariff = tariffOf(`
  - id: water
    kind: volume
    name: { ko: 상수도 요금, en: Water }
    lines:
      - id: water-domestic
        classes: [domestic]
        tiers: [{ up_to_m3: 20, price: 650 }, { up_to_m3: 30, price: 810 }, { price: 1030 }]
  - id: sewer
    kind: volume
    name: { ko: 하수도 요금, en: Sewer }
    lines: [{ id: sewer-domestic, classes: [domestic], price: 480 }]
  - { id: bore, kind: fixed, name: { ko: 구경별 기본요금, en: Bore charge }, lines: [{ id: bore-charge, amount: 1080 }] }
  - id: children
    kind: reduction
    name: { ko: 다자녀 가정 감면, en: Household benefit }
    predicate: household-benefit
    of: [water, sewer]
    lines: [{ id: children-30, percent: 30, at_most: 8000 }]
`);
const kept = { tariff: { ...tariff, verified: false }, sha256: 'ab'.repeat(32) };
const terms = { class: 'domestic', bore_mm: 15, months: Exact.one };
const october = { ...terms, use_from: '2026-10-01', use_until: '2026-11-01', billed_on: '2026-11-08' };
const september = { ...terms, use_from: '2026-09-01', use_until: '2026-10-01', billed_on: '2026-10-08' };
const charged = { request: { ...september, volume_l: 24_310 }, version: '1' };
const known = { version: '2', volume_l: 22_870, terms: {} };

const bill = composeBill(kept.tariff, {
  number: '20261001-SP-000017',
  terms: october,
  use: { version: '1', volume_l: 33_418 },
  predicates: [{ name: 'household-benefit', from: '2026-10-12', until: null }],
  corrections: [{ bill: '20260901-SP-000017', tariff: kept.tariff, charged, known }],
  credit_won: 0,
});

const document = billDocument(bill, {
  ...{ service_point: 'SP-000017', due_on: '2026-11-30', tariff: kept, estimated_l: 412, exceptions: [] },
  corrected: [
    {
      ...{ bill: '20260901-SP-000017', tariff: kept, version_before: 1, version_after: 2 },
      ...{ volume_before_l: 24_310, volume_after_l: 22_870, exceptions: null },
    },
  ],
});

export const myBill: MyBill = { document, document_sha256: 'cd'.repeat(32), in_wallet: false };

export const myBills: BillInList[] = [
  {
    ...{ bill_id: 42, number: document.number, use_from: '2026-10-01', use_until: '2026-11-01', due_on: '2026-11-30' },
    ...{ volume_l: 33_418, payable_won: document.payable_won },
  },
  {
    ...{ bill_id: 31, number: '20260901-SP-000017', use_from: '2026-09-01', use_until: '2026-10-01' },
    ...{ due_on: '2026-10-31', volume_l: 24_310, payable_won: 29_241 },
  },
];

const given = {
  ...{ predicate: 'household-benefit', name: { ko: '다자녀 가정 감면', en: 'Household benefit' }, provable: true },
  takes_off: {
    ko: '상수도 요금, 하수도 요금의 30%를 덜어 냅니다 (한 달에 최대 8,000원).',
    en: 'Takes 30 % off: Water, Sewer (at most 8,000 won a month).',
  },
} as const;
const counting = { mine: true, from: '2026-10-12', until: '2027-10-13', ended: null, unconfirmed_since: null };

export const reductions = {
  offered: [
    { ...given, standing: null },
    {
      ...{ predicate: 'veteran', name: { ko: '국가유공자 감면', en: 'Veterans' }, provable: false, standing: null },
      takes_off: { ko: '상수도 요금에서 한 달에 10m³ 값을 덜어 냅니다.', en: 'Takes the charge of 10 m³ a month off.' },
    },
  ],
  counting: [{ ...given, standing: { ...counting, unconfirmed_since: '2026-11-22T05:00:00Z' } }],
  ended: [{ ...given, standing: { ...counting, until: '2026-11-20', ended: 'revoked' } }],
} satisfies Record<string, Reduction[]>;

export const comparison: Comparison = {
  this_month: { from: '2026-11-01', until: '2026-11-23', use_l: 17_420, unknown_days: 1 },
  last_month: { from: '2026-10-01', until: '2026-10-23', use_l: 24_118, unknown_days: 0 },
  last_year: { from: '2025-11-01', until: '2025-11-23', use_l: null, unknown_days: 0 },
  alike: { median_l: 15_900, homes: 187 },
};

export const billOffer: MadeOffer = {
  ...{ offer_id: 'offer-1', tx_code: '493817', expires_at: '2026-11-23T05:35:00Z' },
  offer_uri:
    'openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A8080%2Fopenid4vci%2Foffers%2Fabc',
  wallet_link:
    'http://localhost:8081/#/offer?uri=openid-credential-offer%3A%2F%2F%3Fcredential_offer_uri%3Dhttp%253A%252F%252Flocalhost%253A8080%252Fopenid4vci%252Foffers%252Fabc',
};
