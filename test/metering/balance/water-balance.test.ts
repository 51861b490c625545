// Balances over gaps, over the missing and the doubled hour, and in the terms of the IWA.
import { describe, expect, test } from 'vitest';
import {
  type FlowSample,
  leakageTrend,
  minimumNightFlow,
  sumInflow,
  waterBalance,
} from '../../../src/metering/balance/water-balance.ts';
import { inflowDays, recordedInflow } from '../../support/recorded-inflow.ts';

const HOUR = 3_600_000;
const hours = (...flows: (number | null)[]): FlowSample[] =>
  flows.map((flow_l_per_s, hour) => ({ start_ms: hour * HOUR, end_ms: (hour + 1) * HOUR, flow_l_per_s }));

describe('the inflow of a span', () => {
  test('is flow by time, of the parts that lie within', () => {
    expect(sumInflow(hours(1, 2, 3), { from_ms: HOUR / 2, to_ms: 2 * HOUR })).toEqual({
      ...{ told_l: 1_800 + 7_200, told_h: 1.5, missing_h: 0, system_input_l: 9_000 },
    });
  });

  test('has no sum where an hour is missing, told empty or not at all, and says how much was', () => {
    const missing = { told_l: 14_400, told_h: 2, missing_h: 1, system_input_l: null };
    expect(sumInflow(hours(1, null, 3), { from_ms: 0, to_ms: 3 * HOUR })).toEqual(missing);
    const [first, , third] = hours(1, null, 3) as [FlowSample, FlowSample, FlowSample];
    expect(sumInflow([first, third], { from_ms: 0, to_ms: 3 * HOUR })).toEqual(missing);
    expect(sumInflow([], { from_ms: 0, to_ms: HOUR })).toMatchObject({ told_l: null, system_input_l: null });
    expect(sumInflow(hours(0), { from_ms: 0, to_ms: HOUR })).toMatchObject({ system_input_l: 0, missing_h: 0 });
  });
});

test('a balance parts the input into what was billed, used by right, and lost', () => {
  const consumption = {
    ...{ billed_metered_l: 700, billed_unmetered_l: 20, unbilled_metered_l: 10, unbilled_unmetered_l: 5 },
    apparent_losses_l: 35,
  };
  expect(waterBalance(1_000, consumption)).toEqual({
    system_input_l: 1_000,
    authorised_consumption_l: 735,
    billed_l: 720,
    unbilled_l: 15,
    water_losses_l: 265,
    apparent_losses_l: 35,
    real_losses_l: 230,
    non_revenue_water_l: 280,
    non_revenue_share: 0.28,
  });
  expect(waterBalance(600, consumption).water_losses_l).toBe(-135);
  expect(waterBalance(0, consumption).non_revenue_share).toBeNull();
});

describe('the night', () => {
  test('has its least hour, and none where one is missing', () => {
    const night = { from_ms: 2 * HOUR, to_ms: 5 * HOUR };
    expect(minimumNightFlow(hours(0, 9, 4, 3, 5, 1), night)).toBe(3);
    expect(minimumNightFlow(hours(0, 9, 4, null, 5, 1), night)).toBeNull();
    expect(minimumNightFlow([], night)).toBeNull();
  });

  test('tells a trend that one wild night does not sway', () => {
    const year_ms = 365.25 * 24 * HOUR;
    const nights = Array.from({ length: 40 }, (_, index) => ({
      at_ms: (index * year_ms) / 365.25,
      flow_l_per_s: index === 20 ? 90 : index === 7 ? null : 3 + index * 0.01,
    }));
    expect(leakageTrend(nights)).toBeCloseTo(3.6525, 6);
    expect(leakageTrend(nights.slice(0, 6))).toBeNull();
  });
});

const inflow = recordedInflow();
describe.skipIf(inflow === null).each([...(inflow ?? [])])('recorded inflow of %s', (_zone, samples) => {
  /** By day as the file has its rows, counted without knowing of summer time. */
  const rowsOf = (from_ms: number, to_ms: number) =>
    samples.filter(({ start_ms }) => start_ms >= from_ms && start_ms < to_ms);

  test.each([
    ['2021-03-28', 23],
    ['2021-10-31', 25],
    ['2022-03-27', 23],
    ['2022-10-30', 25],
    ['2023-03-26', 23],
    ['2022-07-01', 24],
  ])('%s has %i hours, each once', (date, length_h) => {
    const { start_ms, end_ms } = inflowDays.on(date);
    expect(rowsOf(start_ms, end_ms).map((row) => row.start_ms)).toEqual(
      Array.from({ length: length_h }, (_, hour) => start_ms + hour * HOUR),
    );
    const sum = sumInflow(samples, { from_ms: start_ms, to_ms: end_ms });
    expect(sum.told_h + sum.missing_h).toBe(length_h);
  });

  test('every day and month is the sum of its rows, and a gap where a row is empty', () => {
    const first = inflowDays.at(samples[0]?.start_ms ?? 0);
    const last_ms = samples.at(-1)?.end_ms ?? 0;
    const months = new Map<string, { from_ms: number; to_ms: number; days_l: number }>();
    let gaps = 0;
    for (let day = first; day.start_ms < last_ms; day = inflowDays.after(day)) {
      const span = { from_ms: day.start_ms, to_ms: day.end_ms };
      const rows = rowsOf(span.from_ms, span.to_ms);
      const empty = rows.filter((row) => row.flow_l_per_s === null).length;
      const expected = rows.reduce((total, row) => total + (row.flow_l_per_s ?? 0) * 3_600, 0);
      const sum = sumInflow(rows, span);
      expect(sum.missing_h).toBe(empty);
      expect(sum.system_input_l === null).toBe(empty > 0);
      if (empty < rows.length) expect(sum.told_l).toBeCloseTo(expected, -1);
      else expect(sum.told_l).toBeNull();
      gaps += empty;
      const month = months.get(day.date.slice(0, 7)) ?? { from_ms: day.start_ms, to_ms: 0, days_l: 0 };
      months.set(day.date.slice(0, 7), { ...month, to_ms: day.end_ms, days_l: month.days_l + (sum.told_l ?? 0) });
    }
    expect(gaps).toBe(samples.filter((row) => row.flow_l_per_s === null).length);
    expect(months.size).toBe(27);
    for (const { from_ms, to_ms, days_l } of months.values()) {
      const sum = sumInflow(samples, { from_ms, to_ms });
      expect(Math.abs((sum.told_l ?? 0) - days_l)).toBeLessThan(32);
    }
  });
});
