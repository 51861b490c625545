// What an epoch costs and how the map of a whole city behaves: gas for N changes by Naru, by ERC-1056 and by one slot a
// DID, on one node; then a map of a million leaves in a process of its own, and its proofs in Node, on chain and in a browser.
import { fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../src/platform/logger.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { measureInBrowser } from './anchor-browser.ts';
import { CHANGES, type GasRow, measureGas, proofGas, WAYS } from './anchor-gas.ts';
import type { MapFigures, ServiceFigures } from './anchor-map.ts';
import { startBenchChain } from './bench-chain.ts';

const LEAVES = 1_000_000;
const GAS_LIMIT_PER_EPOCH = 60_000;

const logger = createLogger('error');
const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
chmodSync(folder, 0o711);
const [postgres, chain] = await Promise.all([
  startEmbeddedPostgres(join(folder, 'postgres'), 0, logger),
  startBenchChain(),
]);
try {
  const gas = await measureGas(chain, postgres.url);
  reportGas(gas);
  const databaseUrl = postgres.url.replace(/[^/]+$/, 'bench_map');
  const map = await inOwnProcess<MapFigures>('map', { databaseUrl, serverUrl: postgres.url, leaves: LEAVES });
  const service = await inOwnProcess<ServiceFigures>('service', { databaseUrl, rpcUrl: chain.url, key: chain.key });
  const onChain = await proofGas(chain, map.sample);
  const browser_per_s = await measureInBrowser(map.sample);
  reportMap(map, service, onChain, browser_per_s);
  const ours = (changes: number): number =>
    gas.find((row) => row.who === 'naru' && row.changes === changes)?.total ?? 0;
  const erc1056 = gas.find((row) => row.who === 'erc1056' && row.changes === 10_000)?.total ?? 0;
  console.log(
    JSON.stringify({
      bench: 'anchor',
      gas_epoch_1: ours(1),
      gas_epoch_10000: ours(10_000),
      gas_ratio_erc1056: Math.round(erc1056 / ours(10_000)),
      apply_10000_ms: Math.round(map.apply_ms),
      epoch_10000_ms: Math.round(service.epoch_ms),
      proof_bytes: map.proofMax_bytes,
      loop_delay_p99_ms: Math.max(map.loopDelayP99_ms, service.loopDelayP99_ms),
      rss_mb: Math.max(map.rss_mb, service.rss_mb),
    }),
  );
} finally {
  chain.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

/** In a process of its own, so that memory and event loop are its alone. */
function inOwnProcess<T>(part: 'map' | 'service', task: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./anchor-map.js', import.meta.url)), [part, JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
    });
    child.once('message', (figures) => resolve(figures as T));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the ${part} part ended with ${code}`)));
  });
}

function reportGas(rows: readonly GasRow[]): void {
  console.log('\nGas on one node, whole transactions; n changes of DIDs\n');
  console.log(
    `${'who'.padEnd(44)} ${'n'.padStart(7)} ${'transactions'.padStart(13)} ${'gas'.padStart(13)} ${'gas a DID'.padStart(11)}`,
  );
  for (const { who, changes, transactions, total } of rows) {
    const cells = [
      changes.toLocaleString('en').padStart(7),
      transactions.toLocaleString('en').padStart(13),
      total.toLocaleString('en').padStart(13),
      (total / changes).toLocaleString('en', { maximumFractionDigits: 1 }).padStart(11),
    ];
    console.log(`${WAYS[who].padEnd(44)} ${cells.join(' ')}`);
  }
  const ours = rows.filter(({ who }) => who === 'naru').map(({ total }) => total);
  const spread = Math.max(...ours) - Math.min(...ours);
  console.log(
    `\nAn epoch costs ${Math.max(...ours).toLocaleString('en')} gas at most (${GAS_LIMIT_PER_EPOCH.toLocaleString('en')} allowed), ` +
      `${spread} gas between ${CHANGES.join(', ')} changes: the zero bytes that happen to be in the two roots.`,
  );
}

function reportMap(map: MapFigures, service: ServiceFigures, proof_gas: number, browser_per_s: number | null): void {
  const lines: [string, string][] = [
    ['build from nothing', `${Math.round(map.build_ms)} ms`],
    ['10,000 changes applied (median of 5)', `${Math.round(map.apply_ms)} ms`],
    ['  event-loop delay meanwhile, p99 / max', `${map.loopDelayP99_ms} / ${map.loopDelayMax_ms} ms`],
    ['memory above the empty process', `${map.rss_mb} MB (peak ${map.rssPeak_mb} MB while building)`],
    ['service: loaded from PostgreSQL', `${Math.round(service.load_ms)} ms`],
    ['service: epoch of 10,000, outbox to block', `${Math.round(service.epoch_ms)} ms`],
    ['  event-loop delay meanwhile, p99 / max', `${service.loopDelayP99_ms} / ${service.loopDelayMax_ms} ms`],
    ['service: memory above the empty process', `${service.rss_mb} MB (peak ${service.rssPeak_mb} MB)`],
    ['proof, mean / largest of 10,000', `${map.proofMean_bytes} / ${map.proofMax_bytes} bytes`],
    ['proofs made', `${Math.round(map.proofsMade_per_s).toLocaleString('en')} a second`],
    ['proofs checked in Node', `${Math.round(map.proofsChecked_per_s).toLocaleString('en')} a second`],
    [
      'proofs checked in Chromium',
      browser_per_s === null ? 'no Chromium here' : `${Math.round(browser_per_s).toLocaleString('en')} a second`,
    ],
    ['proof checked on chain, a whole transaction', `${proof_gas.toLocaleString('en')} gas`],
  ];
  console.log(`\nA map of ${LEAVES.toLocaleString('en')} leaves\n`);
  for (const [what, figure] of lines) console.log(`${what.padEnd(44)} ${figure}`);
  console.log('');
}
