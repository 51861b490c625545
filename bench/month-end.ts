// A month's end in a city: the day's job over a day of hourly readings and what a reading takes on disk, next to one SQL
// statement with a window function over the same table.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { startBillRun } from '../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../src/metering/billing/work-off-bill-run-service.ts';
import { LocalDays } from '../src/metering/readings/local-days.ts';
import { packLimits } from '../src/metering/readings/pack-limits.ts';
import { type Packed, packSome } from '../src/metering/readings/pack-readings-service.ts';
import { dayOf, noteProgress, startOf_ms } from '../src/metering/readings/reading-pack-store.ts';
import { gatherUse, workOffUse } from '../src/metering/readings/work-off-use-service.ts';
import { gatherDue, judgeDue, registerRules, takeUpDay } from '../src/metering/validation/validate-service.ts';
import { validationRules } from '../src/metering/validation/validation-rules.ts';
import { createLogger } from '../src/platform/logger.ts';
import { packageRoot } from '../src/platform/package-root.ts';
import { inTransaction, openPool, type Pool } from '../src/platform/postgres/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { cpuOfTree_s } from './cpu-time.ts';
import { copyHours, fillMonth, fillRegistry } from './month-fill.ts';
import { followedSoFar, hashDays, judgeAllAlarms, workOffBalances, workOffLedger } from './month-followers.ts';
import { expectTruePacks } from './month-packs.ts';
import { type MonthOptions, READINGS_A_TELEGRAM, Registers } from './month-registers.ts';
import { Progress } from './progress.ts';

