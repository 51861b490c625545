// Random traffic through two processes' queues into one database, against a model that anyone can follow.
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createCommitQueue } from '../../../src/metering/intake/commit-service.ts';
import { createIntakeMetrics, type IntakeMetrics } from '../../../src/metering/intake/intake-metrics.ts';
import { openPartitions } from '../../../src/metering/intake/partition-service.ts';
import type { Delivery, Device } from '../../../src/metering/intake/uplink.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { openPool } from '../../../src/platform/postgres/database.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, senml, testSecrets } from '../../support/test-intake.ts';

const { pool, url } = await testDatabase();
const base_ms = Date.UTC(2026, 2, 1);
const MINUTE_ms = 60_000;
const METERS = 12;
const devices: Device[] = [];

beforeAll(async () => {
  const fleet = Array.from({ length: METERS }, (_, n) => fleetEntry(`dev-${n + 1}`, `${n + 1}`));
  for (const [index, { deviceId, meterId }] of (
    await provisionFleet(pool, systemRandom, fleet, testSecrets)
  ).entries()) {
    const meter = { meterId, serial: `${index + 1}` };
    devices.push({ deviceNo: index + 1, deviceId, formats: ['senml+json'], payloadKey: null, meter });
  }
});

/** A queue as a process of its own would have it. */
async function writer(databaseUrl = url) {
  const own = openPool(databaseUrl, 4);
  const partitions = await openPartitions(own, systemClock);
  const queue = createCommitQueue({
    ...{
      pool: own,
      partitions,
      clock: { now_ms: () => base_ms },
      timeZone: 'Asia/Seoul',
      logger: createLogger('silent'),
      metrics: () => metrics,
    },
  });
  const metrics: IntakeMetrics = createIntakeMetrics(createMetrics(), () => queue.inFlight());
  onTestFinished(async () => {
    await queue.close();
    await own.end();
  });
  return { metrics, send: (delivery: Delivery) => new Promise<boolean>((resolve) => queue.add(delivery, resolve)) };
}

let received_ms = systemClock.now_ms();

function delivery(device: number, payload: string, more: Partial<Delivery> = {}): Delivery {
  received_ms += 0.001;
  return {
    device: devices[device - 1] as Device,
    format: 'senml-json',
    payload: Buffer.from(payload),
    receivedAt_ms: Math.round(received_ms * 1_000) / 1_000,
    packetId: null,
    redelivered: false,
    connectedAt_ms: 0,
    ...more,
  };
}

/** mulberry32 */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const countOf = async (counter: IntakeMetrics['readings']) => (await counter.get()).values[0]?.value ?? 0;

async function stored(): Promise<{ readings: Map<string, number>; conflicts: Map<string, Set<number>> }> {
  const readings = await pool.query<{ key: string; register_l: number }>(
    `SELECT meter_id || '/' || round(extract(epoch FROM measured_at) * 1000)::bigint AS key, register_l FROM metering.reading`,
  );
  const conflicts = await pool.query<{ key: string; register_l: number }>(
    `SELECT meter_id || '/' || round(extract(epoch FROM measured_at) * 1000)::bigint AS key, register_l
       FROM metering.reading_conflict`,
  );
  const beside = new Map<string, Set<number>>();
  for (const { key, register_l } of conflicts.rows) beside.set(key, (beside.get(key) ?? new Set()).add(register_l));
  return { readings: new Map(readings.rows.map((row) => [row.key, row.register_l])), conflicts: beside };
}

