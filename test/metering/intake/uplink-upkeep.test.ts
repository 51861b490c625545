// Raw uplinks over time: carried over from the shape they had, joined into larger packs, dropped when they are old.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { openPartitions } from '../../../src/metering/intake/partition-service.ts';
import { upkeep } from '../../../src/metering/intake/uplink-upkeep-service.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { openPool, type Pool } from '../../../src/platform/postgres/database.ts';
import { migrate } from '../../../src/platform/postgres/migrate.ts';
import { onServer } from '../../support/on-server.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const DAY_ms = 86_400_000;
const HOUR_ms = 3_600_000;
const now_ms = Date.UTC(2026, 10, 20, 12);
const logger = createLogger('silent');

async function runUpkeep(at_ms: number, rawUplinkDays: number): Promise<void> {
  const clock = { now_ms: () => at_ms };
  await upkeep({ pool, partitions: await openPartitions(pool, clock), clock, logger, rawUplinkDays });
}

/** A pack as a batch leaves it: uplinks a second apart, each with its id as payload. */
async function putPack(firstId: number, uplinks: number, received_ms: number): Promise<void> {
  const partitions = await openPartitions(pool, { now_ms: () => received_ms });
  await partitions.ensureFor('uplink_pack', [received_ms], [0]);
  await pool.query(
    `INSERT INTO metering.uplink_pack
     SELECT $1::bigint, to_timestamp($3::float8 / 1000), array_agg(to_timestamp($3::float8 / 1000 + n) ORDER BY n), array_agg(1 ORDER BY n),
            array_agg(NULL::int ORDER BY n), array_agg('senml+json'::text ORDER BY n), array_agg(1::smallint ORDER BY n),
            array_agg(convert_to(($1::bigint + n)::text, 'UTF8') ORDER BY n)
       FROM generate_series(0, $2::int - 1) AS n`,
    [firstId, uplinks, received_ms],
  );
}

const packs = async () =>
  (
    await pool.query<{ first_id: number; uplinks: number }>(
      'SELECT first_id, cardinality(device_nos) AS uplinks FROM metering.uplink_pack ORDER BY first_id',
    )
  ).rows.map(({ first_id, uplinks }) => [first_id, uplinks]);

