// A migrated, empty database for one test file, dropped at its end.
import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { openPool, type Pool } from '../../src/platform/postgres/database.ts';
import { onServer } from './on-server.ts';

const WAIT_FOR_CONNECTION_ms = 60_000;

export interface TestDatabase {
  url: string;
  pool: Pool;
}

/** Call at the top of a test file (`const { pool } = await testDatabase()`). */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE naru_template`);
  const url = serverUrl.replace(/postgres$/, name);
  const pool = openPool(url);
  // A test may ask for sixty things at once of a machine that is busy: the last of them waits its turn.
  pool.options.connectionTimeoutMillis = WAIT_FOR_CONNECTION_ms;
  afterAll(async () => {
    await pool.end();
    await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  return { url, pool };
}
