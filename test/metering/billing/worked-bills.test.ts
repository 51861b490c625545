// The bills that cities worked out in public, to the won and by component, from the tariffs that are shipped.
import { describe, expect, it } from 'vitest';
import { Exact } from '../../../src/metering/billing/exact.ts';
import type { PriceRequest } from '../../../src/metering/billing/price-request.ts';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import { recordedJson } from '../../support/recorded-data.ts';
import { amountsOf, shippedTariff, tariffOf, useOf } from '../../support/shipped-tariff.ts';

interface WorkedBill {
  tariff: string;
  class: string;
  bore_mm?: number;
  volume_m3: number;
  total?: number;
  [component: string]: string | number | undefined;
}

interface WorkedBills {
  tariffs: Record<string, unknown>;
  bills: WorkedBill[];
  levy_example: { domestic: number[]; industrial: number[] };
}

const recorded = recordedJson<WorkedBills>('worked-bills.json');

/** `general with 2 households` and `domestic, 2 households` as a request says it. */
function classAndHouseholds(text: string): Pick<PriceRequest, 'class' | 'households'> {
  const [, name = text, households] = /^(\w+)(?:,| with) (\d+) households$/.exec(text) ?? [];
  return households === undefined ? { class: name } : { class: name, households: Number(households) };
}

describe.skipIf(recorded === null)('the recorded worked bills', () => {
  const bills = recorded?.bills ?? [];

  it('are six, of tariffs that are shipped', () => {
    expect(bills.length).toBe(6);
    for (const name of Object.keys(recorded?.tariffs ?? {})) expect(shippedTariff(name).id).toBe(name);
  });

  it.each(bills)('$tariff, $class, $volume_m3 m3', (worked) => {
    const { tariff, class: text, bore_mm, volume_m3, total, ...components } = worked;
    const request = useOf(volume_m3, { ...classAndHouseholds(text), bore_mm: bore_mm ?? null });
    const bill = priceUse(shippedTariff(tariff), request);
    expect(amountsOf(bill)).toEqual(
      Object.fromEntries(Object.entries(components).map(([id, won]) => [id, String(won)])),
    );
    if (total !== undefined) expect(bill.total.amount_won).toBe(total);
  });

  it.each([2.9, 3.6, 4.4, 5.1].map((bod, at) => ({ bod, at })))('the levy at a BOD of $bod mg/L', ({ bod, at }) => {
    const expected = recorded?.levy_example;
    expect(levyPrice('domestic', String(bod))).toBe(String(expected?.domestic[at]));
    expect(levyPrice('industrial', String(bod))).toBe(String(expected?.industrial[at]));
  });
});

/** The levy's unit price in February 2025, of Busan. */
function levyPrice(className: string, bod: string): string {
  const bill = priceUse(
    { ...shippedTariff('busan'), components: shippedTariff('busan').components.filter(({ id }) => id === 'levy') },
    useOf(10, { class: className, billed_on: '2025-02-15', index_values: { bod: Exact.parse(bod) ?? Exact.zero } }),
  );
  return String(bill.components[0]?.rows[0]?.unit_price_won);
}

