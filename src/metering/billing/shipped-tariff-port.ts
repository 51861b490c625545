// The tariffs that Naru ships, as files of its package.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../platform/package-root.ts';

const folder = join(packageRoot, 'tariffs');
const ending = '.yaml';

export function shippedTariffNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

/** @returns null where none has the name */
export function shippedTariffText(name: string): string | null {
  return shippedTariffNames().includes(name) ? readFileSync(join(folder, `${name}${ending}`), 'utf8') : null;
}
