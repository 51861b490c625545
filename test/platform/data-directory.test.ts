// One Naru to a folder, and one program to a port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { choosePorts } from '../../src/cli/ports.ts';
import { openDataDirectory } from '../../src/platform/data-directory.ts';
import { freePort } from '../../src/platform/free-port.ts';

const root = mkdtempSync(join(tmpdir(), 'naru-folder-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});
let folders = 0;
function newFolder(): string {
  folders += 1;
  return join(root, String(folders));
}
function started(program: string, ...given: string[]): number {
  const child = spawn(program, given, { stdio: 'ignore' });
  children.push(child);
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return child.pid;
}

/** A folder whose lock names this process. */
function heldBy(pid: number | string): string {
  const folder = newFolder();
  openDataDirectory(folder).release();
  writeFileSync(join(folder, 'naru.pid'), String(pid));
  return folder;
}

describe('the data folder', () => {
  test('is made, closed to others, and free again once released', () => {
    const folder = newFolder();
    const held = openDataDirectory(folder);
    expect(statSync(folder).mode & 0o066).toBe(0);
    expect(readFileSync(join(folder, 'naru.pid'), 'utf8')).toBe(String(process.pid));
    held.release();
    expect(existsSync(join(folder, 'naru.pid'))).toBe(false);
  });

  test('refuses a second Naru in one sentence that names the first and what to do', () => {
    const pid = started(process.execPath, '-e', 'setInterval(() => {}, 1000)');
    const folder = heldBy(pid);
    expect(() => openDataDirectory(folder)).toThrow(
      new RegExp(`^START_FAILED: Naru already runs on ${folder} \\(process ${pid}\\); stop it, or .*--data-dir\\.$`),
    );
    expect(readFileSync(join(folder, 'naru.pid'), 'utf8')).toBe(String(pid));
  });

  test('is taken over from a Naru that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const folder = heldBy(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    openDataDirectory(folder).release();
  });

  test('is taken over where its number belongs to another program by now, or is none', () => {
    for (const pid of [started('sleep', '600'), '', 'nonsense', '0', '-1']) openDataDirectory(heldBy(pid)).release();
  });

  test('that cannot be written says so, and how to choose another', () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    expect(() => openDataDirectory(join(file, 'below'))).toThrow(/^START_FAILED: The data folder .*--data-dir\.$/);
  });
});

describe('ports', () => {
  async function listening(): Promise<{ port: number; close(): void }> {
    const server = createServer();
    // Not one that the system gives: those beside it come and go with connections.
    const port = await freePort(0);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return { port, close: () => server.close() };
  }

  test('a taken one gives the next free one, never one that is spoken for', async () => {
    const taken = await listening();
    const next = await freePort(taken.port);
    expect(next).toBeGreaterThan(taken.port);
    expect(await freePort(taken.port, '127.0.0.1', new Set([next]))).toBeGreaterThan(next);
    taken.close();
    const any = await freePort(0);
    expect(any).toBeGreaterThan(0);
    expect(await freePort(0, '127.0.0.1', new Set([any + 1]))).not.toBe(any + 1);
  });

  test('a moved one is said, and is the same at the next start, though the wanted one is free by then', async () => {
    const folder = newFolder();
    openDataDirectory(folder).release();
    const taken = await listening();
    const wanted = { HOST: '127.0.0.1', HTTP_PORT: taken.port, WALLET_PORT: 0, MQTT_PORT: taken.port, MQTT_WS_PORT: 0 };
    const first = await choosePorts(wanted, folder);
    expect(first.moved).toHaveLength(2);
    expect(first.moved[0]).toBe(`HTTP_PORT ${taken.port} is taken; using ${first.ports.HTTP_PORT}`);
    expect(new Set(Object.values(first.ports)).size).toBe(4);
    taken.close();
    expect((await choosePorts(wanted, folder)).ports).toEqual(first.ports);
  });
});
