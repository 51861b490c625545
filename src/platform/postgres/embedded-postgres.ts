// A PostgreSQL server of our own: made at first start, supervised while we run, stopped cleanly with us.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { commandLine, endProcess, isAlive } from '../child-process.ts';
import { freePort } from '../free-port.ts';
import type { Logger } from '../logger.ts';
import { problem } from '../problem.ts';

import { SupervisedProcess } from '../supervised-process.ts';
import { type Account, databaseAccount, isReachableBy, postgresBinaries } from './postgres-binaries.ts';

const READY_WITHIN_ms = 60_000;
// Smart shutdown would wait for clients; SIGINT ends their sessions and checkpoints, SIGQUIT leaves recovery to the next start.
const STOP_SIGNALS: [NodeJS.Signals, number][] = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 5_000],
];

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'max_connections=100',
  'max_wal_size=2GB',
];

export interface EmbeddedPostgres {
  /** Connection URL, with its password. */
  readonly url: string;
  readonly port: number;
  readonly pid: () => number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts the server, creating its data folder at first. A server that a killed run left behind is stopped first.
 *
 * @param directory absolute folder for everything of the server; created where absent
 * @param port wanted TCP port on 127.0.0.1; the next free one is taken where it is held
 * @param programs folder of an installed PostgreSQL, with its bin/, to run in place of the one that came with npm
 * @throws START_FAILED in one sentence, where the folder can't be used or the server doesn't come up
 */
export async function startEmbeddedPostgres(
  directory: string,
  port: number,
  logger: Logger,
  programs: string | null = null,
): Promise<EmbeddedPostgres> {
  const account = databaseAccount();
  prepareFolder(directory, account);
  const data = join(directory, 'data');
  const binaries = programs ?? postgresBinaries(account, join(directory, 'programs'));
  const password = ownPassword(join(directory, 'password'));
  if (!existsSync(join(data, 'PG_VERSION'))) await createCluster(binaries, data, password, account);
  await stopOrphan(data);
  const chosenPort = await freePort(port);
  const url = `postgres://naru:${password}@127.0.0.1:${chosenPort}/postgres`;
  const server = new SupervisedProcess(
    {
      name: 'database server',
      program: join(binaries, 'bin', 'postgres'),
      arguments: () => ['-D', data, '-p', String(chosenPort), ...SETTINGS.flatMap((setting) => ['-c', setting])],
      logFile: join(directory, 'server.log'),
      account,
      stopSignals: STOP_SIGNALS,
      isReady: () => answers(url),
      readyWithin_ms: READY_WITHIN_ms,
    },
    logger,
  );
  await server.start();
  return { url, port: chosenPort, pid: () => server.pid(), stop: () => server.stop() };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function prepareFolder(directory: string, account: Account | null): void {
  try {
    mkdirSync(directory, { recursive: true });
    if (account !== null) chownSync(directory, account.uid, account.gid);
    chmodSync(directory, 0o700);
  } catch (error) {
    throw problem(
      'START_FAILED',
      `The data folder ${directory} can't be written (${(error as Error).message}); choose another with --data-dir.`,
    );
  }
  if (!isReachableBy(directory, account)) {
    throw problem(
      'START_FAILED',
      `The data folder ${directory} lies below a folder that the database's own account can't enter ` +
        '(PostgreSQL does not run as root); choose another with --data-dir.',
    );
  }
}

function ownPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

async function createCluster(binaries: string, data: string, password: string, account: Account | null): Promise<void> {
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = `${data}.pw`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== null) chownSync(passwordFile, account.uid, account.gid);
  try {
    await run(
      join(binaries, 'bin', 'initdb'),
      [
        '-D',
        unfinished,
        '-U',
        'naru',
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--data-checksums',
      ],
      account,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, data);
}

function run(program: string, args: string[], account: Account | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/', ...account });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', (error) => reject(problem('START_FAILED', `${program} can't be run: ${error.message}`)));
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(problem('START_FAILED', `initdb failed: ${lastLine(complaint)}`)),
    );
  });
}

async function stopOrphan(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (pid > 0 && isAlive(pid) && commandLine(pid).includes(data)) {
    await endProcess(pid, STOP_SIGNALS);
    if (isAlive(pid))
      throw problem(
        'START_FAILED',
        `A database server of an earlier run (process ${pid}) doesn't stop; end it and start again.`,
      );
  }
  // A killed server leaves its file, and the number may by now belong to somebody else's process.
  rmSync(pidFile, { force: true });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
