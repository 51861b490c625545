// Estimates made by the rule: which gaps it fills and how, what it leaves to people, and what becomes of them.
import { describe, expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { listEstimateVersions } from '../../../src/metering/readings/use-estimate-store.ts';
import { createUseService } from '../../../src/metering/readings/use-service.ts';
import { estimateUse } from '../../../src/metering/validation/estimate-use-service.ts';
import { estimateOfGap, isTooNew, type UntoldDay } from '../../../src/metering/validation/gap-estimate.ts';
import { judgeDue, registerRules, replayRules, takeUpDay } from '../../../src/metering/validation/validate-service.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { MeteredPlaces, type ToldReading } from '../../support/metered-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const zone = 'Asia/Seoul';
const days = new LocalDays(zone);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const begin_ms = days.on('2026-03-01').start_ms;
const dayOf = (nth: number) => days.at(begin_ms + nth * DAY).date;
/** Hours count their own number in litres: 276 a day. */
const registerAt = (hour: number) => Math.floor(hour / 24) * 276 + ((hour % 24) * ((hour % 24) - 1)) / 2;
const hours = (meterId: number, from: number, to: number, begins_l = 5_000): ToldReading[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    meterId,
    at_ms: begin_ms + (from + index) * HOUR,
    register_l: begins_l + registerAt(from + index) - registerAt(from),
  }));

async function world() {
  const { pool } = await testDatabase();
  let now_ms = begin_ms;
  const clock = { now_ms: () => now_ms };
  const metered = await MeteredPlaces.open(pool, days, begin_ms + 60 * DAY);
  const validation = { pool, clock, days, rules: validationRules };
  await registerRules(validation);
  return {
    ...{ pool, clock, metered, use: createUseService(pool, zone) },
    /** What the worker does when the nth day has begun, eight hours after midnight. */
    async workOn(nth: number): Promise<void> {
      now_ms = begin_ms + nth * DAY + 8 * HOUR;
      await metered.workOff();
      do {
        while ((await judgeDue(validation)) !== null);
      } while (await takeUpDay(validation));
      while ((await replayRules(validation)) !== null);
      while ((await judgeDue(validation)) !== null);
    },
    async estimated(installId: number): Promise<[string, string, number][]> {
      const { rows } = await pool.query<{ day: string; method: string; litres: number }>(
        `SELECT day::text, method, (SELECT coalesce(sum(l), 0) FROM unnest(hours_l) l)::int AS litres
           FROM metering.use_estimate_in_force f WHERE install_id = $1 ORDER BY f.day`,
        [installId],
      );
      return rows.map(({ day, method, litres }) => [day, method, litres]);
    },
    async missing(installId: number): Promise<string[]> {
      const { rows } = await pool.query<{ day: string }>(
        `SELECT day::text FROM metering.finding f WHERE install_id = $1 AND rule = 'missing' AND state = 'open' ORDER BY f.day`,
        [installId],
      );
      return rows.map(({ day }) => day);
    },
  };
}

