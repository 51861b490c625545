// Readings per second from the queue to the table: Naru's commit, with raw bytes kept and decoding, against two peers that
// get rows already decoded and keep no bytes: `unnest` of JavaScript arrays, and INSERT of many rows. Same PostgreSQL,
// same rows, one after the other, no sockets.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { senmlJson } from '../devices/senml-json.ts';
import { createCommitQueue } from '../src/metering/intake/commit-service.ts';
import { intakeLimits } from '../src/metering/intake/intake-limits.ts';
import { createIntakeMetrics, type IntakeMetrics } from '../src/metering/intake/intake-metrics.ts';
import { openPartitions } from '../src/metering/intake/partition-service.ts';
import type { Device } from '../src/metering/intake/uplink.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { openPool, type Pool } from '../src/platform/postgres/database.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';

const METERS = 5_000;
/** Readings each meter tells in a run. */
const READINGS = 96;
const HOUR_ms = 3_600_000;
const PEER_BATCH = 5_000;
const PEER_INSERT_ROWS = 1_000;
const RUNS = 3;

interface Run {
  who: string;
  readings_per_s: number;
  messages_per_s: number;
  /** Processor time of this process, and of the server's (0 where the system doesn't tell). */
  client_us: number;
  server_us: number;
}

const logger = createLogger('error');
const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
chmodSync(folder, 0o711);
const postgres = await startEmbeddedPostgres(join(folder, 'postgres'), 0, logger);
const runs: Run[] = [];
try {
  await migrate(postgres.url);
  const pool = openPool(postgres.url);
  const begin_ms = Math.floor(systemClock.now_ms() / HOUR_ms) * HOUR_ms - 20 * 24 * HOUR_ms;
  for (let run = 0; run < RUNS; run += 1) {
    runs.push(await measureNaru(pool, 1, begin_ms));
    runs.push(await measureNaru(pool, 6, begin_ms));
    runs.push(await measurePeer(pool, 'unnest of JavaScript arrays', begin_ms, PEER_BATCH, insertUnnest));
    runs.push(await measurePeer(pool, 'INSERT of 1,000 rows', begin_ms, PEER_INSERT_ROWS, insertRows));
  }
  const sizes = await sizesOf(pool);
  await pool.end();
  report(sizes);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function measureNaru(pool: Pool, readingsAMessage: number, begin_ms: number): Promise<Run> {
  await pool.query('TRUNCATE metering.reading, metering.uplink_pack; CHECKPOINT');
  const payloads = messagesOf(readingsAMessage, begin_ms);
  const partitions = await openPartitions(pool, systemClock);
  await partitions.ensureAhead();
  const metrics: IntakeMetrics = createIntakeMetrics(createMetrics(), () => queue.inFlight());
  const queue = createCommitQueue({
    ...{ pool, partitions, timeZone: 'Asia/Seoul', logger, metrics: () => metrics },
    // The fleet tells the last hours, as far as the store is asked.
    clock: { now_ms: () => begin_ms },
  });
  const devices = Array.from({ length: METERS }, (_, n): Device => {
    const meter = { meterId: n + 1, serial: `${10_000_000 + n}` };
    return { deviceNo: n + 1, deviceId: `d${n}`, formats: ['senml+json'], payloadKey: null, meter };
  });
  const receivedAt_ms = systemClock.now_ms();
  const result = await timed(`Naru, ${readingsAMessage} a message`, async () => {
    let settled = 0;
    let packetId = 0;
    let at = 0;
    await new Promise<void>((resolve, reject) => {
      const feed = () => {
        // A turn of the event loop brings what some sockets hold, not everything there is.
        for (let turn = 0; turn < 2_000 && at < payloads.length && !queue.isFull(); turn += 1, at += 1) {
          packetId = (packetId % 65_535) + 1;
          const delivery = {
            device: devices[at % METERS] as Device,
            format: 'senml-json',
            payload: payloads[at] as Uint8Array,
            receivedAt_ms: receivedAt_ms + at / 1_000,
            packetId,
            redelivered: false,
            connectedAt_ms: receivedAt_ms - HOUR_ms,
          };
          queue.add(delivery, (stored) => {
            settled += 1;
            if (!stored) reject(new Error('not stored'));
            if (settled === payloads.length) resolve();
          });
        }
        if (at >= payloads.length) return;
        if (queue.isFull()) queue.whenRoom(() => setImmediate(feed));
        else setImmediate(feed);
      };
      feed();
    });
    return payloads.length;
  });
  await expectStored(pool, 'metering.reading');
  await queue.close();
  return result;
}

/** As a fleet sends them: every meter one after another, and then again. */
function messagesOf(readingsAMessage: number, begin_ms: number): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  for (let from = 0; from < READINGS; from += readingsAMessage) {
    for (let meter = 0; meter < METERS; meter += 1) {
      const readings = Array.from({ length: readingsAMessage }, (_, n) => ({
        measured_at_ms: begin_ms + (from + n) * HOUR_ms,
        register_l: 200_000 + (from + n) * 10 + (meter % 7),
      }));
      const told = { meter_id: `${10_000_000 + meter}`, bore_mm: 15, readings, flags: [], utc_offset_min: 540 };
      payloads.push(senmlJson.encode?.(told) ?? new Uint8Array());
    }
  }
  return payloads;
}

