// What readings can have wrong: told twice, late, at impossible times, over wraps and swaps and the ends of days, or for a
// month that is no longer there. Each goes through the real commit, use job, alarms and bill runs.
import { describe, expect, test } from 'vitest';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { createUseService } from '../../src/metering/readings/use-service.ts';
import { MeteredTown, type Telegram } from '../support/metered-town.ts';
import { newSeed } from '../support/seed.ts';
import { testDatabase } from '../support/test-database.ts';
import { fleetEntry } from '../support/test-intake.ts';

const seed = newSeed('readings');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const { pool } = await testDatabase();
const town = new MeteredTown(pool, 'Asia/Seoul');
const { days, clock } = town;
const march_ms = days.on('2026-03-01').start_ms;
const april_ms = days.on('2026-04-01').start_ms;

const meter = (serial: string, dials = 5) => {
  const entry = fleetEntry(`dev-${serial}`, serial);
  return { ...entry, meter: { ...entry.meter, dials }, installedAt_ms: days.on('2026-02-01').start_ms };
};

/** A register an hour, a telegram a day, received with the last of them. */
function daily(serial: string, from_ms: number, until_ms: number, registerAt: (hour: number) => number): Telegram[] {
  const telegrams: Telegram[] = [];
  for (let at_ms = from_ms; at_ms < until_ms; at_ms += DAY) {
    const many = Math.min(24, Math.ceil((until_ms - at_ms) / HOUR));
    const registers = Array.from({ length: many }, (_, hour): [number, number] => [
      at_ms + hour * HOUR,
      registerAt((at_ms - from_ms) / HOUR + hour),
    ]);
    telegrams.push({ serial, registers, received_ms: (registers.at(-1)?.[0] ?? 0) + 1_000 });
  }
  return telegrams;
}

const rows = async (query: string, values: unknown[] = []) => (await pool.query(query, values)).rows;
const ofMeter = (serial: string) => `meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '${serial}')`;

/** Stored use of the place, day by day; a day of two meters is the sum of both. */
async function useOf(serial: string): Promise<string[]> {
  const stored = await rows(
    `SELECT day::text, sum(use_l)::int AS use_l, count(*) FILTER (WHERE use_l IS NULL)::int AS untold, min(use_l) AS least
       FROM metering.use_day JOIN metering.install USING (install_id), unnest(hours_l) AS use_l
      WHERE service_point_id = $1 GROUP BY day ORDER BY day`,
    [`sp-${serial}`],
  );
  for (const { least } of stored) expect(least ?? 0).toBeGreaterThanOrEqual(0);
  return stored.map(({ day, use_l, untold }) => `${day} ${use_l} ${untold}`);
}

const alarmsOf = (serial: string) =>
  rows(
    `SELECT kind, began_at, ended_at, grade, times, amount FROM metering.alarm
      WHERE service_point_id = $1 AND state <> 'withdrawn' ORDER BY kind, began_at`,
    [`sp-${serial}`],
  );

const billsOf = async (serial: string) =>
  (await rows('SELECT document FROM metering.bill WHERE service_point_id = $1 ORDER BY bill_id', [`sp-${serial}`])).map(
    ({ document }) => document,
  );

async function billMonths(): Promise<void> {
  clock.at_ms = days.on('2026-04-10').start_ms;
  await town.judge();
  await town.bill({ use_from: '2026-03-01', use_until: '2026-04-01' });
}

