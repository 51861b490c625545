import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';

interface Suite {
  test_results: Record<
    string,
    {
      status: string;
      reason: string | null;
      kind: { Fuzz?: { runs: number } };
      /** By contract and call, as whole transactions. */
      gas_snapshots: Record<string, Record<string, string>>;
    }
  >;
}

/** forge's program out of the platform's package: the wrapper would want an install script to have run. */
function forge(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const manifest = `@foundry-rs/forge-${process.platform}-${architecture}/package.json`;
  return join(dirname(createRequire(import.meta.url).resolve(manifest)), 'bin', 'forge');
}

const TESTS_AT_LEAST = 34;
const FUZZ_RUNS = 10_000;

let results: [string, Suite['test_results'][string]][] = [];

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(forge(), ['test', '--json'], {
    cwd: packageRoot,
    env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string; stderr: string; message: string }) => {
    if (error.stdout === '' || error.stdout === undefined) throw new Error(`${error.message}\n${error.stderr}`);
    return error;
  });
  const suites = JSON.parse(stdout) as Record<string, Suite>;
  results = Object.values(suites).flatMap((suite) => Object.entries(suite.test_results));
}, 300_000);

test('the contracts pass their unit, fuzz and invariant tests in forge', () => {
  expect(results.filter(([, { status }]) => status !== 'Success')).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(TESTS_AT_LEAST);
  const fuzzed = results.flatMap(([, { kind }]) => (kind.Fuzz === undefined ? [] : [kind.Fuzz.runs]));
  expect(fuzzed.length).toBeGreaterThan(0);
  expect(Math.min(...fuzzed)).toBe(FUZZ_RUNS);
});

test('each call costs the gas that is written down [npx vitest run test/contracts -u writes it anew]', async () => {
  const gas = Object.assign({}, ...results.map(([, { gas_snapshots }]) => gas_snapshots.AnchorLog)) as object;
  const sorted = Object.fromEntries(Object.entries(gas).sort(([a], [b]) => (a < b ? -1 : 1)));
  await expect(`${JSON.stringify(sorted, null, 2)}\n`).toMatchFileSnapshot('../../contracts/gas/AnchorLog.json');
});
