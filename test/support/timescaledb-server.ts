// A PostgreSQL with TimescaleDB's Apache edition, as scripts/unpack-timescaledb.mjs unpacked it, running for one test.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/platform/free-port.ts';
import { databaseAccount } from '../../src/platform/postgres/postgres-binaries.ts';
import { onServer } from './on-server.ts';

export const timescaledbFolder = join(tmpdir(), 'naru-timescaledb-17');
export const isTimescaledbUnpacked = existsSync(join(timescaledbFolder, 'ready'));

export interface TimescaledbServer {
  /** Of the database `postgres`, as superuser. */
  url: string;
  stop(): Promise<void>;
}

/** Another account runs it where we are root; it listens on loopback alone and its data go with it. */
export async function startTimescaledb(): Promise<TimescaledbServer> {
  const programs = join(timescaledbFolder, 'root/usr/lib/postgresql/17/bin');
  const account = databaseAccount();
  const directory = mkdtempSync(join(tmpdir(), 'naru-timescaledb-data-'));
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  const password = randomBytes(12).toString('hex');
  chmodSync(directory, 0o711);
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== null) for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid);
  const initdb = spawnSync(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'naru',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...account, cwd: '/', encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.stderr}`);
  const port = await freePort(0);
  const settings = [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'timezone=UTC', 'fsync=off', 'jit=off'],
    ...['shared_preload_libraries=timescaledb', 'timescaledb.telemetry_level=off'],
    // A worker for every test's database, which come and go.
    ...['max_worker_processes=64', 'timescaledb.max_background_workers=32', 'max_connections=100'],
  ];
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...account, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk: Buffer) => (said = (said + chunk).slice(-4_000)));
  const ended = once(server, 'exit');
  const stop = async () => {
    if (server.exitCode === null) server.kill('SIGINT');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const url = `postgres://naru:${password}@127.0.0.1:${port}/postgres`;
  for (let tries = 0; ; tries += 1) {
    try {
      await onServer(url, 'SELECT 1');
      return { url, stop };
    } catch (error) {
      if (server.exitCode === null && tries < 600) await sleep(100);
      else {
        await stop();
        throw new Error(`the server with TimescaleDB did not come up: ${said}`, { cause: error });
      }
    }
  }
}

/** Name and version of the distribution, for saying why it is not there. */
export function distribution(): string {
  const file = '/etc/os-release';
  return existsSync(file) ? (/PRETTY_NAME="(.*)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'Linux') : process.platform;
}
