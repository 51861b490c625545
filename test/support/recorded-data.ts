// Recorded data that lies beside the checkout, and a loud word where it does not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/platform/package-root.ts';

/** The path of a file of `../shared/data`, or null after saying that the tests with it are skipped. */
export function recordedPath(name: string): string | null {
  const path = join(packageRoot, '..', 'shared', 'data', name);
  if (existsSync(path)) return path;
  process.stderr.write(`SKIPPED, because the recorded data is not there: ${path}\n`);
  return null;
}

/** The parsed JSON of such a file; null where it is absent. The caller knows its shape. */
export function recordedJson<T>(name: string): T | null {
  const path = recordedPath(name);
  return path === null ? null : (JSON.parse(readFileSync(path, 'utf8')) as T);
}