type Rows = { meter: number; at_ms: number; register_l: number }[];

async function insertUnnest(pool: Pool, rows: Rows): Promise<void> {
  await pool.query({
    name: 'peer-unnest',
    text: `INSERT INTO peer_reading SELECT meter_id, to_timestamp(at_ms / 1000), register_l, now()
             FROM unnest($1::int[], $2::float8[], $3::bigint[]) AS given (meter_id, at_ms, register_l)
           ON CONFLICT DO NOTHING`,
    values: [rows.map((row) => row.meter), rows.map((row) => row.at_ms), rows.map((row) => row.register_l)],
  });
}

async function insertRows(pool: Pool, rows: Rows): Promise<void> {
  const places = rows.map(
    (_, n) => `($${n * 3 + 1}::int, to_timestamp($${n * 3 + 2}::float8 / 1000), $${n * 3 + 3}::bigint, now())`,
  );
  await pool.query({
    name: `peer-insert-${rows.length}`,
    text: `INSERT INTO peer_reading VALUES ${places.join(',')} ON CONFLICT DO NOTHING`,
    values: rows.flatMap((row) => [row.meter, row.at_ms, row.register_l]),
  });
}

/** Two batches in flight, as Naru has. */
async function measurePeer(
  pool: Pool,
  who: string,
  begin_ms: number,
  batchRows: number,
  insert: (pool: Pool, rows: Rows) => Promise<void>,
): Promise<Run> {
  await pool.query(`DROP TABLE IF EXISTS peer_reading;
    CREATE TABLE peer_reading (meter_id int, measured_at timestamptz, register_l bigint, received_at timestamptz,
                               PRIMARY KEY (meter_id, measured_at)); CHECKPOINT`);
  const batches: Rows[] = [[]];
  for (let n = 0; n < READINGS; n += 1) {
    for (let meter = 1; meter <= METERS; meter += 1) {
      if (batches.at(-1)?.length === batchRows) batches.push([]);
      batches.at(-1)?.push({ meter, at_ms: begin_ms + n * HOUR_ms, register_l: 200_000 + n * 10 + (meter % 7) });
    }
  }
  const result = await timed(who, async () => {
    let next = 0;
    const work = async () => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await insert(pool, batch);
    };
    await Promise.all(Array.from({ length: intakeLimits.commitConnections }, work));
    return METERS * READINGS;
  });
  await expectStored(pool, 'peer_reading');
  return result;
}

