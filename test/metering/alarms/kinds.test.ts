// Each kind of alarm: what raises it, what does not, and what ends it.
import { describe, expect, test } from 'vitest';
import type { MeterFacts } from '../../../src/metering/alarms/alarm-kind.ts';
import { loadAlarmKinds } from '../../../src/metering/alarms/alarm-kinds-port.ts';
import { type JudgedAlarm, judgeAlarms } from '../../../src/metering/alarms/judge-alarms.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { factsOf, type ToldPoint } from '../../support/alarm-facts.ts';

const kinds = await loadAlarmKinds();
const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const begin_ms = days.on('2026-03-02').start_ms;

/** Hour by hour from the beginning of 2 March, Seoul: litres, or null where the meter tells nothing at the hour's end. */
function hourly(use: readonly (number | null)[], flags: (hour: number) => readonly string[] = () => []): ToldPoint[] {
  const points: ToldPoint[] = [{ at_ms: begin_ms, register_l: 50_000, flags: flags(0) }];
  let register_l = 50_000;
  for (const [hour, use_l] of use.entries()) {
    register_l += use_l ?? 0;
    if (use_l !== null) points.push({ at_ms: begin_ms + (hour + 1) * HOUR, register_l, flags: flags(hour + 1) });
  }
  return points;
}
const times = <T>(count: number, ...values: T[]): T[] => Array.from({ length: count }, () => values).flat();
/** A day of a household: still at night. */
const ordinary = [0, 0, 0, 0, 0, 2, 31, 44, 12, 6, 3, 0, 8, 5, 0, 2, 9, 38, 47, 21, 18, 11, 4, 0];

function judged(
  points: readonly ToldPoint[],
  kind: string,
  more: Partial<MeterFacts> = {},
  asOf_ms?: number,
): JudgedAlarm[] {
  const last_ms = Math.max(...points.map(({ at_ms }) => at_ms));
  const facts = factsOf(days, points, asOf_ms ?? last_ms, more);
  return judgeAlarms(kinds, facts).alarms.filter((alarm) => alarm.kind === kind);
}
const hour = (at_ms: number | null | undefined) =>
  at_ms === null || at_ms === undefined ? at_ms : (at_ms - begin_ms) / HOUR;

test('every kind says in both languages what it is and what to do', () => {
  const expected =
    'backflow battery burst clock_wrong cloned conflict dry freeze leak meter_fault no_use no_use_unknown silent tamper';
  expect(
    kinds
      .map(({ kind }) => kind)
      .sort()
      .join(' '),
  ).toBe(expected);
  for (const { label, advice } of kinds) {
    expect(label.ko).toMatch(/[가-힣]/);
    expect(advice.ko).toMatch(/[가-힣]/);
    expect(label.en).toMatch(/^[A-Z]/);
    expect(advice.en).toMatch(/\.$/);
  }
});

test('a household with still nights raises nothing at all', () => {
  expect(judgeAlarms(kinds, factsOf(days, hourly(times(9, ...ordinary)), begin_ms + 9 * DAY)).alarms).toEqual([]);
});

