// The judging job on a real database: late readings, time passing, zones that fall silent, and a history that stays.
import { describe, expect, test } from 'vitest';
import { loadAlarmKinds } from '../../../src/metering/alarms/alarm-kinds-port.ts';
import { type ContactNews, judgeChanged } from '../../../src/metering/alarms/judge-alarms-service.ts';
import { putDeviceEvent } from '../../../src/metering/intake/device-event-store.ts';
import { openPartitions } from '../../../src/metering/intake/partition-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { markTouched } from '../../../src/metering/readings/touched-store.ts';
import { workOffUse } from '../../../src/metering/readings/work-off-use-service.ts';
import { inTransaction } from '../../../src/platform/postgres/database.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const kinds = await loadAlarmKinds();
const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const begin_ms = days.on('2026-03-02').start_ms;
const clock = { at_ms: begin_ms, now_ms: () => clock.at_ms };
const partitions = await openPartitions(pool, clock);
await partitions.ensureFor('reading', [begin_ms, begin_ms + 60 * DAY], [0, 1]);
const told: ContactNews[] = [];
const options = {
  pool,
  clock,
  days,
  kinds,
  tellContacts: async (_: unknown, news: readonly ContactNews[]) => void told.push(...news),
};

interface Arrival {
  meterId: number;
  at_ms: number;
  register_l: number;
  flags?: string[];
}

async function meter(serial: string, zoneId = 'zone-1'): Promise<number> {
  const entry = fleetEntry(`dev-${serial}`, serial);
  const servicePoint = { ...entry.servicePoint, zoneId, zoneName: zoneId };
  const [made] = await provisionFleet(
    pool,
    systemRandom,
    [{ ...entry, servicePoint, installedAt_ms: begin_ms }],
    testSecrets,
  );
  return made?.meterId ?? 0;
}

/** As the intake stores them: the first of an instant stands, another register is kept beside it, and both are marked. */
async function arrive(arrivals: readonly Arrival[]): Promise<void> {
  await inTransaction(pool, async (transaction) => {
    for (const { meterId, at_ms, register_l, flags } of arrivals) {
      const values = [meterId, at_ms / 1_000, register_l, clock.at_ms / 1_000];
      await transaction.query(
        `INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock, flags)
         VALUES ($1, to_timestamp($2::float8), $3, to_timestamp($4::float8), 0, 'absolute', $5) ON CONFLICT DO NOTHING`,
        [...values, flags ?? null],
      );
      await transaction.query(
        `INSERT INTO metering.reading_conflict (meter_id, measured_at, register_l, received_at, uplink_id)
         SELECT meter_id, measured_at, $3, to_timestamp($4::float8), 0 FROM metering.reading
          WHERE meter_id = $1 AND measured_at = to_timestamp($2::float8) AND register_l <> $3 ON CONFLICT DO NOTHING`,
        values,
      );
    }
    await markTouched(
      transaction,
      arrivals.map(({ meterId, at_ms }) => ({ meterId, from_ms: at_ms, to_ms: at_ms })),
    );
  });
  while ((await workOffUse(pool, days))?.marks !== 0);
}

async function judgeAll(): Promise<void> {
  while ((await judgeChanged(options))?.more !== false);
}

async function alarmsOf(serial: string) {
  const { rows } = await pool.query(
    `SELECT kind, round(extract(epoch FROM began_at - $2::timestamptz) / 3600)::int AS began_h,
            round(extract(epoch FROM ended_at - $2::timestamptz) / 3600)::int AS ended_h, grade, times, amount, state
       FROM metering.alarm WHERE service_point_id = $1 AND state <> 'withdrawn' ORDER BY kind, began_at`,
    [`sp-${serial}`, new Date(begin_ms)],
  );
  return rows;
}

async function historyOf(serial: string, kind: string): Promise<string[]> {
  const { rows } = await pool.query<{ what: string }>(
    `SELECT what FROM metering.alarm_event JOIN metering.alarm USING (alarm_id)
      WHERE service_point_id = $1 AND kind = $2 ORDER BY event_id`,
    [`sp-${serial}`, kind],
  );
  return rows.map(({ what }) => what);
}

