// The demand model: what people use in a month, when, and that the same question has the same answer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Household, useBetween_ml } from '../../simulators/households.ts';
import { registerAt, registerWalk } from '../../simulators/meter-register.ts';
import { seedOf } from '../../simulators/seeded-chance.ts';

const day_ms = 86_400_000;
/** 2026-03-02, a Monday, 00:00 in Seoul. */
const monday_ms = Date.UTC(2026, 2, 1, 15);

function household(index: number, persons: number, leak_l_per_h = 0): Household {
  return { seed: seedOf('test', index), persons, utc_offset_min: 540, leak_l_per_h };
}

function meanUse_l(from_ms: number, to_ms: number, homes: number): number {
  let sum_ml = 0;
  for (let index = 0; index < homes; index += 1) sum_ml += useBetween_ml(household(index, 2), from_ms, to_ms);
  return sum_ml / 1000 / homes;
}

describe('a household', () => {
  it('uses 6 m³ a person and month, within 3 %, over a year', () => {
    const year_l = meanUse_l(monday_ms, monday_ms + 364 * day_ms, 12) / 2;
    const month_l = (year_l / 364) * 30.44;
    expect(month_l).toBeGreaterThan(5_820);
    expect(month_l).toBeLessThan(6_180);
  });

  it('uses more in the morning and the evening than at night, and more in July than in January', () => {
    const hour = (start: number) => {
      let sum_l = 0;
      for (let day = 0; day < 5; day += 1) {
        const from_ms = monday_ms + day * day_ms + start * 3_600_000;
        sum_l += meanUse_l(from_ms, from_ms + 3_600_000, 60);
      }
      return sum_l;
    };
    expect(hour(7)).toBeGreaterThan(3 * hour(3));
    expect(hour(20)).toBeGreaterThan(2 * hour(14));
    const month = (start_ms: number) => meanUse_l(start_ms, start_ms + 28 * day_ms, 40);
    expect(month(Date.UTC(2026, 6, 5, 15))).toBeGreaterThan(month(Date.UTC(2026, 0, 4, 15)));
  });

  it('is away on some days, and then uses nothing; a leak runs on', () => {
    const uses = Array.from({ length: 365 }, (_, day) => {
      const from_ms = monday_ms + day * day_ms;
      return [0, 6].map((leak) => useBetween_ml(household(3, 3, leak), from_ms, from_ms + day_ms));
    });
    const away = uses.filter(([dry]) => dry === 0);
    expect(away.length).toBeGreaterThan(0);
    expect(away.length).toBeLessThan(25);
    for (const [, leaking] of away) expect(leaking).toBe(6 * 24 * 1000);
  });
});

describe('its register', () => {
  const at = fc.integer({ min: -3 * 1440, max: 3 * 1440 }).map((minute) => monday_ms + minute * 60_000);
  const register = { household: household(1, 4, 2), since_ms: monday_ms, register_l: 225_151 };

  it('shows what it began with at that moment', () => {
    expect(registerAt(register, monday_ms)).toBe(225_151);
  });

  it('never falls, and is the same however one comes to a time', () => {
    fc.assert(
      fc.property(fc.array(at, { minLength: 2, maxLength: 6 }), (times) => {
        const walk = registerWalk(register);
        for (const time of times) expect(walk(time)).toBe(registerAt(register, time));
        const sorted = [...times].sort((one, two) => one - two).map((time) => registerAt(register, time));
        expect(sorted).toEqual([...sorted].sort((one, two) => one - two));
      }),
      { numRuns: 50 },
    );
  });
});
