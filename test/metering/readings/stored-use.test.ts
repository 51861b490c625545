// Stored use against the same asked of the readings directly: late and doubled arrivals, two writers, swaps, summer time.
import { describe, expect, test } from 'vitest';
import { commitPart } from '../../../src/metering/intake/commit-batch-store.ts';
import { DeviceLane } from '../../../src/metering/intake/device-lane.ts';
import { partRows } from '../../../src/metering/intake/part-rows.ts';
import { openPartitions } from '../../../src/metering/intake/partition-service.ts';
import { UplinkBatch } from '../../../src/metering/intake/uplink-batch.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { reconcileUse } from '../../../src/metering/readings/reconcile-use-service.ts';
import type { RegisterPoint } from '../../../src/metering/readings/register-rule.ts';
import { createUseService } from '../../../src/metering/readings/use-service.ts';
import { gatherUse, workOffUse } from '../../../src/metering/readings/work-off-use-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const zone = 'Europe/Madrid';
const days = new LocalDays(zone);
const use = createUseService(pool, zone);
const HOUR = 3_600_000;
/** Two days before the day of 23 hours. */
const begin_ms = days.on('2026-03-27').start_ms;
const swap_ms = days.on('2026-03-31').start_ms + 10.4 * HOUR;
const end_ms = days.on('2026-04-03').start_ms;
const clock = { now_ms: () => end_ms };
const partitions = await openPartitions(pool, clock);
for (const table of ['reading', 'uplink_pack'] as const) await partitions.ensureFor(table, [begin_ms, end_ms], [0, 1]);

