// Use of recorded homes, with the duplicates, decreases and gaps of the field: order changes nothing, sums are the
// register's differences.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Resolution } from '../../../src/metering/readings/interval-boundaries.ts';
import {
  type CurvePoint,
  dialOf,
  inOrder,
  type RegisterPoint,
  registerCurve,
} from '../../../src/metering/readings/register-rule.ts';
import { type IntervalUse, useOfIntervals } from '../../../src/metering/readings/use.ts';
import { days as localDays, recordedHomes } from '../../support/recorded-homes.ts';

const homes = recordedHomes();
const dial = dialOf({ dials: 5, bore_mm: 15 });
const curveOf = (points: readonly RegisterPoint[]) => registerCurve(inOrder(points), dial);

function useOf(curve: readonly CurvePoint[], resolution: Resolution): IntervalUse[] {
  const from_ms = curve[0]?.at_ms ?? 0;
  const to_ms = curve.at(-1)?.at_ms ?? 0;
  return useOfIntervals([{ from_ms, until_ms: null, curve }], boundaries(from_ms, to_ms, resolution));
}

/** As `intervalBoundaries` gives them, from days that are worked out once. */
function boundaries(from_ms: number, to_ms: number, resolution: Resolution): number[] {
  const between: number[] = [];
  for (let day = localDays.at(from_ms); day.start_ms < to_ms; day = localDays.after(day)) {
    between.push(...(resolution === 'day' ? [day.start_ms] : day.boundaries_ms.slice(0, -1)));
  }
  return [from_ms, ...between.filter((at_ms) => at_ms > from_ms && at_ms < to_ms), to_ms];
}

const digest = (use: unknown) => createHash('sha256').update(JSON.stringify(use)).digest('hex');

describe.skipIf(homes === null).each([...(homes ?? [])])('home %s', (_meter, points) => {
  const curve = curveOf(points);
  const hours = useOf(curve, 'hour');
  const days = useOf(curve, 'day');

  test('has the same hours and days to the byte, whatever the order and however often its readings come', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 9 }), (seed, every) => {
        const shuffled = shuffle([...points, ...points.filter((_, index) => index % every === 0)], seed);
        const again = curveOf(shuffled);
        expect(digest(useOf(again, 'hour'))).toBe(digest(hours));
        expect(digest(useOf(again, 'day'))).toBe(digest(days));
      }),
      { numRuns: 1 },
    );
  });

  test('has sums that are differences of its own registers, over every stretch that it told', () => {
    const registers = new Map<number, number[]>();
    for (const { at_ms, register_l } of points) registers.set(at_ms, [...(registers.get(at_ms) ?? []), register_l]);
    let told = 0;
    for (const [first, last] of stretches(curve)) {
      told += last - first + 1;
      if (first === last) continue;
      const from = curve[first] as CurvePoint;
      const to = curve[last] as CurvePoint;
      const whole = [...hours, ...days].filter(({ start_ms, end_ms }) => start_ms >= from.at_ms && end_ms <= to.at_ms);
      expect(whole.every(({ use_l }) => use_l !== null && use_l >= 0)).toBe(true);
      const between = boundaries(from.at_ms, to.at_ms, 'hour');
      const inside = useOfIntervals([{ from_ms: from.at_ms, until_ms: null, curve }], between);
      const sum = inside.reduce((total, { use_l }) => total + (use_l ?? Number.NaN), 0);
      const differences = (registers.get(from.at_ms) ?? []).flatMap((begin) =>
        (registers.get(to.at_ms) ?? []).map((end) => end - begin),
      );
      expect(differences).toContain(sum);
    }
    expect(told).toBe(curve.length);
  });

  test('has few readings set aside', () => {
    const instants = new Set(points.map((point) => point.at_ms)).size;
    expect(curve.length / instants).toBeGreaterThan(0.5);
  });
});

/** First and last index of each stretch without a break. */
function stretches(curve: readonly CurvePoint[]): [number, number][] {
  const found: [number, number][] = [];
  for (const [index, { broken }] of curve.entries()) {
    const open = found.at(-1);
    if (open === undefined || broken !== null) found.push([index, index]);
    else open[1] = index;
  }
  return found;
}

function shuffle<T>(list: T[], seed: number): T[] {
  let state = seed >>> 0;
  for (let index = list.length - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (index + 1);
    [list[index], list[other]] = [list[other] as T, list[index] as T];
  }
  return list;
}
