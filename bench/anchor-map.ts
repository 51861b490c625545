// The map of a whole city in a process of its own: `map` measures the data structure, `service` the running service on it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createAnchoring } from '../src/anchoring/anchoring-service.ts';
import { toHex } from '../src/anchoring/hexadecimal.ts';
import { encodeProof, verifyProof } from '../src/anchoring/proofs.ts';
import { type Change, SparseMerkleMap } from '../src/anchoring/sparse-merkle-map.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { openPool, type Pool } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { numberedHash } from './numbered-hash.ts';

/** One true statement about the map and its proof, in hexadecimal. */
export interface SampleProof {
  key: string;
  value: string;
  proof: string;
}

export interface MapFigures {
  build_ms: number;
  apply_ms: number;
  loopDelayP99_ms: number;
  loopDelayMax_ms: number;
  rss_mb: number;
  rssPeak_mb: number;
  proofMean_bytes: number;
  proofMax_bytes: number;
  proofsMade_per_s: number;
  proofsChecked_per_s: number;
  sample: { root: string; proofs: SampleProof[] };
}

export interface ServiceFigures {
  load_ms: number;
  epoch_ms: number;
  loopDelayP99_ms: number;
  loopDelayMax_ms: number;
  rss_mb: number;
  rssPeak_mb: number;
}

const CHANGES = 10_000;
const APPLIED_times = 5;
const PROOFS = 10_000;
const SAMPLE = 2_000;
const BUILT_AT_ONCE = 5_000;
const WAIT_ms = 120_000;

const empty_bytes = process.memoryUsage.rss();
const [part, task] = process.argv.slice(2);
const given = JSON.parse(task ?? '{}');
process.send?.(part === 'map' ? await measureMap(given) : await measureService(given), () => process.exit(0));

async function measureMap(task: { serverUrl: string; databaseUrl: string; leaves: number }): Promise<MapFigures> {
  const map = new SparseMerkleMap();
  const numbers = inKeyOrder(task.leaves);
  let build_ms = 0;
  for (let from = 0; from < task.leaves; from += BUILT_AT_ONCE) {
    const page = changesOf(numbers.subarray(from, from + BUILT_AT_ONCE), 'value');
    const before = map.newest;
    build_ms += (await timed(() => map.advance(page))).took_ms;
    map.release(before);
  }
  const rssPeak_mb = peak_mb();
  const root = toHex(map.newest.root);
  await storeForService(task, root);
  const applied: number[] = [];
  const delay = watchLoop();
  for (let time = 0; time < APPLIED_times; time += 1) {
    delay.pause();
    // Half of them new DIDs, half new versions of old ones.
    const changes = [
      ...changesOf(range(task.leaves + time * CHANGES, CHANGES / 2), 'value'),
      ...changesOf(range(time * CHANGES, CHANGES / 2), `version ${time}`),
    ];
    await settle();
    delay.go();
    const before = map.newest;
    applied.push((await timed(() => map.advance(changes))).took_ms);
    map.release(before);
  }
  const { loopDelayP99_ms, loopDelayMax_ms } = delay.end();
  const keys = Array.from({ length: PROOFS }, (_, n) => numberedHash('key', (n * 7_919) % task.leaves));
  const made = await timed(async () => keys.map((key) => encodeProof(map.newest.prove(key))));
  const statements = keys.map((key, n) => ({ key, value: map.newest.get(key), proof: made.result[n] as Uint8Array }));
  const newest = map.newest.root;
  const checked = await timed(async () =>
    statements.every(({ key, value, proof }) => verifyProof(newest, key, value, proof)),
  );
  if (!checked.result) throw new Error('a proof does not verify');
  const lengths = made.result.map(({ length }) => length);
  return {
    build_ms,
    apply_ms: median(applied),
    ...{ loopDelayP99_ms, loopDelayMax_ms, rss_mb: aboveEmpty_mb(), rssPeak_mb },
    proofMean_bytes: Math.round(lengths.reduce((a, b) => a + b, 0) / lengths.length),
    proofMax_bytes: Math.max(...lengths),
    proofsMade_per_s: (PROOFS / made.took_ms) * 1_000,
    proofsChecked_per_s: (PROOFS / checked.took_ms) * 1_000,
    sample: {
      root: toHex(newest),
      proofs: statements.slice(0, SAMPLE).map(({ key, value, proof }) => ({
        key: toHex(key),
        value: toHex(value as Uint8Array),
        proof: toHex(proof),
      })),
    },
  };
}

