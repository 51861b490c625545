// Which PostgreSQL a benchmark stores in: one that is installed on the machine, or the one that Naru brings.
//
// The one from npm is compiled for size and without lz4: for the same commits it takes nearly twice the processor time of
// one that a distribution compiled for speed. Cities run the latter, so it is taken where there is one.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from '../src/platform/postgres/database.ts';

/** Where Debian and its kin put PostgreSQL, a folder for each major version. */
const INSTALLED = '/usr/lib/postgresql';
const OLDEST_major = 15;

/**
 * @param asked `own`, a folder with bin/postgres in it, or nothing for the newest that is installed, if any is
 * @returns the folder of an installed PostgreSQL; null for the one that Naru brings
 */
export function postgresPrograms(asked: string | undefined): string | null {
  if (asked === 'own') return null;
  if (asked === undefined) return newestInstalled();
  if (!hasServer(asked)) throw new Error(`--postgres ${asked}: there is no bin/postgres in it`);
  return asked;
}

function newestInstalled(): string | null {
  if (!existsSync(INSTALLED)) return null;
  const majors = readdirSync(INSTALLED)
    .map(Number)
    .filter((major) => major >= OLDEST_major && hasServer(join(INSTALLED, String(major))))
    .sort((one, other) => other - one);
  return majors[0] === undefined ? null : join(INSTALLED, String(majors[0]));
}

function hasServer(folder: string): boolean {
  return existsSync(join(folder, 'bin', 'postgres'));
}

/** For the reader of the figures: version, where it is from, how it was compiled. */
export async function describePostgres(pool: Pool, programs: string | null): Promise<string> {
  const { rows } = await pool.query<{ version: string; flags: string }>(
    `SELECT current_setting('server_version') AS version,
            (SELECT setting FROM pg_config WHERE name = 'CFLAGS') AS flags`,
  );
  const level = /-O\w/.exec(rows[0]?.flags ?? '')?.[0] ?? 'unknown level';
  const lz4 = (
    await pool.query(`SELECT 'lz4' = ANY (enumvals) AS there FROM pg_settings WHERE name = 'default_toast_compression'`)
  ).rows[0]?.there;
  const from = programs === null ? 'that Naru brings' : `in ${programs}`;
  return `PostgreSQL ${rows[0]?.version} ${from}, compiled with ${level} and ${lz4 ? 'lz4' : 'no lz4'}`;
}
