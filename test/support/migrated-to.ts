// A database as an earlier version of the schema left it, to be filled with rows of that time and then migrated.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import { afterAll, inject } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';
import { openPool } from '../../src/platform/postgres/database.ts';
import { onServer } from './on-server.ts';

/** Call at the top of a test file. @param before name of the first migration that is not applied */
export async function databaseBefore(before: string) {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = serverUrl.replace(/postgres$/, name);
  const pool = openPool(url);
  afterAll(async () => {
    await pool.end();
    await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  const options = {
    ...{ databaseUrl: url, dir: join(packageRoot, 'migrations'), direction: 'up' as const, log: () => {} },
    migrationsTable: 'schema_migration',
  };
  const planned = await runner({ ...options, dryRun: true });
  await runner({ ...options, count: planned.findIndex((migration) => migration.name === before) });
  return { url, pool };
}
