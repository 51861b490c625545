// Alarms are a function of what is known and of the instant: no order, repetition or chunking of arrival changes them, and
// judging only what was touched gives what judging everything gives.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MeterFacts } from '../../../src/metering/alarms/alarm-kind.ts';
import { loadAlarmKinds } from '../../../src/metering/alarms/alarm-kinds-port.ts';
import { judgeAlarms } from '../../../src/metering/alarms/judge-alarms.ts';
import { judgedWindow } from '../../../src/metering/alarms/judged-window.ts';
import { matchAlarms, type StandingAlarm } from '../../../src/metering/alarms/matched-alarms.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { factsOf, type ToldPoint } from '../../support/alarm-facts.ts';
import { days as madrid, recordedHomes } from '../../support/recorded-homes.ts';
import { newSeed } from '../../support/seed.ts';

const kinds = await loadAlarmKinds();
const days = new LocalDays('Asia/Seoul');
const seed = newSeed('judging alarms');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const begin_ms = days.on('2026-03-02').start_ms;

/** Weeks of an hourly meter with leaks, bursts, silences, gaps, flags that flap, and instants told twice. */
const meterLife = fc
  .array(
    fc.record({
      hours: fc.integer({ min: 1, max: 60 }),
      mood: fc.constantFrom('home', 'home', 'leak', 'rush', 'none', 'missing', 'sparse'),
      flags: fc.constantFrom<string[]>([], [], [], ['leak'], ['tamper'], ['battery_low', 'freeze']),
      salt: fc.nat(1_000),
      contradicts: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 4, maxLength: 16 },
  )
  .map((moods) => {
    const points: ToldPoint[] = [];
    let at_ms = begin_ms;
    let register_l = 50_000;
    for (const { hours, mood, flags, salt, contradicts } of moods) {
      for (let hour = 0; hour < hours; hour += 1) {
        at_ms += HOUR;
        register_l += { home: (salt + hour * 7) % 5, leak: 3, rush: 800, none: 0, missing: 2, sparse: 4 }[mood];
        if (mood === 'missing' || (mood === 'sparse' && hour % 6 !== 0)) continue;
        points.push({ at_ms, register_l, flags });
        if (contradicts === 0 && hour === 3) points.push({ at_ms, register_l: register_l + 2, flags: [] });
      }
    }
    return { points, end_ms: at_ms + DAY };
  });

function judge(facts: MeterFacts): string {
  return JSON.stringify(judgeAlarms(kinds, facts).alarms);
}

function mixed<T>(list: readonly T[], chance: () => number): T[] {
  return [...list, ...list.filter((_, index) => index % 3 === 0)]
    .map((one) => ({ one, key: chance() }))
    .sort((one, other) => one.key - other.key)
    .map(({ one }) => one);
}
const chances = fc.infiniteStream(fc.nat()).map((stream) => () => stream.next().value ?? 0);

test('no order and no repetition of readings changes a byte of what is judged', () => {
  fc.assert(
    fc.property(meterLife, chances, ({ points, end_ms }, chance) => {
      expect(judge(factsOf(days, mixed(points, chance), end_ms))).toBe(judge(factsOf(days, points, end_ms)));
    }),
    { seed, numRuns: 40 },
  );
});

/** As the judging job goes: each time with the facts since the window's beginning, and what stands. */
class Job {
  readonly readings: ToldPoint[] = [];
  standing: StandingAlarm[] = [];
  #next = 1;
  #judged_ms = begin_ms;

  arrive(readings: readonly ToldPoint[], asOf_ms: number): void {
    const before = factsOf(days, this.readings, asOf_ms, installed);
    this.readings.push(...readings);
    const after = factsOf(days, this.readings, asOf_ms, installed);
    const changed = [...differing(before, after), ...readings.map(({ at_ms }) => days.at(at_ms).start_ms)];
    const changed_ms = Math.min(this.#judged_ms, ...changed);
    const { from_ms, facts_ms } = judgedWindow(kinds, this.standing, changed_ms);
    const since = Math.max(facts_ms, begin_ms);
    const tellings = this.readings.filter(({ at_ms }) => at_ms >= since);
    const facts: MeterFacts = {
      ...after,
      from_ms: facts_ms,
      hours: after.hours.filter(({ start_ms }) => start_ms >= days.at(since).start_ms),
      told: factsOf(days, tellings, asOf_ms, installed).told,
      conflicts: after.conflicts.filter((at_ms) => at_ms >= since),
    };
    const inWindow = <One extends { began_ms: number }>(all: readonly One[]) =>
      all.filter((one) => one.began_ms >= from_ms);
    const { opened, changed: turned } = matchAlarms(
      inWindow(this.standing),
      inWindow(judgeAlarms(kinds, facts).alarms),
    );
    const turns = new Map(turned.map((one) => [one.alarm_id, one]));
    this.standing = [
      ...this.standing.flatMap((one) => {
        const turn = turns.get(one.alarm_id);
        if (turn === undefined) return [one];
        return turn.turn === 'withdrawn' ? [] : [{ ...one, ...turn.alarm, state: turn.state }];
      }),
      ...opened.map((alarm) => ({ ...alarm, alarm_id: this.#next++, state: 'open' as const })),
    ];
    this.#judged_ms = asOf_ms;
  }

  get alarms() {
    return this.standing.map(({ alarm_id: _, state: __, ...alarm }) => alarm).sort(byKind);
  }
}
const installed = { installed_ms: begin_ms };
const byKind = (one: { kind: string; began_ms: number }, other: { kind: string; began_ms: number }) =>
  one.kind.localeCompare(other.kind) || one.began_ms - other.began_ms;

/** The beginnings of days whose hours are not the same. */
function differing(before: MeterFacts, after: MeterFacts): number[] {
  const keyOf = (facts: MeterFacts) => new Map(facts.hours.map((hour) => [hour.start_ms, JSON.stringify(hour)]));
  const [one, other] = [keyOf(before), keyOf(after)];
  const instants = [...new Set([...one.keys(), ...other.keys()])].filter((at) => one.get(at) !== other.get(at));
  return instants.map((at_ms) => days.at(at_ms).start_ms);
}

test('judging what was touched, time and again, gives what judging everything once gives', () => {
  fc.assert(
    fc.property(meterLife, chances, fc.boolean(), ({ points, end_ms }, chance, inOrder) => {
      const left = inOrder ? [...points] : mixed(points, chance);
      const job = new Job();
      let steps = 0;
      while (left.length > 0) {
        const part = left.splice(0, 1 + (chance() % 50));
        // Late readings of all times come in while time goes on.
        const now_ms = Math.max(...job.readings.map(({ at_ms }) => at_ms), ...part.map(({ at_ms }) => at_ms)) + HOUR;
        job.arrive(part, Math.max(now_ms, begin_ms + steps * HOUR));
        steps += 1;
      }
      job.arrive([], end_ms);
      const whole = judgeAlarms(kinds, factsOf(days, points, end_ms, installed)).alarms.sort(byKind);
      expect(job.alarms).toEqual(whole);
    }),
    { seed, numRuns: 60 },
  );
});

const homes = recordedHomes();
describe.skipIf(homes === null).each([...(homes ?? [])])('home %s', (_meter, points) => {
  test('has the same alarms to the byte, whatever the order and however often its readings come', () => {
    const end_ms = Math.max(...points.map(({ at_ms }) => at_ms));
    const alarms = judge(factsOf(madrid, points, end_ms));
    let state = seed;
    const chance = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    expect(judge(factsOf(madrid, mixed(points, chance), end_ms))).toBe(alarms);
  });
});

test.skipIf(homes === null)('there is something to be told of the recorded homes', () => {
  const told = [...(homes ?? [])].slice(0, 20).map(([, points]) => {
    return judge(factsOf(madrid, points, Math.max(...points.map(({ at_ms }) => at_ms))));
  });
  expect(told.filter((alarms) => alarms !== '[]').length).toBeGreaterThan(5);
});
