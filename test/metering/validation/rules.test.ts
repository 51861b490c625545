// Each rule by itself: a day that it speaks of, and one just below.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import type { JudgedDay, RegisterStep } from '../../../src/metering/validation/judged-day.ts';
import { historyDays, limitsOf } from '../../../src/metering/validation/limits.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';

const day = new LocalDays('Asia/Seoul').on('2026-03-20');
const HOUR = 3_600_000;

/** A household's usual day of 240 l, after four weeks of the like. */
function judged(other: Partial<JudgedDay> = {}): JudgedDay {
  return {
    ...{ day, stood: { from_ms: day.start_ms, to_ms: day.end_ms }, limits: limitsOf('domestic', 15) },
    ...{ hours_l: hours(10), estimated: new Set(), past: past(240, 30), peers: { places: 40, median_l: 240 } },
    ...{ steps: [], conflicts: null, misdated: null, ...other },
  };
}
const hours = (use_l: number | null) => Array<number | null>(24).fill(use_l);
const past = (use_l: number | null, most_l: number | null, known = historyDays) =>
  Array.from({ length: historyDays }, (_, index) =>
    index < known ? { use_l, most_l } : { use_l: null, most_l: null },
  );
const step = (previous_l: number, register_l: number, other: Partial<RegisterStep> = {}): RegisterStep => ({
  ...{ at_ms: day.start_ms + 2 * HOUR, register_l, previous_at_ms: day.start_ms + HOUR, previous_l },
  ...{ counts: true, broken: null, ...other },
});
const says = (of: JudgedDay) => validationRules.filter((rule) => rule.judge(of) !== null).map((rule) => rule.name);
const oneHour = (use_l: number) => hours(10).with(7, use_l);

describe('the rules', () => {
  test('are all in the list, each under a name of its own', () => {
    const files = readdirSync(join(packageRoot, 'src/metering/validation/rules'));
    expect(validationRules).toHaveLength(files.length);
    expect(validationRules.map((rule) => `${rule.name.replaceAll('_', '-')}.ts`).sort()).toEqual(files.sort());
  });

  test.each<[string, string[], Partial<JudgedDay>]>([
    ['a usual day', [], {}],
    ['an hour that nothing tells', ['missing'], { hours_l: hours(10).with(5, null) }],
    ['an hour that is estimated', [], { hours_l: hours(10).with(5, null), estimated: new Set([5]) }],
    ['a day of which nothing is stored', ['missing'], { hours_l: [] }],
    [
      'a day before whose noon nothing stood there',
      [],
      {
        hours_l: Array.from({ length: 24 }, (_, hour) => (hour < 12 ? null : 10)),
        stood: { from_ms: day.start_ms + 12 * HOUR, to_ms: day.end_ms },
      },
    ],
    ['two registers of an instant', ['conflict'], { conflicts: { instants: 1, first_ms: 0, last_ms: 0, widest_l: 5 } }],
    ['an hour of 501 l', ['spike'], { hours_l: oneHour(501) }],
    ['an hour of 500 l', [], { hours_l: oneHour(500) }],
    ['an hour of 501 l, with too little past', [], { hours_l: oneHour(501), past: past(240, 30, 13) }],
    ['a day of 1,008 l', ['unusual_for_place'], { hours_l: hours(42) }],
    ['a day of 1,000 l', [], { hours_l: oneHour(770), past: past(240, 300) }],
    ['a day of 24 l', ['unusual_for_place'], { hours_l: hours(1) }],
    ['a day of 48 l', [], { hours_l: hours(2) }],
    ['a day of 2,520 l, as ever', ['unusual_for_zone'], { hours_l: hours(105), past: past(2_520, 200) }],
    [
      'the same at few places',
      [],
      { hours_l: hours(105), past: past(2_520, 200), peers: { places: 9, median_l: 240 } },
    ],
    ['a register that fell', ['negative'], { steps: [step(500, 490, { counts: false })] }],
    ['a register that began its round again', [], { steps: [step(99_999_990, 5)] }],
    ['3,126 l in an hour through 15 mm', ['implausible_rate'], { steps: [step(0, 3_126)] }],
    ['3,125 l in an hour through 15 mm', [], { steps: [step(0, 3_125)] }],
    ['3,126 l in an hour through 20 mm', [], { steps: [step(0, 3_126)], limits: limitsOf('domestic', 20) }],
    [
      'the fourth day of none',
      ['stuck'],
      { hours_l: hours(0), past: past(240, 30).fill({ use_l: 0, most_l: 0 }, 0, 3) },
    ],
    ['the third day of none', [], { hours_l: hours(0), past: past(240, 30).fill({ use_l: 0, most_l: 0 }, 0, 2) }],
    [
      'the fourteenth day of none',
      ['zero_too_long'],
      { hours_l: hours(0), past: past(240, 30).fill({ use_l: 0, most_l: 0 }, 0, 13) },
    ],
    ['the fifteenth', [], { hours_l: hours(0), past: past(240, 30).fill({ use_l: 0, most_l: 0 }, 0, 14) }],
    [
      'a clock that can’t be right',
      ['wrong_time'],
      { misdated: { readings: 1, first_ms: 0, last_ms: 0, earliest: '', latest: '' } },
    ],
  ])('speak of %s as they should: %j', (_name, expected, other) => {
    expect(says(judged(other))).toEqual(expected);
  });

  test('say how grave it is: another register is worse than one that slipped back', () => {
    const negative = validationRules.find((rule) => rule.name === 'negative');
    const graveness = (of: RegisterStep) => negative?.judge(judged({ steps: [of] }))?.severity;
    expect(graveness(step(500, 490, { counts: false }))).toBe(1);
    expect(graveness(step(50_000, 7, { counts: false }))).toBe(2);
    expect(graveness(step(50_000, 7, { broken: 'register_decreased' }))).toBe(3);
  });

  test('judge a class without limits of its own as general, and a bore between two as the larger', () => {
    expect(limitsOf('ship', 15)).toEqual(limitsOf('general', 15));
    expect(limitsOf('domestic', 18)).toEqual(limitsOf('domestic', 20));
    expect(limitsOf('bath', 400).most_l_per_h).toBe(limitsOf('bath', 300).most_l_per_h);
  });
});
