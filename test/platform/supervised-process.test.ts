import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { isAlive } from '../../src/platform/child-process.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { SupervisedProcess } from '../../src/platform/supervised-process.ts';

const LONGEST_PAUSE_ms = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'naru-supervised-'));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test('a server that cannot start again for a while is tried until it can', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const failing = 12;
  let starts = 0;
  const server = new SupervisedProcess(
    {
      ...{ name: 'test server', program: process.execPath, logFile: join(folder, 'log'), account: null },
      arguments: () => {
        starts += 1;
        const lives = starts === 1 || starts > 1 + failing;
        return ['-e', lives ? 'setInterval(() => {}, 1_000)' : 'process.exit(1)'];
      },
      stopSignals: [['SIGTERM', 5_000]],
      isReady: async () => true,
      readyWithin_ms: 5_000,
    },
    createLogger('silent'),
  );
  await server.start();
  const first = server.pid() as number;
  process.kill(first, 'SIGKILL');
  while (starts < 2 + failing) {
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
  expect(starts).toBe(2 + failing);
});
