// One `naru` process from the build: started with an environment of its own, listened to, stopped or killed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/platform/package-root.ts';

const POLL_ms = 50;

export interface NaruProcess {
  pid: number;
  /** All that it printed so far. */
  output(): string;
  /** The exit code; null where a signal ended it. */
  ended: Promise<number | null>;
  /** Waits until it has printed `text`. @throws Error with its output where it ends before, or takes too long */
  until(text: string, within_ms: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** `environment` is all that it sees, but for the search path. */
export function runNaru(args: string[], environment: Record<string, string>, folder: string): NaruProcess {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/main.js'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    async until(text, within_ms) {
      for (let waited_ms = 0; !output.includes(text); waited_ms += POLL_ms) {
        if (child.exitCode !== null || child.signalCode !== null || waited_ms > within_ms)
          throw new Error(`naru ${args[0]} did not print “${text}”:\n${output}`);
        await sleep(POLL_ms);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
