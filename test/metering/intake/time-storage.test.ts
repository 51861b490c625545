// Where readings go on this server: hypertables where TimescaleDB is loaded in it, native partitions elsewhere.
import { randomBytes } from 'node:crypto';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { findTimeStorage } from '../../../src/metering/intake/partition-store.ts';
import { openPool, type Pool } from '../../../src/platform/postgres/database.ts';
import { migrate } from '../../../src/platform/postgres/migrate.ts';
import { onServer } from '../../support/on-server.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();

async function timescaleLoaded(): Promise<boolean> {
  const { rows } = await pool.query<{ libraries: string }>(
    `SELECT current_setting('shared_preload_libraries') AS libraries`,
  );
  return rows[0]?.libraries.includes('timescaledb') ?? false;
}

const loaded = await timescaleLoaded();

const hypertables = async (of: Pool) =>
  (
    await of.query<{ name: string }>(
      `SELECT hypertable_name AS name FROM timescaledb_information.hypertables
        WHERE hypertable_schema = 'metering' ORDER BY name`,
    )
  ).rows.map(({ name }) => name);

/** A migrated database of a role that owns it and may do nothing else. `prepare` runs in it before, as superuser. */
async function ordinaryDatabase(prepare: readonly string[] = []): Promise<Pool> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await onServer(serverUrl, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await onServer(serverUrl, `CREATE DATABASE ${name} OWNER ${name}`);
  const own = new URL(serverUrl.replace(/postgres$/, name));
  for (const statement of prepare) await onServer(own.href, statement);
  own.username = name;
  own.password = password;
  const its = openPool(own.href);
  onTestFinished(async () => {
    await its.end();
    await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    await onServer(serverUrl, `DROP ROLE ${name}`);
  });
  await migrate(own.href);
  return its;
}

describe('the tables that grow with time', () => {
  test('are hypertables exactly where TimescaleDB is loaded in the server', async () => {
    expect(await findTimeStorage(pool)).toMatch(loaded ? /^timescaledb-/ : /^partitions$/);
    if (loaded) expect(await hypertables(pool)).toEqual(['reading', 'reading_pack', 'uplink_pack']);
  });

  test('are made the same way by an ordinary role that owns its database, though it may not see every setting', async () => {
    expect(await findTimeStorage(await ordinaryDatabase())).toBe(await findTimeStorage(pool));
  });

  // Of hypertables only: elsewhere there is nothing to test, so nothing is skipped either. docs/timescaledb.md says how to run them.
  if (loaded) {
    test('are hypertables too where the extension lies in a schema of its own', async () => {
      const its = await ordinaryDatabase([
        'CREATE SCHEMA elsewhere',
        'GRANT USAGE ON SCHEMA elsewhere TO PUBLIC',
        'CREATE EXTENSION timescaledb SCHEMA elsewhere',
      ]);
      expect(await findTimeStorage(its)).toMatch(/^timescaledb-/);
    });

    test('are refused at start, with what to do, where their library is no longer loaded', async () => {
      const its = await ordinaryDatabase();
      const name = new URL(its.options.connectionString ?? '').pathname.slice(1);
      await onServer(inject('postgresUrl'), `ALTER DATABASE ${name} SET timescaledb.disable_load = on`);
      await expect(findTimeStorage(its)).rejects.toThrow('add timescaledb to shared_preload_libraries');
    });

    test('have no index beside those that are asked of them', async () => {
      const { rows } = await pool.query<{ indexname: string }>(
        `SELECT indexname FROM pg_indexes WHERE schemaname = 'metering' AND tablename IN ('uplink_pack', 'reading', 'reading_pack') ORDER BY 1`,
      );
      expect(rows.map(({ indexname }) => indexname)).toEqual(['reading_pack_pkey', 'reading_pkey', 'uplink_pack_pkey']);
    });
  }
});
