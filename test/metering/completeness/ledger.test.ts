// The ledger from stored readings: each cause, days on which nothing came, any order of arrival, and read rates.
import { beforeAll, describe, expect, test } from 'vitest';
import { followUse, workOffZoneDay } from '../../../src/metering/balance/work-off-zones-service.ts';
import { createCompletenessService } from '../../../src/metering/completeness/completeness-service.ts';
import { followUseWithLedger, sweepLedger } from '../../../src/metering/completeness/work-off-ledger-service.ts';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { estimated } from '../../support/estimated-use.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { type Told, toldRegisters } from '../../support/told-registers.ts';

const { pool } = await testDatabase();
const days = new LocalDays('Europe/Madrid');
const store = await toldRegisters(pool, days);
const completeness = createCompletenessService(pool, days);
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-24').start_ms;
const clock = { time_ms: days.on('2026-04-01').start_ms + 2 * HOUR, now_ms: () => clock.time_ms };
const iso = (at_ms: number) => new Date(at_ms).toISOString();

const seed = newSeed('completeness ledger');
let state = seed;
const chance = (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const serials = ['whole', 'gappy', 'daily', 'dumb', 'stray', 'late', 'silent'] as const;
const ids = new Map<string, number>();
const at = (day: string, hour: number) => days.on(day).start_ms + hour * HOUR;

async function workOffAll(): Promise<void> {
  await store.workOff();
  while (((await followUse(pool)) ?? 0) > 0);
  while (((await followUseWithLedger(pool, days, clock.now_ms())) ?? 0) > 0);
  while ((await sweepLedger(pool, days, clock.now_ms())) !== null);
  while ((await workOffZoneDay(pool, days, clock.now_ms()))?.zones !== 0);
}

const ledger = async (serial: string, day: string) =>
  (await completeness.ledgerOf(ids.get(serial) ?? 0, { from: day, until: day }))[0]?.hours;
const everything = async () => {
  const { rows } = await pool.query(`SELECT install_id, day::text, hours FROM metering.completeness_day ORDER BY 1, 2`);
  const rates = await pool.query(
    `SELECT to_jsonb(r)::text AS rate FROM metering.read_rate_day r ORDER BY day, zone_id, model`,
  );
  return [rows, rates.rows];
};

/** Half past each hour. */
function hourly(serial: string, keep: (day: string, hour: number) => boolean, until_ms = clock.time_ms): Told[] {
  const told: Told[] = [];
  for (let at_ms = begin_ms + HOUR / 2, register_l = 1_000; at_ms < until_ms; at_ms += HOUR, register_l += 9) {
    const day = days.at(at_ms);
    const hour = Math.floor((at_ms - day.start_ms) / HOUR);
    if (keep(day.date, hour)) told.push({ meterId: ids.get(serial) ?? 0, at_ms, register_l });
  }
  return told;
}

function everythingTold(): Told[] {
  const always = () => true;
  const stray = hourly('stray', always).map((one) =>
    one.at_ms === at('2026-03-27', 10.5) ? { ...one, register_l: 90_000_000 } : one,
  );
  const late = hourly('late', always).map((one) =>
    days.at(one.at_ms).date === '2026-03-28' ? { ...one, receivedAt_ms: one.at_ms + 50 * HOUR } : one,
  );
  return [
    ...hourly('whole', always),
    ...hourly('gappy', (day, hour) => day !== '2026-03-27' || hour !== 5),
    ...hourly('daily', (_day, hour) => hour === 6),
    ...hourly('dumb', (day) => day !== '2026-03-27'),
    ...stray,
    ...late,
  ];
}

beforeAll(async () => {
  const read = (list: 'zones' | 'places' | 'installs', file: string) =>
    importRegistry({ pool, clock }, list, file, { dryRun: false });
  await read('zones', 'zone_id,zone_name,parent_zone_id\ntop,Top,\na,A,top\nb,B,top\n');
  const from = iso(begin_ms);
  await read(
    'places',
    `service_point,from_at,zone_id,usage_class\n${serials.map((id, index) => `${id},${from},${index % 2 ? 'b' : 'a'},domestic\n`).join('')}`,
  );
  await read(
    'installs',
    `service_point,meter_serial,meter_model,bore_mm,dials,from_at\n${serials.map((id) => `${id},${id},${id === 'daily' ? 'slow' : 'M'},15,5,${from}\n`).join('')}`,
  );
  const { rows } = await pool.query<{ meter_id: number; serial: string }>(
    'SELECT meter_id, serial FROM metering.meter',
  );
  for (const { meter_id, serial } of rows) ids.set(serial, meter_id);
  await store.tell(everythingTold());
  await workOffAll();
});

describe('the ledger', () => {
  test('has a letter for every hour of a day, also where it has 23', async () => {
    expect(await ledger('whole', '2026-03-27')).toBe('A'.repeat(24));
    expect(await ledger('whole', '2026-03-29')).toBe('A'.repeat(23));
    expect(await ledger('daily', '2026-03-27')).toBe(`A${'-'.repeat(23)}`);
  });

  test('says where an hour was lost', async () => {
    // The radio was heard an hour before and after, and not within.
    expect(await ledger('gappy', '2026-03-27')).toBe(`AAAAAR${'A'.repeat(18)}`);
    expect(await ledger('dumb', '2026-03-27')).toBe('R'.repeat(24));
    expect(await ledger('stray', '2026-03-27')).toBe(`${'A'.repeat(10)}V${'A'.repeat(13)}`);
    expect(await ledger('late', '2026-03-28')).toBe('L'.repeat(24));
  });

  test('has rows of a meter that never told anything', async () => {
    expect(await ledger('silent', '2026-03-30')).toBe('R'.repeat(24));
    const { rows } = await pool.query('SELECT FROM metering.completeness_day WHERE day = $1', ['2026-03-31']);
    expect(rows).toHaveLength(serials.length);
  });

  test('has no row of a day that is not over', async () => {
    expect(await ledger('whole', '2026-04-01')).toBeUndefined();
  });

  test('sees a clock that was wrong, what could not be decoded, and what the broker held back', async () => {
    await pool.query(
      `INSERT INTO metering.misdated_reading (meter_id, measured_at, register_l, received_at, uplink_id)
       VALUES ($1, '2001-01-01', 5, $2, 1)`,
      [ids.get('dumb'), iso(at('2026-03-27', 2.5))],
    );
    const device = await pool.query<{ device_no: number }>(
      `INSERT INTO metering.device (device_id, formats) VALUES ('dumb', '{test}') RETURNING device_no`,
    );
    const deviceNo = device.rows[0]?.device_no;
    await pool.query('INSERT INTO metering.radio_install (device_no, meter_id, from_at) VALUES ($1, $2, $3)', [
      ...[deviceNo, ids.get('dumb'), iso(begin_ms)],
    ]);
    await pool.query(
      `INSERT INTO metering.quarantine (uplink_id, received_at, device_no, code, detail) VALUES (2, $1, $2, 'X', 'x')`,
      [iso(at('2026-03-27', 4.5)), deviceNo],
    );
    await pool.query(
      `INSERT INTO metering.device_event (device_no, kind, detail, first_at, last_at) VALUES ($1, 'flood', 'x', $2, $3)`,
      [deviceNo, iso(at('2026-03-27', 6.2)), iso(at('2026-03-27', 7.3))],
    );
    await pool.query(`INSERT INTO metering.completeness_sweep (day) VALUES ('2026-03-27')`);
    await workOffAll();
    expect(await ledger('dumb', '2026-03-27')).toBe(`RRCRDRBB${'R'.repeat(16)}`);
  });

  test('keeps where an hour was lost when it is estimated', async () => {
    const install = await pool.query<{ install_id: number }>(
      'SELECT install_id FROM metering.install WHERE meter_id = $1',
      [ids.get('silent')],
    );
    const hours_l = [null, 5, 5, ...Array(21).fill(null)];
    await estimated(pool, install.rows[0]?.install_id ?? 0, '2026-03-30', hours_l);
    await workOffAll();
    expect(await ledger('silent', '2026-03-30')).toBe(`Rrr${'R'.repeat(21)}`);
    const { rates } = await completeness.readRates({
      ...{ by: 'day', from: '2026-03-30', until: '2026-03-30', zoneId: null, after: null, limit: 1 },
    });
    expect(rates).toMatchObject([{ estimated: 2, lost_radio: 24 }]);
  });

  test('is mended by readings that come late, and by nothing that changes nothing', async () => {
    const before = await ledger('gappy', '2026-03-27');
    const meterId = ids.get('gappy') ?? 0;
    const at_ms = at('2026-03-27', 5.5);
    const register_l = 1_000 + 9 * Math.round((at_ms - begin_ms - HOUR / 2) / HOUR);
    await store.tell([{ meterId, at_ms, register_l, receivedAt_ms: at_ms + 70 * HOUR }]);
    await workOffAll();
    expect(before?.[5]).toBe('R');
    expect(await ledger('gappy', '2026-03-27')).toBe(`AAAAAL${'A'.repeat(18)}`);
    await store.tell([{ meterId, at_ms, register_l, receivedAt_ms: at_ms + 71 * HOUR }]);
    const all = await everything();
    await workOffAll();
    expect(await everything()).toEqual(all);
  });

  test('goes on with days on which nothing came', async () => {
    clock.time_ms += 48 * HOUR;
    await workOffAll();
    for (const serial of ['whole', 'silent']) expect(await ledger(serial, '2026-04-02')).toBe('R'.repeat(24));
    expect(await ledger('daily', '2026-04-02')).toBe(`R${'-'.repeat(23)}`);
  });
});

describe('read rates', () => {
  test('of a day count what was expected, what came, and where the rest was lost', async () => {
    const { rates } = await completeness.readRates({
      ...{ by: 'day', from: '2026-03-27', until: '2026-03-27', zoneId: null, after: null, limit: 10 },
    });
    expect(rates).toEqual([
      {
        ...{ day: '2026-03-27', zone_id: null, model: null, meters: 7, expected: 6 * 24 + 1, arrived: 95, late: 1 },
        ...{ estimated: 0, lost_meter: 0, lost_radio: 24 + 20, lost_broker: 2, lost_decode: 1, lost_clock: 1 },
        lost_validation: 1,
      },
    ]);
  });

  test('of a zone above others count those below it', async () => {
    const { rates } = await completeness.readRates({
      ...{ by: 'zone', from: '2026-03-27', until: '2026-03-28', zoneId: null, after: null, limit: 10 },
    });
    expect(rates.map(({ zone_id, meters }) => [zone_id, meters])).toEqual([
      ['a', 4],
      ['b', 3],
      ['top', 7],
    ]);
    const [a, b, top] = rates.map(({ expected }) => expected);
    expect(top).toBe((a ?? 0) + (b ?? 0));
  });

  test('come by model, and by zone and day in pages', async () => {
    const span = { from: '2026-03-27', until: '2026-03-28', zoneId: null };
    const models = await completeness.readRates({ ...span, by: 'model', after: null, limit: 10 });
    expect(models.rates.map(({ model, expected }) => [model, expected])).toEqual([
      ['M', 6 * 48],
      ['slow', 2],
    ]);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof completeness.readRates>> = await completeness.readRates({
        ...{ ...span, by: 'zone_day', after, limit: 4 },
      });
      seen.push(...page.rates.map(({ zone_id, day }) => `${zone_id} ${day}`));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(
      ['a', 'b', 'top'].flatMap((zone) => ['2026-03-27', '2026-03-28'].map((day) => `${zone} ${day}`)),
    );
  });

  test('lead to the meters that miss hours', async () => {
    const wanted = { day: '2026-03-27', zoneId: 'top', limit: 2 };
    const first = await completeness.incompleteMeters({ ...wanted, after: 0 });
    const rest = await completeness.incompleteMeters({ ...wanted, after: first.next ?? 0 });
    expect(first.meters).toHaveLength(2);
    const serialsOf = [...first.meters, ...rest.meters].map(({ serial }) => serial);
    expect(serialsOf.sort()).toEqual(['dumb', 'silent', 'stray']);
    expect(rest.next).toBeNull();
  });
});

test('whatever order readings come in, the ledger and the rates are the same', async () => {
  const before = await everything();
  const late = await pool.query<{ meter_id: number; measured_at: Date; register_l: number; received_at: Date }>(
    'SELECT meter_id, measured_at, register_l, received_at FROM metering.reading',
  );
  const arriving = late.rows.map(({ meter_id, measured_at, register_l, received_at }) => ({
    ...{ meterId: meter_id, at_ms: measured_at.getTime(), register_l, receivedAt_ms: received_at.getTime() },
  }));
  arriving.sort(() => chance(3) - 1);
  await pool.query(
    `TRUNCATE metering.reading, metering.use_day, metering.touched, metering.completeness_day, metering.read_rate_day,
              metering.zone_day, metering.day_closed, metering.use_follower, metering.use_day_changed`,
  );
  while (arriving.length > 0) {
    await store.tell(arriving.splice(0, 1 + chance(300)));
    await workOffAll();
  }
  expect(await everything()).toEqual(before);
});