// Sources: gimhae.go.kr/01548/02082/02119.web, the 2019 page's second example, changwon.go.kr/water/sub01/sub_01_02_02.do,
// busan.go.kr/nbnews/1666473.
describe('further examples that the cities publish', () => {
  it.each([
    { bore_mm: 13, households: 1, volume_m3: 26, amounts: ['22100', '21320', '1100', '4420'], total: 48_940 },
    {
      bore_mm: 100,
      households: 115,
      volume_m3: 2_400,
      amounts: ['2040000', '1968000', '61850', '408000'],
      total: 4_477_850,
    },
  ])('Gimhae, domestic, $bore_mm mm, $households households, $volume_m3 m3', (worked) => {
    const { bore_mm, households, volume_m3, amounts, total } = worked;
    const bill = priceUse(shippedTariff('gimhae-current'), useOf(volume_m3, { bore_mm, households }));
    expect(Object.values(amountsOf(bill))).toEqual(amounts);
    expect(bill.total.amount_won).toBe(total);
  });

  it('Gimhae in 2019, two homes over a shop: the sewer has tiers of its own for the homes', () => {
    const bill = priceUse(shippedTariff('gimhae-2019'), useOf(97, { class: 'general', households: 2 }));
    expect(amountsOf(bill)).toEqual({ water: '95670', sewer: String(18_900 + 55_120), bore: '1100', levy: '16490' });
    const sewer = bill.components.find(({ id }) => id === 'sewer');
    expect(
      sewer?.rows.map(({ class: of, volume_m3, unit_price_won }) => `${of} ${volume_m3} x ${unit_price_won}`),
    ).toEqual(['domestic 20 x 570', 'domestic 10 x 750', 'general 30 x 670', 'general 20 x 850', 'general 17 x 1060']);
  });

  it.each([
    { of: 'school', households: 1, volume_m3: 80, water: 82_400 },
    { of: 'domestic', households: 219, volume_m3: 7_590, water: 2_847_000 + 1_773_900 + 1_050_600 },
  ])('Changwon, $of, $households households, $volume_m3 m3', ({ of, households, volume_m3, water }) => {
    const bill = priceUse(shippedTariff('changwon'), useOf(volume_m3, { class: of, households }));
    expect(bill.total.amount_won).toBe(water);
  });

  it.each([
    { bod: '3.0', domestic: '148.9', industrial: '170' },
    { bod: '3.1', domestic: '104.2', industrial: '119' },
    { bod: '4.1', domestic: '89.3', industrial: '102' },
    { bod: '5.1', domestic: '74.5', industrial: '85' },
  ])('Busan, the levy of February 2025 at $bod mg/L: rounded twice', ({ bod, domestic, industrial }) => {
    expect(levyPrice('domestic', bod)).toBe(domestic);
    expect(levyPrice('industrial', bod)).toBe(industrial);
  });

  it('the levy at 60 % does not come out with one rounding', () => {
    const once = shippedTariff('busan');
    const levy = once.components.find(({ id }) => id === 'levy');
    if (levy?.kind !== 'volume') throw new Error('Busan has a levy by volume');
    const line = levy.lines[0];
    line?.price_steps?.splice(1, 1);
    const bill = priceUse(
      { ...once, components: [levy] },
      useOf(10, { billed_on: '2025-02-15', index_values: { bod: Exact.whole(4).plus(Exact.one) } }),
    );
    expect(String(bill.components[0]?.rows[0]?.unit_price_won)).toBe('89.4');
  });

  // Source: waterpay.ansan.go.kr/ncoe/fee/feeCalcSum.do, examples of domestic 13 mm with 50 m3 and general 20 mm with 350 m3.
  it.each([
    {
      of: 'domestic',
      bore_mm: 13,
      volume_m3: 50,
      water: '29300',
      sewer: '22200',
      levy: '8500',
      bore: '570',
      total: 60_570,
    },
    { of: 'general', bore_mm: 20, volume_m3: 350, water: '298500' },
  ])('Ansan, a city whose table is not shipped: $of, $volume_m3 m3', (worked) => {
    const { of, bore_mm, volume_m3, total, ...amounts } = worked;
    const name = 'name: { ko: 이름, en: name }';
    const ansan = tariffOf(`  - id: water
    kind: volume
    ${name}
    lines:
      - id: water-domestic
        classes: [domestic]
        tiers: [{ up_to_m3: 20, price: 410 }, { up_to_m3: 40, price: 610 }, { price: 890 }]
      - id: water-general
        classes: [general]
        tiers: [{ up_to_m3: 50, price: 660 }, { up_to_m3: 100, price: 790 }, { up_to_m3: 300, price: 880 }, { up_to_m3: 1000, price: 1000 }]
  - id: sewer
    kind: volume
    ${name}
    lines:
      - id: sewer-domestic
        classes: [domestic]
        tiers: [{ up_to_m3: 20, price: 300 }, { up_to_m3: 40, price: 460 }, { price: 700 }]
      - { id: sewer-general, classes: [general], free: true }
  - { id: levy, kind: volume, ${name}, lines: [{ id: levy-rate, price: 170 }] }
  - { id: bore, kind: fixed, ${name}, lines: [{ id: bore-13, bores_mm: [13], amount: 570 }, { id: bore-20, bores_mm: [20], amount: 0 }] }`);
    const bill = priceUse(ansan, useOf(volume_m3, { class: of, bore_mm }));
    expect(amountsOf(bill)).toMatchObject(amounts);
    if (total !== undefined) expect(bill.total.amount_won).toBe(total);
  });
});
