// Readings in packs against the same readings as rows: whatever is committed, and whenever packing comes by, nobody can tell.
import { describe, expect, test } from 'vitest';
import { listTold } from '../../../src/metering/alarms/alarm-facts-store.ts';
import { listLedgerFacts, listLossSigns } from '../../../src/metering/completeness/ledger-store.ts';
import { listToldReadings } from '../../../src/metering/exports/reading-export-store.ts';
import { commitPart } from '../../../src/metering/intake/commit-batch-store.ts';
import { DeviceLane } from '../../../src/metering/intake/device-lane.ts';
import { createIntakeMetrics } from '../../../src/metering/intake/intake-metrics.ts';
import { findReadings } from '../../../src/metering/intake/ledger-store.ts';
import { partRows } from '../../../src/metering/intake/part-rows.ts';
import { openPartitions, type Partitions } from '../../../src/metering/intake/partition-service.ts';
import { findNewestReadings, findRedelivered } from '../../../src/metering/intake/redelivery-store.ts';
import { BatchStore } from '../../../src/metering/intake/store-batch-service.ts';
import type { ReadingClock } from '../../../src/metering/intake/uplink.ts';
import { UplinkBatch } from '../../../src/metering/intake/uplink-batch.ts';
import { countReadings, listMeterRows } from '../../../src/metering/meters/meters-store.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { listMeterDays } from '../../../src/metering/proofs/zone-day-store.ts';
import { packLimits } from '../../../src/metering/readings/pack-limits.ts';
import { packSome } from '../../../src/metering/readings/pack-readings-service.ts';
import { listToldAt } from '../../../src/metering/readings/reading-edit-store.ts';
import { dayOf, holdPacks, packDays } from '../../../src/metering/readings/reading-pack-store.ts';
import { findLastFlagged, findLastReading, listRegisters } from '../../../src/metering/readings/readings-store.ts';
import { listToldSpans } from '../../../src/metering/validation/judged-store.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { inTransaction, type Pool } from '../../../src/platform/postgres/database.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';

const HOUR_ms = 3_600_000;
const DAY_ms = 24 * HOUR_ms;
const METERS = 5;
const begin_ms = Date.UTC(2026, 2, 27, 20);

interface Reading {
  at_ms: number;
  register_l: number;
  clock: ReadingClock;
  flags: readonly string[];
}

interface Uplink {
  meter: number;
  readings: Reading[];
  receivedAt_ms: number;
  packetId: number;
  payload: Uint8Array;
}

/** A database with meters and a process of the intake; its packing, if it is packed. */
class Store {
  readonly pool: Pool;
  readonly partitions: Partitions;
  readonly clock: { now_ms(): number };
  #batches: BatchStore;
  #lanes = new Map<number, DeviceLane>();

  private constructor(pool: Pool, partitions: Partitions, clock: { now_ms(): number }) {
    this.pool = pool;
    this.partitions = partitions;
    this.clock = clock;
    this.#batches = this.#newBatches();
  }

  static async open(clock: { now_ms(): number }): Promise<Store> {
    const { pool } = await testDatabase();
    const fleet = Array.from({ length: METERS }, (_, n) => fleetEntry(`dev-${n + 1}`, `${n + 1}`));
    await provisionFleet(pool, systemRandom, fleet, testSecrets);
    return new Store(pool, await openPartitions(pool, clock), clock);
  }

