// Balances of zones from stored registers: nesting, moves, swaps, outlets, gaps, late readings, days on which nothing came.
import { beforeAll, describe, expect, test } from 'vitest';
import { followUse, workOffZoneDay } from '../../../src/metering/balance/work-off-zones-service.ts';
import { createZonesService } from '../../../src/metering/balance/zone-balance-service.ts';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import type { RegistryList } from '../../../src/metering/meters/registry-list.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { estimated } from '../../support/estimated-use.ts';
import { testDatabase } from '../../support/test-database.ts';
import { type Told, toldRegisters } from '../../support/told-registers.ts';

const { pool } = await testDatabase();
const days = new LocalDays('Europe/Madrid');
const store = await toldRegisters(pool, days);
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-27').start_ms;
const end_ms = days.on('2026-04-03').start_ms;
const clock = { time_ms: end_ms + 5 * HOUR, now_ms: () => clock.time_ms };
const zones = createZonesService(pool, clock, days);

const read = (list: RegistryList, file: string) => importRegistry({ pool, clock }, list, file, { dryRun: false });
const iso = (at_ms: number) => new Date(at_ms).toISOString();
const meterIdOf = async (serial: string) =>
  (await pool.query<{ meter_id: number }>('SELECT meter_id FROM metering.meter WHERE serial = $1', [serial])).rows[0]
    ?.meter_id ?? 0;

const installOf = async (serial: string) =>
  (
    await pool.query<{ install_id: number }>('SELECT install_id FROM metering.install WHERE meter_id = $1', [
      await meterIdOf(serial),
    ])
  ).rows[0]?.install_id ?? 0;

/** Hourly, the same in each hour. */
async function steady(serial: string, an_hour_l: number, from_ms = begin_ms, to_ms = end_ms): Promise<Told[]> {
  const meterId = await meterIdOf(serial);
  return Array.from({ length: (to_ms - from_ms) / HOUR + 1 }, (_, hour) => ({
    ...{ meterId, at_ms: from_ms + hour * HOUR, register_l: 1_000_000 + hour * an_hour_l },
  }));
}

async function workOffAll(): Promise<string[]> {
  await store.workOff();
  while (((await followUse(pool)) ?? 0) > 0);
  const worked: string[] = [];
  for (;;) {
    const done = await workOffZoneDay(pool, days, clock.now_ms());
    if (done === null || done.day === null) return worked;
    worked.push(done.day);
  }
}

const dayOf = async (zone: string, day: string) => {
  const { balances } = await zones.balances(zone, { by: 'day', from: day, until: day, limit: 1 });
  return balances[0];
};
const everything = async () =>
  (await pool.query('SELECT * FROM metering.zone_day ORDER BY zone_id, day')).rows.map((row) => JSON.stringify(row));

const heading = 'service_point,meter_serial,meter_model,bore_mm,dials,from_at,until_at\n';

beforeAll(async () => {
  await read('zones', 'zone_id,zone_name,parent_zone_id\ntop,Top,\na,A,top\nb,B,top\n');
  const from = iso(begin_ms - 24 * HOUR);
  const place = (id: string, zone: string, purpose: string) => `${id},${from},${zone},domestic,${purpose}\n`;
  await read(
    'places',
    `service_point,from_at,zone_id,usage_class,purpose\n${place('in-top', 'top', 'inlet')}${place('in-a', 'a', 'inlet')}${place('a-b', 'a', 'inlet')}${place('home-a', 'a', 'billed')}${place('fountain-a', 'a', 'unbilled')}${place('home-b', 'b', 'billed')}${place('moving', 'a', 'billed')}`,
  );
  const stands = (id: string) => `${id},${id},M,100,9,${from},\n`;
  const places = ['in-top', 'in-a', 'a-b', 'home-a', 'fountain-a', 'home-b', 'moving'];
  await read('installs', `${heading}${places.map(stands).join('')}`);
  await read(
    'inlets',
    `zone_id,service_point,from_at,direction\ntop,in-top,${from},in\na,in-a,${from},in\na,a-b,${from},out\nb,a-b,${from},in\n`,
  );
  for (const [serial, an_hour_l] of Object.entries({
    ...{ 'in-top': 1_000, 'in-a': 900, 'a-b': 300, 'home-a': 100, 'fountain-a': 20, 'home-b': 250, moving: 50 },
  })) {
    await store.tell(await steady(serial, an_hour_l));
  }
  await workOffAll();
});

