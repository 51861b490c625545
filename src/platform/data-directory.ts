// The folder in which one Naru keeps what is its own; held by one process at a time.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { commandLine, isAlive } from './child-process.ts';
import { databaseAccount, isReachableBy } from './postgres/postgres-binaries.ts';
import { problem } from './problem.ts';

export interface DataDirectory {
  path: string;
  release(): void;
}

const DEFAULT = '.naru';

/**
 * Where data goes: the folder that was asked for, else `.naru` here. As root, where `.naru` would lie below a folder that
 * the database's own account can't enter (such as /root), a folder of this checkout's own in /var/lib/naru.
 */
export function dataDirectoryPath(wanted: string | undefined): string {
  if (wanted !== undefined) return resolve(wanted);
  const here = resolve(DEFAULT);
  const account = databaseAccount();
  if (account === null || isReachableBy(resolve(here, '..'), account)) return here;
  const fingerprint = createHash('sha256').update(here).digest('hex').slice(0, 8);
  return join('/var/lib/naru', `${basename(resolve(here, '..'))}-${fingerprint}`);
}

/** @throws START_FAILED in one sentence, where the folder can't be used or another Naru uses it */
export function openDataDirectory(path: string): DataDirectory {
  const lock = join(path, 'naru.pid');
  try {
    mkdirSync(path, { recursive: true });
    // As root the database's account must pass through to its own folder inside; nobody may list or read the rest.
    chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700);
  } catch (error) {
    throw unusable(path, error);
  }
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (holder > 0 && holder !== process.pid && isAlive(holder) && commandLine(holder).includes('node')) {
    throw problem(
      'START_FAILED',
      `Naru already runs on ${path} (process ${holder}); stop it, or choose another folder with --data-dir.`,
    );
  }
  try {
    writeFileSync(lock, String(process.pid));
  } catch (error) {
    throw unusable(path, error);
  }
  return { path, release: () => rmSync(lock, { force: true }) };
}

function unusable(path: string, error: unknown): Error {
  return problem(
    'START_FAILED',
    `The data folder ${path} can't be written (${(error as Error).message}); choose another with --data-dir.`,
  );
}