describe('leak', () => {
  const dripping = ordinary.map((use_l) => use_l + 3);

  test('is suspected after 24 hours none of which was still, and tells the least of them', () => {
    const [leak, ...more] = judged(hourly([...ordinary, ...dripping, ...dripping.slice(0, 8)]), 'leak');
    expect(more).toEqual([]);
    expect(leak).toMatchObject({ ended_ms: null, grade: 2, times: 1, amount: 3 });
    expect(hour(leak?.began_ms)).toBe(24);
  });

  test('is not raised by 23 such hours', () => {
    expect(judged(hourly([...ordinary, ...dripping.slice(0, 22), 0, 0, ...ordinary]), 'leak')).toEqual([]);
  });

  test('is grave after three days, and of a works only then a suspicion', () => {
    const points = hourly([...ordinary, ...times(4, ...dripping)]);
    expect(judged(points, 'leak')).toMatchObject([{ grade: 3 }]);
    expect(judged(points, 'leak', { usageClass: 'general' })).toMatchObject([{ grade: 2 }]);
    expect(judged(hourly([...ordinary, ...times(2, ...dripping)]), 'leak', { usageClass: 'general' })).toEqual([]);
  });

  test('ends with the second still hour, and is the same once more where it comes back within three days', () => {
    const leaking = [...ordinary, ...times(2, ...dripping)];
    const [once] = judged(hourly([...leaking, 0, 0, ...ordinary]), 'leak');
    expect(hour(once?.ended_ms)).toBe(74);
    expect(judged(hourly([...leaking, ...ordinary, ...times(2, ...dripping)]), 'leak')).toMatchObject([
      { times: 2, ended_ms: null },
    ]);
    const weekLater = hourly([...leaking, ...times(5, ...ordinary), ...times(2, ...dripping)]);
    expect(judged(weekLater, 'leak')).toMatchObject([{ times: 1 }, { times: 1, ended_ms: null }]);
  });

  test('is not told from hours over which a longer time was spread, and not ended by missing ones', () => {
    const everySixth = hourly([...ordinary, ...times(12, null, null, null, null, null, 60)]);
    expect(judged(everySixth, 'leak')).toEqual([]);
    const thenNothing = hourly([...ordinary, ...times(2, ...dripping), ...times(40, null), 90]);
    expect(judged(thenNothing, 'leak')).toMatchObject([{ ended_ms: null }]);
  });

  test('is believed of the meter that says so, until it has been silent about it for a day', () => {
    const points = hourly(times(5, ...ordinary), (at) => (at >= 30 && at <= 40 ? ['leak'] : []));
    const [leak] = judged(points, 'leak');
    expect([hour(leak?.began_ms), leak?.grade]).toEqual([30, 2]);
  });
});

describe('burst', () => {
  const rushing = (use_l: number, count: number) => [...ordinary, 5, 5, ...times(count, use_l), 5, 5, 5, ...ordinary];

  test('takes two hours at 1 m/s and more in a home’s pipe of 15 mm', () => {
    expect(judged(hourly(rushing(700, 2)), 'burst')).toMatchObject([{ grade: 3, amount: 700, times: 1 }]);
    expect(judged(hourly(rushing(700, 1)), 'burst')).toEqual([]);
    expect(judged(hourly(rushing(600, 2)), 'burst')).toEqual([]);
    expect(judged(hourly(rushing(700, 3)), 'burst', { bore_mm: 20 })).toEqual([]);
    expect(judged(hourly(rushing(700, 3)), 'burst', { usageClass: 'industrial' })).toEqual([]);
  });

  test('is over when half as much flows for two hours', () => {
    const [burst] = judged(hourly([...ordinary, 5, 5, 700, 700, 400, 500, 4, 4, ...ordinary]), 'burst');
    expect([hour(burst?.began_ms), hour(burst?.ended_ms)]).toEqual([26, 32]);
  });
});

describe.each([
  ['backflow', 'backflow', 24],
  ['tamper', 'magnet', 24],
  ['tamper', 'tamper', 24],
  ['freeze', 'freeze', 6],
  ['battery', 'battery_low', 72],
  ['dry', 'dry', 6],
  ['meter_fault', 'permanent_error', 24],
])('%s', (kind, flag, clear_h) => {
  test(`follows the meter’s flag ${flag} and clears ${clear_h} hours after it`, () => {
    const points = hourly(times(8, ...ordinary), (at) => (at >= 30 && at < 40 ? [flag] : ['temporary_error']));
    const [alarm, ...more] = judged(points, kind);
    expect(more).toEqual([]);
    expect([hour(alarm?.began_ms), hour(alarm?.ended_ms)]).toEqual([30, 40 + clear_h]);
    expect(judged(hourly(times(8, ...ordinary)), kind)).toEqual([]);
  });

  test('does not clear while nothing is heard', () => {
    const points = hourly(times(2, ...ordinary), (at) => (at >= 30 ? [flag] : []));
    expect(judged(points, kind, {}, begin_ms + 40 * DAY)).toMatchObject([{ ended_ms: null, times: 1 }]);
  });

  test('that comes and goes is one alarm with a count', () => {
    const points = hourly(times(20, ...ordinary), (at) => (at % 100 < 4 && at > 50 ? [flag] : []));
    const [alarm, ...more] = judged(points, kind);
    if (kind === 'battery') expect([alarm?.times, more.length]).toEqual([4, 0]);
    else expect(alarm?.times).toBe(1);
  });
});

