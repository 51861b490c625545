// What holds for any tariff: against an independent oracle that charges litre by litre, and as laws of rounding and tiers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Exact } from '../../../src/metering/billing/exact.ts';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import type { PricedComponent } from '../../../src/metering/billing/priced-bill.ts';
import { type RoundingMode, roundInSteps, roundingModes, roundTo } from '../../../src/metering/billing/rounding.ts';
import { tariffOf, useOf } from '../../support/shipped-tariff.ts';

/** Prices in tenths of a won, tier widths in whole m3. */
interface Table {
  widths_m3: number[];
  prices_dwon: number[];
}

const table = fc
  .array(fc.record({ width: fc.integer({ min: 1, max: 30 }), price: fc.integer({ min: 0, max: 30_000 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((rows): Table => ({ widths_m3: rows.map(({ width }) => width), prices_dwon: rows.map(({ price }) => price) }));

const rising = table.map((one): Table => ({ ...one, prices_dwon: [...one.prices_dwon].sort((a, b) => a - b) }));

function tiersOf({ widths_m3, prices_dwon }: Table): string {
  let bound = 0;
  const tiers = prices_dwon.map((price, at) => {
    bound += widths_m3[at] ?? 0;
    const open = at === prices_dwon.length - 1;
    return `{ ${open ? '' : `up_to_m3: ${bound}, `}price: ${(price / 10).toFixed(1)} }`;
  });
  return `[${tiers.join(', ')}]`;
}

function tariffWith(water: Table, { unit = '1', mode = 'down' }: { unit?: string; mode?: string } = {}) {
  return tariffOf(
    `  - id: water
    kind: volume
    name: { ko: 상수도, en: Water }
    round: [{ to: ${unit}, mode: ${mode} }]
    lines: [{ id: water-line, tiers: ${tiersOf(water)} }]`,
    'volume: { round: { to: 0.001, mode: down } }',
  );
}

/** Goes through the litres one by one: in thousandths of a tenth of a won, with whole numbers only. */
function slowCharge(volume_l: number, factor: number, { widths_m3, prices_dwon }: Table): number {
  let sum = 0;
  for (let litre = 1; litre <= volume_l; litre += 1) {
    let bound_l = 0;
    let price = prices_dwon.at(-1) ?? 0;
    for (const [at, width] of widths_m3.entries()) {
      bound_l += width * factor * 1_000;
      if (litre <= bound_l) {
        price = prices_dwon[at] ?? price;
        break;
      }
    }
    sum += price;
  }
  return sum;
}

function water(one: ReturnType<typeof priceUse>): PricedComponent {
  const [component] = one.components;
  if (component === undefined) throw new Error('no component');
  return component;
}

const volume_l = fc.integer({ min: 0, max: 60_000 });
const households = fc.integer({ min: 1, max: 4 });
const months = fc.integer({ min: 1, max: 3 });

describe('pricing by tiers', () => {
  it('is what charging litre by litre comes to, for any tiers, households and months', () => {
    fc.assert(
      fc.property(table, volume_l, households, months, (tiers, litres, homes, count) => {
        const use = useOf(litres / 1_000, { households: homes, months: Exact.whole(count), volume_l: litres });
        const priced = water(priceUse(tariffWith(tiers), use));
        const slow = slowCharge(litres, homes * count, tiers);
        expect(String(priced.exact_won)).toBe(String(Exact.ratio(BigInt(slow), 10_000n)));
        expect(Number(String(priced.amount_won))).toBe(Math.floor(slow / 10_000));
      }),
      { numRuns: 60 },
    );
  });

  it('gives tiers whose volumes add up to the volume and whose amounts add up to the charge', () => {
    fc.assert(
      fc.property(table, volume_l, households, (tiers, litres, homes) => {
        const { rows, exact_won } = water(
          priceUse(tariffWith(tiers), useOf(0, { volume_l: litres, households: homes })),
        );
        const volumes = rows.map(({ volume_m3 }) => volume_m3 ?? Exact.zero);
        expect(String(Exact.sum(volumes))).toBe(String(Exact.ratio(BigInt(litres), 1_000n)));
        for (const one of rows) {
          const product = (one.volume_m3 ?? Exact.zero).times(one.unit_price_won ?? Exact.zero);
          expect(String(one.amount_won)).toBe(String(product));
          expect(one.line).toBe('water-line');
        }
        expect(String(Exact.sum(rows.map(({ amount_won }) => amount_won)))).toBe(String(exact_won));
      }),
      { numRuns: 100 },
    );
  });

  it('never charges less for more', () => {
    fc.assert(
      fc.property(table, volume_l, volume_l, (tiers, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const tariff = tariffWith(tiers, { unit: '10', mode: 'half_up' });
        const won = (litres: number) => priceUse(tariff, useOf(0, { volume_l: litres })).total.amount_won;
        expect(won(more)).toBeGreaterThanOrEqual(won(less));
      }),
      { numRuns: 100 },
    );
  });

  it('never charges more for more households where the tiers rise', () => {
    fc.assert(
      fc.property(rising, volume_l, households, households, (tiers, litres, one, other) => {
        const tariff = tariffWith(tiers);
        const won = (homes: number) =>
          priceUse(tariff, useOf(0, { volume_l: litres, households: homes })).total.amount_won;
        expect(won(Math.max(one, other))).toBeLessThanOrEqual(won(Math.min(one, other)));
      }),
      { numRuns: 100 },
    );
  });
});

describe('rounding', () => {
  const value = fc
    .record({
      numerator: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      denominator: fc.bigInt({ min: 1n, max: 1_000n }),
    })
    .map(({ numerator, denominator }) => Exact.ratio(numerator, denominator));
  const to = fc.constantFrom('0.1', '0.01', '1', '10', '100', '3').map((text) => Exact.parse(text) ?? Exact.one);
  const mode = fc.constantFrom<RoundingMode[]>(...roundingModes);

  it('gives a multiple of the unit, less than a unit away, and the same again when done twice', () => {
    fc.assert(
      fc.property(value, to, mode, (exact, unit, how) => {
        const rounded = roundTo(exact, { to: unit, mode: how });
        expect(rounded.over(unit).isWhole()).toBe(true);
        const away = rounded.minus(exact);
        expect((away.sign() < 0 ? away.negated() : away).compare(unit)).toBeLessThan(0);
        expect(String(roundTo(rounded, { to: unit, mode: how }))).toBe(String(rounded));
      }),
    );
  });

  it('keeps the order of values, and treats a charge and its taking back alike', () => {
    fc.assert(
      fc.property(value, value, to, mode, (one, other, unit, how) => {
        const [less, more] = one.compare(other) <= 0 ? [one, other] : [other, one];
        const round = (exact: Exact) => roundTo(exact, { to: unit, mode: how });
        expect(round(less).compare(round(more))).toBeLessThanOrEqual(0);
        expect(String(round(one.negated()))).toBe(String(round(one).negated()));
      }),
    );
  });

  it('down and half up agree with whole-number arithmetic', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (hundredths) => {
        const exact = Exact.ratio(BigInt(hundredths), 100n);
        expect(String(roundTo(exact, { to: Exact.one, mode: 'down' }))).toBe(String(Math.floor(hundredths / 100)));
        expect(String(roundTo(exact, { to: Exact.one, mode: 'half_up' }))).toBe(
          String(Math.floor((hundredths + 50) / 100)),
        );
      }),
    );
  });

  it.each([
    { mode: 'half_even', exact: '2.5', rounded: '2' },
    { mode: 'half_even', exact: '3.5', rounded: '4' },
    { mode: 'half_up', exact: '2.5', rounded: '3' },
    { mode: 'up', exact: '2.1', rounded: '3' },
    { mode: 'down', exact: '-2.9', rounded: '-2' },
  ] as const)('$mode makes $rounded of $exact', (given) => {
    expect(String(roundTo(Exact.parse(given.exact) ?? Exact.zero, { to: Exact.one, mode: given.mode }))).toBe(
      given.rounded,
    );
  });

  it('in two steps is not rounding at once', () => {
    const exact = Exact.parse('0.45') ?? Exact.zero;
    const tenth = { to: Exact.ratio(1n, 10n), mode: 'half_up' } as const;
    const whole = { to: Exact.one, mode: 'half_up' } as const;
    expect(String(roundInSteps(exact, [tenth, whole]).value)).toBe('1');
    expect(String(roundInSteps(exact, [whole]).value)).toBe('0');
  });
});

describe('exact numbers', () => {
  it('are written as the decimal they were read from', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 6 }), (digits, places) => {
        const text = String(Exact.ratio(BigInt(digits), 10n ** BigInt(places)));
        expect(Number(text)).toBeCloseTo(digits / 10 ** places, 9);
        expect(String(Exact.parse(text))).toBe(text);
      }),
    );
  });

  it.each(['', '1e3', '.5', '5.', '0x1', ' 1', '1 ', '1_0', '--1', '9'.repeat(41)])("'%s' is not read", (text) => {
    expect(Exact.parse(text)).toBeNull();
  });

  it('without an end are written as a fraction', () => {
    expect(String(Exact.ratio(310n, 31n * 3n))).toBe('10/3');
  });
});
