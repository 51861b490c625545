// The rule for which readings count, case by case and as properties.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dialOf,
  inOrder,
  type RegisterPoint,
  registerCurve,
  settledBy,
} from '../../../src/metering/readings/register-rule.ts';
import { useOfIntervals } from '../../../src/metering/readings/use.ts';

const HOUR = 3_600_000;
const dial = dialOf({ dials: 5, bore_mm: 15 });
/** A reading an hour. */
const hourly = (...registers: number[]): RegisterPoint[] =>
  registers.map((register_l, index) => ({ at_ms: index * HOUR, register_l }));
const curveOf = (points: RegisterPoint[]) => registerCurve(inOrder(points), dial);
const uses = (points: RegisterPoint[]) => {
  const curve = curveOf(points);
  const most = Math.max(...points.map((point) => point.at_ms));
  const boundaries = Array.from({ length: most / HOUR + 1 }, (_, index) => index * HOUR);
  return useOfIntervals([{ from_ms: 0, until_ms: null, curve }], boundaries).map(
    (interval) => interval.use_l ?? interval.gap,
  );
};
const forward = (from_l: number, count: number, step_l = 10) =>
  Array.from({ length: count }, (_, index) => from_l + index * step_l);

describe('a register that is lower than before', () => {
  test('wrapped, where what passed by then is plausible', () => {
    expect(uses(hourly(99_999_980, 99_999_990, 5, 20))).toEqual([10, 15, 15]);
  });

  test('did not wrap where that would be more than the pipe can carry, or more than half a round', () => {
    expect(uses(hourly(...forward(60_000_000, 8), ...forward(100, 8)))[7]).toBe('register_decreased');
    const yearsLater = [
      { at_ms: 0, register_l: 5_000 },
      { at_ms: 60_000 * HOUR, register_l: 4_990 },
    ];
    expect(curveOf(yearsLater)).toHaveLength(1);
  });

  test('moved backward, where it is a little: nothing passes until it is past its highest', () => {
    expect(uses(hourly(100, 120, 117, 119, 125))).toEqual([20, 1, 2, 2]);
    expect(uses(hourly(100, 101, 100, 101, 100, 101, 102))).toEqual([1, 0, 0, 0, 0, 1]);
  });

  test('is another register, where the readings after it go on from there', () => {
    const points = hourly(...forward(50_000, 8), ...forward(3, 8));
    expect(uses(points)).toEqual([...Array(7).fill(10), 'register_decreased', ...Array(7).fill(10)]);
  });

  test('is a stray, where the readings after it go on from before', () => {
    const points = hourly(...forward(50_000, 8), 7, ...forward(50_090, 8));
    expect(uses(points)).toEqual([...Array(7).fill(10), 10, 10, ...Array(7).fill(10)]);
  });
});

describe('a register that is higher than before', () => {
  test('is a stray, where the readings after it come back', () => {
    const points = hourly(...forward(50_000, 8), 53_000, 53_010, ...forward(50_100, 8));
    expect(uses(points)).toEqual(Array(17).fill(10));
    expect(curveOf(points)).toHaveLength(16);
  });

  test('is another register, where more than the pipe can carry is never taken back', () => {
    const points = hourly(...forward(50_000, 8), ...forward(900_000, 8));
    expect(uses(points)[7]).toBe('register_jumped');
    expect(uses(points)[8]).toBe(10);
  });

  test('is a burst, where the pipe can carry it', () => {
    expect(uses(hourly(...forward(50_000, 8), ...forward(55_000, 8)))[7]).toBe(4_930);
  });

  test('waits for others to agree, where it is the newest and can not be', () => {
    expect(uses(hourly(...forward(50_000, 8), 900_000)).at(-1)).toBe('no_reading');
  });
});

describe('two meters that tell their registers under one identity', () => {
  test('give the use of the one that most neighbours agree with', () => {
    const own = hourly(...forward(207_700, 30, 20));
    const other = forward(456_000, 4, 20).map((register_l, index) => ({
      at_ms: (12 + index) * HOUR - 120_000,
      register_l,
    }));
    expect(uses([...own, ...other])).toEqual(uses(own));
  });

  test('give none where neither is in the majority', () => {
    const other = hourly(...forward(456_000, 30, 20)).map((point) => ({ ...point, at_ms: point.at_ms + HOUR / 2 }));
    const told = new Set(uses([...hourly(...forward(207_700, 30, 20)), ...other]));
    expect([...told].every((use) => use === 'register_decreased' || use === 'register_jumped')).toBe(true);
  });
});

test('two registers of one instant are judged alike, whichever came first', () => {
  const points = hourly(...forward(1_000, 9));
  const high = { at_ms: 4 * HOUR, register_l: 1_043 };
  const stray = { at_ms: 4 * HOUR, register_l: 88_000_000 };
  expect(uses([...points, high, stray])).toEqual(uses(points));
  expect(uses([stray, high, ...points].reverse())).toEqual(uses(points));
});