const TIME_ZONE = 'Asia/Seoul';
const DAY_ms = 86_400_000;
/** After midnight. */
const JUDGED_AFTER_ms = 8 * 3_600_000;
/** A server of 2 GB. What is loaded beforehand needs no log. */
const SERVER = [
  'wal_level = minimal',
  'max_wal_senders = 0',
  `shared_buffers = '512MB'`,
  `effective_cache_size = '1GB'`,
];

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    meters: { type: 'string', default: '400000' },
    days: { type: 'string', default: '31' },
    // An empty database of a server that is there, as one with TimescaleDB.
    database: { type: 'string' },
    // What else follows from a day's use, as well: alarms, missing hours, balances, hashing.
    followers: { type: 'boolean', default: false },
  },
});
const options: MonthOptions = {
  meters: Number(values.meters),
  days: Number(values.days),
  begin_ms: Date.parse('2026-01-01T00:00:00+09:00'),
};
const days = new LocalDays(TIME_ZONE);
const at = { now_ms: options.begin_ms };
const clock = { now_ms: () => at.now_ms };
const validation = (pool: Pool) => ({ pool, clock, days, rules: validationRules });
const following = (pool: Pool) => ({ pool, clock, days });
const lastDay_ms = options.begin_ms + (options.days - 1) * DAY_ms;
/** The day of UTC that the month's last night packs: the last one that has been over for long enough. */
const settledDay = dayOf(lastDay_ms + DAY_ms + JUDGED_AFTER_ms - packLimits.settledAfter_ms) - 1;
const logger = createLogger('error');
const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
chmodSync(folder, 0o711);
let postgres = await openServer();
try {
  if (values.database === undefined) {
    const setting = openPool(postgres.url, 1);
    for (const text of SERVER) await setting.query(`ALTER SYSTEM SET ${text}`);
    await setting.end();
    await postgres.stop();
    postgres = await openServer();
  }
  await migrate(postgres.url);
  const pool = openPool(postgres.url);
  await registerRules(validation(pool));
  const fill = await timed(() => fillAll(pool));
  // Days before the last were judged in their time.
  at.now_ms = lastDay_ms + JUDGED_AFTER_ms;
  await takeUpDay(validation(pool));
  await followedSoFar(following(pool), days.at(lastDay_ms - 1).date, at.now_ms);
  at.now_ms += DAY_ms;
  await pool.query('CHECKPOINT');
  if (startOf_ms(settledDay - 1) >= options.begin_ms) await expectTruePacks(pool, settledDay - 1);
  const job = await timed(() => workOffAll(pool));
  const validated = await timed(() => validateAll(pool));
  const packing = await timed(() => packAll(pool));
  const storage = await storageOf(pool, fill.result);
  const window = await timed(() => useByWindow(pool));
  await expectSameUse(pool);
  const bills = await timed(() => billAll(pool));
  if (bills.result.bills < options.meters * 0.9) throw new Error(`only ${bills.result.bills} places were billed`);
  report({ fill, storage, job, validated, packing, window, bills }, values.followers ? await followAll(pool) : []);
  await pool.end();
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function openServer(): Promise<Pick<EmbeddedPostgres, 'url' | 'pid' | 'stop'>> {
  if (values.database === undefined) return startEmbeddedPostgres(join(folder, 'postgres'), 0, logger);
  return { url: values.database, pid: () => undefined, stop: async () => {} };
}

async function fillAll(pool: Pool): Promise<number> {
  const registers = new Registers(options.meters);
  await fillRegistry(pool, options);
  const settled_h = Math.max(0, (startOf_ms(settledDay) - options.begin_ms) / 3_600_000);
  const before = await fillMonth(pool, registers, options, settled_h);
  await inTransaction(pool, (transaction) => noteProgress(transaction, settledDay, 0));
  // The last day, and the first telegrams of the next, as the intake stores it, key by key, with its marks for the use job.
  const lastDay = await inTransaction(pool, (transaction) =>
    copyHours(
      transaction,
      'metering.reading',
      registers,
      options,
      { first: (options.days - 1) * 24, end: options.days * 24 + READINGS_A_TELEGRAM },
      true,
    ),
  );
  await pool.query('ANALYZE metering.reading');
  return before + lastDay;
}

async function followAll(pool: Pool): Promise<Line[]> {
  const alarms = await timed(() => judgeAllAlarms(following(pool)));
  const ledger = await timed(() => workOffLedger(following(pool)));
  const balances = await timed(() => workOffBalances(following(pool)));
  const hashed = await timed(() => hashDays(following(pool)));
  return [
    [`its alarms: ${many(alarms.result.installs)} meters, ${many(alarms.result.opened)} opened`, alarms],
    [`its missing hours: ${many(ledger.result)} meters`, ledger],
    [`its balances: ${many(balances.result)} days of zones`, balances],
    [`its hashing, without the bytes of uplinks: ${many(hashed.result)} days of meters`, hashed],
  ];
}

async function workOffAll(pool: Pool): Promise<{ meters: number; days: number }> {
  const total = { meters: 0, days: 0 };
  const progress = new Progress('meters worked off');
  await gatherUse(pool);
  for (;;) {
    const done = await workOffUse(pool, days);
    if (done === null || done.marks === 0) return total;
    progress.add(done.meters);
    total.meters += done.meters;
    total.days += done.days;
  }
}

async function validateAll(pool: Pool): Promise<{ installs: number; findings: number }> {
  const total = { installs: 0, findings: 0 };
  const progress = new Progress('meters judged');
  await takeUpDay(validation(pool));
  await gatherDue(validation(pool));
  for (;;) {
    const done = await judgeDue(validation(pool));
    if (done === null) return total;
    progress.add(done.installs);
    total.installs += done.installs;
    total.findings += done.findings;
  }
}

/** The month's partition of packs was made by filling. */
async function packAll(pool: Pool): Promise<Packed> {
  const partitions = { storage: 'partitions', ensureAhead: async () => {}, ensureFor: async () => {} } as const;
  const total: Packed = { packs: 0, readings: 0 };
  for (;;) {
    const done = await packSome({ pool, clock, partitions });
    if (done === null) return total;
    total.packs += done.packs;
    total.readings += done.readings;
  }
}

async function billAll(pool: Pool): Promise<{ bills: number; held: number }> {
  const [use_from, use_until] = [days.at(options.begin_ms).date, days.at(lastDay_ms + DAY_ms).date];
  const tariff = {
    name: 'gimhae-current.yaml',
    text: readFileSync(join(packageRoot, 'tariffs/gimhae-current.yaml'), 'utf8'),
  };
  await startBillRun({ pool, clock, days }, { tariff, use_from, use_until, billed_on: use_until, startedBy: null });
  const total = { bills: 0, held: 0 };
  const progress = new Progress('bills');
  for (;;) {
    const part = await workOffBillRun(pool, { clock, days });
    if (part === null || part.run_id === null) return total;
    progress.add(part.bills);
    total.bills += part.bills;
    total.held += part.held;
  }
}

/** What the day's use would be if no meter were ever swapped, wrapped, reset or wrong: the difference of each hour's register. */
async function useByWindow(pool: Pool): Promise<void> {
  await pool.query(
    `CREATE TABLE peer_use AS
     SELECT meter_id, (measured_at AT TIME ZONE '${TIME_ZONE}')::date AS day, array_agg(use_l ORDER BY measured_at) AS hours_l
       FROM (SELECT meter_id, measured_at, (lead(register_l) OVER meters - register_l)::int AS use_l
               FROM metering.reading WHERE measured_at BETWEEN to_timestamp($1::float8 / 1000)
                AND to_timestamp($1::float8 / 1000) + interval '1 day'
             WINDOW meters AS (PARTITION BY meter_id ORDER BY measured_at)) told
      GROUP BY 1, 2`.replaceAll('$1', String(lastDay_ms)),
  );
}

/** Both have the same litres for the meters that told every hour. */
async function expectSameUse(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ compared: number; different: number }>(
    `SELECT count(*) AS compared, count(*) FILTER (WHERE use_day.hours_l[1:23] <> peer_use.hours_l[1:23]) AS different
       FROM peer_use JOIN metering.use_day ON install_id = meter_id AND use_day.day = peer_use.day
      WHERE cardinality(peer_use.hours_l) = 24`,
  );
  const { compared = 0, different = 0 } = rows[0] ?? {};
  if (compared < options.meters / 2 || different > 0) {
    throw new Error(`${different} of ${compared} meters have another use than the window function tells`);
  }
}

