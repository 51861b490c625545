// The whole service as a person starts it: a process of its own from the build, on free ports and a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/platform/package-root.ts';

const UP_WITHIN_ms = 90_000;

export interface ServiceProcess {
  pid: number;
  dataDirectory: string;
  url: string;
  walletUrl: string;
  rpcUrl: string;
  databaseUrl: string;
  mqttPort: number;
  operatorToken: string;
  /** All that it printed so far. */
  output(): string;
  /** SIGKILL to the process alone: database and chain stay behind as orphans, as after a crash. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** A folder that the database's account can enter; removed by `removeFolder`. */
export function serviceFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'naru-service-'));
  chmodSync(folder, 0o711);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

const anyPort = ['--http-port', '0', '--wallet-port', '0', '--mqtt-port', '0', '--mqtt-ws-port', '0'];

/** Starts `naru start --demo` and waits until its table is printed. Restarts take the same ports as the first start. */
export async function startService(
  folder: string,
  options: string[] = [],
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  const child = spawn(
    process.execPath,
    [join(packageRoot, 'dist/src/main.js'), 'start', '--demo', '--data-dir', folder, ...anyPort, ...options],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], cwd: tmpdir() },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  for (let waited_ms = 0; !output.includes('not for production'); waited_ms += 100) {
    if (child.exitCode !== null || waited_ms > UP_WITHIN_ms) {
      child.kill('SIGTERM');
      throw new Error(`the service did not come up:\n${output}`);
    }
    await sleep(100);
  }
  const running = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as Record<string, string>;
  return {
    pid: child.pid ?? 0,
    dataDirectory: folder,
    url: running.url ?? '',
    walletUrl: running.wallet_url ?? '',
    rpcUrl: running.rpc_url ?? '',
    databaseUrl: `postgres://naru:${readFileSync(join(folder, 'postgres/password'), 'utf8').trim()}@127.0.0.1:${running.postgres_port}/postgres`,
    mqttPort: Number(running.mqtt_port),
    operatorToken: readFileSync(join(folder, 'operator-token'), 'utf8').trim(),
    output: () => output,
    kill: async () => {
      child.kill('SIGKILL');
      await exitOf(child);
    },
    stop: async () => {
      child.kill('SIGTERM');
      return exitOf(child);
    },
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}