describe('a day of a zone', () => {
  test('has its own inflow less its outflow, and what meters told by purpose', async () => {
    expect(await dayOf('a', '2026-03-28')).toMatchObject({
      ...{ inlets: 2, hours: 24, missing_hours: 0, bridged_hours: 0, known_inflow_l: 24 * 600 },
      ...{ billed_metered_l: 24 * 150, unbilled_metered_l: 24 * 20, meter_hours: 72, missing_meter_hours: 0 },
      balance: {
        ...{ system_input_l: 24 * 600, authorised_consumption_l: 24 * 170, water_losses_l: 24 * 430 },
        ...{ non_revenue_water_l: 24 * 450, non_revenue_share: 0.75 },
      },
      night_flow_l_per_s: 600 / 3_600,
    });
  });

  test('of a zone above others has its own inlets, and the use of all below it', async () => {
    expect(await dayOf('top', '2026-03-28')).toMatchObject({
      ...{ known_inflow_l: 24_000, billed_metered_l: 24 * 400, unbilled_metered_l: 24 * 20, meter_hours: 96 },
      balance: { water_losses_l: 24 * 580 },
    });
  });

  test('has 23 hours where the clocks go forward, and its night two', async () => {
    expect(await dayOf('b', '2026-03-29')).toMatchObject({
      ...{ hours: 23, missing_hours: 0, known_inflow_l: 23 * 300, billed_metered_l: 23 * 250 },
      night_flow_l_per_s: 300 / 3_600,
    });
  });

  test('sums up to a month, of which the part that is over is told', async () => {
    const { balances } = await zones.balances('top', {
      by: 'month',
      from: '2026-03-27',
      until: '2026-05-31',
      limit: 9,
    });
    expect(balances.map(({ period, hours, known_inflow_l }) => [period, hours, known_inflow_l])).toEqual([
      ['2026-03', 4 * 24 + 23, (4 * 24 + 23) * 1_000],
      ['2026-04', 48, 48_000],
    ]);
    const page = await zones.balances('top', { by: 'month', from: '2026-03-27', until: '2026-05-31', limit: 1 });
    expect(page.balances.map(({ period }) => period)).toEqual(['2026-03']);
    expect(page.next).toBe('2026-04-01');
  });
});

describe('gaps', () => {
  test('of a meter are counted in hours: the loss is told as at most, and never as one', async () => {
    await read('installs', `${heading}home-b,new-b,M,100,9,${iso(days.on('2026-04-01').start_ms)},\n`);
    await workOffAll();
    const day = await dayOf('b', '2026-04-01');
    expect(day).toMatchObject({ billed_metered_l: 0, meter_hours: 24, missing_meter_hours: 24, balance: null });
    expect(day?.water_losses_at_most_l).toBe(24 * 300);
    expect((await dayOf('b', '2026-03-31'))?.balance).toMatchObject({ water_losses_l: 24 * 50 });
    expect((await dayOf('top', '2026-04-01'))?.balance).toBeNull();
  });

  test('that are estimated are no gaps, and are counted as estimated', async () => {
    await estimated(pool, await installOf('new-b'), '2026-04-01', [...Array(20).fill(240), null, null, null, null]);
    await workOffAll();
    expect(await dayOf('b', '2026-04-01')).toMatchObject({
      ...{ billed_metered_l: 20 * 240, meter_hours: 24, estimated_meter_hours: 20, missing_meter_hours: 4 },
      balance: null,
    });
    await estimated(pool, await installOf('new-b'), '2026-04-01', Array(24).fill(245));
    await workOffAll();
    expect(await dayOf('b', '2026-04-01')).toMatchObject({
      ...{ estimated_meter_hours: 24, missing_meter_hours: 0 },
      balance: { water_losses_l: 24 * 55 },
    });
  });

  test('end with the readings that come late, wherever the days were worked out before', async () => {
    await store.tell(await steady('new-b', 250, days.on('2026-04-01').start_ms));
    expect(await workOffAll()).toEqual(['2026-04-01', '2026-04-02']);
    // Where something is measured, what was estimated before counts no more.
    expect(await dayOf('b', '2026-04-01')).toMatchObject({
      ...{ estimated_meter_hours: 0, balance: { water_losses_l: 24 * 50 } },
    });
    expect(await workOffAll()).toEqual([]);
  });

  test('of an inlet leave no input, whereas what its register bridges is input and tells no night flow', async () => {
    const noon_ms = days.on('2026-04-02').start_ms + 12 * HOUR;
    await read('places', `service_point,from_at,zone_id,usage_class,purpose\nin-2,${iso(begin_ms)},b,general,inlet\n`);
    await read('installs', `${heading}in-2,in-2,M,100,9,${iso(begin_ms)},\n`);
    await read('inlets', `zone_id,service_point,from_at,direction\nb,in-2,${iso(days.on('2026-03-31').start_ms)},in\n`);
    const meterId = await meterIdOf('in-2');
    await store.tell([
      { meterId, at_ms: days.on('2026-03-31').start_ms, register_l: 500 },
      { meterId, at_ms: noon_ms, register_l: 500 + 60 * 10 },
    ]);
    await workOffAll();
    expect(await dayOf('b', '2026-04-01')).toMatchObject({
      ...{ missing_hours: 0, bridged_hours: 24, known_inflow_l: 24 * 310, night_flow_l_per_s: null },
      balance: { water_losses_l: 24 * 60 },
    });
    expect(await dayOf('b', '2026-04-02')).toMatchObject({
      ...{ missing_hours: 12, known_inflow_l: 12 * 310, balance: null, water_losses_at_most_l: null },
    });
    // Before it was an inlet it is none.
    expect(await dayOf('b', '2026-03-30')).toMatchObject({ inlets: 1, known_inflow_l: 24 * 300 });
  });

  test('are all there is of a day on which nothing came', async () => {
    clock.time_ms += 48 * HOUR;
    expect(await workOffAll()).toEqual(['2026-04-03', '2026-04-04']);
    expect(await dayOf('a', '2026-04-04')).toMatchObject({
      ...{ hours: 24, missing_hours: 24, known_inflow_l: null, meter_hours: 72, missing_meter_hours: 72 },
      ...{ balance: null, night_flow_l_per_s: null },
    });
  });
});

