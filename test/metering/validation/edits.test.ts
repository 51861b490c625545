// Edits of readings and estimates of use: what holds afterwards, what is kept, and what is refused.
import { describe, expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { listEdits } from '../../../src/metering/readings/reading-edit-store.ts';
import type { EditDeed } from '../../../src/metering/readings/reading-edits.ts';
import { reconcileUse } from '../../../src/metering/readings/reconcile-use-service.ts';
import { listEstimates, listEstimateVersions } from '../../../src/metering/readings/use-estimate-store.ts';
import { createUseService } from '../../../src/metering/readings/use-service.ts';
import { editReading } from '../../../src/metering/validation/edit-reading-service.ts';
import { estimateUse } from '../../../src/metering/validation/estimate-use-service.ts';
import { withdrawMeasured } from '../../../src/metering/validation/withdraw-estimates-service.ts';
import { inTransaction } from '../../../src/platform/postgres/database.ts';
import { MeteredPlaces } from '../../support/metered-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const zone = 'Asia/Seoul';
const days = new LocalDays(zone);
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-01').start_ms;
const now_ms = days.on('2026-04-20').start_ms;
const clock = { now_ms: () => now_ms };
const use = createUseService(pool, zone);
const places = await MeteredPlaces.open(pool, days, now_ms);
const person = { actor: Buffer.alloc(32, 7), rule: null };

const hourly = (meterId: number, from_hour: number, registers: readonly number[]) =>
  registers.map((register_l, hour) => ({ meterId, at_ms: begin_ms + (from_hour + hour) * HOUR, register_l }));
const edit = (meterId: number, hour: number, deed: EditDeed, register_l: number | null = null) =>
  editReading(
    { pool, clock },
    { meterId, at_ms: begin_ms + hour * HOUR, deed, register_l, reason: 'read on the spot' },
    person,
  );
async function hoursOf(meterId: number, from_hour: number, hours: number): Promise<(number | null)[]> {
  const from_ms = begin_ms + from_hour * HOUR;
  const to_ms = from_ms + hours * HOUR;
  const told = await use.useOf({ of: { meterId }, from_ms, to_ms, resolution: 'hour' });
  return told.map((interval) => interval.use_l);
}
async function storedHours(installId: number): Promise<unknown[]> {
  const { rows } = await pool.query<{ day: string; hours_l: unknown }>(
    'SELECT day::text, hours_l FROM metering.use_day WHERE install_id = $1 ORDER BY day',
    [installId],
  );
  return rows;
}
async function expectProved(): Promise<void> {
  let next: number | null = null;
  do {
    const done = await reconcileUse(pool, days, clock, next);
    expect(done?.discrepancies).toBe(0);
    next = done?.next ?? null;
  } while (next !== null);
}

describe('an edit of a reading', () => {
  test('voids, replaces and adds registers, and use follows by the one rule, there alone', async () => {
    const [meterId, installId] = await places.add({ from_ms: begin_ms });
    // The third is 400 l too high, and is believed: what follows is taken for backward movement.
    await places.tell(hourly(meterId, 0, [100, 110, 520, 130, 140, 150]), now_ms);
    await places.tell(hourly(meterId, 48, [800, 810, 820]), now_ms);
    await places.workOff();
    const before = await storedHours(installId);
    await edit(meterId, 2, 'void');
    await places.workOff();
    expect(await hoursOf(meterId, 0, 5)).toEqual([10, 10, 10, 10, 10]);
    await expectProved();

    await edit(meterId, 2, 'replace', 126);
    await places.workOff();
    expect(await hoursOf(meterId, 0, 5)).toEqual([10, 16, 4, 10, 10]);
    await edit(meterId, 6, 'add', 190);
    await places.workOff();
    expect(await hoursOf(meterId, 4, 2)).toEqual([10, 40]);
    await expectProved();

    await edit(meterId, 2, 'restore');
    await edit(meterId, 6, 'restore');
    expect(await places.workOff()).toBeGreaterThan(0);
    expect(await storedHours(installId)).toEqual(before);
    const at_ms = begin_ms + 2 * HOUR;
    const history = await listEdits(pool, meterId, { from_ms: at_ms, to_ms: at_ms }, 10);
    expect(history.map((one) => one.deed)).toEqual(['restore', 'replace', 'void']);
    expect(history[2]).toMatchObject({
      actor: person.actor,
      rule: null,
      reason: 'read on the spot',
      edited_ms: now_ms,
    });
  });

  test('takes away the days of a meter whose only readings are voided', async () => {
    const [meterId, installId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 20, [5, 9]), now_ms);
    await places.workOff();
    expect(await storedHours(installId)).toHaveLength(1);
    await edit(meterId, 20, 'void');
    await edit(meterId, 21, 'void');
    await places.workOff();
    expect(await storedHours(installId)).toEqual([]);
    await expectProved();
  });

  test('counts whatever its neighbours say, and voids both registers of a contradicted instant', async () => {
    const [meterId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, [0, 10, 20, 30, 40, 50]), now_ms);
    await places.tell(hourly(meterId, 2, [25]), now_ms);
    await edit(meterId, 2, 'void');
    await places.workOff();
    expect(await hoursOf(meterId, 1, 2)).toEqual([10, 10]);
    await edit(meterId, 5, 'replace', 40_050);
    await places.workOff();
    const last = { from_ms: begin_ms + 4 * HOUR, to_ms: begin_ms + 5 * HOUR, resolution: 'hour' as const };
    expect(await use.useOf({ of: { meterId }, ...last })).toMatchObject([{ use_l: null, gap: 'register_jumped' }]);
  });

  test('is refused where it makes no sense', async () => {
    const [meterId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, [1, 2]), now_ms);
    await expect(edit(9_999, 0, 'void')).rejects.toMatchObject({ code: 'METER_UNKNOWN' });
    const refused = (code: string, fault: string, data = {}) => ({ code, members: { fault: { code: fault, data } } });
    await expect(edit(meterId, 7, 'void')).rejects.toMatchObject(refused('READING_UNKNOWN', 'nothing_to_void'));
    await expect(edit(meterId, 7, 'replace', 5)).rejects.toMatchObject(
      refused('READING_UNKNOWN', 'nothing_to_replace'),
    );
    await expect(edit(meterId, 0, 'restore')).rejects.toMatchObject(refused('READING_UNKNOWN', 'nothing_to_restore'));
    await expect(edit(meterId, 0, 'add', 5)).rejects.toMatchObject(refused('EDIT_IMPOSSIBLE', 'already_told'));
    await expect(edit(meterId, 7, 'add', 100_000_000)).rejects.toMatchObject(
      refused('EDIT_IMPOSSIBLE', 'beyond_dials', { wraps_at_l: 100_000_000 }),
    );
    await expect(edit(meterId, 24 * 365, 'add', 5)).rejects.toMatchObject(refused('EDIT_IMPOSSIBLE', 'ahead'));
    await edit(meterId, 0, 'void');
    await expect(edit(meterId, 0, 'void')).rejects.toMatchObject(refused('READING_UNKNOWN', 'nothing_to_void'));
  });

  test('is never rewritten, nor is an estimate', async () => {
    for (const table of ['reading_edit', 'use_estimate', 'finding_event']) {
      const { rows } = await pool.query(
        'SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal',
        [`metering.${table}`],
      );
      expect(rows).toEqual([{ tgname: `${table}_stays` }]);
    }
    await expect(pool.query(`UPDATE metering.reading_edit SET reason = 'x'`)).rejects.toThrow('only added to');
    await expect(pool.query('DELETE FROM metering.reading_edit')).rejects.toThrow('only added to');
  });
});

