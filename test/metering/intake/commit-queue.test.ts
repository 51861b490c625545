import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCommitQueue } from '../../../src/metering/intake/commit-service.ts';
import { intakeLimits } from '../../../src/metering/intake/intake-limits.ts';
import { createIntakeMetrics, type IntakeMetrics } from '../../../src/metering/intake/intake-metrics.ts';
import { openPartitions, type Partitions } from '../../../src/metering/intake/partition-service.ts';
import type { Delivery, Device } from '../../../src/metering/intake/uplink.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { openPool } from '../../../src/platform/postgres/database.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, senml, testSecrets } from '../../support/test-intake.ts';

const { pool, url } = await testDatabase();
const HOUR = 3_600_000;
const base_ms = Date.UTC(2026, 2, 1);
const devices: Device[] = [];
let partitions: Partitions;

beforeAll(async () => {
  const fleet = ['1', '2'].map((serial) => fleetEntry(`dev-${serial}`, serial));
  for (const [index, { deviceId, meterId }] of (
    await provisionFleet(pool, systemRandom, fleet, testSecrets)
  ).entries()) {
    const meter = { meterId, serial: `${index + 1}` };
    devices.push({ deviceNo: index + 1, deviceId, formats: ['senml+json'], payloadKey: null, meter });
  }
  partitions = await openPartitions(pool, systemClock);
});

function newQueue(on = pool) {
  const queue = createCommitQueue({
    pool: on,
    partitions,
    clock: { now_ms: () => base_ms },
    timeZone: 'Asia/Seoul',
    logger: createLogger('silent'),
    metrics: () => metrics,
  });
  const metrics: IntakeMetrics = createIntakeMetrics(createMetrics(), () => queue.inFlight());
  const send = (device: number, register_l: number, at_ms: number) =>
    new Promise<boolean>((resolve) => queue.add(delivery(device, register_l, at_ms), resolve));
  return { queue, metrics, send };
}

function delivery(device: number, register_l: number, at_ms: number): Delivery {
  return {
    device: devices[device - 1] as Device,
    format: 'senml-json',
    payload: Buffer.from(senml(`${device}`, register_l, at_ms)),
    receivedAt_ms: systemClock.now_ms(),
    packetId: null,
    redelivered: false,
    connectedAt_ms: 0,
  };
}

const count = async (table: string) => (await pool.query(`SELECT count(*) AS n FROM metering.${table}`)).rows[0].n;
const retries = async (metrics: IntakeMetrics) => (await metrics.retries.get()).values[0]?.value ?? 0;

describe('the commit queue', () => {
  test('gathers what comes while a batch is in flight into the next ones', async () => {
    const { metrics, send } = newQueue();
    const before = await count('reading');
    const stored = await Promise.all(Array.from({ length: 3_000 }, (_, n) => send(1, n, base_ms + n * 1_000)));
    expect(stored.every(Boolean)).toBe(true);
    expect((await count('reading')) - before).toBe(3_000);
    expect((await metrics.batches.get()).values[0]?.value).toBeLessThan(10);
  });

  test('commits what a long turn of the event loop has brought before that turn ends', async () => {
    const { queue, metrics, send } = newQueue();
    const batches = async () => (await metrics.batches.get()).values[0]?.value ?? 0;
    const sent = Array.from({ length: intakeLimits.commitAtOnceMessages * 2 + 1 }, (_, n) =>
      send(1, 10_000 + n, base_ms + (10_000 + n) * 1_000),
    );
    expect((await Promise.all(sent)).every(Boolean)).toBe(true);
    // One for each database connection as soon as enough was there, and the rest.
    expect(await batches()).toBe(intakeLimits.commitConnections + 1);
    expect(queue.inFlight()).toBe(0);
  });

  test('acknowledges nothing while the database is away, and everything once it is back', async () => {
    const name = new URL(url).pathname.slice(1);
    const server = openPool(url.replace(/[^/]+$/, 'postgres'), 1);
    const own = openPool(url, 2);
    const { metrics, send } = newQueue(own);
    const settled: boolean[] = [];
    try {
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      const sent = [1, 2, 3].map((n) => send(2, n, base_ms + n * HOUR).then((stored) => settled.push(stored)));
      await expect.poll(() => retries(metrics)).toBeGreaterThan(2);
      expect(settled).toEqual([]);
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await Promise.all(sent);
    } finally {
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await server.end();
      await own.end();
    }
    expect(settled).toEqual([true, true, true]);
  });

  test.each(['40001', '40P01', '53100'])('tries a batch again after SQLSTATE %s, and stores it once', async (state) => {
    await pool.query(`
      CREATE SEQUENCE metering.fault;
      CREATE FUNCTION metering.fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('metering.fault') <= 2 THEN RAISE EXCEPTION 'planted' USING ERRCODE = '${state}'; END IF;
          RETURN NULL;
        END $$;
      CREATE TRIGGER planted BEFORE INSERT ON metering.reading EXECUTE FUNCTION metering.fail_twice();`);
    const { metrics, send } = newQueue();
    const before = [await count('uplink'), await count('reading')];
    try {
      expect(await send(2, Number.parseInt(state, 10), base_ms + Number.parseInt(state, 36))).toBe(true);
    } finally {
      await pool.query('DROP FUNCTION metering.fail_twice CASCADE; DROP SEQUENCE metering.fault');
    }
    expect(await retries(metrics)).toBe(2);
    expect([await count('uplink'), await count('reading')]).toEqual(before.map((n) => n + 1));
  });

  test('says when it is full and when there is room again', async () => {
    const { queue } = newQueue();
    const blocker = await pool.connect();
    let room = false;
    let settled = 0;
    try {
      await blocker.query('BEGIN; LOCK TABLE metering.uplink IN ACCESS EXCLUSIVE MODE');
      for (let n = 0; n < intakeLimits.inFlightMessages; n += 1) {
        expect(queue.isFull()).toBe(false);
        queue.add(delivery(1, n, base_ms + n * 1_000), () => {
          settled += 1;
        });
      }
      expect(queue.isFull()).toBe(true);
      queue.whenRoom(() => {
        room = true;
      });
      await sleep(100);
      expect({ room, settled }).toEqual({ room: false, settled: 0 });
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    await expect.poll(() => room).toBe(true);
    await queue.close();
    expect(settled).toBe(intakeLimits.inFlightMessages);
  });

  test('commits what it has when it is closed, and takes nothing more', async () => {
    const { queue, send } = newQueue();
    const before = await count('reading');
    const sent = Array.from({ length: 50 }, (_, n) => send(2, n, base_ms - n * HOUR));
    await queue.close();
    expect(await Promise.all(sent)).not.toContain(false);
    expect((await count('reading')) - before).toBe(50);
    expect(await send(2, 1, base_ms + 999 * HOUR)).toBe(false);
  });
});
