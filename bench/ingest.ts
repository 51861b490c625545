// Messages per second that are acknowledged and in the table, and what processor time they take: Naru, which acknowledges
// after the commit and keeps the bytes, against Mosquitto with a consumer that stores afterwards. Same load, same
// PostgreSQL, same machine, one after the other. Then a fleet at rest: its memory, and its return after a restart.
//
// `--only w64`, `w1`, `six` or `mixed` measures that run of Naru's alone, and as often as it is named: `--only w1 --only w1`.
// `--only rest` measures the fleet at rest, `--only mosquitto` Mosquitto storing nothing: what the machine can do.
//
// All of them store in the newest PostgreSQL that the machine has, as behind DATABASE_URL, and where it has none in the one
// that Naru brings; with `--postgres own` in that, with `--postgres FOLDER` in the one there.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nbiotKr } from '../devices/nbiot-kr.ts';
import { senmlJson } from '../devices/senml-json.ts';
import { seoulDigital } from '../devices/seoul-digital.ts';
import { wmbus } from '../devices/wmbus.ts';
import { createDeviceSecrets } from '../src/metering/intake/device-secret.ts';
import { provisionFleet } from '../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../src/platform/clock.ts';
import { freePort } from '../src/platform/free-port.ts';
import { createLogger } from '../src/platform/logger.ts';
import { openPool, type Pool } from '../src/platform/postgres/database.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { systemRandom } from '../src/platform/random.ts';
import { describePostgres, postgresPrograms } from './bench-postgres.ts';
import { ask, endProgram, nextWord, startMosquitto, startProgram } from './bench-process.ts';
import { cpuOfTree_s } from './cpu-time.ts';
import { type AtRest, finish, type Run, report, type Shape } from './ingest-table.ts';
import type { IntakeTask, Question } from './intake-process.ts';
import type { LoadDevice } from './load-messages.ts';
import type { LoadResult } from './mqtt-load.ts';
import type { ConsumerTask } from './peer-consumer.ts';

const FLEET = 10_000;
const RETURNING = 5_000;
const SECRET = 'the-key-of-the-devices-in-the-benchmark';
const PROVISION = 1_000;
const DURATION_ms = 6_000;
const DAY_s = 86_400;
const HOUR_s = 3_600;

const formats = [senmlJson.name];
const w64: Shape = { connections: 200, window: 64, readingsPerMessage: 1, formats };
const w1: Shape = { connections: 5_000, window: 1, readingsPerMessage: 1, formats };
const six: Shape = { connections: 200, window: 64, readingsPerMessage: 6, formats };
/** As a city has them: a fleet of several makes, one telegram at a time. */
const mixed: Shape = { ...w1, formats: [senmlJson.name, nbiotKr.name, seoulDigital.name, wmbus.name] };
const shapes: Record<string, Shape> = { w64, w1, six, mixed };
/** By name, and how its consumer stores; null stores nothing. */
type Peer = readonly [who: string, commit: ConsumerTask['commit'] | null];
const peersThatStore: readonly Peer[] = [
  ['Mosquitto + group commit', 'group'],
  ['Mosquitto + 1,000 rows a batch', 1_000],
  ['Mosquitto + one INSERT each', 'each'],
];
const machineLimit: Peer = ['Mosquitto, storing nothing', null];
/** wM-Bus tells whole minutes. */
const MINUTE_s = 60;

