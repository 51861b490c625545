import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isAlive } from '../../src/platform/child-process.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { SupervisedProcess } from '../../src/platform/supervised-process.ts';

const LONGEST_PAUSE_ms = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'naru-supervised-'));
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param lives whether its nth start, from 1 on, goes on running */
async function startServer(lives: (start: number) => boolean) {
  let starts = 0;
  const server = new SupervisedProcess(
    {
      ...{ name: 'test server', program: process.execPath, logFile: join(folder, 'log'), account: null },
      arguments: () => {
        starts += 1;
        return ['-e', lives(starts) ? 'setInterval(() => {}, 1_000)' : 'process.exit(1)'];
      },
      stopSignals: [['SIGTERM', 5_000]],
      isReady: async () => true,
      readyWithin_ms: 5_000,
    },
    createLogger('silent'),
  );
  await server.start();
  return { server, starts: () => starts };
}

test('a server that cannot start again for a while is tried until it can', async () => {
  const failing = 12;
  const { server, starts } = await startServer((start) => start === 1 || start > 1 + failing);
  const first = server.pid() as number;
  process.kill(first, 'SIGKILL');
  while (starts() < 2 + failing) {
    await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_ms);
    await sleep(5);
  }
  const last = server.pid() as number;
  await sleep(200);
  expect(last).not.toBe(first);
  expect(isAlive(last)).toBe(true);

  vi.useRealTimers();
  await server.stop();
  expect(isAlive(last)).toBe(false);
  expect(starts()).toBe(2 + failing);
});

test('a server that is stopped while it waits to be started again stays stopped, and nothing waits for it', async () => {
  const { server, starts } = await startServer(() => true);
  process.kill(server.pid() as number, 'SIGKILL');
  while (vi.getTimerCount() === 0) await sleep(5);
  await server.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(starts()).toBe(1);
});