test('what a fitter read off counts whatever it says, and never beside the meter’s own word', () => {
  const readOff = { at_ms: 8 * HOUR, register_l: 0, readOff: true } as const;
  const points = [...hourly(...forward(50_000, 8)), readOff, { at_ms: 9 * HOUR, register_l: 10 }];
  expect(uses(points).slice(-2)).toEqual(['register_decreased', 10]);
  expect(uses([...hourly(...forward(50_000, 10)), readOff])).toEqual(Array(9).fill(10));
});

/** Anything a field can send: steps forward, small and wild ones back, wraps, strays, repeated instants. */
const wild = fc
  .array(
    fc.record({
      wait_h: fc.integer({ min: 0, max: 30 }),
      step_l: fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: 0, max: 900 }) },
        { weight: 3, arbitrary: fc.integer({ min: -40, max: -1 }) },
        { weight: 1, arbitrary: fc.integer({ min: -60_000_000, max: 60_000_000 }) },
      ),
    }),
    { minLength: 2, maxLength: 150 },
  )
  .map((steps) => {
    let at_ms = 0;
    let register_l = 99_990_000;
    return steps.map(({ wait_h, step_l }) => {
      at_ms += wait_h * HOUR + (wait_h === 0 ? 0 : 60_000);
      register_l = (register_l + step_l + 200_000_000) % 100_000_000;
      return { at_ms, register_l };
    });
  });

test('the order in which readings come, and how often, changes nothing', () => {
  fc.assert(
    fc.property(wild, fc.infiniteStream(fc.nat()), (points, chance) => {
      const shuffled = [...points, ...points.filter((_, index) => index % 3 === 0)]
        .map((point) => ({ point, key: chance.next().value ?? 0 }))
        .sort((one, other) => one.key - other.key)
        .map(({ point }) => point);
      expect(curveOf(shuffled)).toEqual(curveOf(points));
    }),
  );
});

test('the sum over any span is the register difference, wraps counted, and never negative', () => {
  fc.assert(
    fc.property(wild, (points) => {
      const told = inOrder(points);
      const curve = registerCurve(told, dial);
      const difference = (from: number, to: number) => {
        const one = curve[from];
        const other = curve[to];
        if (one === undefined || other === undefined) return null;
        const [{ use_l } = { use_l: null }] = useOfIntervals(
          [{ from_ms: 0, until_ms: null, curve }],
          [one.at_ms, other.at_ms],
        );
        return use_l;
      };
      for (let from = 0; from + 1 < curve.length; from += 5) {
        for (let to = from + 1; to < curve.length; to += 3) {
          const sum = difference(from, to);
          if (curve[from]?.breaks !== curve[to]?.breaks) {
            expect(sum).toBeNull();
            continue;
          }
          expect(sum).toBeGreaterThanOrEqual(0);
          const registersAt = (at_ms?: number) => told.filter((point) => point.at_ms === at_ms);
          const raw = registersAt(curve[from]?.at_ms).flatMap((one) =>
            registersAt(curve[to]?.at_ms).map(
              (other) => (other.register_l - one.register_l + 100_000_000) % 100_000_000,
            ),
          );
          expect(raw).toContain((sum ?? -1) % 100_000_000);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a reading is settled by a bounded number of neighbours', () => {
  fc.assert(
    fc.property(wild, fc.nat(149), fc.integer({ min: 0, max: 99_999_999 }), (points, at, register_l) => {
      const told = inOrder(points);
      const changed = inOrder([...points, { at_ms: (told[at % told.length]?.at_ms ?? 0) + 1, register_l }]);
      const index = changed.findIndex((point) => point.register_l === register_l);
      const counted = (curve: { at_ms: number }[]) => curve.map((point) => point.at_ms);
      const before = changed[index - settledBy.after]?.at_ms ?? Number.NEGATIVE_INFINITY;
      const after = changed[index + settledBy.before]?.at_ms ?? Number.POSITIVE_INFINITY;
      const outside = (instants: number[]) => instants.filter((at_ms) => at_ms < before || at_ms > after);
      expect(outside(counted(registerCurve(changed, dial)))).toEqual(outside(counted(registerCurve(told, dial))));
      // And what is read of them settles the same ones in the same way.
      const part = changed.slice(Math.max(0, index - settledBy.before), index + settledBy.after + 1);
      const first = index >= settledBy.before ? settledBy.before : part.indexOf(changed[index] as RegisterPoint);
      const alone = registerCurve(part, dial, { first, last: first });
      const isCounted = counted(registerCurve(changed, dial)).includes(changed[index]?.at_ms ?? -1);
      expect(alone.length === 1).toBe(isCounted);
    }),
  );
});
