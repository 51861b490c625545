import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervalBoundaries } from '../../../src/metering/readings/interval-boundaries.ts';
import { dialOf, inOrder, type RegisterPoint, registerCurve } from '../../../src/metering/readings/register-rule.ts';
import { useOfIntervals } from '../../../src/metering/readings/use.ts';

const HOUR = 3_600_000;
const dial = dialOf({ dials: 5, bore_mm: 15 });
const curveOf = (points: RegisterPoint[]) => registerCurve(inOrder(points), dial);
const always = (points: RegisterPoint[]) => [
  { from_ms: Number.NEGATIVE_INFINITY, until_ms: null, curve: curveOf(points) },
];
const uses = (points: RegisterPoint[], boundaries: number[]) =>
  useOfIntervals(always(points), boundaries).map((interval) => interval.use_l);

/** As much as the bore lets through all the time: what is more is judged as another register. */
const fastest_l_per_h = dial.most_l_per_h;

/** Readings of a meter that only goes forward, at odd instants. */
const registers = fc
  .array(
    fc.record({ wait_ms: fc.integer({ min: 1, max: 9 * HOUR }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      minLength: 2,
      maxLength: 60,
    },
  )
  .map((steps) => {
    const points: RegisterPoint[] = [];
    let at_ms = Date.UTC(2026, 2, 28, 13);
    let register_l = 225_151;
    for (const step of steps) {
      at_ms += step.wait_ms;
      register_l += Math.floor((step.share * step.wait_ms * fastest_l_per_h) / HOUR);
      points.push({ at_ms, register_l });
    }
    return points;
  });

describe('use per interval', () => {
  test('is read off at the boundaries, interpolated between the readings around them', () => {
    const points = [
      { at_ms: 0, register_l: 0 },
      { at_ms: 2 * HOUR, register_l: 101 },
      { at_ms: 3 * HOUR, register_l: 103 },
    ];
    expect(uses(points, [0, HOUR, 2 * HOUR, 3 * HOUR])).toEqual([50, 51, 2]);
  });

  test.each([
    [49, 49],
    [93, 186],
    [90_000_000, 5_000],
  ])('is exact in whole litres, not in fractions of the time that passed: %i l in %i hours', (hours, passed_l) => {
    const points = [
      { at_ms: 0, register_l: 0 },
      { at_ms: hours * HOUR, register_l: passed_l },
    ];
    const middle = Math.floor(hours / 3);
    const expected = Number((BigInt(passed_l) * BigInt(middle)) / BigInt(hours));
    expect(uses(points, [0, middle * HOUR])).toEqual([expected]);
    expect(uses(points, [0, HOUR])).toEqual([Math.floor(passed_l / hours)]);
  });

  test('guesses nothing before the first reading or after the last', () => {
    const points = [
      { at_ms: HOUR, register_l: 5 },
      { at_ms: 2 * HOUR, register_l: 7 },
    ];
    expect(uses(points, [0, HOUR, 2 * HOUR, 3 * HOUR])).toEqual([null, 2, null]);
    expect(uses([], [0, HOUR])).toEqual([null]);
  });

  test('adds up to the register difference to the litre, in hours and days, with days of 23 and 25 hours', () => {
    fc.assert(
      fc.property(
        registers,
        fc.constantFrom('hour', 'day'),
        fc.constantFrom('Asia/Seoul', 'Europe/Madrid'),
        (points, resolution, zone) => {
          const first = points[0] as RegisterPoint;
          const last = points.at(-1) as RegisterPoint;
          const boundaries = intervalBoundaries(first.at_ms, last.at_ms, resolution as 'hour' | 'day', zone);
          const total = uses(points, boundaries).reduce<number>((sum, use_l) => sum + (use_l ?? Number.NaN), 0);
          expect(total).toBe(last.register_l - first.register_l);
        },
      ),
    );
  });

  test('is never negative, whatever the registers do', () => {
    const wild = fc.uniqueArray(
      fc.record({
        at_ms: fc.integer({ min: 0, max: 48 }).map((n) => (n * HOUR) / 2),
        register_l: fc.oneof(fc.nat(1_000), fc.nat(99_999_999)),
      }),
      {
        selector: (point) => point.at_ms,
        minLength: 2,
      },
    );
    fc.assert(
      fc.property(wild, (points) => {
        const sorted = [...points].sort((one, other) => one.at_ms - other.at_ms);
        for (const { use_l } of useOfIntervals(always(sorted), intervalBoundaries(0, 24 * HOUR, 'hour', 'UTC'))) {
          if (use_l !== null) expect(use_l).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('joins the meters that stood at a place one after another', () => {
    const old = {
      from_ms: 0,
      until_ms: HOUR + HOUR / 2,
      curve: curveOf([
        { at_ms: 0, register_l: 900 },
        { at_ms: HOUR + HOUR / 2, register_l: 930 },
      ]),
    };
    const next = {
      from_ms: HOUR + HOUR / 2,
      until_ms: null,
      curve: curveOf([
        { at_ms: HOUR + HOUR / 2, register_l: 3 },
        { at_ms: 2 * HOUR, register_l: 8 },
      ]),
    };
    expect(useOfIntervals([old, next], [0, HOUR, 2 * HOUR]).map((interval) => interval.use_l)).toEqual([20, 15]);
    const later = { ...next, from_ms: HOUR + HOUR / 2 + 1 };
    expect(useOfIntervals([old, later], [0, HOUR, 2 * HOUR]).map((interval) => interval.use_l)).toEqual([20, null]);
  });
});

describe('the hours and days of a zone', () => {
  test.each([
    ['Europe/Madrid', '2026-03-29', 23],
    ['Europe/Madrid', '2026-10-25', 25],
    ['Asia/Seoul', '2026-10-25', 24],
    ['Asia/Seoul', '2028-02-29', 24],
  ])('%s has on %s a day of %i hours', async (zone, date, hours) => {
    const { Temporal } = await import('temporal-polyfill');
    const start = Temporal.PlainDate.from(date).toZonedDateTime(zone);
    const end = start.add({ days: 1 });
    const span = [start.epochMilliseconds, end.epochMilliseconds] as const;
    expect(intervalBoundaries(...span, 'hour', zone)).toHaveLength(hours + 1);
    expect(intervalBoundaries(...span, 'day', zone)).toEqual([...span]);
  });

  test('begin and end with the span asked for, whole or not', () => {
    const from = Date.UTC(2026, 2, 1, 3, 20);
    const to = Date.UTC(2026, 2, 1, 5, 10);
    const inner = [Date.UTC(2026, 2, 1, 4), Date.UTC(2026, 2, 1, 5)];
    expect(intervalBoundaries(from, to, 'hour', 'Asia/Seoul')).toEqual([from, ...inner, to]);
    expect(intervalBoundaries(from, from, 'hour', 'Asia/Seoul')).toEqual([]);
  });

  test.each([
    ['Asia/Kathmandu', Date.UTC(2026, 2, 1), 24],
    ['Australia/Lord_Howe', Date.UTC(2026, 3, 4, 0), 24],
  ])('go on through %s, where an hour or its change is not whole', (zone, from, hours) => {
    const boundaries = intervalBoundaries(from, from + hours * HOUR, 'hour', zone);
    for (const [index, at_ms] of boundaries.slice(1).entries()) expect(at_ms).toBeGreaterThan(boundaries[index] ?? 0);
    expect(boundaries.length).toBeGreaterThanOrEqual(hours);
    expect(boundaries.length).toBeLessThanOrEqual(hours + 3);
  });
});
