// The tests of metering once more, on hypertables: everything that passes on native partitions passes on TimescaleDB's
// Apache edition.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';
import { distribution, isTimescaledbUnpacked, startTimescaledb } from '../support/timescaledb-server.ts';

// The run on the other server comes through here too.
const isOnGivenServer = (process.env.TEST_DATABASE_URL ?? '') !== '';
const isDemanded = (process.env.CI ?? '') !== '';
if (!isTimescaledbUnpacked && !isOnGivenServer) {
  process.stderr.write(
    `SKIPPED: the tests of metering on TimescaleDB, which is not unpacked on this ${distribution()}; to run them: node scripts/unpack-timescaledb.mjs\n`,
  );
}

describe.skipIf(isOnGivenServer || (!isTimescaledbUnpacked && !isDemanded))('on TimescaleDB', () => {
  test('the tests of metering pass on hypertables as they do on native partitions', { timeout: 840_000 }, async () => {
    const server = await startTimescaledb();
    try {
      const run = spawn(
        process.execPath,
        [
          'node_modules/vitest/vitest.mjs',
          'run',
          '--reporter=verbose',
          'test/metering/intake',
          'test/metering/meters',
          'test/metering/readings',
        ],
        {
          cwd: packageRoot,
          env: { ...process.env, TEST_DATABASE_URL: server.url, VITEST_MAX_WORKERS: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      let said = '';
      for (const stream of [run.stdout, run.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
      const [code] = await once(run, 'exit');
      expect(code, said).toBe(0);
      expect(said).toContain('are hypertables too where the extension lies in a schema of its own');
    } finally {
      await server.stop();
    }
  });
});
