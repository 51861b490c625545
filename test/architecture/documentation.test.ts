import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';
import { missingFrom, pages } from '../support/documentation.ts';
import { plantedTree } from '../support/planted-tree.ts';

const main = readFileSync(join(packageRoot, 'src/main.ts'), 'utf8');
const commands = [...main.matchAll(/import \{ \w+ \} from '\.\/cli\/([\w-]+)-command\.ts'/g)].map(
  ([, name]) => name ?? '',
);

describe('what the documentation names exists', () => {
  test('the commands are read from main.ts', () => {
    expect(commands).toContain('start');
  });

  test.each(pages(packageRoot))('%s', (page) => {
    expect(missingFrom(packageRoot, page, commands)).toEqual([]);
  });

  test('a planted wrong path, link, script and command are each found', () => {
    const root = plantedTree({
      'docs/planted.md':
        'See `src/nowhere/file.ts` and [there](nowhere.md); run `npm run nothing` or `naru fly`.\n\n```tree\nsrc/\n  nowhere/\n```\n',
    });
    expect(missingFrom(root, 'docs/planted.md', commands)).toEqual([
      'link nowhere.md',
      'path src/nowhere/file.ts',
      'path src/nowhere',
      'npm script nothing',
      'command naru fly',
    ]);
  });
});

test('the README sets a fresh machine up with two command lines', () => {
  const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  expect(readme).toContain('npm ci && npm start');
  expect(readme).toContain('npm ci && npm test');
});

test('every npm script runs a file that is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const files = Object.values(scripts).flatMap((line) =>
    [...line.matchAll(/node (\S+\.m?js)/g)].map(([, file]) => file ?? ''),
  );
  expect(files).toContain('scripts/bench.mjs');
  expect(files.filter((file) => !existsSync(join(packageRoot, file)))).toEqual([]);
});
