// Where an hour was lost, from what came around it.
import { describe, expect, test } from 'vitest';
import {
  hasLosses,
  type LedgerFacts,
  type LossSigns,
  ledgerHours,
  noSigns,
  tellingInterval_h,
} from '../../../src/metering/completeness/ledger-day.ts';

const HOUR = 3_600_000;
const all = (1 << 24) - 1;
const bits = (...hours: number[]) => hours.reduce((mask, hour) => mask | (1 << hour), 0);
const facts = (given: Partial<LedgerFacts> = {}): LedgerFacts => ({
  boundaries_ms: Array.from({ length: 25 }, (_, hour) => hour * HOUR),
  ...{ from_ms: -HOUR, until_ms: null, toldCounts: [24, 24, 24], counted: all, inTime: all, late: 0 },
  ...given,
});
const signs = (given: Partial<LossSigns> = {}): LossSigns => ({
  ...noSigns,
  ...given,
});
const without = (...hours: number[]) => ({ counted: all & ~bits(...hours), inTime: all & ~bits(...hours) });

describe('how often a meter tells', () => {
  test.each([
    [[], 1],
    [[24, 24, 23, 24, 2, 24, 24], 1],
    [[1, 1, 1, 1, 3, 1, 1], 24],
    [[1, 1, 0, 0, 0, 0, 0], 24],
    [[4, 4, 4, 4, 3, 4, 9], 6],
    [[13, 12, 12, 11, 12, 12, 12], 2],
    [[1], 24],
  ])('on days with %j told hours is every %i hours', (counts, interval_h) => {
    expect(tellingInterval_h(counts)).toBe(interval_h);
  });
});

describe('a day of the ledger', () => {
  test('whose hours all came is told without asking for signs', () => {
    expect(ledgerHours(facts(), signs())).toBe('A'.repeat(24));
    expect(hasLosses(facts())).toBe(false);
    expect(hasLosses(facts(without(3)))).toBe(true);
  });

  test('expects nothing before the install, after it, nor of an hour it stood only a part of', () => {
    const part = facts({ from_ms: 2.5 * HOUR, until_ms: 5.5 * HOUR, counted: bits(3, 4), inTime: bits(3, 4) });
    expect(ledgerHours(part, signs())).toBe(`---AA${'-'.repeat(19)}`);
  });

  test('has an hour late where all that came for it was late', () => {
    const some = facts({ inTime: all & ~bits(5, 6), late: bits(4, 5, 6) });
    expect(ledgerHours(some, signs())).toBe(`AAAAALL${'A'.repeat(17)}`);
  });

  test('of a meter that tells every six hours expects four', () => {
    const some = facts({ toldCounts: [4, 4, 4], counted: bits(1, 13, 20), inTime: bits(1, 13, 20) });
    expect(ledgerHours(some, signs())).toBe('A-----R-----A-----A-----');
  });

  test.each<[string, Partial<LossSigns>, string]>([
    ['radio, where nothing came', {}, 'R'],
    ['meter, where another hour of it came', { receipts: [{ at_ms: 3.5 * HOUR, readings: 1 }] }, 'M'],
    ['broker, where the device was held back', { refused: [{ from_ms: HOUR, to_ms: 5 * HOUR }] }, 'B'],
    ['decode, where what came could not be read', { undecoded_ms: [3.2 * HOUR] }, 'D'],
    ['clock, where what came had an impossible time', { misdated_ms: [3.2 * HOUR] }, 'C'],
  ])('lost an hour at %s', (_what, given, letter) => {
    expect(ledgerHours(facts(without(3)), signs(given))[3]).toBe(letter);
    // Signs of another time say nothing of this hour.
    const other = facts(without(20));
    expect(ledgerHours(other, signs(given))[20]).toBe('R');
  });

  test('lost an hour in validation where a register came that does not count', () => {
    expect(ledgerHours(facts({ counted: all & ~bits(7) }), signs())[7]).toBe('V');
  });

  test('looks for a report of several hours as long as such reports take', () => {
    const sixAtOnce = [6, 12, 18, 24].map((hour) => ({ at_ms: (hour + 0.2) * HOUR, readings: 6 }));
    expect(ledgerHours(facts(without(3)), signs({ receipts: sixAtOnce }))[3]).toBe('M');
    const second = sixAtOnce.filter(({ at_ms }) => at_ms < 10 * HOUR);
    const lost = facts(without(12, 13, 14, 15, 16, 17));
    expect(ledgerHours(lost, signs({ receipts: second })).slice(12, 18)).toBe('RRRRRR');
  });

  test('keeps where an hour was lost when it is estimated', () => {
    expect(ledgerHours(facts(without(3, 4)), signs({ estimated: bits(4) })).slice(3, 5)).toBe('Rr');
  });
});
