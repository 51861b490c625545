// Exceptions of a place: what holds on which days, and that a charge divided where they change is the sum of its days.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Exact } from '../../../src/metering/billing/exact.ts';
import {
  asDivided,
  exceptionFault,
  knownTo,
  type PlaceException,
  requestTerms,
  stretchesWithin,
} from '../../../src/metering/billing/place-exceptions.ts';
import type { PriceRequest } from '../../../src/metering/billing/price-request.ts';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import type { Tariff } from '../../../src/metering/billing/tariff.ts';
import { Problem } from '../../../src/platform/problem.ts';
import { amountsOf, tariffOf, useOf } from '../../support/shipped-tariff.ts';

const march = { use_from: '2025-03-01', use_until: '2025-04-01' };
const DAYS = 31;
const dayOf = (at: number) => `2025-03-${String(at + 1).padStart(2, '0')}`;
const name = 'name: { ko: 시험, en: Made }';
const counted = 'counts: { persons: { name: { ko: 인원, en: persons } } }';
const parts = `  - { id: water, kind: volume, ${name}, round: [], lines: [
      { id: wd, classes: [domestic], price: 400 }, { id: wg, classes: [general, bath], price: 900 } ] }
  - { id: sewer, kind: volume, optional: true, ${name}, round: [], lines: [
      { id: sd, classes: [domestic], price: 310 }, { id: sg, classes: [general], price: 700 },
      { id: sb, classes: [bath], price: 1100 } ] }
  - { id: heads, kind: fixed, optional: true, ${name}, round: [], lines: [{ id: h, amount: 620, per: [persons] }] }
  - { id: tax, kind: percent, optional: true, ${name}, of: [sewer], round: [], lines: [{ id: t, percent: 10 }] }`;
const whole = 'volume: { round: { to: 0.001, mode: down } }';
const divided = tariffOf(parts, `${counted}\n${whole}\nprice_change: { divide: by_days }`);
const undivided = tariffOf(parts, `${counted}\n${whole}`);

const persons = (from: string, value: string | null): PlaceException => ({
  kind: 'count',
  name: 'persons',
  from,
  value,
});
const without = (from: string, id = 'sewer', value: string | null = 'yes'): PlaceException => ({
  ...{ kind: 'without', name: id, from, value },
});

function priced(tariff: Tariff, entries: PlaceException[], given: Partial<PriceRequest> = {}) {
  const stretches = asDivided(tariff, stretchesWithin(entries, march));
  return amountsOf(priceUse(tariff, useOf(31, { ...given, ...requestTerms(stretches) })));
}

