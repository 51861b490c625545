// The queue of days whose use changed: every follower is given each of them, none is lost, and copies never share.
import { describe, expect, test } from 'vitest';
import {
  type ChangedDay,
  type Follower,
  followChangedDays,
  trimChangedDays,
} from '../../../src/metering/readings/changed-days-store.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { holdUseJob } from '../../../src/metering/readings/touched-store.ts';
import { replaceUseDays } from '../../../src/metering/readings/use-day-store.ts';
import { workOffUse } from '../../../src/metering/readings/work-off-use-service.ts';
import { inTransaction, type Transaction } from '../../../src/platform/postgres/database.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
await pool.query(`
  INSERT INTO metering.zone VALUES ('z', 'zone');
  INSERT INTO metering.service_point (service_point_id, zone_id, usage_class)
  SELECT 'sp-' || n, 'z', 'domestic' FROM generate_series(1, 3) n;
  INSERT INTO metering.meter (serial, model, bore_mm, dials) SELECT n::text, 'test', 15, 5 FROM generate_series(1, 3) n;
  INSERT INTO metering.install (service_point_id, meter_id, from_at)
  SELECT 'sp-' || n, n, '2026-01-01' FROM generate_series(1, 3) n`);

const dayAfter = (day: string, days: number) =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);

/** The install's days from `first` on have these litres in each hour, and no others. */
async function store(transaction: Transaction, install_id: number, first: string, litres: readonly number[]) {
  expect(await holdUseJob(transaction)).toBe(true);
  const days = litres.map((use_l, index) => ({
    ...{ install_id, day: dayAfter(first, index), told_hours: 1, hours_l: Array<number>(24).fill(use_l) },
  }));
  return replaceUseDays(transaction, [{ install_id, from: '-infinity', to: 'infinity', days }]);
}
const stored = (install_id: number, first: string, litres: readonly number[]) =>
  inTransaction(pool, (transaction) => store(transaction, install_id, first, litres));

const follow = (follower: Follower, limit = 10_000) =>
  inTransaction(pool, (transaction) => followChangedDays(transaction, follower, limit));
const told = (days: readonly ChangedDay[] | null) => days?.map(({ install_id, day }) => `${install_id} ${day}`);

/** As if what is kept for copies outside had grown old. */
const trim = () => inTransaction(pool, (transaction) => trimChangedDays(transaction, 0));

const bills: Follower = { name: 'bills', begins: 'with_everything' };
const alarms: Follower = { name: 'alarms', begins: 'with_what_changes' };

describe('the queue of changed days', () => {
  test('gives a new follower all that was stored, or only what changes from then on, as it asks', async () => {
    expect(await stored(1, '2026-01-01', [1, 2, 3])).toBe(3);
    await trim();
    expect(told(await follow(bills, 2))).toEqual(['1 2026-01-01', '1 2026-01-02']);
    expect(told(await follow(alarms))).toEqual([]);
    // Behind and before the place that the first one has reached.
    await stored(1, '2026-01-01', [9, 2, 9]);
    expect(told(await follow(bills, 2))).toEqual(['1 2026-01-03']);
    expect(told(await follow(bills, 2))).toEqual(['1 2026-01-01', '1 2026-01-03']);
    expect(told(await follow(bills, 2))).toEqual([]);
    expect(told(await follow(alarms))).toEqual(['1 2026-01-01', '1 2026-01-03']);
  });

  test('tells days that went as well as days that changed, and none that stayed as they were', async () => {
    expect(await stored(1, '2026-01-02', [2, 9, 4])).toBe(2);
    expect(told(await follow(bills))).toEqual(['1 2026-01-01', '1 2026-01-04']);
    expect(await stored(1, '2026-01-02', [2, 9, 4])).toBe(0);
    expect(told(await follow(bills))).toEqual([]);
  });

  test('gives a day that changed twice once', async () => {
    await stored(1, '2026-01-02', [3, 9, 4]);
    await stored(1, '2026-01-02', [4, 9, 4]);
    expect(told(await follow(bills))).toEqual(['1 2026-01-02']);
  });

  test('holds a thousand days a row and stops after as many as asked for', async () => {
    const litres = Array.from({ length: 2_500 }, (_, index) => index);
    const before = (await pool.query('SELECT FROM metering.use_day_changed')).rowCount ?? 0;
    expect(await stored(2, '2019-01-01', litres)).toBe(2_500);
    expect((await pool.query('SELECT FROM metering.use_day_changed')).rowCount).toBe(before + 3);
    expect(await follow(bills, 1_001)).toHaveLength(2_000);
    expect(await follow(bills, 1)).toHaveLength(500);
    expect(await follow(bills, 1)).toEqual([]);
  });

  test('gives nothing to a second copy while the first is at it, and all again where the first fails', async () => {
    await stored(3, '2026-02-01', [5]);
    const failing = inTransaction(pool, async (transaction) => {
      expect(told(await followChangedDays(transaction, bills, 10))).toEqual(['3 2026-02-01']);
      expect(await follow(bills)).toBeNull();
      throw new Error('planned');
    });
    await expect(failing).rejects.toThrow('planned');
    expect(told(await follow(bills))).toEqual(['3 2026-02-01']);
  });

  test('lets one of two copies in that come for the first time at once', async () => {
    const leak: Follower = { name: 'leak', begins: 'with_what_changes' };
    const both = await Promise.all([follow(leak), follow(leak)]);
    expect(both).toContainEqual([]);
    await stored(3, '2026-02-01', [6]);
    expect(told(await follow(leak))).toEqual(['3 2026-02-01']);
  });

  test('is written by one transaction at a time: no id becomes visible after a higher one', async () => {
    const writer = await pool.connect();
    await writer.query('BEGIN');
    await store(writer, 3, '2026-02-01', [7]);
    // Whoever else would draw an id now is turned away, and a follower passes nothing that is still to come.
    expect(await workOffUse(pool, new LocalDays('Asia/Seoul'))).toBeNull();
    await expect(stored(3, '2026-02-01', [8])).rejects.toThrow();
    expect(told(await follow(bills))).toEqual(['3 2026-02-01']);
    expect(told(await follow(bills))).toEqual([]);
    await writer.query('COMMIT');
    writer.release();
    expect(told(await follow(bills))).toEqual(['3 2026-02-01']);
  });

  test('keeps what one follower has yet to be given, and nothing else', async () => {
    const kept = async () => (await pool.query('SELECT FROM metering.use_day_changed')).rowCount;
    await pool.query(`DELETE FROM metering.use_follower WHERE name = 'leak'`);
    await follow(bills);
    await trim();
    expect(await kept()).not.toBe(0);
    while ((await follow(alarms))?.length !== 0);
    await trim();
    expect(await kept()).toBe(0);
    await stored(3, '2026-02-01', [1]);
    await trim();
    expect(told(await follow(alarms))).toEqual(['3 2026-02-01']);
    await pool.query('DELETE FROM metering.use_follower');
    await trim();
    expect(await kept()).toBe(0);
  });
});
