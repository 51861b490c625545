// Children we start and end ourselves (PostgreSQL, the development chain): is one alive, is it ours, end it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_ms = 50;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The command line of a running process, `''` where it can't be told. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    try {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  }
}

/** Waits until `pid` is gone. @returns false if it still lives after `timeout_ms`. */
export async function waitForExit(pid: number, timeout_ms: number): Promise<boolean> {
  for (let waited_ms = 0; waited_ms < timeout_ms; waited_ms += POLL_ms) {
    if (!isAlive(pid)) return true;
    await sleep(POLL_ms);
  }
  return !isAlive(pid);
}

/** Sends the signals one after another, each with its patience, until the process is gone. */
export async function endProcess(pid: number, signals: readonly [NodeJS.Signals, number][]): Promise<void> {
  for (const [signal, patience_ms] of signals) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await waitForExit(pid, patience_ms)) return;
  }
}