  #newBatches(): BatchStore {
    const { pool, partitions, clock } = this;
    const metrics = createIntakeMetrics(createMetrics(), () => 0);
    return new BatchStore({ pool, partitions, clock, logger: createLogger('silent'), metrics: () => metrics });
  }

  /** Another process, which knows nothing of what is stored. */
  restart(): void {
    this.#batches = this.#newBatches();
    this.#lanes = new Map();
  }

  batchOf(uplinks: readonly Uplink[], isAgain = false): UplinkBatch {
    const batch = new UplinkBatch();
    for (const { meter, readings, receivedAt_ms, packetId, payload } of uplinks) {
      const meterOf = { meterId: meter, serial: `${meter}` };
      const device = { deviceNo: meter, deviceId: `dev-${meter}`, formats: ['test'], payloadKey: null, meter: meterOf };
      const lane = this.#lanes.get(meter) ?? new DeviceLane(device, 0, null);
      this.#lanes.set(meter, lane);
      const delivery = { device: lane.device, format: 'test', payload, receivedAt_ms, packetId, redelivered: isAgain };
      batch.begin(lane, { ...delivery, connectedAt_ms: 0 }, isAgain ? receivedAt_ms : Number.NaN, () => {});
      batch.addDecoded({
        ...{ format: 'test', decoderVersion: 1, problem: null },
        readings: readings.map(({ at_ms, ...told }) => ({
          ...{ meterId: meter, measuredAt_ms: at_ms, plausible: true, ...told },
        })),
      });
    }
    return batch;
  }

  async commit(uplinks: readonly Uplink[], isAgain = false): Promise<void> {
    let stored = 0;
    const settle = (places: readonly number[], isStored: boolean) => (stored += isStored ? places.length : 0);
    await this.#batches.store(this.batchOf(uplinks, isAgain), () => true, settle);
    expect(stored).toBe(uplinks.length);
  }

  async pack(): Promise<number> {
    let packs = 0;
    for (;;) {
      const done = await packSome(this);
      if (done === null) return packs;
      packs += done.packs;
    }
  }

  async count(of: string): Promise<number> {
    return (await this.pool.query(`SELECT count(*) AS n FROM metering.${of}`)).rows[0].n;
  }

  async rows(of: string): Promise<unknown[]> {
    const { rows } = await this.pool.query(`SELECT to_jsonb(x) AS row FROM ${of} x ORDER BY to_jsonb(x)::text`);
    return rows.map(({ row }) => row);
  }
}

/** mulberry32 */
function chanceOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Below = (below: number) => number;

function telegram(below: Below, meter: number, now_ms: number, packetId: number): Uplink {
  const lateness_ms = below(4) === 0 ? below(6 * 24) * HOUR_ms : below(3) * HOUR_ms;
  const receivedAt_ms = now_ms + below(HOUR_ms * 1_000) / 1_000;
  const last_ms = Math.floor((now_ms - lateness_ms) / HOUR_ms) * HOUR_ms + (below(6) === 0 ? below(HOUR_ms) : 0);
  const clock = (['absolute', 'absolute', 'local'] as const)[below(3)] ?? 'absolute';
  const flags = below(6) === 0 ? (['leak', 'burst', 'battery'] as const).filter(() => below(2) === 0) : [];
  const register = (at_ms: number) =>
    below(120) === 0
      ? below(2 ** 31) * below(4) * 1_000
      : 5_000 + Math.floor(at_ms / HOUR_ms) * 7 - (below(15) === 0 ? 30 : 0);
  const readings: Reading[] =
    below(5) === 0
      ? [{ at_ms: receivedAt_ms, register_l: register(receivedAt_ms), clock: 'received', flags }]
      : Array.from({ length: below(8) === 0 ? 30 : 1 + below(8) }, (_, n) => {
          const at_ms = last_ms - n * (below(30) === 0 ? 1 : HOUR_ms);
          return { at_ms, register_l: register(at_ms), clock, flags };
        });
  return { meter, readings, receivedAt_ms, packetId, payload: Buffer.from(`telegram ${packetId}`) };
}

