// An import whose process is killed again and again: whoever goes on with it, each row has one offer in the end, and one
// pair of link and code.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { startImportJobs } from '../../src/identity/issuing/import-jobs-service.ts';
import { createImportService } from '../../src/identity/issuing/import-offers-service.ts';
import { createImportSecrets } from '../../src/identity/issuing/import-secrets.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { shortOrLong } from '../support/long-form.ts';
import { type NaruProcess, runNaru } from '../support/naru-process.ts';
import { residentRegister } from '../support/register-file.ts';
import { testDatabase } from '../support/test-database.ts';

const ROWS = shortOrLong(6_000, 50_000);
const KILLS = shortOrLong(3, 12);
const { pool, url } = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'naru-import-'));
const register = join(folder, 'register.csv');
writeFileSync(register, residentRegister(ROWS));
const secret = 'a-secret-of-forty-three-characters-for-tests';
const environment = {
  DATABASE_URL: url,
  PUBLIC_URL: 'https://naru.example',
  WALLET_URL: 'https://wallet.example',
  NARU_SECRET: secret,
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...more: string[]): NaruProcess =>
  runNaru(['import-offers', register, '--type', 'resident', ...more], environment, folder);

async function offered(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('SELECT count(*) AS n FROM identity.offers');
  return rows[0]?.n ?? 0;
}

/** Kills the process once it has made some more offers; says how many there were then. */
async function killAmid(process: NaruProcess): Promise<number> {
  const before = await offered();
  let ended = false;
  void process.ended.then(() => {
    ended = true;
  });
  while (!ended && (await offered()) <= before) await sleep(5);
  await process.kill();
  return offered();
}

test('killed while the file is read, nothing of it is there', async () => {
  const reading = run();
  let begun = false;
  // A file that is in between two looks leaves nothing to kill; what is expected below then holds, too.
  void reading.ended.then(() => {
    begun = true;
  });
  for (; !begun; await sleep(2)) {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%offer_import_row%' AND pid <> pg_backend_pid()`,
    );
    begun ||= rows.length > 0;
  }
  await reading.kill();
  const kept = async () =>
    (
      await pool.query(
        `SELECT (SELECT count(*) FROM identity.offer_import) AS imports, (SELECT count(*) FROM identity.offer_import_row) AS rows`,
      )
    ).rows[0];
  // Either the file was in, whole, or it was not; the kill may have come after its end.
  expect([
    { imports: 0, rows: 0 },
    { imports: 1, rows: ROWS },
  ]).toContainEqual(await kept());
});

test('killed amid its offers and begun again, each row is offered once', async () => {
  const seen: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) seen.push(await killAmid(run()));
  process.stdout.write(`killed at ${seen.join(', ')} of ${ROWS} offers\n`);
  expect(seen[0]).toBeLessThan(ROWS);

  // A worker of the running service goes on where the killed process stopped.
  const imports = createImportService({
    ...{ pool, clock: systemClock, random: systemRandom, publicUrl: environment.PUBLIC_URL },
    secrets: createImportSecrets(secret),
  });
  const jobs = startImportJobs({ imports, logger: createLogger('silent') });
  await expect.poll(offered).toBeGreaterThan(seen.at(-1) === ROWS ? ROWS - 1 : (seen.at(-1) ?? 0));
  await jobs.stop();

  const [links, codes] = [join(folder, 'links.csv'), join(folder, 'codes.csv')];
  const last = run('--links', links, '--codes', codes);
  expect(await last.ended).toBe(0);
  expect(last.output()).toContain(`${ROWS} offers made, 0 rows had one before`);

  expect(await offered()).toBe(ROWS);
  const { rows } = await pool.query(
    `SELECT count(DISTINCT reference) AS people, count(DISTINCT import_line) AS lines, count(DISTINCT import_id) AS imports,
            (SELECT count(*) FROM identity.offered_key) AS keys,
            (SELECT count(*) FROM identity.offer_import_row WHERE claims IS NOT NULL) AS left,
            (SELECT count(*) FROM portal.audit WHERE action = 'import_started') AS recorded FROM identity.offers`,
  );
  expect(rows[0]).toEqual({ people: ROWS, lines: ROWS, imports: 1, keys: ROWS, left: 0, recorded: 1 });
  const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\r\n').slice(1);
  expect(new Set(lines(links).map((line) => line.split(',')[1])).size).toBe(ROWS);
  expect(lines(codes).map((line) => line.split(',')[0])).toEqual(lines(links).map((line) => line.split(',')[0]));
  expect(statSync(codes).mode & 0o077).toBe(0);
}, 240_000);

test('a dry run of what is imported says so and changes nothing', async () => {
  const dry = run('--dry-run');
  expect(await dry.ended).toBe(0);
  expect(dry.output()).toContain(`${ROWS} rows, of which ${ROWS} were offered before`);
  expect(await offered()).toBe(ROWS);
});

test('a register with faults ends the command with each of them and no value', async () => {
  writeFileSync(register, residentRegister(3).replace('1940-01-01', '1940-13-01'));
  const refused = run();
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(/line 2, birth_date: 날짜를 .* \/ Write a day/);
  expect(refused.output()).not.toContain('1940-13-01');
});