describe('an estimate of use', () => {
  /** Four weeks of which every hour takes its number in litres, then ten hours of a day, then nothing. */
  const fourWeeks = Array.from({ length: 28 * 24 + 11 }, (_, hour) => {
    const [whole, rest] = [Math.floor(hour / 24), hour % 24];
    return whole * 276 + (rest * (rest - 1)) / 2;
  });
  const silent = { from_ms: days.on('2026-03-29').start_ms, to_ms: days.on('2026-03-30').start_ms };

  test('fills what nothing measured tells by the same weekday and hour of the weeks before, and says so', async () => {
    const [meterId, installId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, fourWeeks), now_ms);
    await places.workOff();
    const stored = await storedHours(installId);
    const wanted = { installId, from: '2026-03-29', to: '2026-03-29', sum_l: null, reason: 'radio dead' };
    const made = await estimateUse({ pool, clock, days }, wanted, person);
    expect(made).toEqual({ hours: 14, method: 'own_profile', sum_l: 231 });

    const hours = await use.useOf({ of: { meterId }, ...silent, resolution: 'hour' });
    expect(hours.map((hour) => hour.use_l)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    expect(hours.map((hour) => hour.estimated_l !== undefined)).toEqual(
      Array.from({ length: 24 }, (_, hour) => hour >= 10),
    );
    const [day] = await use.useOf({ of: { servicePointId: `sp-${meterId}` }, ...silent, resolution: 'day' });
    expect(day).toMatchObject({ use_l: 276, estimated_l: 231, gap: null });
    // What was measured stays as it is, and is still what the registers give.
    expect(await storedHours(installId)).toEqual(stored);
    await expectProved();
    const { rows } = await pool.query(
      `SELECT install_id, day::text FROM metering.use_day_changed, unnest(install_ids, days) AS changed (install_id, day)
        ORDER BY changed_id DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ install_id: installId, day: '2026-03-29' }]);
  });

  test('adds up to the sum that is known, to the litre', async () => {
    const [meterId, installId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, fourWeeks), now_ms);
    await places.workOff();
    const wanted = { installId, from: '2026-03-29', to: '2026-03-30', sum_l: 1_000, reason: 'taken out with 8,773' };
    expect(await estimateUse({ pool, clock, days }, wanted, person)).toMatchObject({ hours: 38, sum_l: 1_000 });
    const span = { from_ms: silent.from_ms + 10 * HOUR, to_ms: silent.to_ms + 24 * HOUR };
    const hours = await use.useOf({ of: { meterId }, ...span, resolution: 'hour' });
    expect(hours.reduce((sum, hour) => sum + (hour.use_l ?? 0), 0)).toBe(1_000);
  });

  test('is withdrawn hour by hour when real readings come, and every version is kept', async () => {
    const [meterId, installId] = await places.add({ from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, fourWeeks), now_ms);
    await places.workOff();
    const wanted = { installId, from: '2026-03-29', to: '2026-03-29', sum_l: null, reason: 'radio dead' };
    await estimateUse({ pool, clock, days }, wanted, person);
    const last = fourWeeks.at(-1) ?? 0;
    await places.tell(hourly(meterId, 28 * 24 + 11, [last + 100]), now_ms);
    await places.workOff();
    const span = { install_id: installId, from: '2026-03-29', to: '2026-03-29' };
    const withdraw = () => inTransaction(pool, (transaction) => withdrawMeasured(transaction, [span], now_ms));
    expect(await hoursOf(meterId, 28 * 24 + 9, 3)).toEqual([9, 100, 11]);
    expect(await withdraw()).toHaveLength(1);
    expect(await withdraw()).toEqual([]);
    expect((await listEstimates(pool, [installId], span))[0]?.hours_l.slice(9, 12)).toEqual([null, null, 11]);
    await places.tell(hourly(meterId, 30 * 24, [last + 5_000]), now_ms);
    await places.workOff();
    expect(await withdraw()).toHaveLength(1);
    expect(await listEstimates(pool, [installId], span)).toEqual([]);
    const versions = await listEstimateVersions(pool, installId, span, 10);
    expect(versions.map(({ version, method, rule }) => [version, method, rule])).toEqual([
      [3, 'withdrawn', 'measured'],
      [2, 'own_profile', 'measured'],
      [1, 'own_profile', null],
    ]);
  });

  test('takes what like places used that day where the own past is too short', async () => {
    const [meterId, installId] = await places.add({ zone: 'young', from_ms: silent.from_ms - 24 * HOUR });
    await places.tell(hourly(meterId, 28 * 24 - 2, [0, 8]), now_ms);
    for (let peer = 1; peer <= 10; peer += 1) {
      const [peerId] = await places.add({ zone: 'young', from_ms: begin_ms });
      await places.tell(
        hourly(
          peerId,
          28 * 24,
          Array.from({ length: 25 }, (_, hour) => hour * peer * 2),
        ),
        now_ms,
      );
    }
    await places.workOff();
    const wanted = { installId, from: '2026-03-29', to: '2026-03-29', sum_l: null, reason: 'radio dead' };
    const made = await estimateUse({ pool, clock, days }, wanted, person);
    expect(made).toEqual({ hours: 24, method: 'class_profile', sum_l: 24 * 11 });
    expect((await listEstimateVersions(pool, installId, { from: '2026-03-29', to: '2026-03-29' }, 1))[0]).toMatchObject(
      {
        evidence: { places: 10, profile_l: 264 },
      },
    );
  });

  test('is refused where all is measured, days are not over, or nothing is known', async () => {
    const [meterId, installId] = await places.add({ zone: 'lonely', from_ms: begin_ms });
    await places.tell(hourly(meterId, 0, [0, 50, 1_000]), now_ms);
    await places.tell(hourly(meterId, 48, [3_000]), now_ms);
    await places.workOff();
    const ask = (from: string, to: string) =>
      estimateUse({ pool, clock, days }, { installId, from, to, sum_l: null, reason: 'x' }, person);
    const impossible = (fault: string, data = {}) => ({
      code: 'ESTIMATE_IMPOSSIBLE',
      members: { fault: { code: fault, data } },
    });
    await expect(ask('2026-03-01', '2026-03-02')).rejects.toMatchObject(impossible('all_measured'));
    await expect(ask('2026-04-19', '2026-04-20')).rejects.toMatchObject(impossible('not_over', { day: '2026-04-20' }));
    await expect(ask('2025-12-20', '2026-03-01')).rejects.toMatchObject(impossible('too_many_days', { most: 62 }));
    await expect(ask('2026-03-15', '2026-03-15')).rejects.toMatchObject(
      impossible('too_little_known', { day: '2026-03-15' }),
    );
  });
});