describe('readings', () => {
  test('another value at an instant: the first is kept, the contradiction stands beside it and is raised [10]', async () => {
    await town.provision([meter('10')]);
    clock.at_ms = march_ms + 2 * DAY;
    await town.send(daily('10', march_ms, march_ms + 2 * DAY, (hour) => 1_000 + hour * 10));
    const again = { serial: '10', received_ms: march_ms + 2 * DAY };
    const at_ms = march_ms + 20 * HOUR;
    await town.send([{ ...again, registers: [[at_ms, 1_200]] }]);
    expect(await rows(`SELECT FROM metering.reading_conflict WHERE ${ofMeter('10')}`)).toEqual([]);
    await town.send([{ ...again, registers: [[at_ms, 1_203]] }]);
    await town.workOff();
    await town.judge();
    const kept = `register_l FROM metering.reading WHERE ${ofMeter('10')} AND measured_at = to_timestamp($1)`;
    expect(await rows(`SELECT ${kept}`, [at_ms / 1_000])).toEqual([{ register_l: 1_200 }]);
    expect(await rows(`SELECT register_l FROM metering.reading_conflict WHERE ${ofMeter('10')}`)).toEqual([
      { register_l: 1_203 },
    ]);
    expect((await alarmsOf('10')).map(({ kind }) => kind)).toContain('conflict');
    expect((await useOf('10'))[0]).toBe('2026-03-01 240 0');
  });

  test('thirty days late and out of order: use, alarms and bills are what they would have been, by a correction [11]', async () => {
    await town.provision([meter('111'), meter('112')]);
    // Night and day at home until the 28th; from then on a leak, of which one meter's telegrams are held up for 30 days.
    const registerAt = (hour: number) => 5_000 + hour * 10 + (hour % 24 > 6 ? 4 : 0) + Math.max(0, hour - 27 * 24) * 30;
    const until_ms = april_ms + 15 * DAY;
    const inTime = daily('111', march_ms, until_ms, registerAt);
    const held = (telegram: Telegram) =>
      telegram.registers.some(([at_ms]) => at_ms >= march_ms + 27 * DAY && at_ms < april_ms + 6 * DAY);
    const other = inTime.map((telegram) => ({ ...telegram, serial: '112' }));
    await town.send([...inTime, ...other.filter((telegram) => !held(telegram))]);
    await town.workOff();
    await billMonths();
    const [first] = await billsOf('112');
    expect(first.use.volume_l).not.toBe((await billsOf('111'))[0].use.volume_l);
    clock.at_ms = days.on('2026-05-02').start_ms;
    await town.judge();
    const late = other.filter(held).map((telegram) => ({ ...telegram, received_ms: clock.at_ms - HOUR }));
    expect(late).toHaveLength(10);
    const shuffled = late
      .map((telegram, index) => ({ telegram, place: chanceAt(seed, index) }))
      .sort((one, other) => one.place - other.place);
    for (const [index, { telegram }] of shuffled.entries()) {
      await town.send([telegram, ...(index % 3 === 0 ? [telegram] : [])]);
      if (index % 4 === 0) await town.workOff();
    }
    await town.workOff();
    await town.judge();
    expect(await useOf('112')).toEqual(await useOf('111'));
    const lasting = (alarms: { kind: string }[]) => alarms.filter(({ kind }) => kind !== 'silent');
    expect((await alarmsOf('111')).map(({ kind }) => kind)).toContain('leak');
    expect(lasting(await alarmsOf('112'))).toEqual(lasting(await alarmsOf('111')));
    await town.bill({ use_from: '2026-04-01', use_until: '2026-04-10' });
    const total = (bills: { payable_won: number }[]) => bills.reduce((sum, { payable_won }) => sum + payable_won, 0);
    const corrected = await billsOf('112');
    expect(corrected[0]).toEqual(first);
    expect(corrected[1].corrections).toHaveLength(1);
    expect(total(corrected)).toBe(total(await billsOf('111')));
  });

  test('a clock at 1970, a year ahead and going back: kept with its receipt, flagged, and not billed [12]', async () => {
    await town.provision([{ ...meter('12'), formats: ['senml+json', 'nbiot-kr'] }]);
    const registerAt = (hour: number) => 2_000 + hour * 5;
    await town.send(daily('12', march_ms, april_ms + HOUR, registerAt));
    const received_ms = march_ms + 10 * DAY;
    const wrong = [40 * HOUR, Date.UTC(2027, 2, 11), received_ms + 2 * HOUR];
    await town.send(
      wrong.map(
        (at_ms): Telegram => ({ serial: '12', registers: [[at_ms, 9_999_999]], received_ms, format: 'nbiot-kr' }),
      ),
    );
    // Two hours back for a day: every register is told for an instant at which the meter had shown less.
    const back = daily('12', march_ms + 20 * DAY, march_ms + 21 * DAY, (hour) => registerAt(20 * 24 + hour + 2));
    await town.send(
      back.map((one) => ({
        ...one,
        registers: one.registers.map(([at_ms, register_l]): [number, number] => [at_ms + 60_000, register_l]),
      })),
    );
    await town.workOff();
    await billMonths();
    const misdated = await rows(
      `SELECT (extract(epoch FROM measured_at) * 1000)::float8 AS at_ms, (extract(epoch FROM received_at) * 1000)::float8 AS received_ms
         FROM metering.misdated_reading WHERE ${ofMeter('12')} ORDER BY measured_at`,
    );
    expect(misdated).toEqual(wrong.sort((one, other) => one - other).map((at_ms) => ({ at_ms, received_ms })));
    expect((await alarmsOf('12')).map(({ kind }) => kind)).toContain('clock_wrong');
    const [bill] = await billsOf('12');
    expect(bill.use.volume_l).toBe(31 * 24 * 5);
  });

  test('a dial that wraps and a meter that is swapped: never negative, and all that passed is billed [13]', async () => {
    await town.provision([meter('131', 3), meter('132')]);
    const wraps = (hour: number) => (999_000 + hour * 7) % 1_000_000;
    await town.send(daily('131', march_ms, april_ms + HOUR, wraps));
    const swap_ms = march_ms + 12 * DAY + 7.5 * HOUR;
    await town.send(daily('132', march_ms, swap_ms, (hour) => 80_000 + hour * 4));
    const place = meter('132').servicePoint;
    await pool.query(
      `UPDATE metering.install SET until_at = to_timestamp($1::float8 / 1000), closing_register_l = $2 WHERE service_point_id = 'sp-132'`,
      [swap_ms, 80_000 + 295.5 * 4],
    );
    await town.provision([{ ...meter('133'), servicePoint: place, installedAt_ms: swap_ms, openingRegister_l: 3 }]);
    await town.send(daily('133', swap_ms + HOUR / 2, april_ms + 2 * HOUR, (hour) => 5 + hour * 4));
    await town.workOff();
    await billMonths();
    expect((await billsOf('131'))[0].use.volume_l).toBe(31 * 24 * 7);
    expect((await billsOf('132'))[0].use.volume_l).toBe(31 * 24 * 4);
    expect(await useOf('131')).toHaveLength(32);
    expect((await useOf('132'))[12]).toBe('2026-03-13 96 23');
  });

  test('a late row for a month that was dropped: refused openly by who thinks it is there, stored once by who looks [17]', async () => {
    await town.provision([meter('17')]);
    const told = (register_l: number): Telegram => {
      const at_ms = days.on('2025-11-05').start_ms + register_l * HOUR;
      return { serial: '17', registers: [[at_ms, register_l]], received_ms: april_ms };
    };
    const unaware = await town.newIntake();
    await town.send([told(1)], unaware);
    await pool.query('DROP TABLE metering.reading_2025_11');
    await town.send([told(2)], unaware);
    const refused = await rows(
      `SELECT q.code, q.detail FROM metering.quarantine q JOIN metering.device USING (device_no) WHERE device_id = 'dev-17'`,
    );
    expect(refused).toEqual([{ code: 'ROW_REFUSED', detail: expect.stringContaining('23514') }]);
    const aware = await town.newIntake();
    for (const _ of [1, 2]) await town.send([told(3), told(3)], aware);
    await town.send([told(3)], unaware);
    expect(await rows(`SELECT register_l FROM metering.reading WHERE ${ofMeter('17')}`)).toEqual([{ register_l: 3 }]);
  });
});

