// A Mosquitto of a test's own: a process on a loopback port with its own configuration, never the system's service.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/platform/free-port.ts';

const places = [
  '/usr/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
];
const installCommand = 'apt-get install -y --no-install-recommends mosquitto';
const UP_WITHIN_ms = 20_000;

export interface Mosquitto {
  url: string;
  port: number;
  /** All that it printed so far. */
  output(): string;
  kill(): Promise<void>;
}

/**
 * Path of a Mosquitto 2, or null after saying loudly that the tests with it are skipped. Where `CI` is set its absence is
 * an error: nothing may pass unseen there.
 */
export function findMosquitto(): string | null {
  const path = places.find((place) => existsSync(place));
  const version = path === undefined ? '' : spawnSync(path, ['-h'], { encoding: 'utf8' }).stdout;
  if (path !== undefined && /mosquitto version 2\./.test(version)) return path;
  const message = `MOSQUITTO TESTS SKIPPED: no Mosquitto 2. Install it: ${installCommand}`;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(message);
  console.warn(`\n*** ${message} ***\n`);
  return null;
}

/**
 * @param settings further lines of mosquitto.conf
 * @param files by name, written beside it; `{folder}` in `settings` stands for their folder
 */
export async function startMosquitto(
  path: string,
  settings: string[] = ['allow_anonymous true'],
  files: Record<string, string> = {},
): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-mosquitto-'));
  // Started by root it goes on as a user of its own, who must be able to read these.
  chmodSync(folder, 0o755);
  const port = await freePort(0);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o644 });
  const lines = [
    `listener ${port} 127.0.0.1`,
    'persistence false',
    'max_inflight_messages 0',
    'max_queued_messages 1000000',
    ...settings.map((line) => line.replaceAll('{folder}', folder)),
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`, { mode: 0o644 });
  const child = spawn(path, ['-c', join(folder, 'mosquitto.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let waited_ms = 0; !(await answers(port)); waited_ms += 50) {
    if (child.exitCode !== null || waited_ms > UP_WITHIN_ms) {
      await kill();
      throw new Error(`Mosquitto did not come up:\n${output}`);
    }
    await sleep(50);
  }
  return { url: `mqtt://127.0.0.1:${port}`, port, output: () => output, kill };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