describe('raw uplinks', () => {
  test('in small packs are joined where their ids follow each other, and each keeps its id, bytes and time', async () => {
    await pool.query('TRUNCATE metering.uplink_pack');
    const at_ms = now_ms - 5 * HOUR_ms;
    for (let n = 0; n < 10; n += 1) await putPack(5_000 + n * 100, 100, at_ms + n * 60_000);
    await putPack(9_000, 3, at_ms);
    await putPack(9_005, 3, at_ms);
    await putPack(9_008, 900, at_ms);
    await putPack(9_908, 2, now_ms - 1_000);
    const before = await pool.query('SELECT * FROM metering.uplink ORDER BY uplink_id');
    await runUpkeep(now_ms, 400);
    const joined = await packs();
    // Ten packs of a hundred become two, none of more than 1,024; gaps, large packs and the last hour stay as they are.
    expect(joined.slice(2)).toEqual([
      [9_000, 3],
      [9_005, 3],
      [9_008, 900],
      [9_908, 2],
    ]);
    expect(
      joined
        .slice(0, 2)
        .map(([, uplinks]) => uplinks)
        .reduce((sum = 0, n) => sum + (n ?? 0), 0),
    ).toBe(1_000);
    expect((await pool.query('SELECT * FROM metering.uplink ORDER BY uplink_id')).rows).toEqual(before.rows);
    const ids = [5_000, 5_511, 5_999, 9_002, 9_907, 9_909];
    const found = await pool.query(
      `SELECT convert_from(f.payload, 'UTF8') AS id FROM unnest($1::bigint[]) w, LATERAL metering.find_uplink(w) f`,
      [ids],
    );
    expect(found.rows.map(({ id }) => Number(id)).sort((one, other) => one - other)).toEqual(ids);
    const absent = await pool.query('SELECT * FROM unnest($1::bigint[]) w, LATERAL metering.find_uplink(w)', [
      [4_999, 6_000, 9_003, 9_910, 99_999],
    ]);
    expect(absent.rows).toEqual([]);
    await runUpkeep(now_ms, 400);
    expect(await packs()).toEqual(joined);
  });

  test('are dropped by the partition once all of it is older than asked, with their quarantine; readings stay', async () => {
    await pool.query('TRUNCATE metering.uplink_pack, metering.quarantine');
    const partitions = await openPartitions(pool, { now_ms: () => now_ms });
    await partitions.ensureFor('reading', [now_ms - 500 * DAY_ms], [0]);
    await pool.query(
      `INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock)
       VALUES (1, to_timestamp($1::float8 / 1000), 5, to_timestamp($1::float8 / 1000), 100, 'absolute')`,
      [now_ms - 500 * DAY_ms],
    );
    for (const [firstId, days] of [
      [100, 500],
      [200, 399],
      [300, 1],
    ] as const) {
      await putPack(firstId, 2, now_ms - days * DAY_ms);
      await pool.query(`INSERT INTO metering.quarantine VALUES ($1, to_timestamp($2::float8 / 1000), 1, 'X', 'x')`, [
        firstId,
        now_ms - days * DAY_ms,
      ]);
    }
    await runUpkeep(now_ms, 400);
    expect((await packs()).map(([firstId]) => firstId)).toEqual([200, 300]);
    const kept = await pool.query('SELECT uplink_id FROM metering.quarantine ORDER BY 1');
    expect(kept.rows.map(({ uplink_id }) => uplink_id)).toEqual([200, 300]);
    const { rows } = await pool.query('SELECT register_l FROM metering.reading WHERE meter_id = 1');
    expect(rows).toEqual([{ register_l: 5 }]);
  });

  test('and readings in the shape before are carried over, each with its id, time and bytes', async () => {
    const its = await databaseBefore8();
    await its.query(
      `INSERT INTO metering.uplink
       SELECT n, '2026-03-31 20:00+00'::timestamptz + n * interval '37 seconds', n % 7, nullif(n % 5, 0), 'senml+json', 1,
              convert_to('payload ' || n, 'UTF8')
         FROM generate_series(900, 2300) AS n WHERE n NOT IN (1200, 1201)`,
    );
    await its.query(
      `INSERT INTO metering.reading
       SELECT n % 7, '2026-03-31 20:00+00'::timestamptz + n * interval '37 seconds', n, '2026-04-01', n,
              (ARRAY['absolute', 'local', 'received'])[n % 3 + 1], CASE WHEN n % 11 = 0 THEN ARRAY['leak', 'burst'] END
         FROM generate_series(900, 2300) AS n`,
    );
    const uplinks =
      'SELECT uplink_id, received_at, device_no, packet_id, format, decoder_version, payload FROM metering.uplink ORDER BY 1';
    const readings =
      'SELECT meter_id, measured_at, register_l, received_at, uplink_id, clock, flags FROM metering.reading ORDER BY 1, 2';
    const before = [(await its.query(uplinks)).rows, (await its.query(readings)).rows];
    expect(before.map((rows) => rows.length)).toEqual([1_399, 1_401]);
    await migrate(its.options.connectionString ?? '');
    expect([(await its.query(uplinks)).rows, (await its.query(readings)).rows]).toEqual(before);
    const { rows } = await its.query(
      'SELECT max(cardinality(device_nos)) AS most, count(*) AS packs FROM metering.uplink_pack',
    );
    expect(rows[0].most).toBeLessThanOrEqual(1_000);
    expect(rows[0].packs).toBeLessThan(10);
    const found = await its.query('SELECT payload FROM metering.find_uplink(2042)');
    expect(found.rows).toEqual([{ payload: Buffer.from('payload 2042') }]);
  });
});

/** A database as it was before 0008, with the partitions that its rows need. */
async function databaseBefore8(): Promise<Pool> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = serverUrl.replace(/postgres$/, name);
  await runner({
    ...{ databaseUrl: url, dir: join(packageRoot, 'migrations'), direction: 'up', count: 7 },
    ...{ migrationsTable: 'schema_migration', singleTransaction: true, log: () => {} },
  });
  const its = openPool(url);
  onTestFinished(async () => {
    await its.end();
    await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  const { rows } = await its.query(`SELECT relkind FROM pg_class WHERE oid = 'metering.reading'::regclass`);
  for (const table of rows[0].relkind === 'p' ? ['uplink', 'reading'] : []) {
    await its.query(`
      CREATE TABLE metering.${table}_2026_03 PARTITION OF metering.${table} FOR VALUES FROM ('2026-03-01Z') TO ('2026-04-01Z');
      CREATE TABLE metering.${table}_2026_04 PARTITION OF metering.${table} FOR VALUES FROM ('2026-04-01Z') TO ('2026-05-01Z')`);
  }
  return its;
}
