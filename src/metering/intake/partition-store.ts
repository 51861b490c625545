// The monthly partitions of the tables that grow with time: which there are, and making more.
import { Temporal } from 'temporal-polyfill';
import type { Pool } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';

export type TimeTable = 'uplink_pack' | 'reading' | 'reading_pack';

/** A month of UTC as years × 12 + month from 0: one number, so that months can be counted and compared. */
export type Month = number;

export function monthOf(at_ms: number): Month {
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(at_ms)).toZonedDateTimeISO('UTC');
  return at.year * 12 + at.month - 1;
}

/** How the database keeps the time tables: native partitions, or TimescaleDB in one of its editions. */
export type TimeStorage = 'partitions' | 'timescaledb-apache' | 'timescaledb-community';

/**
 * Codes: START_FAILED where the tables are hypertables and the library is not loaded. Reading would still work, but
 * every insert would end its session, and intake would wait for the database for ever.
 */
export async function findTimeStorage(pool: Pool): Promise<TimeStorage> {
  const { rows } = await pool.query<{ partitioned: boolean; license: string | null }>(
    `SELECT relkind = 'p' AS partitioned, current_setting('timescaledb.license', true) AS license
       FROM pg_class WHERE oid = 'metering.reading'::regclass`,
  );
  if (rows[0]?.partitioned !== false) return 'partitions';
  if (rows[0].license === null) {
    throw problem(
      'START_FAILED',
      'DATABASE_URL: the readings are in TimescaleDB hypertables, but its library is not loaded; add timescaledb to shared_preload_libraries and restart PostgreSQL',
    );
  }
  return rows[0].license === 'timescale' ? 'timescaledb-community' : 'timescaledb-apache';
}

export async function listPartitions(pool: Pool, table: TimeTable): Promise<Month[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = ('metering.' || $1)::regclass`,
    [table],
  );
  return rows.flatMap(({ name }) => {
    const [, year, month] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
    return year !== undefined && month !== undefined ? [Number(year) * 12 + Number(month) - 1] : [];
  });
}

/** Makes one month's partition unless it is there. Attaching, unlike PARTITION OF, lets readers and writers go on. */
export async function createPartition(pool: Pool, table: TimeTable, month: Month): Promise<void> {
  const name = `${table}_${label(month, '_')}`;
  await inTransaction(pool, async (transaction) => {
    await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru.metering.partitions'))`);
    const { rows } = await transaction.query(`SELECT to_regclass($1) IS NOT NULL AS there`, [`metering.${name}`]);
    if (rows[0]?.there === true) return;
    await transaction.query(`CREATE TABLE metering.${name} (LIKE metering.${table} INCLUDING ALL)`);
    await transaction.query(
      `ALTER TABLE metering.${table} ATTACH PARTITION metering.${name}
         FOR VALUES FROM ('${label(month, '-')}-01T00:00:00Z') TO ('${label(month + 1, '-')}-01T00:00:00Z')`,
    );
  });
}

function label(month: Month, separator: string): string {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return `${year}${separator}${String((month % 12) + 1).padStart(2, '0')}`;
}
