// naru start in the production shape: on a database and a chain of the operator's, with secrets of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/platform/free-port.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { startTestChain, type TestChain } from '../support/test-chain.ts';
import { testDatabase } from '../support/test-database.ts';

const { url: databaseUrl, pool } = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'naru-production-'));
const UP_WITHIN_ms = 60_000;
let chain: TestChain;
let environment: Record<string, string>;
let port: number;

interface Started {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

function start(options: string[], settings: Record<string, string>): Started {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/main.js'), 'start', ...options], {
    env: { PATH: process.env.PATH ?? '', ...settings },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, output: () => output, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

async function until(started: Started, text: string): Promise<void> {
  for (let waited_ms = 0; !started.output().includes(text); waited_ms += 100) {
    if (started.child.exitCode !== null || waited_ms > UP_WITHIN_ms) throw new Error(started.output());
    await sleep(100);
  }
}

/** Each part that is asked has two seconds for its answer, which a busy machine may exceed once. */
const isReady = async () => (await fetch(`http://localhost:${port}/readyz`)).ok;

beforeAll(async () => {
  chain = await startTestChain();
  port = await freePort(0);
  environment = {
    DATABASE_URL: databaseUrl,
    CHAIN_RPC_URL: chain.url,
    CHAIN_COMMITTER_KEY: chain.key,
    PUBLIC_URL: `http://localhost:${port}`,
    WALLET_URL: 'http://wallet.localhost',
    ISSUER_KEYS_PASSPHRASE: 'the ferry lands at seven',
    NARU_SECRET: 'k3v9QpL8sXw2Nf7Rb5Tj1Yc6Hm4Dg0A-for-this-test',
    NARU_DATA_DIR: folder,
    HTTP_PORT: String(port),
    WALLET_PORT: '0',
    MQTT_PORT: '0',
    MQTT_WS_PORT: '0',
    EPOCH_INTERVAL_S: '1',
    CHAIN_CONFIRMATIONS: '1',
  };
});

afterAll(async () => {
  await chain?.kill();
  rmSync(folder, { recursive: true, force: true });
});

test('without its settings it ends with 2 and names each', async () => {
  const refused = start([], {});
  expect(await refused.ended).toBe(2);
  expect(refused.output()).toMatch(/DATABASE_URL.*CHAIN_RPC_URL.*NARU_SECRET.*naru start --demo/);
});

test('serves, anchors, brings no demonstration data, and stops with 0 on SIGTERM', async () => {
  const running = start([], environment);
  await until(running, 'First sign-in');
  expect(running.output()).toMatch(new RegExp(`http://localhost:${port}/utility/#enter=[\\w-]{43}`));
  await expect
    .poll(
      async () =>
        ((await (await fetch(`http://localhost:${port}/api/anchors/head`)).json()) as { status: string }).status,
      {
        timeout: 30_000,
      },
    )
    .toBe('final');
  await expect.poll(isReady).toBe(true);
  expect((await pool.query('SELECT 1 FROM metering.meter')).rowCount).toBe(0);
  running.child.kill('SIGTERM');
  expect(await running.ended).toBe(0);
}, 120_000);

test('each role runs alone; a later start prints no second link', async () => {
  // A broker is given no issuer's keys.
  const broker = start(['--roles', 'broker'], { ...environment, NARU_DATA_DIR: join(folder, 'without-keys') });
  await until(broker, 'Naru serves broker');
  await expect(fetch(`http://localhost:${port}/healthz`)).rejects.toThrow();
  const api = start(['--roles', 'api'], environment);
  await until(api, 'Naru serves api');
  await expect.poll(isReady).toBe(true);
  expect(api.output()).not.toContain('#enter=');
  for (const { child, ended } of [api, broker]) {
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
}, 120_000);
