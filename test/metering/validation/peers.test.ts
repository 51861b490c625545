// What places are held against: worked out once, whatever the parts in which changes are judged, and by whom.
import { expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import type { ValidationRule } from '../../../src/metering/validation/judged-day.ts';
import {
  gatherDue,
  judgeDue,
  registerRules,
  takeUpDay,
  type Validation,
} from '../../../src/metering/validation/validate-service.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { MeteredPlaces, type ToldReading } from '../../support/metered-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-01').start_ms;
const judged_ms = begin_ms + 32 * HOUR;
const PLACES = 14;
/** What each place uses an hour of the first day, in turn. */
const LITRES = [8, 10, 12];
const WASTER = PLACES - 1;

/** A zone of places, of which one uses much and half are late; the day is over. */
async function zone() {
  const { pool } = await testDatabase();
  let now_ms = begin_ms + 8 * HOUR;
  const validation: Validation = { pool, days, rules: validationRules, clock: { now_ms: () => now_ms } };
  const metered = await MeteredPlaces.open(pool, days, judged_ms);
  const installs: [number, number][] = [];
  for (let place = 0; place < PLACES; place += 1) installs.push(await metered.add({ from_ms: begin_ms }));
  await registerRules(validation);
  await takeUpDay(validation);
  now_ms = judged_ms;
  const dayOf = (place: number): ToldReading[] =>
    Array.from({ length: 25 }, (_, hour) => ({
      meterId: installs[place]?.[0] ?? 0,
      ...{ at_ms: begin_ms + hour * HOUR, register_l: hour * (LITRES[place % 3] ?? 0) * (place === WASTER ? 20 : 1) },
    }));
  const tell = async (...places: number[]) => {
    for (const place of places) {
      await metered.tell(dayOf(place), judged_ms - 1);
      await metered.workOff();
    }
  };
  const select = async (sql: string) => (await pool.query<Record<string, unknown>>(sql)).rows;
  return {
    ...{ pool, validation, tell, install: (place: number) => installs[place]?.[1] ?? 0 },
    /** @returns days judged, part by part */
    async judgeAll(): Promise<number[]> {
      const parts: number[] = [];
      for (;;) {
        const done = await judgeDue(validation);
        if (done === null) return parts;
        parts.push(done.installs);
      }
    },
    queued: () =>
      select('SELECT install_ids, from_days::text, to_days::text, is_use_same FROM metering.validation_due'),
    figures: () => select('SELECT *, day::text FROM metering.peer_use p ORDER BY zone_id, usage_class, p.day'),
    findings: () =>
      select(`SELECT install_id, rule, day::text, severity, evidence FROM metering.finding WHERE state = 'open'
               ORDER BY install_id, rule, finding.day`),
  };
}

const [early, late] = [
  [0, 1, 2, 3, 4, 5, 6, WASTER],
  [7, 8, 9, 10, 11, 12],
];

/** All had come in time. */
async function inTime() {
  const world = await zone();
  await world.tell(...early, ...late);
  await takeUpDay(world.validation);
  expect(await world.judgeAll()).toEqual([PLACES]);
  const [figures, findings] = [await world.figures(), await world.findings()];
  expect(figures).toMatchObject([{ places: 10, median_l: 240, is_due: false }]);
  expect(findings).toMatchObject([{ install_id: world.install(WASTER), rule: 'unusual_for_zone' }]);
  return { figures, findings };
}

test('a place’s late day is judged once, and with it only those to whom the zone’s new figure matters', async () => {
  const expected = await inTime();
  const world = await zone();
  await world.tell(...early);
  await takeUpDay(world.validation);
  expect(await world.judgeAll()).toEqual([PLACES]);
  expect((await world.findings()).filter(({ rule }) => rule === 'unusual_for_zone')).toEqual([]);
  await world.tell(...late);
  // Those that were late; the figure; the one that is above it.
  expect(await world.judgeAll()).toEqual([late.length, 0, 1]);
  expect({ figures: await world.figures(), findings: await world.findings() }).toEqual(expected);
  expect(await world.judgeAll()).toEqual([]);
});

test('where much is due each place is judged once, in one part after another, and nothing is lost', async () => {
  const expected = await inTime();
  const world = await zone();
  await world.tell(...early);
  await takeUpDay(world.validation);
  for (const place of late) await world.tell(place, place);
  // The day itself is due for all, and each place for its own use as well.
  await world.tell(...early, ...late);
  await world.pool.query(
    'INSERT INTO metering.validation_due (install_ids, from_days, to_days) SELECT install_ids, from_days, to_days FROM metering.validation_due',
  );
  expect((await world.queued()).length).toBeGreaterThan(8);
  await gatherDue(world.validation);
  expect(await world.queued()).toHaveLength(2);
  expect((await world.judgeAll()).filter((installs) => installs > 0)).toEqual([PLACES]);
  expect({ figures: await world.figures(), findings: await world.findings() }).toEqual(expected);
});

test('a part that fails leaves all that was due, and marks nothing', async () => {
  const expected = await inTime();
  const world = await zone();
  await world.tell(...early);
  await takeUpDay(world.validation);
  await world.judgeAll();
  await world.tell(...late);
  const before = { queued: await world.queued(), figures: await world.figures() };
  const failing: ValidationRule = {
    ...{ name: 'failing', version: 1 },
    judge: () => {
      throw new Error('killed');
    },
  };
  await expect(judgeDue({ ...world.validation, rules: [...validationRules, failing] })).rejects.toThrow('killed');
  expect({ queued: await world.queued(), figures: await world.figures() }).toEqual(before);
  // The part is through; killed while the figure is worked out.
  await judgeDue(world.validation);
  expect(await world.figures()).toMatchObject([{ is_due: true }]);
  await world.pool.query('ALTER TABLE metering.peer_use ADD CONSTRAINT killed CHECK (places < 10) NOT VALID');
  await expect(judgeDue(world.validation)).rejects.toThrow('killed');
  expect(await world.figures()).toMatchObject([{ is_due: true }]);
  await world.pool.query('ALTER TABLE metering.peer_use DROP CONSTRAINT killed');
  await world.judgeAll();
  expect({ figures: await world.figures(), findings: await world.findings() }).toEqual(expected);
});

test('two copies at once find the same', async () => {
  const expected = await inTime();
  const world = await zone();
  await world.tell(...early);
  await takeUpDay(world.validation);
  await Promise.all([world.judgeAll(), world.judgeAll()]);
  await world.tell(...late);
  for (let idle = 0; idle < 2; ) {
    const [one, other] = await Promise.all([world.judgeAll(), world.judgeAll()]);
    idle = one.length + other.length === 0 ? idle + 1 : 0;
  }
  expect({ figures: await world.figures(), findings: await world.findings() }).toEqual(expected);
});

test('a place that goes to another zone is missed in the one that it left', async () => {
  const world = await zone();
  await world.tell(...early, ...late);
  await takeUpDay(world.validation);
  await world.judgeAll();
  await world.pool.query(`INSERT INTO metering.zone (zone_id, name) VALUES ('other', 'other')`);
  const [moved] = early;
  await world.pool.query(
    `INSERT INTO metering.service_point_version
     SELECT service_point_id, '2000-01-01', '2026-03-02', 'other', usage_class, households, purpose
       FROM metering.service_point_version JOIN metering.install USING (service_point_id)
      WHERE install_id = ANY($1::int[])`,
    [[0, 1, 2, 3, 4].map(world.install)],
  );
  await world.tell(moved ?? 0);
  await world.pool.query(
    `INSERT INTO metering.validation_due (install_ids, from_days, to_days) VALUES ($1, $2::date[], $2::date[])`,
    [[0, 1, 2, 3, 4].map(world.install), Array(5).fill('2026-03-01')],
  );
  await world.judgeAll();
  expect(await world.figures()).toMatchObject([
    { zone_id: 'other', places: 5 },
    { zone_id: 'z', places: 9 },
  ]);
  expect(await world.findings()).toEqual([]);
});