describe('the rule', () => {
  test('fills the days of a silent meter by its own past once they are two days old, and stops where that no longer tells', async () => {
    const { metered, workOn, estimated, missing, use } = await world();
    const [meterId, installId] = await metered.add({ from_ms: begin_ms });
    await metered.tell(hours(meterId, 0, 28 * 24 + 10), begin_ms + 29 * DAY);
    await workOn(30);
    expect(await estimated(installId)).toEqual([]);
    expect(await missing(installId)).toEqual([dayOf(28), dayOf(29)]);
    await workOn(31);
    expect(await estimated(installId)).toEqual([[dayOf(28), 'own_profile', 231]]);
    expect(await missing(installId)).toEqual([dayOf(29), dayOf(30)]);
    const span = { from_ms: days.on(dayOf(28)).start_ms, to_ms: days.on(dayOf(29)).start_ms };
    expect(await use.useOf({ of: { meterId }, ...span, resolution: 'day' })).toMatchObject([
      { use_l: 276, estimated_l: 231 },
    ]);
    // Two of the same weekday must be known: three weeks after it fell silent they are not.
    await workOn(56);
    const filled = await estimated(installId);
    expect(filled).toHaveLength(21);
    expect(filled.at(-1)).toEqual([dayOf(48), 'own_profile', 276]);
    expect(await missing(installId)).toEqual(Array.from({ length: 7 }, (_, nth) => dayOf(49 + nth)));
  });

  test('gives way to what is measured after all; every version says who and why, and the sum is the registers’', async () => {
    const { pool, metered, workOn, estimated, use } = await world();
    const [meterId, installId] = await metered.add({ from_ms: begin_ms });
    await metered.tell(hours(meterId, 0, 28 * 24 + 10), begin_ms + 29 * DAY);
    await workOn(33);
    expect(await estimated(installId)).toHaveLength(3);
    // It speaks again, 4,000 l on: what passed in between is known.
    const last_l = 5_000 + registerAt(28 * 24 + 10);
    await metered.tell([{ meterId, at_ms: begin_ms + 32 * DAY, register_l: last_l + 4_000 }], begin_ms + 33 * DAY);
    await workOn(33);
    expect((await estimated(installId)).map(([, method, litres]) => [method, litres])).toEqual(
      Array.from({ length: 3 }, () => ['withdrawn', 0]),
    );
    const told = await use.useOf({
      ...{ of: { meterId }, from_ms: begin_ms, to_ms: begin_ms + 32 * DAY, resolution: 'day' },
    });
    expect(told.reduce((sum, { use_l }) => sum + (use_l ?? 0), 0)).toBe(registerAt(28 * 24 + 10) + 4_000);
    expect(told.some(({ estimated_l }) => estimated_l !== undefined)).toBe(false);
    const versions = await listEstimateVersions(pool, installId, { from: dayOf(29), to: dayOf(29) }, 9);
    expect(versions).toMatchObject([
      { version: 2, method: 'withdrawn', rule: 'measured', actor: null },
      { version: 1, method: 'own_profile', rule: 'gap_estimate', actor: null, evidence: { weeks: 4 } },
    ]);
    expect(versions[1]?.reason).toContain('the same weekday');
  });

  test('fills the break of a register that was reset, and measures again after it', async () => {
    const { metered, workOn, estimated, use } = await world();
    const [meterId, installId] = await metered.add({ from_ms: begin_ms });
    await metered.tell(
      [...hours(meterId, 0, 29 * 24, 9_000_000), ...hours(meterId, 30 * 24 + 3, 33 * 24, 7)],
      begin_ms + 33 * DAY,
    );
    await workOn(33);
    // A whole day and three hours, as on the same weekdays before: not the difference of two registers that are not one.
    expect(await estimated(installId)).toEqual([
      [dayOf(29), 'own_profile', 276],
      [dayOf(30), 'own_profile', 0 + 1 + 2],
    ]);
    const all = await use.useOf({
      ...{ of: { meterId }, from_ms: begin_ms, to_ms: begin_ms + 33 * DAY, resolution: 'day' },
    });
    expect(all.map(({ use_l }) => use_l)).toEqual(Array.from({ length: 33 }, () => 276));
  });

  test('takes the zone’s profile for a meter that is new, works it out again when the zone’s late readings come', async () => {
    const { metered, workOn, estimated, missing } = await world();
    const [meterId, installId] = await metered.add({ from_ms: begin_ms });
    await metered.tell(hours(meterId, 0, 30), begin_ms + 2 * DAY);
    const peers: number[] = [];
    for (let peer = 0; peer < 11; peer += 1) peers.push((await metered.add({ from_ms: begin_ms }))[0]);
    const tell = (peer: number) => metered.tell(hours(peer, 0, 3 * 24), begin_ms + 3 * DAY);
    for (const peer of peers.slice(0, 9)) await tell(peer);
    await workOn(5);
    expect(await estimated(installId)).toEqual([]);
    expect(await missing(installId)).toEqual([dayOf(1), dayOf(2), dayOf(3), dayOf(4)]);
    await tell(peers[9] ?? 0);
    await workOn(5);
    expect(await estimated(installId)).toEqual([
      [dayOf(1), 'class_profile', 276 - registerAt(6)],
      [dayOf(2), 'class_profile', 276],
    ]);
    // The eleventh used 110 l in each hour of the third day where the others used its number.
    const wasteful = Array.from({ length: 73 }, (_, hour) => ({
      ...{ meterId: peers[10] ?? 0, at_ms: begin_ms + hour * HOUR },
      register_l: registerAt(Math.min(hour, 48)) + Math.max(0, hour - 48) * 110,
    }));
    await metered.tell(wasteful, begin_ms + 3 * DAY);
    await workOn(5);
    expect((await estimated(installId)).at(-1)).toEqual([
      dayOf(2),
      'class_profile',
      Math.round((276 * 10 + 24 * 110) / 11),
    ]);
  });

  test('leaves inlets of zones, meters that never spoke, and what a person has estimated', async () => {
    const { pool, clock, metered, workOn, estimated } = await world();
    const [inletId, inlet] = await metered.add({ from_ms: begin_ms });
    await pool.query(`UPDATE metering.service_point_version SET purpose = 'inlet' WHERE service_point_id = $1`, [
      `sp-${inletId}`,
    ]);
    const [, mute] = await metered.add({ from_ms: begin_ms });
    const [heldId, held] = await metered.add({ from_ms: begin_ms });
    for (const id of [inletId, heldId]) await metered.tell(hours(id, 0, 28 * 24), begin_ms + 29 * DAY);
    await workOn(29);
    const wanted = { installId: held, from: dayOf(28), to: dayOf(28), sum_l: 50, reason: 'the house stood empty' };
    await workOn(30);
    await estimateUse({ pool, clock, days }, wanted, { actor: Buffer.alloc(32, 7), rule: null });
    await workOn(32);
    expect(await estimated(inlet)).toEqual([]);
    expect(await estimated(mute)).toEqual([]);
    expect(await estimated(held)).toEqual([
      [dayOf(28), 'own_profile', 50],
      [dayOf(29), 'own_profile', 276],
    ]);
  });
});

