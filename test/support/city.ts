// A city of a test's own: a database, a chain, keys, and as many instances of the production shape as the test starts.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject } from 'vitest';
import type { AnchoringState } from '../../src/anchoring/anchoring-state.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { DidLedger } from './did-ledger.ts';
import { type NaruProcess, runNaru } from './naru-process.ts';
import { onServer } from './on-server.ts';
import { startTestChain, type TestChain } from './test-chain.ts';

const UP_WITHIN_ms = 60_000;
/** A poll waits for a state and says nothing about how soon it comes. */
export const PATIENCE = { timeout: 30_000, interval: 50 };

export interface Instance extends NaruProcess {
  url: string;
}

export class City {
  readonly chain: TestChain;
  readonly ledger: DidLedger;
  readonly publicUrl: string;
  readonly folder: string;
  readonly #port: number;
  readonly #database: string;
  #processes: NaruProcess[] = [];
  #session = '';

  private constructor(chain: TestChain, folder: string, port: number, database: string) {
    this.chain = chain;
    this.folder = folder;
    this.#port = port;
    this.#database = database;
    this.publicUrl = `http://localhost:${port}`;
    this.ledger = new DidLedger(this.publicUrl);
  }

  static async open(): Promise<City> {
    const database = `test_${randomBytes(6).toString('hex')}`;
    await onServer(inject('postgresUrl'), `CREATE DATABASE ${database} TEMPLATE naru_template`);
    const folder = mkdtempSync(join(tmpdir(), 'naru-city-'));
    return new City(await startTestChain(), folder, await freePort(0), database);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.kill()));
    await this.chain.kill();
    for (const name of ['', '_older', '_newer'].map((copy) => this.#database + copy))
      await onServer(inject('postgresUrl'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  get databaseUrl(): string {
    return inject('postgresUrl').replace(/postgres$/, this.#database);
  }

  /** What every command of this city's operator finds in its environment. */
  get environment(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      CHAIN_RPC_URL: this.chain.url,
      CHAIN_ID: String(this.chain.chainId),
      CHAIN_COMMITTER_KEY: this.chain.key,
      CHAIN_CONFIRMATIONS: '3',
      EPOCH_INTERVAL_S: '1',
      PUBLIC_URL: this.publicUrl,
      WALLET_URL: 'http://wallet.localhost',
      ISSUER_KEYS_PASSPHRASE: 'the ferry lands at seven',
      NARU_SECRET: 'k3v9QpL8sXw2Nf7Rb5Tj1Yc6Hm4Dg0A-for-this-test',
      NARU_DATA_DIR: this.folder,
      NARU_ROLES: 'api,worker',
      HTTP_PORT: String(this.#port),
      WALLET_PORT: '0',
      NODE_ENV: 'production',
    };
  }

  /** Starts an instance and waits until it serves. */
  async start(settings: Record<string, string> = {}): Promise<Instance> {
    const environment = { ...this.environment, ...settings };
    const started = this.#run(['start'], environment);
    await started.until('Naru serves', UP_WITHIN_ms);
    const instance = { ...started, url: `http://127.0.0.1:${environment.HTTP_PORT}` };
    const link = /#enter=([\w-]{43})/.exec(started.output())?.[1];
    if (link !== undefined) this.#session = await signIn(instance.url, link);
    return instance;
  }

  /** Starts an instance that is expected to give up. @returns its exit code and what it printed */
  async startRefused(settings: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
    return this.command(['start'], settings);
  }

  /** Runs a command of the operator to its end. */
  async command(
    args: string[],
    settings: Record<string, string> = {},
  ): Promise<{ code: number | null; output: string }> {
    const run = this.#run(args, { ...this.environment, ...settings });
    return { code: await run.ended, output: run.output() };
  }

  #run(args: string[], environment: Record<string, string>): NaruProcess {
    const run = runNaru(args, environment, this.folder);
    this.#processes.push(run);
    run.ended.then(() => {
      this.#processes = this.#processes.filter((other) => other !== run);
    });
    return run;
  }

  /** From now on the chain makes a block a second, whatever is sent to it. */
  async mineSteadily(): Promise<void> {
    await this.chain.rpc('evm_setAutomine', false);
    await this.chain.rpc('evm_setIntervalMining', 1);
  }

  /** From now on the chain makes blocks only when told to. */
  async mineNothing(): Promise<void> {
    await this.chain.rpc('evm_setAutomine', false);
    await this.chain.rpc('evm_setIntervalMining', 0);
  }

  /** Waits until the node holds this many transactions that are in no block: only then does a block take them along. */
  async untilPooled(count: number): Promise<void> {
    const pooled = async () => Number(((await this.chain.rpc('txpool_status')) as { pending: string }).pending);
    await expect.poll(pooled, PATIENCE).toBe(count);
  }

  async anchoringState(instance: Instance): Promise<AnchoringState> {
    const response = await fetch(`${instance.url}/api/utility/anchoring`, { headers: { cookie: this.#session } });
    if (response.status !== 200) throw new Error(`the state of anchoring was refused with ${response.status}`);
    return (await response.json()) as AnchoringState;
  }

  async untilTrouble(instance: Instance, code: string | null): Promise<void> {
    await expect.poll(async () => (await this.anchoringState(instance)).trouble?.code ?? null, PATIENCE).toBe(code);
  }

  /** Waits until the DID's anchor has this status. */
  async untilStatus(instance: Instance, did: string, status: string): Promise<void> {
    await expect.poll(async () => (await this.ledger.anchorOf(instance.url, did))?.status, PATIENCE).toBe(status);
  }

  /** A statement in the database, as an operator with a console of their own could run it. */
  async sql<Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(statement, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Keeps a copy of the database as it is; no instance may be running. */
  async copyDatabase(copy: string): Promise<void> {
    await onServer(inject('postgresUrl'), `CREATE DATABASE ${this.#database}_${copy} TEMPLATE ${this.#database}`);
  }

  /** Puts a copy in the database's place, beneath the instances that run; what was there is kept as another copy. */
  async restoreDatabase(copy: string, keepAs: string): Promise<void> {
    const server = inject('postgresUrl');
    const name = this.#database;
    await onServer(server, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await onServer(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await onServer(server, `ALTER DATABASE ${name} RENAME TO ${name}_${keepAs}`);
    await onServer(server, `ALTER DATABASE ${name}_${copy} RENAME TO ${name}`);
    for (const each of [name, `${name}_${keepAs}`])
      await onServer(server, `ALTER DATABASE ${each} ALLOW_CONNECTIONS true`);
  }
}

async function signIn(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/utility/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
}

export async function readiness(instance: Instance): Promise<{ status: number; parts: Record<string, string> }> {
  const response = await fetch(`${instance.url}/readyz`);
  return { status: response.status, parts: ((await response.json()) as { parts: Record<string, string> }).parts };
}

/** The value of a metric, 0 where it isn't there yet. */
export async function metric(instance: Instance, name: string): Promise<number> {
  const text = await (await fetch(`${instance.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}
