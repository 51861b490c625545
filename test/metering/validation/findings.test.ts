// Findings: the same whatever the order of arrival, closed when their cause is gone, judged again when a rule is new.
import { describe, expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { editReading } from '../../../src/metering/validation/edit-reading-service.ts';
import type { ValidationRule } from '../../../src/metering/validation/judged-day.ts';
import { dayBefore } from '../../../src/metering/validation/past-days.ts';
import { judgeDue, registerRules, replayRules, takeUpDay } from '../../../src/metering/validation/validate-service.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { MeteredPlaces, type ToldReading } from '../../support/metered-places.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';

const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-01').start_ms;
const end_ms = days.on('2026-04-10').start_ms;
/** All days are over and their grace has passed. */
const after_ms = end_ms + 8 * HOUR;
const person = { actor: Buffer.alloc(32, 7), rule: null };

const seed = newSeed('findings');
let state = seed;
const chance = (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** A database of its own, with a zone of places and a clock that is set. */
async function world(places: number, rules: readonly ValidationRule[] = validationRules) {
  const { pool } = await testDatabase();
  let now_ms = begin_ms;
  const clock = { now_ms: () => now_ms };
  const metered = await MeteredPlaces.open(pool, days, after_ms);
  const installs: [number, number][] = [];
  for (let place = 0; place < places; place += 1) installs.push(await metered.add({ from_ms: begin_ms }));
  let validation = { pool, clock, days, rules };
  await registerRules(validation);
  return {
    ...{ pool, clock, metered, installs },
    async setRules(to: readonly ValidationRule[]): Promise<void> {
      validation = { ...validation, rules: to };
      await registerRules(validation);
    },
    /** What the worker does until nothing is left, at an instant. */
    async workAt(at_ms: number): Promise<void> {
      now_ms = at_ms;
      await metered.workOff();
      do {
        while ((await judgeDue(validation)) !== null);
      } while (await takeUpDay(validation));
      while ((await replayRules(validation)) !== null);
      while ((await judgeDue(validation)) !== null);
    },
    async findings(where = `state <> 'closed'`): Promise<Record<string, unknown>[]> {
      const { rows } = await pool.query<Record<string, unknown>>(
        `SELECT install_id, rule, day::text, severity, from_at, to_at, evidence, state FROM metering.finding
          WHERE ${where} ORDER BY install_id, rule, day`,
      );
      return rows;
    },
    async figures(): Promise<unknown[]> {
      const { rows } = await pool.query(
        'SELECT *, day::text FROM metering.peer_use p ORDER BY zone_id, usage_class, p.day',
      );
      return rows;
    },
    /** What is estimated in the end, and by which profile. */
    async estimates(): Promise<{ method: string; rule: string }[]> {
      const { rows } = await pool.query<{ method: string; rule: string }>(
        `SELECT install_id, day::text, hours_l, method,
                (SELECT rule FROM metering.use_estimate e WHERE (e.install_id, e.day) = (f.install_id, f.day)
                  AND rule <> 'measured' ORDER BY version DESC LIMIT 1) AS rule
           FROM metering.use_estimate_in_force f WHERE method <> 'withdrawn' ORDER BY install_id, f.day`,
      );
      return rows;
    },
    async useDays(): Promise<unknown[]> {
      const { rows } = await pool.query('SELECT *, day::text FROM metering.use_day ORDER BY install_id, use_day.day');
      return rows;
    },
  };
}

/** Hours of a household, from the first on, as a function of the hour. */
function hourly(meterId: number, from_ms: number, hours: number, use_l: (hour: number) => number): ToldReading[] {
  const readings: ToldReading[] = [];
  let register_l = 5_000;
  for (let hour = 0; hour <= hours; hour += 1) {
    readings.push({ meterId, at_ms: from_ms + hour * HOUR, register_l });
    register_l += use_l(hour);
  }
  return readings;
}
const household = (hour: number) => (hour % 24 > 6 ? 10 + (hour % 3) : 0);

/** The field's dirt over forty days: strays, conflicts, backward movement, resets, jumps, gaps, wrong clocks, great draws. */
function dirty(meterId: number): ToldReading[] {
  const readings: ToldReading[] = [];
  let offset_l = 0;
  for (const reading of hourly(meterId, begin_ms, 40 * 24 - 1, household)) {
    if (chance(150) === 0) offset_l += 4_000;
    if (chance(600) === 0) offset_l = -reading.register_l;
    const register_l = reading.register_l + offset_l - (chance(60) === 0 ? chance(30) : 0);
    if (register_l < 0 || chance(20) === 0) continue;
    readings.push({ ...reading, register_l });
    if (chance(80) === 0) readings.push({ ...reading, register_l: chance(9_000_000) });
    if (chance(200) === 0) readings.push({ ...reading, at_ms: reading.at_ms + 60_000, register_l: chance(90_000_000) });
    if (chance(200) === 0)
      readings.push({ ...reading, at_ms: Date.UTC(1999, 1, 1) + reading.at_ms / 60, plausible: false });
  }
  return readings;
}

const shuffled = <T>(of: readonly T[]): T[] =>
  of
    .map((one) => ({ one, by: chance(2 ** 30) }))
    .sort((one, other) => one.by - other.by)
    .map(({ one }) => one);

describe('findings', () => {
  test('and use and estimates are the same after any shuffling, doubling and chunking of what arrives, and after edits', async () => {
    const places = 12;
    const [orderly, wild] = [await world(places), await world(places)];
    expect(wild.installs).toEqual(orderly.installs);
    const readings = orderly.installs.flatMap(([meterId]) => dirty(meterId));
    const edits = shuffled(readings.filter(({ plausible }) => plausible !== false))
      .slice(0, 12)
      .map((reading, index) => ({ ...reading, deed: index % 2 === 0 ? ('void' as const) : ('replace' as const) }));
    const unique = [...new Map(edits.map((edit) => [`${edit.meterId} ${edit.at_ms}`, edit])).values()];
    const put = async (to: typeof wild, { meterId, at_ms, register_l, deed }: (typeof unique)[number]) => {
      const at = {
        meterId,
        at_ms,
        deed,
        register_l: deed === 'void' ? null : register_l + 3,
        reason: 'seen on the spot',
      };
      await editReading({ pool: to.pool, clock: to.clock }, at, person);
    };

    await orderly.metered.tell(readings, end_ms - 1);
    await orderly.workAt(after_ms);
    for (const edit of unique) await put(orderly, edit);
    await orderly.workAt(after_ms);

    const arriving = shuffled([...readings, ...readings.filter(() => chance(10) === 0)]);
    let at_ms = begin_ms;
    while (arriving.length > 0) {
      await wild.metered.tell(arriving.splice(0, 1 + chance(5_000)), end_ms - 1);
      at_ms = Math.min(after_ms, at_ms + chance(15 * 24) * HOUR);
      await wild.workAt(at_ms);
    }
    await wild.workAt(after_ms);
    for (const edit of shuffled(unique)) {
      await put(wild, edit);
      if (chance(3) === 0) await wild.workAt(after_ms);
    }
    await wild.workAt(after_ms);

    expect(await wild.useDays()).toEqual(await orderly.useDays());
    expect(await wild.figures()).toEqual(await orderly.figures());
    const found = await orderly.findings();
    expect(await wild.findings()).toEqual(found);
    const estimates = await orderly.estimates();
    expect(await wild.estimates()).toEqual(estimates);
    expect(new Set(estimates.map((one) => one.method))).toEqual(new Set(['own_profile', 'class_profile']));
    expect(new Set(estimates.map((one) => one.rule))).toEqual(new Set(['gap_estimate']));
    const rules = new Set(found.map((one) => one.rule));
    for (const rule of ['missing', 'conflict', 'negative', 'implausible_rate', 'unusual_for_place', 'wrong_time']) {
      expect(rules).toContain(rule);
    }
    // Judging all of it again changes nothing.
    const events = async () =>
      (await orderly.pool.query('SELECT FROM metering.finding_event UNION ALL SELECT FROM metering.use_estimate'))
        .rowCount;
    const before = await events();
    await orderly.pool.query('UPDATE metering.validation_rule SET after_install = 0');
    await orderly.workAt(after_ms);
    expect(await events()).toBe(before);
  }, 120_000);

  test('close by themselves when the cause is gone, open again with it, and keep their history', async () => {
    const { pool, clock, metered, installs, workAt, findings } = await world(1);
    const [meterId, install_id] = installs[0] ?? [0, 0];
    const readings = hourly(meterId, begin_ms, 40 * 24, household);
    const stray = { meterId, at_ms: begin_ms + 500.5 * HOUR, register_l: 80_000_000 };
    await metered.tell([...readings, stray], after_ms - 1);
    await workAt(after_ms);
    const open = await findings();
    expect(open.map(({ rule, day, severity }) => [rule, day, severity])).toEqual([
      ['implausible_rate', '2026-03-21', 2],
    ]);
    const edit = (deed: 'void' | 'restore') =>
      editReading({ pool, clock }, { meterId, at_ms: stray.at_ms, deed, register_l: null, reason: 'a stray' }, person);
    await edit('void');
    await workAt(after_ms);
    expect(await findings()).toEqual([]);
    await edit('restore');
    await workAt(after_ms);
    expect(await findings()).toEqual(open);
    const { rows } = await pool.query(
      `SELECT what FROM metering.finding_event JOIN metering.finding USING (finding_id) WHERE install_id = $1
        ORDER BY event_id`,
      [install_id],
    );
    expect(rows).toEqual([{ what: 'opened' }, { what: 'closed' }, { what: 'reopened' }]);
  });

  test('tell a silent meter by the clock alone, and no more once its readings come', async () => {
    const { metered, installs, workAt, findings } = await world(1);
    const [meterId] = installs[0] ?? [0, 0];
    const readings = hourly(meterId, begin_ms, 10 * 24, household);
    await metered.tell(readings.slice(0, 5 * 24 + 1), begin_ms + 6 * 24 * HOUR);
    await workAt(begin_ms + 6 * 24 * HOUR);
    expect(await findings()).toEqual([]);
    await workAt(begin_ms + 8 * 24 * HOUR);
    expect((await findings()).map(({ rule, day }) => `${rule} ${day}`)).toEqual([
      'missing 2026-03-06',
      'missing 2026-03-07',
    ]);
    await metered.tell(readings, begin_ms + 11 * 24 * HOUR);
    await workAt(begin_ms + 11 * 24 * HOUR);
    expect(await findings()).toEqual([]);
  });

  test('follow the zone: what one place’s late readings make unusual is found at the other', async () => {
    const { metered, installs, workAt, findings } = await world(11);
    const meters = installs.map(([meterId]) => meterId);
    const use = (times: number) => (hour: number) => household(hour) * times;
    for (const meterId of meters.slice(0, 9)) await metered.tell(hourly(meterId, begin_ms, 24, use(1)), after_ms - 1);
    await metered.tell(hourly(meters[9] ?? 0, begin_ms, 24, use(60)), after_ms - 1);
    await workAt(begin_ms + 32 * HOUR);
    expect(await findings(`rule = 'unusual_for_zone'`)).toMatchObject([
      { install_id: installs[9]?.[1], state: 'open' },
    ]);
    // Ten of eleven use as much by now: the same day is usual.
    for (const meterId of meters.slice(0, 9)) {
      const late = hourly(meterId, begin_ms, 24, use(60)).map((one) => ({
        ...one,
        at_ms: one.at_ms + 1,
        register_l: one.register_l + 5_000,
      }));
      await metered.tell(late.slice(1), after_ms - 1);
    }
    await workAt(begin_ms + 33 * HOUR);
    expect(await findings(`rule = 'unusual_for_zone' AND state = 'open'`)).toEqual([]);
  });

  test('are judged again when a rule is another version, and closed when it is no more; a kill in between loses nothing', async () => {
    const { metered, installs, workAt, findings, setRules, pool } = await world(25);
    for (const [meterId] of installs) await metered.tell(hourly(meterId, begin_ms, 72, household), after_ms - 1);
    await workAt(begin_ms + 80 * HOUR);
    expect(await findings()).toEqual([]);
    const every: ValidationRule = {
      ...{ name: 'every', version: 1 },
      judge: ({ stood }) => ({ severity: 1, ...stood, evidence: { measured: 1 } }),
    };
    await setRules([...validationRules, every]);
    // As if it had been killed after the first transaction: what is through is known.
    await pool.query(`UPDATE metering.validation_rule SET after_install = $1 WHERE rule = 'every'`, [
      installs[19]?.[1],
    ]);
    await workAt(begin_ms + 80 * HOUR);
    expect(await findings()).toHaveLength(5 * 3);
    await setRules([...validationRules, { ...every, version: 2 }]);
    await workAt(begin_ms + 80 * HOUR);
    expect(await findings(`rule_version LIKE '2.%' AND state = 'open'`)).toHaveLength(25 * 3);
    await setRules(validationRules);
    await workAt(begin_ms + 80 * HOUR);
    expect(await findings()).toEqual([]);
    expect(await findings(`rule = 'every' AND state = 'closed'`)).toHaveLength(25 * 3);
  });

  test('know the day before a day over a change of month', () => {
    expect(dayBefore('2026-03-01', 1)).toBe('2026-02-28');
  });
});