describe('silent', () => {
  const points = hourly(times(2, ...ordinary));

  test('begins with the last that was heard, more than 26 hours ago, and by time passing alone', () => {
    expect(judged(points, 'silent', {}, begin_ms + 74 * HOUR)).toEqual([]);
    const [silent] = judged(points, 'silent', {}, begin_ms + 74 * HOUR + 1);
    expect([hour(silent?.began_ms), silent?.ended_ms]).toEqual([48, null]);
    const facts = factsOf(days, points, begin_ms + 50 * HOUR);
    expect(judgeAlarms(kinds, facts).due_ms).toBe(begin_ms + 74 * HOUR + 1);
  });

  test('ends with the first that is heard again, and never was where the hours come late', () => {
    const later = { at_ms: begin_ms + 100 * HOUR, register_l: 60_000 };
    const [silent] = judged([...points, later], 'silent');
    expect([hour(silent?.began_ms), hour(silent?.ended_ms)]).toEqual([48, 100]);
    expect(judged([...hourly(times(5, ...ordinary)).slice(0, 99), later], 'silent')).toEqual([]);
  });

  test('is said of a meter that never told anything, and not of one that was taken away', () => {
    const never = { installed_ms: begin_ms, from_ms: begin_ms };
    expect(judged([], 'silent', never, begin_ms + 2 * DAY)).toMatchObject([{ began_ms: begin_ms, ended_ms: null }]);
    const removed_ms = begin_ms + 50 * HOUR;
    expect(judged(points, 'silent', { removed_ms }, begin_ms + 40 * DAY)).toEqual([]);
  });
});

describe.each([
  ['clock_wrong', (at: number) => ({ misdated: [at] })],
  ['cloned', (at: number) => ({ clones: [{ from_ms: at, to_ms: at }] })],
  ['conflict', (at: number) => ({ conflicts: [at] })],
] as const)('%s', (kind, at) => {
  test('lasts a day of good readings after the last time', () => {
    const points = hourly(times(4, ...ordinary));
    const [alarm] = judged(points, kind, at(begin_ms + 30 * HOUR));
    expect([hour(alarm?.began_ms), hour(alarm?.ended_ms)]).toEqual([30, 54]);
    expect(judged(points, kind, at(begin_ms + 90 * HOUR))).toMatchObject([{ ended_ms: null }]);
    expect(judged(points, kind)).toEqual([]);
  });
});

test('an alarm ends where the meter is taken away', () => {
  const removed_ms = begin_ms + 60 * HOUR;
  const points = hourly(times(2, ...ordinary), (at) => (at >= 30 ? ['tamper'] : []));
  expect(judged(points, 'tamper', { removed_ms }, begin_ms + 9 * DAY)).toMatchObject([{ ended_ms: removed_ms }]);
});