/** Everything that asks for readings, asked the same of a store. */
async function answersOf({ pool }: Store, seed: number, sent: readonly Uplink[], now_ms: number): Promise<unknown> {
  const below = chanceOf(seed);
  const { rows: installs } = await pool.query<{ install_id: number; meter_id: number; from_ms: number }>(
    `SELECT install_id, meter_id, (extract(epoch FROM from_at) * 1000)::float8 AS from_ms FROM metering.install ORDER BY 1`,
  );
  const answers: unknown[] = [];
  const spans = installs.map(({ meter_id }) => {
    const from_ms = begin_ms - 4 * DAY_ms + below(12 * 24) * HOUR_ms + below(2) * below(HOUR_ms);
    return { meterId: meter_id, from_ms, to_ms: from_ms + below(4 * 24) * HOUR_ms };
  });
  for (const around of [0, 1, 2, 9]) {
    const told = await listRegisters(pool, spans, around);
    answers.push(spans.map(({ meterId }) => told.get(meterId)));
  }
  answers.push(await listToldSpans(pool, spans));
  const days = installs.flatMap(({ install_id }) =>
    [0, 1, 2, 3].map((n) => {
      const start_ms = Math.floor(begin_ms / DAY_ms) * DAY_ms + (n - 1) * DAY_ms + 15 * HOUR_ms;
      return {
        install_id,
        day: new Date(start_ms + DAY_ms).toISOString().slice(0, 10),
        start_ms,
        end_ms: start_ms + DAY_ms,
      };
    }),
  );
  answers.push([...(await listLedgerFacts(pool, days, '2026-12-31'))], [...(await listLossSigns(pool, days))]);
  for (const day of days.slice(0, 4)) {
    answers.push(await listMeterDays(pool, day, { installIds: installs.map((one) => one.install_id) }, 0, 100));
  }
  const questions = installs.map((install, n) => ({
    install: {
      ...install,
      until_ms: null,
      ...{ service_point_id: '', zone_id: '', usage_class: '', bore_mm: 15 },
      judged_ms: 0,
    },
    ...{ facts_ms: spans[n]?.from_ms ?? 0, facts_day: '2026-03-01', to_ms: now_ms },
  }));
  for (const { instants, flagged, ...of } of await listTold(pool, questions)) {
    answers.push({ ...of, instants: [...instants].sort(), flagged: [...flagged].sort() });
  }
  for (const { meterId, from_ms, to_ms } of spans) {
    answers.push(await findLastReading(pool, meterId, { from_ms, to_ms }));
    answers.push(await findLastFlagged(pool, meterId, ['leak'], { from_ms: 0, to_ms }));
    const inside = { after_us: from_ms * 1_000, before_us: to_ms * 1_000 };
    for (const limit of [1, 7, 500]) answers.push(await listToldReadings(pool, meterId, inside, limit));
    answers.push(await countReadings(pool, meterId, from_ms, to_ms));
  }
  answers.push([
    ...(await findNewestReadings(
      pool,
      installs.map((one) => one.meter_id),
    )),
  ]);
  answers.push(
    await listMeterRows(pool, { now_ms, alarmFlags: ['leak'] }, { after: null, search: null, state: null, limit: 99 }),
  );
  const asked = sent.slice(-60);
  for (const { meter, readings } of asked.slice(-8))
    answers.push(await listToldAt(pool, meter, readings[0]?.at_ms ?? 0));
  answers.push(
    await findReadings(
      pool,
      asked.flatMap(({ meter, readings }) =>
        readings.map(({ at_ms, register_l }) => ({
          ...{
            device_id: `dev-${meter}`,
            measured_at: new Date(at_ms).toISOString(),
            register_l: register_l + below(2),
          },
        })),
      ),
    ),
  );
  const redeliveries = asked.map(({ meter, readings, receivedAt_ms, packetId, payload }) => ({
    ...{ deviceNo: meter, packetId: packetId % 65_536, payload, meterId: meter },
    ...{ from_ms: readings[0]?.at_ms ?? 0, to_ms: readings[0]?.at_ms ?? 0 },
    ...{ after_ms: receivedAt_ms - 1, before_ms: receivedAt_ms + 1 },
  }));
  answers.push([...(await findRedelivered(pool, redeliveries))]);
  return answers;
}