describe('the store', () => {
  test('holds what a naive model holds after random batches, repeats, shuffles and conflicts from two writers', async () => {
    const seed = newSeed('store model');
    const below = chance(seed);
    const writers = [await writer(), await writer()];
    const values = new Map<string, Set<number>>();
    const first = new Map<string, number>();
    const payloads: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      const alone = round % 3 === 0;
      const sent: Promise<boolean>[] = [];
      for (let n = 0; n < 1 + below(200); n += 1) {
        const device = 1 + below(METERS);
        const told = Array.from({ length: 1 + below(6) }, () => {
          const late = below(5) === 0;
          const at_ms = base_ms + (late ? below(round * 20 + 1) : round * 20 + below(20)) * MINUTE_ms;
          return { at_ms, register_l: 1_000 + Math.floor(at_ms / MINUTE_ms) * 2 + (below(20) === 0 ? 1 : 0) };
        });
        const [head, ...rest] = told.map(({ at_ms, register_l }, index) => {
          const bn = index === 0 ? { bn: `urn:naru:meter:${device}:` } : {};
          return { ...bn, n: 'register', u: 'l', v: register_l, t: at_ms / 1000, ...(below(15) === 0 ? { s: 0 } : {}) };
        });
        const payload = JSON.stringify([head, ...rest]);
        payloads.push(payload);
        // The general decoder hands readings on newest first, the quick one as they came: of two values of one instant in
        // one payload either order keeps the first.
        for (const { at_ms, register_l } of told) {
          const key = `${devices[device - 1]?.meter?.meterId}/${at_ms}`;
          values.set(key, (values.get(key) ?? new Set()).add(register_l));
          if (alone && !first.has(key)) first.set(key, register_l);
        }
        const to = alone ? 0 : below(2);
        sent.push(writers[to]?.send(delivery(device, payload)) ?? Promise.resolve(false));
      }
      if (alone) expect(await Promise.all(sent)).not.toContain(false);
      else expect((await Promise.all(sent)).every(Boolean)).toBe(true);
      // What one writer alone brought keeps its order; afterwards an instant's first value is whatever stands there.
      const now = await stored();
      for (const [key, value] of now.readings) if (!first.has(key)) first.set(key, value);
    }
    const { readings, conflicts } = await stored();
    expect(readings).toEqual(first);
    const others = [...values].flatMap(([key, all]): [string, Set<number>][] => {
      const beside = [...all].filter((value) => value !== first.get(key));
      return beside.length > 0 ? [[key, new Set(beside)]] : [];
    });
    expect(conflicts).toEqual(new Map(others));
    const { rows } = await pool.query<{ payload: Buffer }>('SELECT payload FROM metering.uplink');
    expect(rows.map(({ payload }) => payload.toString()).sort()).toEqual(payloads.sort());
    // Both ways were gone: the quick one, and after its refusals the checked one.
    for (const { metrics } of writers) {
      const [readings, checked] = [await countOf(metrics.readings), await countOf(metrics.checked)];
      expect(checked).toBeGreaterThan(0);
      expect(readings).toBeGreaterThan(0);
    }
  });

  test.each([
    ['a telegram without a clock', senml('3', 777), 1],
    ['a telegram that tells its time', senml('3', 778, base_ms - 5 * MINUTE_ms), 1],
    ['a telegram from 1970', senml('3', 779, 300_000_000_000), 0],
    ['a telegram nobody can read', 'nonsense', 0],
  ])('recognises %s that another process stored before it was killed', async (_what, payload, readings) => {
    const count = async (of: string) => (await pool.query(`SELECT count(*) AS n FROM metering.${of}`)).rows[0].n;
    const before = [await count('uplink'), await count('reading'), await count('quarantine')];
    const connected_ms = received_ms;
    const one = await writer();
    expect(await one.send(delivery(3, payload, { packetId: 7, connectedAt_ms: connected_ms }))).toBe(true);
    const after = [await count('uplink'), await count('reading'), await count('quarantine')];
    received_ms += 5_000;
    const again = { packetId: 7, connectedAt_ms: Math.round(received_ms), redelivered: false };
    received_ms = Math.round(received_ms) + 1;
    const other = await writer();
    expect(await other.send(delivery(3, payload, again))).toBe(true);
    expect(await other.send(delivery(3, payload, { ...again, redelivered: true }))).toBe(true);
    expect([await count('uplink'), await count('reading'), await count('quarantine')]).toEqual(after);
    expect(await countOf(other.metrics.redelivered)).toBe(2);
    expect(after[0]).toBe(before[0] + 1);
    expect(after[1]).toBe(before[1] + readings);
    // Another packet id is another telegram.
    expect(await other.send(delivery(3, payload, { ...again, packetId: 8 }))).toBe(true);
    expect(await count('uplink')).toBe(after[0] + 1);
  });

  test('has a batch once whose commit was carried out and whose answer was lost', async () => {
    const cutting = await answerLosingProxy(url);
    const { send, metrics } = await writer(cutting.url);
    const count = async () => (await pool.query('SELECT count(*) AS n FROM metering.uplink')).rows[0].n;
    const before = await count();
    cutting.arm(async () => (await count()) > before);
    const sent = await Promise.all([4, 5, 6].map((n) => send(delivery(4, senml('4', n, base_ms + n * 7_777)))));
    expect(sent).toEqual([true, true, true]);
    expect(cutting.cuts()).toBe(1);
    expect(await countOf(metrics.retries)).toBeGreaterThan(0);
    expect((await count()) - before).toBe(3);
  });
});

/** Between client and server: once armed, keeps back the answer to a COMMIT until `isDone`, and then cuts the connection. */
async function answerLosingProxy(databaseUrl: string) {
  const target = new URL(databaseUrl);
  let isDone: (() => Promise<boolean>) | null = null;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectTcp(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    let withheld = false;
    upstream.on('data', (chunk) => withheld || client.write(chunk));
    client.on('data', (chunk) => {
      if (isDone !== null && chunk.includes('COMMIT')) {
        const done = isDone;
        isDone = null;
        withheld = true;
        void expect
          .poll(done)
          .toBe(true)
          .then(() => {
            cuts += 1;
            client.destroy();
            upstream.destroy();
          });
      }
      upstream.write(chunk);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const through = new URL(databaseUrl);
  through.port = String((server.address() as { port: number }).port);
  through.hostname = '127.0.0.1';
  return {
    url: through.href,
    arm: (done: () => Promise<boolean>) => {
      isDone = done;
    },
    cuts: () => cuts,
  };
}