async function timed(who: string, work: () => Promise<number>): Promise<Run> {
  const cpu = process.cpuUsage();
  const serverBegun_us = serverCpu_us();
  const begun = performance.now();
  const messages = await work();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const result = {
    who,
    readings_per_s: (METERS * READINGS) / seconds,
    messages_per_s: messages / seconds,
    client_us: (user + system) / (METERS * READINGS),
    server_us: (serverCpu_us() - serverBegun_us) / (METERS * READINGS),
  };
  process.stderr.write(`${who}: ${result.readings_per_s.toFixed(0)} readings/s\n`);
  return result;
}

/** What the server's processes that are there have used. Linux tells it in hundredths of a second. */
function serverCpu_us(): number {
  if (process.platform !== 'linux') return 0;
  const own = String(postgres.pid());
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // After the name in parentheses: state, parent, …; user and system time are fields 14 and 15 of all.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      if (pid === own || fields[1] === own) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks * 10_000;
}

async function expectStored(pool: Pool, table: string): Promise<void> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
  if (rows[0]?.n !== METERS * READINGS) throw new Error(`${table}: ${rows[0]?.n} rows, not ${METERS * READINGS}`);
}

/** Bytes on disk of what the last run of Naru and of the peer left: six readings a message. */
async function sizesOf(pool: Pool) {
  const { rows } = await pool.query<{
    reading: number;
    heap: number;
    pack: number;
    payloads: number;
    messages: number;
  }>(`
    SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'metering.reading'::regclass)::float8 AS reading,
           (SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'metering.reading'::regclass)::float8 AS heap,
           (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'metering.uplink_pack'::regclass)::float8 AS pack,
           sum(octet_length(payload))::float8 AS payloads, count(*)::float8 AS messages FROM metering.uplink`);
  const size = rows[0];
  if (size === undefined) throw new Error('no sizes');
  return {
    reading_bytes: size.reading / (METERS * READINGS),
    reading_heap_bytes: size.heap / (METERS * READINGS),
    uplink_bytes: size.pack / size.messages,
    payload_bytes: size.payloads / size.messages,
  };
}

function report(sizes: Awaited<ReturnType<typeof sizesOf>>): void {
  const names = [...new Set(runs.map((run) => run.who))];
  const medians = names.map((who) => {
    const own = runs.filter((run) => run.who === who);
    const median = (of: (run: Run) => number) => own.map(of).sort((one, other) => one - other)[own.length >> 1] ?? 0;
    return {
      who,
      readings: median((r) => r.readings_per_s),
      messages: median((r) => r.messages_per_s),
      client: median((r) => r.client_us),
      server: median((r) => r.server_us),
    };
  });
  console.log(`\n${METERS * READINGS} readings of ${METERS} meters, medians of ${RUNS} runs\n`);
  console.log(
    `${'who'.padEnd(30)} ${'readings/s'.padStart(11)} ${'messages/s'.padStart(11)} ${'client, server µs a reading'.padStart(28)}`,
  );
  for (const { who, readings, messages, client, server } of medians) {
    console.log(
      `${who.padEnd(30)} ${readings.toFixed(0).padStart(11)} ${messages.toFixed(0).padStart(11)} ${`${client.toFixed(2)}, ${server.toFixed(2)}`.padStart(28)}`,
    );
  }
  const [one, six, unnest, insert] = medians.map(({ readings }) => readings) as [number, number, number, number];
  const rounded = (value: number) => Math.round(value * 100) / 100;
  console.log(
    JSON.stringify({
      bench: 'commit',
      one_reading_per_s: Math.round(one),
      six_readings_per_s: Math.round(six),
      unnest_rows_per_s: Math.round(unnest),
      insert_rows_per_s: Math.round(insert),
      ratio_vs_unnest: rounded(one / unnest),
      ratio_vs_insert: rounded(one / insert),
      six_ratio_vs_unnest: rounded(six / unnest),
      ...Object.fromEntries(Object.entries(sizes).map(([name, value]) => [name, rounded(value)])),
    }),
  );
}