function refusal(tariff: Tariff, request: PriceRequest): string {
  try {
    priceUse(tariff, request);
  } catch (error) {
    if (error instanceof Problem) return `${error.code} ${error.detail}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What was entered last for a day up to this one; read through slowly. */
function heldOn(entries: readonly PlaceException[], kind: string, id: string, day: string): string | null {
  const up = entries.filter((one) => one.kind === kind && one.name === id && one.from <= day);
  return (
    up.reduce<PlaceException | null>((last, one) => (last === null || one.from > last.from ? one : last), null)
      ?.value ?? null
  );
}

const entry = fc.oneof(
  fc.record({
    kind: fc.constant('without' as const),
    name: fc.constantFrom('sewer', 'tax'),
    value: fc.constantFrom('yes', null),
  }),
  fc.record({
    kind: fc.constant('class_of' as const),
    name: fc.constantFrom('water', 'sewer'),
    value: fc.constantFrom('general', 'bath', null),
  }),
  fc.record({
    kind: fc.constant('count' as const),
    name: fc.constant('persons'),
    value: fc.constantFrom('1', '3', '4.5'),
  }),
);
const history = fc
  .array(fc.record({ what: entry, at: fc.integer({ min: -40, max: DAYS + 5 }) }), { maxLength: 9 })
  .map((all) => {
    const days = all.map(({ what, at }) => ({
      ...what,
      from: new Date(Date.UTC(2025, 2, 1 + at)).toISOString().slice(0, 10),
    }));
    const unlike = new Map(days.map((one) => [`${one.kind} ${one.name} ${one.from}`, one]));
    return [persons('2020-01-01', '2'), ...unlike.values()].sort((one, other) => (one.from < other.from ? -1 : 1));
  });

describe('exceptions of a place', () => {
  it('charge what day after day charges by what holds on it, whatever was entered', () => {
    const waterPrice: Record<string, number> = { domestic: 400, general: 900, bath: 900 };
    const sewerPrice: Record<string, number> = { domestic: 310, general: 700, bath: 1_100 };
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 90_000 }), (entries, volume_l) => {
        const won = { water: 0n, sewer: 0n, heads: 0n };
        for (let at = 0; at < DAYS; at += 1) {
          const held = (kind: string, id: string) => heldOn(entries, kind, id, dayOf(at));
          const litres = BigInt(volume_l);
          won.water += litres * BigInt(waterPrice[held('class_of', 'water') ?? 'domestic'] ?? 0);
          if (held('without', 'sewer') === null) {
            won.sewer += litres * BigInt(sewerPrice[held('class_of', 'sewer') ?? 'domestic'] ?? 0);
          }
          won.heads += BigInt(Math.round(Number(held('count', 'persons')) * 10)) * 62n;
        }
        const exact = (amount: bigint, by: bigint) => String(Exact.ratio(amount, by));
        const told = priced(divided, entries, { volume_l });
        const last = (kind: string, id: string) => heldOn(entries, kind, id, dayOf(DAYS - 1));
        expect({ ...told, sewer: told.sewer ?? '0' }).toEqual({
          water: exact(won.water, 31_000n),
          sewer: exact(won.sewer, 31_000n),
          heads: exact(won.heads, 31n),
          // A percentage goes by the last day; on a sewer that is not there it is nothing.
          ...(last('without', 'tax') === null && { tax: exact(won.sewer, 310_000n) }),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('are of the last day where the tariff does not say how to divide, as class and households are', () => {
    const entries = [persons('2025-01-01', '2'), without('2025-03-17'), persons('2025-03-20', '5')];
    expect(priced(undivided, entries)).toEqual({ water: '12400', heads: '3100', tax: '0' });
    expect(priced(undivided, [persons('2025-01-01', '2'), without('2025-04-01')])).toMatchObject({ sewer: '9610' });
  });

  it('are of the first day where the tariff says so', () => {
    const first = tariffOf(parts, `${counted}\nprice_change: { divide: first_day }`);
    expect(priced(first, [persons('2025-01-01', '2'), without('2025-03-17')])).toMatchObject({ sewer: '9610' });
    const ended = [persons('2025-01-01', '2'), without('2025-01-01'), without('2025-03-17', 'sewer', null)];
    expect(priced(first, ended)).toEqual({ water: '12400', heads: '1240', tax: '0' });
  });

  it('are divided by what was measured where the tariff divides by use', () => {
    const byUse = tariffOf(parts, `${counted}\nprice_change: { divide: by_use }`);
    const entries = [persons('2025-01-01', '2'), without('2025-03-11')];
    const measured = [
      { from: '2025-03-01', until: '2025-03-11', volume_l: 20_000 },
      { from: '2025-03-11', until: '2025-04-01', volume_l: 11_000 },
    ];
    expect(priced(byUse, entries, { measured })).toMatchObject({ water: '12400', sewer: String(20 * 310) });
    const stretches = stretchesWithin(entries, march);
    expect(refusal(byUse, useOf(31, requestTerms(stretches)))).toMatch(/the price changes on 2025-03-11/);
  });

  it('narrow the tiers to their days', () => {
    const tiered = tariffOf(
      `  - { id: water, kind: volume, ${name}, lines: [
      { id: w, scale: [months, persons], tiers: [{ up_to_m3: 3.1, price: 100 }, { price: 1000 }] } ] }`,
      `${counted}\n${whole}\nprice_change: { divide: by_days }`,
    );
    // 10 m3 of 10 days within 3.1 × 2 × 10/31 = 2 m3, 21 m3 of 21 days within 3.1 × 4 × 21/31 = 8.4 m3.
    const entries = [persons('2025-01-01', '2'), persons('2025-03-11', '4')];
    expect(priced(tiered, entries)).toEqual({ water: String(200 + 8_000 + 840 + 12_600) });
  });

  it('cut only what they are about', () => {
    const stretches = stretchesWithin([persons('2025-01-01', '2'), without('2025-03-11')], march);
    const { components } = priceUse(divided, useOf(31, requestTerms(stretches)));
    expect(components.map(({ id, rows }) => `${id} ${rows.map(({ from, until }) => `${from}–${until}`)}`)).toEqual([
      'water 2025-03-01–2025-04-01',
      'sewer 2025-03-01–2025-03-11',
      'heads 2025-03-01–2025-04-01',
      'tax 2025-03-01–2025-04-01',
    ]);
  });

  it.each([
    {
      entries: [without('2025-01-01', 'sewr')],
      fault: "without: there is no component 'sewr'; there are water, sewer, heads, tax",
    },
    { entries: [without('2025-01-01', 'water')], fault: "without: every meter has 'water'; it is not optional: true" },
    {
      entries: [{ kind: 'class_of', name: 'tax', from: '2025-01-01', value: 'bath' }],
      fault: "class_of: 'tax' has no class of its own",
    },
    {
      entries: [{ kind: 'class_of', name: 'sewer', from: '2025-01-01', value: 'farm' }],
      fault: "class_of: there is no class 'farm'; classes are domestic, general, bath",
    },
    {
      entries: [{ ...persons('2025-03-30', '1'), name: 'dogs' }],
      fault: "counts: there is no count 'dogs'; there are persons",
    },
  ] as { entries: PlaceException[]; fault: string }[])(
    'that the tariff does not have are told: $fault',
    ({ entries, fault }) => {
      const stretches = stretchesWithin(entries, march);
      expect(exceptionFault(divided, stretches)?.detail).toBe(fault);
      expect(refusal(divided, useOf(1, requestTerms(stretches)))).toBe(`PRICE_REQUEST_INVALID ${fault}`);
      expect(knownTo(divided, stretches)).toEqual([]);
      expect(
        exceptionFault(divided, knownTo(divided, stretchesWithin([...entries, persons('2025-03-31', '1')], march))),
      ).toBeNull();
    },
  );

  it('are none where each has ended before the period, or is for days after it', () => {
    const ended = [without('2025-01-01'), without('2025-03-01', 'sewer', null), persons('2025-04-01', '9')];
    expect(stretchesWithin(ended, march)).toEqual([]);
    expect(requestTerms([])).toEqual({});
  });

  it.each([
    { from: '2025-03-01', said: /'2025-03-01' is no day after 2025-03-01 and before 2025-04-01/ },
    { from: '2025-04-01', said: /'2025-04-01' is no day after/ },
    { from: '2025-02-30', said: /'2025-02-30' is no day after/ },
  ])('of a request change within its days: $from is refused', ({ from, said }) => {
    expect(refusal(divided, useOf(1, { changes: [{ from }] }))).toMatch(said);
  });
});
