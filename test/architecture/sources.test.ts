import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';

function sources(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts') && !/node_modules/.test(name))
    .map((name) => `${folder}/${name}`);
}

const readsTheClock = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/;
const served = ['src', 'devices', 'simulators'].flatMap(sources);
const all = [...served, ...['web', 'bench', 'test'].flatMap(sources)];
const text = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

describe('the sources', () => {
  test('are found at all, and the pattern for the clock matches what it must', () => {
    expect(served.length).toBeGreaterThan(150);
    expect(text('src/platform/clock.ts')).toMatch(readsTheClock);
  });

  test('read clock and chance in one place each', () => {
    const readers = served.filter((path) => readsTheClock.test(text(path)));
    expect(readers).toEqual(['src/platform/clock.ts']);
  });

  test('read the environment in one place', () => {
    const readers = served.filter((path) => /process\.env/.test(text(path)));
    expect(readers).toEqual(['src/config.ts']);
  });

  test('begin each with a sentence that says what the file is for', () => {
    const silent = served.filter((path) => !/^(#!.*\n)?(\/\/|\/\*\*) ?\S/.test(text(path)));
    expect(silent).toEqual([]);
  });

  test('have no file of leftovers by name', () => {
    const leftovers = all.filter((path) => /(^|\/)(utils?|helpers?|common|manager|misc|index)\.tsx?$/.test(path));
    expect(leftovers).toEqual([]);
  });
});
