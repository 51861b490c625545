// A PostgreSQL server of our own: made at first start, supervised while we run, stopped cleanly with us.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { commandLine, endProcess, isAlive } from '../child-process.ts';
import { freePort } from '../free-port.ts';
import type { Logger } from '../logger.ts';
import { problem } from '../problem.ts';
import { type Account, isReachableBy, postgresBinaries } from './postgres-binaries.ts';

const READY_WITHIN_ms = 60_000;
const READY_POLL_ms = 50;
const RESTART_PAUSE_ms = 500;
const RESTARTS_AT_MOST = 5;
/** A start that held this long clears the count of restarts. */
const RESTARTS_FORGOTTEN_AFTER_ms = 60_000;
// Smart shutdown would wait for clients; SIGINT ends their sessions and checkpoints, SIGQUIT leaves recovery to the next start.
const STOP_SIGNALS: [NodeJS.Signals, number][] = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 5_000],
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
 * @throws START_FAILED in one sentence, where the folder can't be used or the server doesn't come up
 */
export async function startEmbeddedPostgres(
  directory: string,
  port: number,
  logger: Logger,
): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  prepareFolder(directory, account);
  const data = join(directory, 'data');
  const binaries = postgresBinaries(account, join(directory, 'programs'));
  const password = ownPassword(join(directory, 'password'));
  if (!existsSync(join(data, 'PG_VERSION'))) await createCluster(binaries, data, password, account);
  await stopOrphan(data);
  const server = new Supervisor(binaries, data, join(directory, 'server.log'), password, account, logger);
  await server.start(await freePort(port));
  return server;
}

/** PostgreSQL refuses to run as root: another account then, `postgres` where there is one, else `nobody`. */
function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65_534, gid: 65_534 };
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

class Supervisor implements EmbeddedPostgres {
  port = 0;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restarts = 0;
  readonly #binaries: string;
  readonly #data: string;
  readonly #logFile: string;
  readonly #password: string;
  readonly #account: Account | null;
  readonly #logger: Logger;

  constructor(
    binaries: string,
    data: string,
    logFile: string,
    password: string,
    account: Account | null,
    logger: Logger,
  ) {
    this.#binaries = binaries;
    this.#data = data;
    this.#logFile = logFile;
    this.#password = password;
    this.#account = account;
    this.#logger = logger;
  }

  get url(): string {
    return `postgres://naru:${this.#password}@127.0.0.1:${this.port}/postgres`;
  }

  pid = (): number | undefined => this.#child?.pid;

  async start(port: number): Promise<void> {
    this.port = port;
    const exited = this.#spawn();
    await this.#untilReady(exited);
  }

  /** @returns a promise of how the child ended */
  #spawn(): { ended: string | null } {
    const log = openSync(this.#logFile, 'a', 0o600);
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'timezone=UTC',
      'max_connections=100',
      'max_wal_size=2GB',
    ];
    const child = spawn(
      join(this.#binaries, 'bin', 'postgres'),
      ['-D', this.#data, '-p', String(this.port), ...settings.flatMap((setting) => ['-c', setting])],
      // Its own process group: Ctrl-C at the terminal reaches us alone, and we stop it last.
      { stdio: ['ignore', log, log], cwd: '/', detached: true, ...this.#account },
    );
    const started_ms = performance.now();
    const state: { ended: string | null } = { ended: null };
    child.once('error', (error) => {
      state.ended = error.message;
    });
    child.once('exit', (code, signal) => {
      state.ended = `ended with ${signal ?? `code ${code}`}`;
      if (this.#stopping || this.#child !== child) return;
      if (performance.now() - started_ms > RESTARTS_FORGOTTEN_AFTER_ms) this.#restarts = 0;
      this.#restarts += 1;
      if (this.#restarts > RESTARTS_AT_MOST) {
        this.#logger.fatal({ log: this.#logFile }, 'the database server ended again and again; it stays down');
        return;
      }
      this.#logger.error({ how: state.ended }, 'the database server ended; starting it again');
      setTimeout(() => {
        if (!this.#stopping) this.#spawn();
      }, RESTART_PAUSE_ms);
    });
    this.#child = child;
    return state;
  }

  async #untilReady(exited: { ended: string | null }): Promise<void> {
    for (let waited_ms = 0; waited_ms < READY_WITHIN_ms; waited_ms += READY_POLL_ms) {
      if (exited.ended !== null) {
        await this.stop();
        throw problem(
          'START_FAILED',
          `The database server did not start: ${this.#lastLogLine()} (its log: ${this.#logFile})`,
        );
      }
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1_000 });
      try {
        await client.connect();
        await client.end();
        return;
      } catch {
        await client.end().catch(() => {});
        await sleep(READY_POLL_ms);
      }
    }
    await this.stop();
    throw problem(
      'START_FAILED',
      `The database server was not ready within ${READY_WITHIN_ms / 1000} s (its log: ${this.#logFile})`,
    );
  }

  #lastLogLine(): string {
    return lastLine(readFileSync(this.#logFile, 'utf8'));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const pid = this.#child?.pid;
    if (pid !== undefined && this.#child?.exitCode === null && this.#child.signalCode === null)
      await endProcess(pid, STOP_SIGNALS);
  }
}