const options = parseArgs({
  options: { only: { type: 'string', multiple: true }, postgres: { type: 'string' } },
  allowPositionals: true,
}).values;
const only = (options.only ?? []).map((name) => {
  const shape = name === 'rest' || name === 'mosquitto' ? name : shapes[name];
  if (shape === undefined) {
    throw new Error(`--only ${name}: write one of ${Object.keys(shapes).join(', ')}, rest, mosquitto`);
  }
  return shape;
});
const programs = postgresPrograms(options.postgres);
const logger = createLogger('error');
const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
chmodSync(folder, 0o711);
const postgres = await startEmbeddedPostgres(join(folder, 'postgres'), 0, logger, programs);
/** Each run's readings follow those of the run before, as they do where meters report on: within the last day, as most do. */
let next_s = Math.floor(systemClock.now_ms() / 1_000) - 22 * HOUR_s;
try {
  await migrate(postgres.url);
  const pool = openPool(postgres.url);
  const store = await describePostgres(pool, programs);
  console.log(`All store in ${store}.`);
  const devices = await provision(pool);
  if (only.length > 0) {
    for (const shape of only) {
      if (shape === 'rest') await measureFleet(devices);
      else if (shape === 'mosquitto') report(await measurePeers(pool, devices, [machineLimit]));
      else report([await measureNaru(pool, devices, shape, true)]);
    }
    await pool.end();
  } else await measureAll(pool, devices, store);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function measureAll(pool: Pool, devices: LoadDevice[], store: string): Promise<void> {
  const ours: Run[] = [];
  for (const shape of [w64, w1, six, mixed]) ours.push(await measureNaru(pool, devices, shape, true));
  const limits = [
    await measureNaru(pool, devices, w64, false),
    await measureNaru(pool, devices, w1, false),
    await measureAedes(devices),
  ];
  const peers = await measurePeers(pool, devices, [...peersThatStore, machineLimit]);
  await pool.end();
  report([...ours, ...peers, ...limits]);
  const rest = await measureFleet(devices);
  finish(store, ours, peers, rest);
}

async function provision(pool: Pool): Promise<LoadDevice[]> {
  const devices: LoadDevice[] = [];
  for (let from = 0; from < FLEET; from += PROVISION) {
    const entries = Array.from({ length: PROVISION }, (_, n) => ({
      deviceId: `bench-${from + n}`,
      formats: [...mixed.formats],
      meter: { serial: `${10_000_000 + from + n}`, model: 'bench', bore_mm: 15, dials: 8 },
      servicePoint: { id: `bench-${from + n}`, zoneId: 'bench', zoneName: 'Bench', usageClass: 'domestic' as const },
      installedAt_ms: systemClock.now_ms() - 3_650 * DAY_s * 1_000,
    }));
    for (const [n, { deviceId, secret }] of (
      await provisionFleet(pool, systemRandom, entries, createDeviceSecrets(SECRET))
    ).entries()) {
      devices.push({ deviceId, secret: secret ?? '', serial: `${10_000_000 + from + n}` });
    }
  }
  return devices;
}

/** @param store false: everything counts as stored at once, which leaves what the connections cost */
async function measureNaru(pool: Pool, devices: LoadDevice[], shape: Shape, store: boolean): Promise<Run> {
  const { intake, port } = await startIntake(0, store);
  const before = await countStored(pool);
  const several = shape.formats.length > 1 ? `, ${shape.formats.length} formats` : '';
  const run = await underLoad(`Naru${several}${store ? '' : ', storing nothing'}`, port, devices, shape, () =>
    askIntake(intake, 'cpu_s'),
  );
  await stopIntake(intake);
  const after = await countStored(pool);
  const expected = store ? run.acknowledged : 0;
  if (after.uplinks - before.uplinks !== expected) {
    throw new Error(`${run.acknowledged} acknowledged, ${after.uplinks - before.uplinks} stored with their bytes`);
  }
  if (after.readings - before.readings !== expected * shape.readingsPerMessage) {
    throw new Error(`${expected * shape.readingsPerMessage} readings sent, ${after.readings - before.readings} stored`);
  }
  return run;
}

async function countStored(pool: Pool): Promise<{ readings: number; uplinks: number }> {
  const { rows } = await pool.query(
    `SELECT (SELECT count(*) FROM metering.reading) AS readings,
            (SELECT coalesce(sum(cardinality(payloads)), 0) FROM metering.uplink_pack) AS uplinks`,
  );
  return { readings: Number(rows[0].readings), uplinks: Number(rows[0].uplinks) };
}

async function measureAedes(devices: LoadDevice[]): Promise<Run> {
  const broker = startProgram('aedes-process', {});
  const { port } = await nextWord<{ port: number }>(broker);
  const run = await underLoad('aedes, storing nothing', port, devices, w64, async () => cpuOfTree_s(pidOf(broker)));
  await endProgram(broker);
  return run;
}

async function measurePeers(pool: Pool, devices: LoadDevice[], peers: readonly Peer[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [who, commit] of peers) {
    const port = await freePort(0);
    const broker = await startMosquitto(folder, port);
    if (broker === null) return [];
    await pool.query(`DROP TABLE IF EXISTS peer_reading`);
    await pool.query(
      `CREATE TABLE peer_reading (meter bigint, at timestamptz, register_l bigint, PRIMARY KEY (meter, at))`,
    );
    const task: ConsumerTask = {
      databaseUrl: postgres.url,
      brokerUrl: `mqtt://127.0.0.1:${port}`,
      commit: commit ?? 1,
    };
    const consumer = commit === null ? null : startProgram('peer-consumer', task);
    if (consumer !== null) await nextWord(consumer);
    const consumed = () => ask<{ stored: number; cpu_s: number }>(consumer as ChildProcess, 'usage');
    const cpu = async () => cpuOfTree_s(broker.pid) + (consumer === null ? 0 : (await consumed()).cpu_s);
    const allStored = async (sent: number) => {
      while (consumer !== null && (await consumed()).stored < sent) await sleep(50);
    };
    // One INSERT each stores so little that what the broker has taken in the same time could not be waited for.
    const shape = commit === 'each' ? { ...w64, window: 1 } : w64;
    runs.push(await underLoad(who, port, devices, shape, cpu, allStored, commit === 'each' ? 1_000 : DURATION_ms));
    if (consumer !== null) await endProgram(consumer);
    await broker.stop();
  }
  return runs;
}

async function underLoad(
  who: string,
  port: number,
  devices: LoadDevice[],
  shape: Shape,
  cpu_s: () => Promise<number>,
  allStored: ((sent: number) => Promise<void>) | null = null,
  duration_ms = DURATION_ms,
): Promise<Run> {
  const several = shape.formats.length > 1;
  // Some makes have no clock, and what they send is of now: then nothing of an earlier time is new. They have devices of
  // their own, the last ones.
  const chosen = several ? devices.slice(-shape.connections) : devices.slice(0, shape.connections);
  const load = startProgram('mqtt-load', {
    ...{ kind: 'load', port, devices: chosen, window: shape.window, duration_ms, from_s: next_s },
    ...{ readingsPerMessage: shape.readingsPerMessage, formats: shape.formats, every_s: several ? MINUTE_s : 1 },
  });
  await nextWord(load);
  const loadCpu_s = () => cpuOfTree_s(pidOf(load));
  const before = { own_s: await cpu_s(), database_s: databaseCpu_s(), load_s: loadCpu_s() };
  const began_ms = performance.now();
  const result = await ask<LoadResult>(load, 'begin');
  next_s = result.until_s;
  await allStored?.(result.acknowledged * shape.readingsPerMessage);
  const until_stored_s = (performance.now() - began_ms) / 1_000;
  const own_s = (await cpu_s()) - before.own_s;
  const database_s = databaseCpu_s() - before.database_s;
  const load_s = loadCpu_s() - before.load_s;
  await endProgram(load);
  return {
    ...{ who, ...shape, ...result },
    messages_per_s: result.acknowledged / (allStored === null ? result.seconds : until_stored_s),
    own_us: (own_s * 1e6) / result.acknowledged,
    database_us: (database_s * 1e6) / result.acknowledged,
    load_us: (load_s * 1e6) / result.acknowledged,
  };
}

async function measureFleet(devices: LoadDevice[]): Promise<AtRest> {
  const memory_MB: number[] = [];
  for (const subscribe of [false, true]) {
    const { intake, port } = await startIntake(0, true);
    const empty = await askIntake(intake, 'memory_bytes');
    const fleet = startProgram('mqtt-load', { kind: 'fleet', port, devices, subscribe });
    await nextWord(fleet);
    memory_MB.push(((await askIntake(intake, 'memory_bytes')) - empty) / 1e6);
    await endProgram(fleet);
    await stopIntake(intake);
  }
  const first = await startIntake(0, true);
  const fleet = startProgram('mqtt-load', {
    ...{ kind: 'fleet', port: first.port, devices: devices.slice(0, RETURNING), subscribe: true },
  });
  await nextWord(fleet);
  const exited = once(first.intake, 'exit');
  first.intake.kill('SIGKILL');
  await exited;
  const began_ms = performance.now();
  const second = await startIntake(first.port, true);
  await nextWord(fleet);
  const back_s = (performance.now() - began_ms) / 1_000;
  await endProgram(fleet);
  await stopIntake(second.intake);
  const [rest = 0, listening = 0] = memory_MB;
  console.log(
    `\n${FLEET} authenticated connections at rest: ${rest.toFixed(0)} MB above the empty process, ` +
      `${listening.toFixed(0)} MB where each listens to its commands. ` +
      `${RETURNING} were all back ${back_s.toFixed(1)} s after a restart was begun.`,
  );
  return { memory_MB: rest, listening_memory_MB: listening, back_s };
}

async function startIntake(port: number, store: boolean): Promise<{ intake: ChildProcess; port: number }> {
  const task: IntakeTask = { databaseUrl: postgres.url, port, store, secret: SECRET };
  const intake = startProgram('intake-process', task, ['--expose-gc', ...profiling()]);
  return { intake, port: (await nextWord<{ port: number }>(intake)).port };
}

/** With NARU_BENCH_PROFILE naming a folder, each intake leaves a profile of its processor time there. */
function profiling(): string[] {
  const into = process.env.NARU_BENCH_PROFILE;
  return into === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${into}`];
}

function askIntake(intake: ChildProcess, question: Question): Promise<number> {
  return ask<number>(intake, question);
}

async function stopIntake(intake: ChildProcess): Promise<void> {
  const exited = once(intake, 'exit');
  intake.send('stop');
  await exited;
}

function databaseCpu_s(): number {
  return cpuOfTree_s(postgres.pid() as number);
}

function pidOf(child: ChildProcess): number {
  return child.pid as number;
}