describe('what changes in the registry', () => {
  test('moves a place in the middle of a month: its use counts where it stood', async () => {
    const move_ms = days.on('2026-03-30').start_ms + 6 * HOUR;
    await read('places', `service_point,from_at,zone_id,usage_class\nmoving,${iso(move_ms)},b,domestic\n`);
    const before = await dayOf('top', '2026-03-30');
    await workOffAll();
    expect(await dayOf('a', '2026-03-29')).toMatchObject({ billed_metered_l: 23 * 150 });
    expect(await dayOf('a', '2026-03-30')).toMatchObject({ billed_metered_l: 24 * 100 + 6 * 50, meter_hours: 54 });
    expect(await dayOf('b', '2026-03-30')).toMatchObject({ billed_metered_l: 24 * 250 + 18 * 50, meter_hours: 42 });
    expect(await dayOf('b', '2026-03-31')).toMatchObject({ billed_metered_l: 24 * 300 });
    expect(await dayOf('top', '2026-03-30')).toEqual(before);
  });

  test('swaps an inlet within an hour: the hour is the sum of both meters', async () => {
    const swap_ms = days.on('2026-03-31').start_ms + 8.5 * HOUR;
    const row = (serial: string, from_ms: number, more: string) => `in-top,${serial},M,100,9,${iso(from_ms)},${more}\n`;
    const registers = `${heading.trim()},opening_register_l,closing_register_l\n`;
    const passed = (swap_ms - begin_ms) / HOUR;
    await read(
      'installs',
      `${registers}${row('in-top', begin_ms - 24 * HOUR, `${iso(swap_ms)},,${1_000_000 + passed * 1_000}`)}${row('in-top-2', swap_ms, ',0,')}`,
    );
    const meterId = await meterIdOf('in-top-2');
    await store.tell(
      Array.from({ length: 64 }, (_, hour) => ({
        ...{ meterId, at_ms: swap_ms + (hour + 0.5) * HOUR, register_l: 500 + hour * 1_000 },
      })),
    );
    await workOffAll();
    expect(await dayOf('top', '2026-03-31')).toMatchObject({ missing_hours: 0, known_inflow_l: 24_000 });
  });
});

test('all of it worked out afresh, in one go, is the same', async () => {
  const before = await everything();
  await pool.query('TRUNCATE metering.zone_day, metering.day_closed, metering.zone_days_due');
  expect((await workOffAll()).length).toBeGreaterThan(7);
  expect(await everything()).toEqual(before);
});

test('is worked off by one copy at a time', async () => {
  const other = await pool.connect();
  await other.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('naru.metering.zones'))`);
  expect(await workOffZoneDay(pool, days, clock.now_ms())).toBeNull();
  await other.query('ROLLBACK');
  other.release();
  expect(await workOffZoneDay(pool, days, clock.now_ms())).toEqual({ day: null, zones: 0 });
});
