// A copy of the sources in which a test plants a fault, so that a check is seen to fail.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../src/platform/package-root.ts';

const copied = [
  'src',
  'devices',
  'simulators',
  'web',
  'test',
  'bench',
  'scripts',
  'docs',
  'contracts',
  'migrations',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'knip.json',
  '.dependency-cruiser.cjs',
  'vitest.config.ts',
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'LICENSE',
  '.ci',
];

/** @returns the copy's folder, removed when the test ends */
export function plantedTree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'naru-planted-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const name of copied) {
    cpSync(join(packageRoot, name), join(root, name), {
      recursive: true,
      filter: (source) => !/\/(out|cache)$/.test(source),
    });
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}
