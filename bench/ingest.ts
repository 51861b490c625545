// Readings per second that are acknowledged and in the table: Naru, against a bare aedes that sends one INSERT a message
// and then acknowledges. Same load, same PostgreSQL, same machine, one after the other.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Aedes } from 'aedes';
import { findFormat } from '../devices/formats.ts';
import { createDeviceSecrets } from '../src/metering/intake/device-secret.ts';
import { createIntakeBroker } from '../src/metering/intake/intake-broker.ts';
import { openIntake } from '../src/metering/intake/intake-service.ts';
import { provisionFleet } from '../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { openPool, type Pool } from '../src/platform/postgres/database.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { systemRandom } from '../src/platform/random.ts';
import type { Load, LoadResult } from './mqtt-load.ts';

const CONNECTIONS = 200;
const WINDOWS = [1, 16] as const;
const DURATION_ms = 7_000;
const DAY_s = 86_400;

type Run = LoadResult & { who: string; window: number; readings_per_s: number };

const logger = createLogger('error');
const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
chmodSync(folder, 0o711);
const postgres = await startEmbeddedPostgres(join(folder, 'postgres'), 0, logger);
try {
  await migrate(postgres.url);
  const pool = openPool(postgres.url);
  const naru = await measureNaru(pool);
  const peer = await measurePeer(pool);
  await pool.end();
  report(naru, peer);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function measureNaru(pool: Pool): Promise<Run[]> {
  const entries = Array.from({ length: CONNECTIONS }, (_, n) => ({
    deviceId: `bench-${n}`,
    formats: ['senml+json'],
    meter: { serial: `${10_000_000 + n}`, model: 'bench', bore_mm: 15, dials: 5 },
    servicePoint: { id: `bench-${n}`, zoneId: 'bench', zoneName: 'Bench', usageClass: 'domestic' as const },
    installedAt_ms: systemClock.now_ms() - 365 * DAY_s * 1000,
  }));
  const secrets = createDeviceSecrets('the-key-of-the-devices-in-a-benchmark');
  const provisioned = await provisionFleet(pool, systemRandom, entries, secrets);
  const intake = await openIntake({
    pool,
    timeZone: 'Asia/Seoul',
    secrets,
    clock: systemClock,
    logger,
    metrics: createMetrics(),
  });
  const broker = createIntakeBroker({ intake, host: '127.0.0.1', mqttPort: 0, wsPort: null, logger });
  const ports = await broker.listen();
  const devices = provisioned.map(({ deviceId, secret }, n) => ({
    deviceId,
    secret: secret ?? '',
    serial: `${10_000_000 + n}`,
  }));
  const count = async () => (await pool.query('SELECT count(*) AS n FROM metering.reading')).rows[0].n as number;
  const runs = await measure('Naru', ports.mqtt, devices, count);
  await broker.close();
  return runs;
}

/** What is usually written first: decode, one INSERT, acknowledge. The raw payload is not even kept. */
async function measurePeer(pool: Pool): Promise<Run[]> {
  await pool.query(
    `CREATE TABLE peer_reading (meter text, measured_at timestamptz, register_l bigint, PRIMARY KEY (meter, measured_at))`,
  );
  const format = findFormat('senml+json');
  const broker = await Aedes.createBroker({
    authorizePublish: (_client, packet, done) => {
      const decoded = format?.decode(packet.payload as Buffer, {});
      const reading = decoded?.ok ? decoded.uplink.readings[0] : undefined;
      if (!decoded?.ok || reading === undefined) return done(new Error('not decoded'));
      pool
        .query({
          name: 'peer-insert',
          text: 'INSERT INTO peer_reading VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
          values: [decoded.uplink.meter_id, reading.measured_at, reading.register_l],
        })
        .then(() => done(null), done);
    },
  });
  const server = createServer((socket) => broker.handle(socket));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const devices = Array.from({ length: CONNECTIONS }, (_, n) => ({
    deviceId: `peer-${n}`,
    secret: 'x',
    serial: `${n}`,
  }));
  const count = async () => (await pool.query('SELECT count(*) AS n FROM peer_reading')).rows[0].n as number;
  const runs = await measure('aedes + one INSERT a message', port, devices, count);
  server.close();
  await new Promise<void>((resolve) => broker.close(resolve));
  return runs;
}

async function measure(
  who: string,
  port: number,
  devices: Load['devices'],
  count: () => Promise<number>,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [index, window] of WINDOWS.entries()) {
    const before = await count();
    const from_s = Math.floor(systemClock.now_ms() / 1000) - (10 - index * 4) * DAY_s;
    const result = await underLoad({ port, devices, window, duration_ms: DURATION_ms, from_s });
    const stored = (await count()) - before;
    if (stored !== result.acknowledged)
      throw new Error(`${who}: ${result.acknowledged} acknowledged, ${stored} stored`);
    runs.push({ ...result, who, window, readings_per_s: result.acknowledged / result.seconds });
  }
  return runs;
}

function underLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./mqtt-load.js', import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function report(naru: Run[], peer: Run[]): void {
  console.log(
    `\n${CONNECTIONS} connections, QoS 1, acknowledged after commit; w = messages in flight per connection\n`,
  );
  console.log(
    `${'who'.padEnd(30)} ${'w'.padStart(3)} ${'readings/s'.padStart(11)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}`,
  );
  for (const run of [...naru, ...peer]) {
    const cells = [
      run.readings_per_s.toFixed(0).padStart(11),
      run.ack_p50_ms.toFixed(1).padStart(8),
      run.ack_p99_ms.toFixed(1).padStart(8),
    ];
    console.log(`${run.who.padEnd(30)} ${String(run.window).padStart(3)} ${cells.join(' ')}`);
  }
  const [ours1, ours16] = naru;
  const [theirs1, theirs16] = peer;
  if (!ours1 || !ours16 || !theirs1 || !theirs16) throw new Error('a run is missing');
  console.log(
    JSON.stringify({
      bench: 'ingest',
      readings_per_s: Math.round(ours16.readings_per_s),
      peer_readings_per_s: Math.round(theirs16.readings_per_s),
      ratio: rounded(ours16.readings_per_s / theirs16.readings_per_s),
      ack_p50_ms: rounded(ours16.ack_p50_ms),
      ack_p99_ms: rounded(ours16.ack_p99_ms),
      w1_readings_per_s: Math.round(ours1.readings_per_s),
      w1_peer_readings_per_s: Math.round(theirs1.readings_per_s),
      w1_ratio: rounded(ours1.readings_per_s / theirs1.readings_per_s),
      w1_ack_p50_ms: rounded(ours1.ack_p50_ms),
      w1_ack_p99_ms: rounded(ours1.ack_p99_ms),
    }),
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
