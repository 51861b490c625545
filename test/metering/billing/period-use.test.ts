// A period's use from stored days: exact with every hour told, refused with its reason where one is missing.
import { describe, expect, test } from 'vitest';
import {
  dayKey,
  type HourlyLitres,
  type PlaceInstall,
  periodUse,
  type ToldDay,
  volumeOfDays,
} from '../../../src/metering/billing/period-use.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';

const days = new LocalDays('Europe/Madrid');
/** With the day of 23 hours, 2026-03-29. */
const period = { use_from: '2026-03-28', use_until: '2026-03-31' };
const start_ms = days.on(period.use_from).start_ms;
const HOUR_ms = 3_600_000;
const install = (install_id: number, from_ms: number, until_ms: number | null = null): PlaceInstall => ({
  ...{ install_id, meter_id: install_id + 100, bore_mm: 15, from_ms, until_ms },
});
const whole = (told_l: number): ToldDay => ({ told_l, gappy: null });
const gappy = (hours: HourlyLitres): ToldDay => ({
  told_l: hours.reduce<number>((sum, use_l) => sum + (use_l ?? 0), 0),
  gappy: hours,
});
const hours = (count: number, of: (hour: number) => number | null) => Array.from({ length: count }, (_, at) => of(at));

function use(installs: PlaceInstall[], told: Record<string, ToldDay>, estimates: Record<string, HourlyLitres> = {}) {
  return periodUse(days, period, {
    installs,
    told: new Map(Object.entries(told)),
    estimates: new Map(Object.entries(estimates)),
  });
}
const told = {
  [dayKey(1, '2026-03-28')]: whole(100),
  [dayKey(1, '2026-03-29')]: whole(70),
  [dayKey(1, '2026-03-30')]: whole(30),
};

describe('the use of a period', () => {
  test('is the sum of its days, kept day by day', () => {
    expect(use([install(1, 0)], told)).toEqual({
      volume_l: 200,
      estimated_l: 0,
      parts: [{ install_id: 1, meter_id: 101, from: '2026-03-28', days_l: [100, 70, 30], estimated: [] }],
    });
  });

  test('of a swap within an hour is the sum of both meters, and each has its part', () => {
    const swap_ms = days.on('2026-03-29').start_ms + 10.4 * HOUR_ms;
    const found = use([install(1, 0, swap_ms), install(2, swap_ms)], {
      [dayKey(1, '2026-03-28')]: whole(100),
      [dayKey(1, '2026-03-29')]: gappy(hours(23, (hour) => (hour <= 10 ? 2 : null))),
      [dayKey(2, '2026-03-29')]: gappy(hours(23, (hour) => (hour >= 10 ? 3 : null))),
      [dayKey(2, '2026-03-30')]: whole(5),
    });
    expect(found).toMatchObject({ volume_l: 100 + 22 + 39 + 5, parts: [{ days_l: [100, 22] }, { days_l: [39, 5] }] });
    if ('reason' in found) throw new Error('untold');
    expect(volumeOfDays(found.parts, { use_from: '2026-03-29', use_until: '2026-03-30' })).toBe(61);
  });

  test('an hour that nothing tells holds it, with its first instant and how much is missing', () => {
    const gap = gappy(hours(23, (hour) => (hour < 20 ? 1 : null)));
    const untold = use([install(1, 0)], {
      [dayKey(1, '2026-03-28')]: whole(100),
      [dayKey(1, '2026-03-29')]: gap,
    });
    expect(untold).toEqual({
      ...{ reason: 'no_reading', from_ms: days.on('2026-03-29').start_ms + 20 * HOUR_ms, missing_h: 3 + 24 },
    });
  });

  test('an hour between hours that are told is a register that did not go on', () => {
    const gap = gappy(hours(23, (hour) => (hour === 7 ? null : 1)));
    expect(use([install(1, 0)], { ...told, [dayKey(1, '2026-03-29')]: gap })).toMatchObject({
      ...{ reason: 'register_broken', missing_h: 1 },
    });
  });

  test('estimates fill what is missing, are counted apart, and never stand in for what was measured', () => {
    const gap = gappy(hours(23, (hour) => (hour < 20 ? 1 : null)));
    const estimates = { [dayKey(1, '2026-03-29')]: hours(23, () => 9), [dayKey(1, '2026-03-30')]: hours(24, () => 2) };
    const { [dayKey(1, '2026-03-30')]: _last, ...first } = told;
    expect(use([install(1, 0)], { ...first, [dayKey(1, '2026-03-29')]: gap }, estimates)).toMatchObject({
      volume_l: 100 + 20 + 27 + 48,
      estimated_l: 27 + 48,
      parts: [
        {
          days_l: [100, 47, 48],
          estimated: [
            { day: '2026-03-29', volume_l: 27 },
            { day: '2026-03-30', volume_l: 48 },
          ],
        },
      ],
    });
    const partly = { [dayKey(1, '2026-03-29')]: hours(23, (hour) => (hour === 22 ? null : 9)) };
    expect(use([install(1, 0)], { ...told, [dayKey(1, '2026-03-29')]: gap }, partly)).toMatchObject({ missing_h: 1 });
  });

  test('a place that is new, or whose meter was taken away, is billed for the days it had one', () => {
    const { [dayKey(1, '2026-03-28')]: _first, ...later } = told;
    const begins_ms = days.on('2026-03-29').start_ms;
    expect(use([install(1, begins_ms)], later)).toMatchObject({ volume_l: 100, parts: [{ from: '2026-03-29' }] });
    expect(use([install(1, 0, begins_ms)], told)).toMatchObject({ volume_l: 100, parts: [{ days_l: [100] }] });
  });

  test('a time without a meter between two is missing', () => {
    const [ends_ms, begins_ms] = [days.on('2026-03-29').start_ms, days.on('2026-03-30').start_ms];
    const two = [install(1, 0, ends_ms), install(2, begins_ms)];
    const found = use(two, { ...told, [dayKey(2, '2026-03-30')]: whole(1) });
    expect(found).toEqual({ reason: 'no_meter', from_ms: ends_ms, missing_h: 23 });
    const before = [install(1, 0, start_ms - HOUR_ms), install(2, begins_ms)];
    expect(use(before, { [dayKey(2, '2026-03-30')]: whole(1) })).toEqual({
      ...{ reason: 'no_meter', from_ms: start_ms, missing_h: 47 },
    });
  });
});