describe('readings in packs', () => {
  test('are told by every question as rows are, however commits, late ones among them, and packing alternate', {
    timeout: 110_000,
  }, async () => {
    const seed = newSeed('reading packs');
    const below = chanceOf(seed);
    const time = { now_ms: begin_ms };
    const clock = { now_ms: () => time.now_ms };
    const [plain, packed] = [await Store.open(clock), await Store.open(clock)];
    const sent: Uplink[] = [];
    let packs = 0;
    for (let step = 0; step < 100; step += 1) {
      time.now_ms += below(2) === 0 ? below(8) * HOUR_ms : 10 * 60_000;
      if (below(12) === 0) for (const store of [plain, packed]) store.restart();
      const again = below(4) === 0 ? sent.slice(-(1 + below(6))) : [];
      const isAgain = again.length > 0;
      const uplinks = isAgain
        ? again.map((one) => ({ ...one, receivedAt_ms: one.receivedAt_ms + 60_000.001 }))
        : Array.from({ length: 1 + below(6) }, (_, n) =>
            telegram(below, 1 + below(METERS), time.now_ms, step * 10 + n),
          );
      for (const store of [plain, packed]) await store.commit(uplinks, isAgain);
      if (!isAgain) sent.push(...uplinks);
      for (let times = below(3); times > 0; times -= 1) packs += (await packSome(packed))?.packs ?? 0;
      if (step % 12 === 0) packs += await packed.pack();
      if (step % 20 < 19) continue;
      const [one, other] = await Promise.all([plain, packed].map((store) => answersOf(store, step, sent, time.now_ms)));
      expect(other).toEqual(one);
      for (const table of ['every_reading', 'reading_conflict', 'repeated_uplink', 'uplink']) {
        expect(await packed.rows(`metering.${table}`), table).toEqual(await plain.rows(`metering.${table}`));
      }
    }
    expect(packs).toBeGreaterThan(METERS);
    expect(await packed.count('reading')).toBeLessThan((await plain.count('reading')) * 0.8);
    expect(await plain.count('reading_pack')).toBe(0);
  });

  test('come out to the microsecond with clock, flags and uplink; few, or too far apart, they stay rows', async () => {
    const at = Date.UTC(2026, 4, 5);
    const store = await Store.open({ now_ms: () => at + DAY_ms + packLimits.settledAfter_ms });
    const told = (meter: number, of: readonly Partial<Reading>[], packetId: number): Uplink => ({
      ...{ meter, receivedAt_ms: at + DAY_ms + 0.001 * packetId, packetId, payload: Buffer.from([packetId]) },
      readings: of.map((one, n) => ({
        ...{ at_ms: at + n * HOUR_ms, register_l: n, clock: 'absolute' as const, flags: [], ...one },
      })),
    });
    await store.commit([
      told(1, [{}, { flags: ['leak', 'x "y"\\z'] }, { at_ms: at + DAY_ms - 0.001, clock: 'received' }], 1),
      told(1, [{ at_ms: at + 2.5 * HOUR_ms + 0.123, register_l: 2 ** 31 - 1, clock: 'local' }], 2),
      told(2, [{}, {}, {}], 3),
      told(3, [{}, {}, {}, { register_l: 2 ** 31 }], 4),
    ]);
    const before = await store.rows('metering.every_reading');
    expect(await store.pack()).toBe(1);
    expect(await store.rows('metering.every_reading')).toEqual(before);
    expect(await store.rows('(SELECT DISTINCT meter_id FROM metering.reading)')).toEqual([
      { meter_id: 2 },
      { meter_id: 3 },
    ]);
    const [pack] = (await store.rows('metering.reading_pack')) as [Record<string, unknown>];
    expect(pack).toMatchObject({
      meter_id: 1,
      day: '2026-05-05',
      measured_us: [0, 0, 123, 999],
      first_places: [1, 3, 4],
    });
    // A fourth reading makes a day worth it; the same and another value for a packed instant are what they are for rows.
    await store.commit([told(2, [{ at_ms: at + 5 * HOUR_ms }], 5), told(1, [{}], 6), told(1, [{ register_l: 77 }], 7)]);
    expect(await store.pack()).toBe(1);
    expect(await store.count('every_reading')).toBe(before.length + 1);
    const conflicts = await store.pool.query('SELECT meter_id, register_l FROM metering.reading_conflict');
    expect(conflicts.rows).toEqual([{ meter_id: 1, register_l: 77 }]);
    expect(await store.rows('(SELECT DISTINCT meter_id FROM metering.reading)')).toEqual([{ meter_id: 3 }]);
  });

  test('are made day after day and meter after meter, where another copy left off, and past days of which nothing came', async () => {
    const time = { now_ms: begin_ms + 5 * DAY_ms };
    const store = await Store.open({ now_ms: () => time.now_ms });
    const told = (meter: number, at_ms: number): Uplink => ({
      ...{ meter, receivedAt_ms: at_ms + 9 * HOUR_ms, packetId: 1, payload: Buffer.from([meter]) },
      readings: [1, 2, 3, 4].map((n) => ({ at_ms: at_ms + n, register_l: n, clock: 'absolute', flags: [] })),
    });
    const days = [begin_ms, begin_ms + DAY_ms, begin_ms + 40 * DAY_ms, begin_ms + 41 * DAY_ms];
    await store.commit(days.flatMap((at_ms) => [told(1, at_ms), told(2, at_ms)]));
    const packsOf = () => store.rows('(SELECT day, count(*) FROM metering.reading_pack GROUP BY 1)');
    // The first turn finds where to begin, the next packs that day of all five meters.
    await packSome(store);
    expect(await packSome(store)).toEqual({ packs: 2, readings: 8 });
    await inTransaction(store.pool, async (other) => {
      await holdPacks(other);
      expect(await packSome(store)).toBeNull();
    });
    expect(await packsOf()).toEqual([{ day: '2026-03-27', count: 2 }]);
    expect(await store.pack()).toBe(2);
    time.now_ms = begin_ms + 42 * DAY_ms;
    expect(await store.pack()).toBe(0);
    time.now_ms = begin_ms + 60 * DAY_ms;
    expect(await store.pack()).toBe(4);
    expect((await packsOf()).length).toBe(4);
    expect(await store.count('reading')).toBe(0);
    expect(await store.pack()).toBe(0);
  });

  test('are found by their key, in the partition of their day alone', async () => {
    const at = Date.UTC(2026, 4, 5);
    const store = await Store.open({ now_ms: () => at });
    for (const table of ['reading', 'reading_pack'] as const) {
      for (const month of [0, 1, 2]) await store.partitions.ensureFor(table, [Date.UTC(2026, 3 + month, 2)], [0]);
    }
    const plan = async (of: string) => {
      await store.pool.query('SET plan_cache_mode = force_generic_plan');
      const { rows } = await store.pool.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${of}`);
      return JSON.stringify(rows[0]);
    };
    const span = `'2026-05-05T00:00:00Z'::timestamptz, '2026-05-05T06:00:00Z'::timestamptz`;
    const told = await plan(`SELECT * FROM metering.readings(7, ${span})`);
    expect(told).not.toContain('Seq Scan');
    expect(told).not.toContain('"metering.readings"');
    if (store.partitions.storage === 'partitions') {
      expect([...told.matchAll(/"Relation Name":"(\w+)"/g)].map(([, name]) => name).sort()).toEqual([
        ...['reading_2026_05', 'reading_pack_2026_05'],
      ]);
    }
  });
});

describe('packing and a commit at the same time', () => {
  const at = Date.UTC(2026, 6, 1, 3);
  const old = (meter: number, n: number, register_l = n): Uplink => ({
    ...{ meter, receivedAt_ms: at + DAY_ms + n, packetId: n, payload: Buffer.from([n]) },
    readings: [{ at_ms: at + n * 60_000, register_l, clock: 'absolute', flags: [] }],
  });
  const commitAlone = (store: Store, uplinks: readonly Uplink[], firstId: number) =>
    commitPart(store.pool, partRows(store.batchOf(uplinks), [...uplinks.keys()], firstId, false));
  const waiting = async ({ pool }: Store) =>
    (
      await pool.query(
        `SELECT count(*) AS n FROM pg_locks JOIN pg_database d ON d.oid = database
          WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`,
      )
    ).rows[0].n;

  test('leave an instant in one place when the commit repeats what is just being packed', async () => {
    const store = await Store.open({ now_ms: () => at + 9 * DAY_ms });
    await store.commit([1, 2, 3, 4, 5].map((n) => old(1, n)));
    await store.partitions.ensureFor('reading_pack', [at], [0]);
    let commit: Promise<unknown> = Promise.resolve();
    await inTransaction(store.pool, async (transaction) => {
      await holdPacks(transaction);
      expect(await packDays(transaction, [{ meterId: 1, day: dayOf(at) }])).toEqual({ packs: 1, readings: 5 });
      commit = commitAlone(store, [old(1, 2), old(1, 3, 99), old(1, 6)], 900_000);
      await expect.poll(() => waiting(store)).toBe(1);
    });
    await commit;
    expect(await store.count('reading')).toBe(1);
    expect(await store.count('every_reading')).toBe(6);
    expect(await store.count('reading_conflict')).toBe(1);
  });

  test('pack what the commit brings when it was first', async () => {
    const store = await Store.open({ now_ms: () => at + 9 * DAY_ms });
    await store.commit([1, 2, 3, 4, 5].map((n) => old(1, n)));
    await store.pack();
    await store.commit([old(1, 7)]);
    const blocker = await store.pool.connect();
    await blocker.query('BEGIN; LOCK TABLE metering.reading_conflict IN ACCESS EXCLUSIVE MODE');
    // It has stored its new reading, and waits on its way to the conflict.
    const commit = commitAlone(store, [old(1, 3, 99), old(1, 6)], 900_000);
    await expect
      .poll(async () => {
        const waits = `SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'metering.reading_conflict'::regclass`;
        return (await store.pool.query(waits)).rows[0].n;
      })
      .toBe(1);
    const packing = store.pack();
    await expect.poll(() => waiting(store)).toBe(1);
    await blocker.query('COMMIT');
    blocker.release();
    await commit;
    expect(await packing).toBe(1);
    expect(await store.count('reading')).toBe(0);
    expect(await store.count('every_reading')).toBe(7);
    expect(await store.count('late_day')).toBe(0);
    expect(await store.count('reading_conflict')).toBe(1);
  });
});
