// A bill's composition: proofs by day, corrections that add up to the difference of the totals, credit that is carried on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bill, type Correction, composeBill } from '../../../src/metering/billing/bill.ts';
import { Exact } from '../../../src/metering/billing/exact.ts';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import { Problem } from '../../../src/platform/problem.ts';
import { shippedTariff, tariffOf, useOf } from '../../support/shipped-tariff.ts';

const gimhae = shippedTariff('gimhae-current');
const { volume_l: _volume, ...terms } = useOf(0);
const march = { number: '2025-03', terms, predicates: [], corrections: [], credit_won: 0 };

function bill(volume_m3: number, given: Partial<Parameters<typeof composeBill>[1]> = {}): Bill {
  return composeBill(gimhae, { ...march, use: { version: 'v1', volume_l: volume_m3 * 1_000 }, ...given });
}

/** The bill's period, known again with another volume. */
function correctionOf(first: Bill, volume_m3: number): Correction {
  const known = { version: 'v2', volume_l: volume_m3 * 1_000, terms: {} };
  return { bill: first.number, tariff: gimhae, charged: { request: first.request, version: first.version }, known };
}

const april = {
  number: '2025-04',
  terms: { ...terms, use_from: '2025-04-01', use_until: '2025-05-01', billed_on: '2025-05-10' },
};

describe('a bill', () => {
  it('is the price of its use and names the version of it', () => {
    const made = bill(26);
    expect(made.payable_won).toBe(48_940);
    expect(made).toMatchObject({ number: '2025-03', tariff: 'gimhae-current', version: 'v1', credit_left_won: 0 });
    expect(bill(26)).toEqual(made);
  });

  it('after a late reading the next one has a correction by component, and the first stays as it was', () => {
    const first = bill(26);
    const before = JSON.stringify(first.priced.total.amount_won);
    const next = bill(20, { ...april, corrections: [correctionOf(first, 30)] });
    expect(next.corrections.map(({ component, amount_won }) => `${component} ${amount_won}`)).toEqual([
      'water 3400',
      'sewer 3280',
      'levy 680',
    ]);
    expect(next.corrections[0]).toMatchObject({ bill: '2025-03', version_before: 'v1', version_after: 'v2' });
    expect(next.payable_won).toBe(bill(20, april).payable_won + 3_400 + 3_280 + 680);
    expect(JSON.stringify(first.priced.total.amount_won)).toBe(before);
  });

  it('a correction to what was charged already has no lines', () => {
    expect(bill(20, { ...april, corrections: [correctionOf(bill(26), 26)] }).corrections).toEqual([]);
  });

  it('corrections below what is due become credit, which the next bill takes off', () => {
    const next = bill(1, { ...april, corrections: [correctionOf(bill(100), 10)] });
    const due = bill(1, april).payable_won - 90 * (850 + 820 + 170);
    expect(next.payable_won).toBe(0);
    expect(next.credit_left_won).toBe(-due);
    const after = bill(10, { credit_won: next.credit_left_won });
    expect(after.payable_won - after.credit_left_won).toBe(bill(10).payable_won + due);
  });

  it('any correction adds up to the difference of the totals, also where the total is rounded', () => {
    const tens = tariffOf(
      '  - { id: water, kind: volume, name: { ko: 물, en: W }, round: [], lines: [{ id: w, tiers: [{ up_to_m3: 7, price: 3.3 }, { price: 91.7 }] }] }',
      'total: { round: [{ to: 10, mode: half_up }] }',
    );
    const volume = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(volume, volume, volume, (charged, known, now) => {
        const first = composeBill(tens, { ...march, use: { version: 'v1', volume_l: charged * 1_000 } });
        const correction = { ...correctionOf(first, known), tariff: tens };
        const next = composeBill(tens, {
          ...march,
          ...april,
          corrections: [correction],
          use: { version: 'v1', volume_l: now * 1_000 },
        });
        const total = (volume_m3: number) => priceUse(tens, useOf(volume_m3)).total.amount_won;
        const difference = total(known) - total(charged);
        expect(String(Exact.sum(next.corrections.map(({ amount_won }) => amount_won)))).toBe(String(difference));
        expect(next.payable_won - next.credit_left_won).toBe(total(now) + difference);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    { from: '2025-01-01', until: null, counts: true },
    { from: '2025-03-31', until: null, counts: true },
    { from: '2025-04-01', until: null, counts: false },
    { from: '2025-01-01', until: '2025-04-01', counts: true },
    { from: '2025-01-01', until: '2025-03-31', counts: false },
  ])('a proof from $from until $until counts for March: $counts', ({ from, until, counts }) => {
    const predicates = [{ name: 'household-benefit', from, until }];
    expect(bill(1, { predicates }).request.proven).toEqual(counts ? ['household-benefit'] : []);
  });

  it('a corrected bill keeps the proofs and the date that it was charged with', () => {
    const predicates = [{ name: 'household-benefit', from: '2025-01-01', until: '2025-04-01' }];
    const reduced = tariffOf(
      `  - { id: water, kind: volume, name: { ko: 물, en: W }, lines: [{ id: w, billed_until: 2025-05-01, price: 100 }, { id: w2, billed_from: 2025-05-01, price: 200 }] }
  - { id: less, kind: reduction, name: { ko: 감면, en: R }, predicate: household-benefit, of: [water], lines: [{ id: l, percent: 50 }] }`,
    );
    const first = composeBill(reduced, { ...march, predicates, use: { version: 'v1', volume_l: 10_000 } });
    expect(first.payable_won).toBe(500);
    const correction = { ...correctionOf(first, 20), tariff: reduced };
    const use = { version: 'v1', volume_l: 10_000 };
    const next = composeBill(reduced, { ...march, ...april, predicates, use, corrections: [correction] });
    expect(next.priced.total.amount_won).toBe(2_000);
    expect(next.corrections.map(({ component, amount_won }) => `${component} ${amount_won}`)).toEqual([
      'water 1000',
      'less -500',
    ]);
  });

  it('a credit that is no whole won is refused', () => {
    expect(() => bill(1, { credit_won: 0.5 })).toThrow(Problem);
    expect(() => bill(1, { credit_won: -1 })).toThrow(/credit_won: is not whole won/);
  });
});