const seed = newSeed('stored use');
let state = seed;
const chance = (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** An hourly meter's days with the field's dirt: gaps, strays, backward movement, a wrap, two registers of an instant. */
function dirty(): RegisterPoint[] {
  const points: RegisterPoint[] = [];
  let register_l = 99_999_000 + chance(900);
  for (let at_ms = begin_ms + chance(HOUR); at_ms < end_ms; at_ms += HOUR + chance(60_000)) {
    register_l = (register_l + chance(60)) % 100_000_000;
    if (chance(12) === 0) continue;
    if (chance(40) === 0) at_ms += chance(30) * HOUR;
    const told = chance(25) === 0 ? chance(99_999_999) : Math.max(0, register_l - (chance(15) === 0 ? chance(30) : 0));
    points.push({ at_ms, register_l: told });
    if (chance(30) === 0) points.push({ at_ms, register_l: told + 3 });
  }
  return points;
}

interface Arrival {
  meterId: number;
  point: RegisterPoint;
}

let nextId = 1_000_000;
/** As the intake stores them: one transaction, each reading checked against what is there. */
async function commit(arrivals: readonly Arrival[]): Promise<void> {
  const batch = new UplinkBatch();
  for (const { meterId, point } of arrivals) {
    const meter = { meterId, serial: '' };
    const device = { deviceNo: 1, deviceId: 'test', formats: [], payloadKey: null, meter };
    const delivery = {
      ...{ device, format: 'test', payload: new Uint8Array([1]), receivedAt_ms: end_ms - 1, packetId: null },
      ...{ redelivered: false, connectedAt_ms: 0 },
    };
    batch.begin(new DeviceLane(device, 0, null), delivery, Number.NaN, () => {});
    const { at_ms: measuredAt_ms, register_l } = point;
    const reading = { meterId, measuredAt_ms, register_l, clock: 'absolute' as const, plausible: true, flags: [] };
    batch.addDecoded({ format: 'test', decoderVersion: 1, readings: [reading], problem: null });
  }
  const firstId = nextId;
  nextId += arrivals.length;
  const places = arrivals.map((_, place) => place);
  await commitPart(pool, partRows(batch, places, firstId, false));
}

async function workOffAll(): Promise<number> {
  let written = 0;
  for (;;) {
    const done = await workOffUse(pool, days);
    written += done?.days ?? 0;
    if (done !== null && done.marks === 0) return written;
  }
}

/** The place's hours as stored, by the start of each; a swap's hour is the sum of its parts. */
async function storedHours(servicePointId: string): Promise<Map<number, number | null>> {
  const { rows } = await pool.query<{
    day: string;
    hours_l: (number | null)[];
    from_ms: number;
    until_ms: number | null;
  }>(
    `SELECT day::text, hours_l, (extract(epoch FROM from_at) * 1000)::float8 AS from_ms,
            (extract(epoch FROM until_at) * 1000)::float8 AS until_ms
       FROM metering.use_day JOIN metering.install USING (install_id) WHERE service_point_id = $1`,
    [servicePointId],
  );
  const parts = new Map<number, { covered_ms: number; use_l: number | null }>();
  for (const { day, hours_l, from_ms, until_ms } of rows) {
    const { boundaries_ms } = days.on(day);
    for (const [hour, use_l] of hours_l.entries()) {
      const start_ms = boundaries_ms[hour] ?? 0;
      const next_ms = boundaries_ms[hour + 1] ?? 0;
      const part_ms = Math.min(next_ms, until_ms ?? next_ms) - Math.max(start_ms, from_ms);
      if (part_ms <= 0) continue;
      const other = parts.get(start_ms) ?? { covered_ms: 0, use_l: 0 };
      const sum = other.use_l === null || use_l === null ? null : other.use_l + use_l;
      parts.set(start_ms, { covered_ms: other.covered_ms + part_ms, use_l: sum });
    }
  }
  return new Map([...parts].map(([at, { covered_ms, use_l }]) => [at, covered_ms === HOUR ? use_l : null]));
}

async function expectStoredAsAsked(servicePointId: string): Promise<void> {
  const asked = await use.useOf({ of: { servicePointId }, from_ms: begin_ms, to_ms: end_ms, resolution: 'hour' });
  const stored = await storedHours(servicePointId);
  const told = asked.map(({ start_ms, use_l }) => [new Date(start_ms).toISOString(), use_l]);
  expect(asked.map(({ start_ms }) => [new Date(start_ms).toISOString(), stored.get(start_ms) ?? null])).toEqual(told);
}

const meterIdOf = async (serial: string) =>
  (await pool.query<{ meter_id: number }>('SELECT meter_id FROM metering.meter WHERE serial = $1', [serial])).rows[0]
    ?.meter_id ?? 0;

describe('stored use', () => {
  const serials = ['1', '2', '3', '4'];

  test('is what the readings give at every step, however they arrive and whoever stores them', async () => {
    await provisionFleet(
      pool,
      systemRandom,
      serials.map((serial) => ({ ...fleetEntry(`dev-${serial}`, serial), installedAt_ms: begin_ms })),
      testSecrets,
    );
    const arriving: Arrival[] = [];
    for (const serial of serials) {
      const meterId = await meterIdOf(serial);
      for (const point of dirty()) {
        arriving.push({ meterId, point });
        if (chance(10) === 0) arriving.push({ meterId, point });
      }
    }
    arriving.sort(() => chance(3) - 1);
    while (arriving.length > 0) {
      const writers = [arriving.splice(0, 1 + chance(60)), arriving.splice(0, 1 + chance(60))];
      await Promise.all([
        ...writers.filter((batch) => batch.length > 0).map((batch) => commit(batch)),
        workOffUse(pool, days),
      ]);
      await workOffAll();
      await expectStoredAsAsked(`sp-${serials[chance(serials.length)]}`);
    }
    for (const serial of serials) {
      await expectStoredAsAsked(`sp-${serial}`);
      expect([...(await storedHours(`sp-${serial}`)).values()].some((use_l) => use_l !== null)).toBe(true);
    }
    expect(await reconcileUse(pool, days, clock, null)).toEqual({ next: null, meters: 4, discrepancies: 0 });
  });

  test('follows a swap of meters that is entered late, from what the fitter read off', async () => {
    const entry = fleetEntry('dev-1', '9');
    await provisionFleet(
      pool,
      systemRandom,
      [
        {
          ...entry,
          servicePoint: { ...entry.servicePoint, id: 'sp-1' },
          installedAt_ms: swap_ms,
          openingRegister_l: 0,
        },
      ],
      testSecrets,
    );
    const meterId = await meterIdOf('9');
    const after = Array.from({ length: 20 }, (_, hour) => ({
      at_ms: swap_ms + (hour + 1) * HOUR,
      register_l: hour * 7,
    }));
    await commit(after.map((point) => ({ meterId, point })));
    await workOffAll();
    await expectStoredAsAsked('sp-1');
    expect((await storedHours('sp-1')).get(days.on('2026-03-31').start_ms + 12 * HOUR)).toBe(7);
  });

  test('is written again only where a late reading changes it', async () => {
    const meterId = await meterIdOf('9');
    const again = { meterId, point: { at_ms: swap_ms + 5 * HOUR, register_l: 28 } };
    await commit([again]);
    expect(await workOffAll()).toBe(0);
    await commit([{ meterId, point: { at_ms: swap_ms + 4.5 * HOUR, register_l: 27 } }]);
    expect(await workOffAll()).toBe(1);
  });

  test('is proved from the readings: one that was changed is found, recorded and mended', async () => {
    expect(await reconcileUse(pool, days, clock, null)).toMatchObject({ discrepancies: 0 });
    const { rows } = await pool.query<{ install_id: number; day: string }>(
      `UPDATE metering.use_day SET hours_l[3] = coalesce(hours_l[3], 0) + 1
        WHERE (install_id, day) = (SELECT install_id, day FROM metering.use_day ORDER BY install_id, day LIMIT 1)
        RETURNING install_id, day::text`,
    );
    expect(await reconcileUse(pool, days, clock, null)).toMatchObject({ discrepancies: 1 });
    const recorded = await pool.query('SELECT install_id, day::text FROM metering.use_discrepancy');
    expect(recorded.rows).toEqual(rows);
    expect(await reconcileUse(pool, days, clock, null)).toMatchObject({ discrepancies: 0 });
  });

  test('is worked off once a meter where many marks have come together', async () => {
    const told = [];
    for (const serial of ['1', '9']) {
      const meterId = await meterIdOf(serial);
      for (let hour = 0; hour < 12; hour += 1) {
        const reading = { meterId, point: { at_ms: swap_ms + (30.5 + hour) * HOUR, register_l: 1_000 + hour } };
        await commit([reading]);
        told.push(reading);
      }
    }
    const marks = async () => (await pool.query('SELECT meter_ids, from_hours, to_hours FROM metering.touched')).rows;
    expect(await marks()).toHaveLength(told.length);
    await gatherUse(pool);
    const hours = [Math.floor((swap_ms + 30.5 * HOUR) / HOUR), Math.ceil((swap_ms + 41.5 * HOUR) / HOUR)];
    const meterIds = [await meterIdOf('1'), await meterIdOf('9')];
    expect(await marks()).toEqual([
      { meter_ids: meterIds, from_hours: [hours[0], hours[0]], to_hours: [hours[1], hours[1]] },
    ]);
    await gatherUse(pool);
    expect(await workOffUse(pool, days)).toMatchObject({ marks: 1, meters: 2 });
    await expectStoredAsAsked('sp-1');
    expect(await reconcileUse(pool, days, clock, null)).toMatchObject({ discrepancies: 0 });
  });

  test('is worked off by one copy at a time, and a failed try loses no mark', async () => {
    await commit([{ meterId: await meterIdOf('9'), point: { at_ms: swap_ms + 25 * HOUR, register_l: 500 } }]);
    const other = await pool.connect();
    await other.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('naru.metering.use'))`);
    expect(await workOffUse(pool, days)).toBeNull();
    await other.query('ROLLBACK');
    other.release();
    await pool.query('ALTER TABLE metering.use_day RENAME TO away');
    await expect(workOffUse(pool, days)).rejects.toThrow();
    await pool.query('ALTER TABLE metering.away RENAME TO use_day');
    expect((await workOffUse(pool, days))?.marks).toBe(1);
    await expectStoredAsAsked('sp-1');
  });
});
