// A server program of our own: started until it is ready, started again when it dies, stopped with us.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from './child-process.ts';
import type { Logger } from './logger.ts';
import { problem } from './problem.ts';

const READY_POLL_ms = 50;
/** Before the first restart; twice as long before each further one, up to the most. A server that was killed can be kept from
 *  starting for seconds by what it left behind, and one whose disk is full by what a person has to do. */
const RESTART_PAUSE_ms = 500;
const RESTART_PAUSE_MOST_ms = 10_000;
/** A start that held this long makes the next pause the first again. */
const RESTARTS_FORGOTTEN_AFTER_ms = 60_000;

export interface ServerProgram {
  /** As it stands in a sentence: `database server`. */
  readonly name: string;
  readonly program: string;
  /** Asked at each start. */
  arguments(): string[];
  /** What the program writes goes here. */
  readonly logFile: string;
  /** The account to run as; `null` for our own. */
  readonly account: { uid: number; gid: number } | null;
  /** How to end it: one signal after another, each with its patience. */
  readonly stopSignals: readonly [NodeJS.Signals, number][];
  isReady(): Promise<boolean>;
  readonly readyWithin_ms: number;
  /** Called with the number of each process started. */
  started?(pid: number): void;
}

export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #stopping = false;
  #restarts = 0;
  #restart: NodeJS.Timeout | undefined;
  readonly #server: ServerProgram;
  readonly #logger: Logger;

  constructor(server: ServerProgram, logger: Logger) {
    this.#server = server;
    this.#logger = logger;
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws START_FAILED where the program ends, or isn't ready in time; it is stopped then */
  async start(): Promise<void> {
    const { name, logFile, readyWithin_ms } = this.#server;
    const state = this.#spawn();
    for (let waited_ms = 0; waited_ms < readyWithin_ms; waited_ms += READY_POLL_ms) {
      if (state.ended !== null) {
        await this.stop();
        throw problem('START_FAILED', `The ${name} did not start: ${lastLine(logFile)} (its log: ${logFile})`);
      }
      if (await this.#server.isReady()) return;
      await sleep(READY_POLL_ms);
    }
    await this.stop();
    throw problem('START_FAILED', `The ${name} was not ready within ${readyWithin_ms / 1000} s (its log: ${logFile})`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const pid = this.#child?.pid;
    if (pid !== undefined && this.#child?.exitCode === null && this.#child.signalCode === null)
      await endProcess(pid, this.#server.stopSignals);
  }

  /** @returns how the process ended, once it has */
  #spawn(): { ended: string | null } {
    const log = openSync(this.#server.logFile, 'a', 0o600);
    // Its own process group: Ctrl-C at the terminal reaches us alone, and we stop it last.
    const child = spawn(this.#server.program, this.#server.arguments(), {
      stdio: ['ignore', log, log],
      cwd: '/',
      detached: true,
      ...this.#server.account,
    });
    closeSync(log);
    const started_ms = performance.now();
    const state: { ended: string | null } = { ended: null };
    child.once('error', (error) => {
      state.ended = error.message;
    });
    child.once('exit', (code, signal) => {
      state.ended = `ended with ${signal ?? `code ${code}`}`;
      if (this.#stopping || this.#child !== child) return;
      if (performance.now() - started_ms > RESTARTS_FORGOTTEN_AFTER_ms) this.#restarts = 0;
      this.#startAgain(state.ended);
    });
    this.#child = child;
    if (child.pid !== undefined) this.#server.started?.(child.pid);
    return state;
  }

  #startAgain(how: string): void {
    const { name, logFile } = this.#server;
    const pause_ms = Math.min(RESTART_PAUSE_ms * 2 ** this.#restarts, RESTART_PAUSE_MOST_ms);
    this.#restarts += 1;
    this.#logger.error({ how, pause_ms, log: logFile }, `the ${name} ended; starting it again`);
    this.#restart = setTimeout(() => this.#spawn(), pause_ms);
  }
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';
}
