import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { waitForExit } from '../../../src/platform/child-process.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/platform/postgres/embedded-postgres.ts';

const logger = createLogger('silent');
const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'naru-pg-'));
  chmodSync(directory, 0o711);
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'postgres');
}

async function start(directory: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(directory, 0, logger);
  cleanUps.push(() => server.stop());
  return server;
}

async function query<T extends pg.QueryResultRow>(server: EmbeddedPostgres, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the built-in PostgreSQL', () => {
  test('keeps its data over a stop and a start', async () => {
    const directory = folder();
    const first = await start(directory);
    await query(first, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    const second = await start(directory);
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  test('stops the server that a killed run left behind and starts on the same data', async () => {
    const directory = folder();
    const orphan = await start(directory);
    await query(orphan, 'CREATE TABLE kept AS SELECT 8 AS n');
    const orphanPid = orphan.pid() as number;
    const next = await start(directory);
    expect(await waitForExit(orphanPid, 5_000)).toBe(true);
    expect(await query(next, 'SELECT n FROM kept')).toEqual([{ n: 8 }]);
  });

  test('is started again by its supervisor when it is killed', async () => {
    const server = await start(folder());
    await query(server, 'CREATE TABLE kept AS SELECT 9 AS n');
    process.kill(server.pid() as number, 'SIGKILL');
    await expect
      .poll(() => query(server, 'SELECT n FROM kept').catch(() => null), { timeout: 60_000 })
      .toEqual([{ n: 9 }]);
  });

  test('takes the next free port where the wanted one is held', async () => {
    const first = await start(folder());
    const second = await startEmbeddedPostgres(folder(), first.port, logger);
    cleanUps.push(() => second.stop());
    expect(second.port).toBeGreaterThan(first.port);
  });

  test('says in one sentence that a folder cannot be used', async () => {
    await expect(startEmbeddedPostgres('/dev/null/naru', 0, logger)).rejects.toMatchObject({
      code: 'START_FAILED',
      detail: expect.stringMatching(/^The data folder \/dev\/null\/naru can't be written.*--data-dir\.$/),
    });
  });
});