describe('a day with a gap', () => {
  const day = days.on('2026-03-29');
  const untold: UntoldDay = {
    ...{ day, stay: { from_ms: begin_ms - 90 * DAY, until_ms: null }, told: null, isToldLately: true },
    weeks: [null, Array(24).fill(4), Array(24).fill(6), null],
  };

  test('is filled whole or not at all: one hour without a past leaves all of it', () => {
    expect(estimateOfGap(untold, null)).toMatchObject({ method: 'own_profile', hours_l: Array(24).fill(5) });
    const holed = [...Array<number | null>(23).fill(4), null];
    expect(estimateOfGap({ ...untold, weeks: [null, holed, Array(24).fill(6), null] }, null)).toBeNull();
  });

  test('of a meter that has stood for long is no matter for the class’s profile', () => {
    const ofClass = { places: 12, hours_l: Array<number>(24).fill(9) };
    const silent = { ...untold, weeks: [null, null, null, null] };
    expect(estimateOfGap(silent, ofClass)).toBeNull();
    const fresh = { ...silent, stay: { from_ms: day.start_ms - 3 * DAY, until_ms: null } };
    expect(estimateOfGap(fresh, ofClass)).toMatchObject({ method: 'class_profile', evidence: { places: 12 } });
    expect(isTooNew({ ...fresh, isToldLately: false })).toBe(false);
  });

  test('is estimated only while the meter stood there', () => {
    const left = { ...untold, stay: { from_ms: begin_ms, until_ms: day.start_ms + 90 * 60_000 } };
    expect(estimateOfGap(left, null)?.hours_l).toEqual([5, 5, ...Array(22).fill(null)]);
  });
});