const ordinary = [0, 0, 0, 0, 0, 2, 31, 44, 12, 6, 3, 0, 8, 5, 0, 2, 9, 38, 47, 21, 18, 11, 4, 0];
/** Hours of use from an hour on, as registers at the hours' ends. */
function hours(
  meterId: number,
  from_h: number,
  use: readonly number[],
  register_l = 50_000,
  flags?: string[],
): Arrival[] {
  let passed_l = register_l;
  return use.map((use_l, index) => {
    passed_l += use_l;
    const arrival = { meterId, at_ms: begin_ms + (from_h + index + 1) * HOUR, register_l: passed_l };
    return flags === undefined ? arrival : { ...arrival, flags };
  });
}
const repeated = (count: number, use: readonly number[]) => Array.from({ length: count }, () => use).flat();
const dripping = ordinary.map((use_l) => use_l + 3);

describe('the judging job', () => {
  test('opens a leak, clears it when an hour is still again, and withdraws it when a late reading shows that one was', async () => {
    const meterId = await meter('1');
    const leaking = hours(meterId, 0, [...ordinary, ...dripping, ...dripping]);
    const late = leaking.splice(40, 1);
    clock.at_ms = begin_ms + 73 * HOUR;
    await arrive(leaking);
    await judgeAll();
    // The hours beside the one that is missing are not measured: what would be 48 hours begins after them.
    expect(await alarmsOf('1')).toMatchObject([{ kind: 'leak', began_h: 43, ended_h: null, state: 'open', amount: 3 }]);
    await arrive(late);
    await judgeAll();
    expect(await alarmsOf('1')).toMatchObject([{ kind: 'leak', began_h: 24, ended_h: null, state: 'open' }]);
    expect(await historyOf('1', 'leak')).toEqual(['opened', 'changed']);
    clock.at_ms = begin_ms + 100 * HOUR;
    await arrive(hours(meterId, 72, ordinary, leaking.at(-1)?.register_l));
    await judgeAll();
    expect(await alarmsOf('1')).toMatchObject([{ kind: 'leak', began_h: 24, ended_h: 74, state: 'closed' }]);
    expect(await historyOf('1', 'leak')).toEqual(['opened', 'changed', 'cleared']);
  });

  test('raises a silence by the passing of time alone, and withdraws it when the hours come late after all', async () => {
    const meterId = await meter('2');
    clock.at_ms = begin_ms + 24 * HOUR;
    await arrive(hours(meterId, 0, ordinary));
    await judgeAll();
    expect(await alarmsOf('2')).toEqual([]);
    clock.at_ms = begin_ms + 60 * HOUR;
    await judgeAll();
    expect(await alarmsOf('2')).toMatchObject([{ kind: 'silent', began_h: 24, ended_h: null, state: 'open' }]);
    await arrive(hours(meterId, 24, [...ordinary, ...ordinary].slice(0, 36), 50_265));
    await judgeAll();
    expect(await alarmsOf('2')).toEqual([]);
    expect(await historyOf('2', 'silent')).toEqual(['opened', 'withdrawn']);
    await expect(pool.query('DELETE FROM metering.alarm_event')).rejects.toThrow('never changed');
  });

  test('follows contradictions, impossible clocks and clones, which change no use', async () => {
    const meterId = await meter('3');
    clock.at_ms = begin_ms + 48 * HOUR;
    await arrive(hours(meterId, 0, [...ordinary, ...ordinary]));
    await judgeAll();
    expect(await alarmsOf('3')).toEqual([]);
    clock.at_ms += HOUR;
    await arrive([{ meterId, at_ms: begin_ms + 30 * HOUR, register_l: 50_800 }]);
    await pool.query(
      `INSERT INTO metering.misdated_reading (meter_id, measured_at, register_l, received_at, uplink_id)
       VALUES ($1, '1970-01-01', 1, $2, 0)`,
      [meterId, new Date(clock.at_ms)],
    );
    const { rows } = await pool.query<{ device_no: number }>(
      `SELECT device_no FROM metering.device WHERE device_id = 'dev-3'`,
    );
    await putDeviceEvent(pool, {
      deviceNo: rows[0]?.device_no ?? 0,
      kind: 'clone',
      detail: '',
      at: new Date(clock.at_ms),
    });
    await judgeAll();
    const kindsOf = (await alarmsOf('3')).map(({ kind, state }) => `${kind} ${state}`);
    expect(kindsOf).toEqual(['clock_wrong open', 'cloned open', 'conflict open']);
  });

  test('makes many silences of a zone one alarm, and tells that one', async () => {
    const meterIds = await Promise.all(Array.from({ length: 12 }, (_, n) => meter(`z${n}`, 'zone-out')));
    clock.at_ms = begin_ms + 200 * HOUR;
    await arrive(meterIds.flatMap((meterId, n) => hours(meterId, 0, repeated(n < 9 ? 7 : 9, ordinary).slice(0, 199))));
    await judgeAll();
    const inbox = () =>
      pool.query(
        `SELECT kind, state, count(*)::int AS n, count(parent_alarm_id)::int AS behind, max(amount) AS amount
           FROM metering.alarm WHERE zone_id = 'zone-out' AND state <> 'withdrawn' GROUP BY kind, state ORDER BY kind`,
      );
    expect((await inbox()).rows).toEqual([
      { kind: 'silent', state: 'open', n: 9, behind: 9, amount: null },
      { kind: 'zone_silent', state: 'open', n: 1, behind: 0, amount: 9 },
    ]);
    const { rows: notices } = await pool.query(
      `SELECT kind, what FROM metering.alarm_notice JOIN metering.alarm_event USING (event_id) JOIN metering.alarm USING (alarm_id)
        WHERE zone_id = 'zone-out'`,
    );
    expect(notices).toEqual([{ kind: 'zone_silent', what: 'opened' }]);
    clock.at_ms += HOUR;
    await arrive(meterIds.map((meterId) => ({ meterId, at_ms: clock.at_ms, register_l: 60_000 })));
    await judgeAll();
    expect((await inbox()).rows.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'silent closed',
      'zone_silent closed',
    ]);
  });

  test('tells the contacts of a watched place, and that water is used again', async () => {
    const meterId = await meter('5');
    clock.at_ms = begin_ms + 48 * HOUR;
    await pool.query(
      `INSERT INTO metering.watch (watch_id, service_point_id, from_at) VALUES (gen_random_uuid(), 'sp-5', $1)`,
      [new Date(begin_ms)],
    );
    await arrive(hours(meterId, 0, [...ordinary, ...Array<number>(24).fill(0)]));
    await judgeAll();
    expect(told.splice(0)).toEqual([{ servicePoint: 'sp-5', what: 'no_use', since_ms: begin_ms + 29 * HOUR }]);
    await judgeAll();
    clock.at_ms += 10 * HOUR;
    await arrive(hours(meterId, 48, ordinary.slice(0, 10), 50_265));
    await judgeAll();
    expect(told.splice(0)).toEqual([{ servicePoint: 'sp-5', what: 'used_again', since_ms: begin_ms + 29 * HOUR }]);
  });

  test('gives the same alarms whatever the order in which readings came, and however often', async () => {
    const seed = newSeed('alarms by arrival');
    let state = seed;
    const chance = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const use = [
      ...ordinary,
      ...repeated(2, dripping),
      ...ordinary,
      ...Array<number>(3).fill(800),
      ...repeated(3, ordinary),
    ];
    const readings = hours(0, 0, use)
      .map((one, at) => ({ ...one, flags: at > 60 && at < 70 ? ['tamper'] : [] }))
      .filter((_, at) => ((at > 20 && at < 76) || at % 11 !== 0) && (at < 105 || at > 136));
    readings.push({ ...(readings[20] as (typeof readings)[0]), register_l: 50_001, flags: ['freeze'] });
    const shapes: string[] = [];
    for (const serial of ['a', 'b', 'c']) {
      const meterId = await meter(serial);
      const arriving = [...readings, ...readings.filter(() => chance(5) === 0)].map((one) => ({ ...one, meterId }));
      if (serial !== 'a') arriving.sort(() => chance(3) - 1);
      clock.at_ms = begin_ms + 10 * DAY;
      while (arriving.length > 0) {
        await arrive(arriving.splice(0, 1 + chance(serial === 'a' ? 1_000 : 60)));
        await judgeAll();
      }
      shapes.push(JSON.stringify(await alarmsOf(serial)));
    }
    expect(shapes[1]).toBe(shapes[0]);
    expect(shapes[2]).toBe(shapes[0]);
    expect(JSON.parse(shapes[0] ?? '').map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['burst', 'conflict', 'leak', 'silent', 'tamper']),
    );
  });
});