describe('no use where somebody is watched over', () => {
  const all = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];
  const watched = (count: number) => ({
    watched: all,
    watchedDays: Array.from({ length: count }, (_, day) => {
      const { date, start_ms, end_ms } = days.at(begin_ms + day * DAY + 1);
      return { day: date, from_ms: start_ms, to_ms: end_ms };
    }),
  });
  const none = times(24, 0);

  test('in the morning and the evening of one day is told; either alone is not', () => {
    const [alarm] = judged(hourly([...ordinary, ...none.slice(0, 23)]), 'no_use', watched(2));
    expect([hour(alarm?.began_ms), alarm?.ended_ms, alarm?.grade]).toEqual([29, null, 3]);
    const morning = ordinary.map((use_l, at) => (at < 10 ? use_l : 0));
    expect(judged(hourly([...ordinary, ...morning]), 'no_use', watched(2))).toEqual([]);
    const onlyNoon = none.map((_, at) => (at === 12 ? 4 : 0));
    expect(judged(hourly([...ordinary, ...onlyNoon, ...ordinary]), 'no_use', watched(3))).toHaveLength(1);
  });

  test('is over with the next water drawn', () => {
    const [alarm] = judged(hourly([...ordinary, ...none, ...ordinary]), 'no_use', watched(3));
    expect(hour(alarm?.ended_ms)).toBe(54);
  });

  test('is told of two days in which the register stood still, though no hour of them was told', () => {
    const twoDays = hourly([...ordinary, ...times(49, null), 0, 0]);
    expect(judged(twoDays, 'no_use', watched(3))).toHaveLength(1);
    expect(judged(hourly([...ordinary, ...times(40, null), 0, 0]), 'no_use', watched(3))).toEqual([]);
  });

  test('is never told from missing data: that is unknown, which only the utility hears', () => {
    const gone = hourly(ordinary);
    const asOf_ms = begin_ms + 6 * DAY;
    expect(judged(gone, 'no_use', watched(6), asOf_ms)).toEqual([]);
    expect(judged(gone, 'no_use_unknown', watched(6), asOf_ms)).toMatchObject([{ grade: 1, ended_ms: null, times: 1 }]);
    const hole = none.map((use_l, at) => (at === 18 ? null : use_l));
    const someMissing = hourly([...ordinary, ...hole.map((use_l, at) => (at === 19 ? 0 : use_l))]);
    expect(judged(someMissing, 'no_use', watched(2))).toEqual([]);
    expect(kinds.find(({ kind }) => kind === 'no_use_unknown')?.tellsContacts).toBeUndefined();
  });

  test('is known again with a day of which all is told', () => {
    const [unknown] = judged(
      hourly([...ordinary, ...times(71, null), 90, ...ordinary, ...ordinary]),
      'no_use_unknown',
      {
        ...watched(6),
        hours: factsOf(
          days,
          hourly([...ordinary, ...times(71, null), 90, ...ordinary, ...ordinary]),
          begin_ms + 6 * DAY,
        ).hours.map((one) =>
          one.start_ms >= begin_ms + DAY && one.start_ms < begin_ms + 4 * DAY ? { ...one, use_l: null } : one,
        ),
      },
    );
    expect([hour(unknown?.began_ms), hour(unknown?.ended_ms)]).toEqual([24, 120]);
  });

  test('is not looked for while one is away, nor where nobody asked', () => {
    const points = hourly([...ordinary, ...times(3, ...none), 0]);
    expect(judged(points, 'no_use', { watched: [], watchedDays: [] })).toEqual([]);
    const away = [
      { from_ms: 0, to_ms: begin_ms + DAY },
      { from_ms: begin_ms + 3 * DAY, to_ms: Number.POSITIVE_INFINITY },
    ];
    expect(judged(points, 'no_use', { ...watched(4), watched: away }, begin_ms + 3 * DAY)).toEqual([]);
  });

  test('no water used at night is not looked at, whatever hour the clock is set by', () => {
    const madrid = new LocalDays('Europe/Madrid');
    const spring = madrid.on('2026-03-29');
    const hours = factsOf(
      madrid,
      Array.from({ length: 60 }, (_, at) => ({ at_ms: spring.start_ms + (at - 12) * HOUR, register_l: 50_000 })),
      spring.end_ms + 12 * HOUR,
    ).hours.filter(({ day }) => day === '2026-03-29');
    expect(hours.map(({ clock_h }) => clock_h)).toEqual([0, 1, ...Array.from({ length: 21 }, (_, at) => at + 3)]);
  });
});