/** The same million leaves as the first epoch of a database, for the service to start on. */
async function storeForService(
  task: { serverUrl: string; databaseUrl: string; leaves: number },
  root: string,
): Promise<void> {
  const server = openPool(task.serverUrl);
  await server.query('CREATE DATABASE bench_map');
  await server.end();
  await migrate(task.databaseUrl);
  const pool = openPool(task.databaseUrl);
  const rootBytes = Buffer.from(root.slice(2), 'hex');
  await pool.query('INSERT INTO anchoring.epoch (epoch, previous_root, root, made_at) VALUES (1, $1, $2, now())', [
    Buffer.alloc(32),
    rootBytes,
  ]);
  await pool.query(
    `INSERT INTO anchoring.change (epoch, key, value)
     SELECT 1, sha256(convert_to('key ' || n, 'UTF8')), sha256(convert_to('value ' || n, 'UTF8'))
     FROM generate_series(0, $1::int - 1) AS n`,
    [task.leaves],
  );
  await pool.query('ANALYZE anchoring.change');
  await pool.end();
}

async function measureService(task: { databaseUrl: string; rpcUrl: string; key: string }): Promise<ServiceFigures> {
  const pool = openPool(task.databaseUrl);
  const anchoring = createAnchoring({
    pool,
    chain: {
      rpcUrls: [task.rpcUrl],
      committerKey: task.key,
      registryId: toHex(numberedHash('registry', 2)),
      isDevelopmentChain: true,
      confirmations: 1,
      stuckAfter_ms: 60_000,
      maxFee_gwei: 500,
    },
    epochInterval_ms: 86_400_000,
    epochChanges: CHANGES,
    clock: systemClock,
    logger: createLogger('error'),
    metrics: createMetrics(),
  });
  const loaded = await timed(() => anchoring.start());
  await untilEpoch(anchoring, 1);
  const rssPeak_mb = peak_mb();
  const took: number[] = [];
  const delay = watchLoop();
  for (let epoch = 2; epoch < 2 + APPLIED_times; epoch += 1) {
    await leaveInOutbox(pool, epoch);
    took.push(await untilEpoch(anchoring, epoch));
  }
  const { loopDelayP99_ms, loopDelayMax_ms } = delay.end();
  const rss_mb = aboveEmpty_mb();
  await anchoring.stop();
  await pool.end();
  return { load_ms: loaded.took_ms, epoch_ms: median(took), loopDelayP99_ms, loopDelayMax_ms, rss_mb, rssPeak_mb };
}

/** By the database alone, so that this process only does what the service does. */
async function leaveInOutbox(pool: Pool, epoch: number): Promise<void> {
  await pool.query(
    `INSERT INTO anchoring.outbox (key, value)
     SELECT sha256(convert_to('key ' || (n * 37 + $1::int), 'UTF8')), sha256(convert_to('epoch ' || $1::int || n, 'UTF8'))
     FROM generate_series(1, $2::int) AS n`,
    [epoch, CHANGES],
  );
}

/** @returns milliseconds until the epoch was made and in a block */
async function untilEpoch(anchoring: ReturnType<typeof createAnchoring>, epoch: number): Promise<number> {
  const began_ms = performance.now();
  while (performance.now() - began_ms < WAIT_ms) {
    const head = await anchoring.service.head();
    if (head.epoch === epoch && head.status !== 'pending') return performance.now() - began_ms;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`epoch ${epoch} did not come: ${anchoring.trouble()?.detail ?? 'no trouble known'}`);
}

/** The numbers of the leaves in the order of their keys, as the service reads them from the log. */
function inKeyOrder(leaves: number): Uint32Array {
  const first_bits = new Float64Array(leaves);
  for (let n = 0; n < leaves; n += 1) {
    const key = numberedHash('key', n);
    first_bits[n] = new DataView(key.buffer).getUint32(0) * 2 ** 16 + new DataView(key.buffer).getUint16(4);
  }
  return Uint32Array.from({ length: leaves }, (_, n) => n).sort((a, b) => (first_bits[a] ?? 0) - (first_bits[b] ?? 0));
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => from + n);
}

function changesOf(numbers: Iterable<number>, word: string): Change[] {
  return Array.from(numbers, (n) => ({ key: numberedHash('key', n), value: numberedHash(word, n) }));
}

/** Lets what the benchmark itself did be done with. */
function settle(): Promise<void> {
  globalThis.gc?.();
  return new Promise((resolve) => setTimeout(resolve, 50));
}

/** How long the event loop is held up while it is watched. */
function watchLoop() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return {
    pause: () => void delay.disable(),
    go: () => void delay.enable(),
    end() {
      delay.disable();
      return { loopDelayP99_ms: rounded(delay.percentile(99) / 1e6), loopDelayMax_ms: rounded(delay.max / 1e6) };
    },
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; took_ms: number }> {
  const began_ms = performance.now();
  const result = await work();
  return { result, took_ms: performance.now() - began_ms };
}

function aboveEmpty_mb(): number {
  globalThis.gc?.();
  return Math.round((process.memoryUsage.rss() - empty_bytes) / 2 ** 20);
}

function peak_mb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024 - empty_bytes / 2 ** 20);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