interface Timed<T> {
  result: T;
  took_s: number;
  own_s: number;
  server_s: number;
}

/** 0 for a server that is not ours. */
function serverCpu_s(): number {
  const pid = postgres.pid();
  return pid === undefined ? 0 : cpuOfTree_s(pid);
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const server_s = serverCpu_s();
  const own = process.cpuUsage();
  const from = performance.now();
  const result = await work();
  const spent = process.cpuUsage(own);
  return {
    result,
    took_s: (performance.now() - from) / 1_000,
    own_s: (spent.user + spent.system) / 1e6,
    server_s: serverCpu_s() - server_s,
  };
}

interface Storage {
  heap_bytes: number;
  index_bytes: number;
  /** Of one in a pack, with the index. */
  packed_bytes: number;
  /** Readings that are. */
  packed: number;
}

/** Of one reading, of all that are stored: those in packs, and the rows of the last days with the room of the day that left. */
async function storageOf(pool: Pool, readings: number): Promise<Storage> {
  const { rows } = await pool.query<{ heap: number; index: number; packs: number; packed: number }>(
    `SELECT sum(pg_table_size(inhrelid))::float8 AS heap, sum(pg_indexes_size(inhrelid))::float8 AS index,
            sum(pg_total_relation_size(inhrelid)) FILTER (WHERE inhparent = 'metering.reading_pack'::regclass)::float8 AS packs,
            (SELECT sum(cardinality(measured_ms))::float8 FROM metering.reading_pack) AS packed
       FROM pg_inherits WHERE inhparent IN ('metering.reading'::regclass, 'metering.reading_pack'::regclass)`,
  );
  const { heap = 0, index = 0, packs = 0, packed = 0 } = rows[0] ?? {};
  return { heap_bytes: heap / readings, index_bytes: index / readings, packed_bytes: packs / packed, packed };
}

type Line = readonly [what: string, timed: Timed<unknown>];

function many(value: number): string {
  return value.toLocaleString('en');
}

interface Figures {
  fill: Timed<number>;
  storage: Storage;
  job: Timed<{ meters: number; days: number }>;
  validated: Timed<{ installs: number; findings: number }>;
  packing: Timed<Packed>;
  window: Timed<void>;
  bills: Timed<{ bills: number; held: number }>;
}

function report({ fill, storage, job, validated, packing, window, bills }: Figures, followers: readonly Line[]): void {
  const cell = (value: number) => value.toFixed(1).padStart(10);
  console.log(`\n${many(options.meters)} meters, ${options.days} days, a register an hour\n`);
  console.log(`${'what'.padEnd(66)} ${['seconds', 'own CPU', 'server CPU'].map((one) => one.padStart(10)).join(' ')}`);
  for (const [what, { took_s, own_s, server_s }] of [
    [`filling ${many(fill.result)} readings by COPY`, fill],
    [`use of a day: ${many(job.result.meters)} meters, ${many(job.result.days)} days written`, job],
    [
      `its validation: ${many(validated.result.installs)} meters, ${many(validated.result.findings)} findings`,
      validated,
    ],
    [`packing a day: ${many(packing.result.packs)} packs of ${many(packing.result.readings)} readings`, packing],
    [`the month's bills: ${many(bills.result.bills)}, and ${many(bills.result.held)} held`, bills],
    ['use of the same day by a window function, no rule applied', window],
    ...followers,
  ] as const) {
    console.log(`${what.padEnd(66)} ${cell(took_s)} ${cell(own_s)} ${cell(server_s)}`);
  }
  console.log(
    `\na reading on disk: ${storage.heap_bytes.toFixed(1)} bytes and ${storage.index_bytes.toFixed(1)} of index; the ${many(storage.packed)} in packs: ${storage.packed_bytes.toFixed(1)} in all`,
  );
  console.log(`memory of the process: ${Math.round(process.resourceUsage().maxRSS / 1_024)} MB at most\n`);
  const tenths = (value: number) => Math.round(value * 10) / 10;
  console.log(
    JSON.stringify({
      bench: 'month-end',
      day_job_s: tenths(job.took_s + validated.took_s + packing.took_s),
      bill_run_s: tenths(bills.took_s),
      bytes_per_reading: tenths(storage.heap_bytes + storage.index_bytes),
      ratio_vs_window_sql: tenths(job.took_s / window.took_s),
    }),
  );
}