describe.each([
  ['Asia/Seoul', '2024-02-27', 5],
  ['Asia/Seoul', '2026-12-30', 4],
  ['Europe/Madrid', '2026-03-27', 5],
  ['Europe/Madrid', '2026-10-23', 5],
])('days in %s from %s', (timeZone, first, many) => {
  test('have the register difference from midnight to midnight, over leap days and days of 23 and 25 hours [16]', async () => {
    const there = new MeteredTown(pool, timeZone);
    const serial = `16-${timeZone.length}-${first}`;
    const begin_ms = there.days.on(first).start_ms;
    await there.provision([{ ...meter(serial), installedAt_ms: begin_ms - DAY }]);
    const midnights: [number, number][] = [];
    const telegrams: Telegram[] = [];
    let register_l = 7_000;
    for (let day = there.days.on(first), n = 0; n <= many; n += 1, day = there.days.after(day)) {
      midnights.push([day.start_ms, register_l]);
      const registers: [number, number][] = [[day.start_ms, register_l]];
      // At no full hour, and as many as fall into a day of 23 hours.
      for (let at_ms = day.start_ms + 17 * 60_000; at_ms < day.end_ms; at_ms += HOUR) {
        register_l += Math.floor(chanceAt(seed, at_ms / 60_000) * 40);
        registers.push([at_ms, register_l]);
      }
      telegrams.push({ serial, registers, received_ms: day.end_ms });
    }
    await there.send(telegrams.reverse());
    await there.workOff();
    const stored = await useOf(serial);
    const to_ms = midnights.at(-1)?.[0] ?? 0;
    const asked = await createUseService(pool, timeZone).useOf({
      ...{ of: { servicePointId: `sp-${serial}` }, from_ms: begin_ms, to_ms, resolution: 'day' },
    });
    for (const [index, [start_ms, register]] of midnights.slice(0, -1).entries()) {
      const use_l = (midnights[index + 1]?.[1] ?? 0) - register;
      expect(stored[index]).toBe(`${there.days.at(start_ms).date} ${use_l} 0`);
      expect(asked[index]).toMatchObject({ start_ms, use_l });
    }
  });
});
