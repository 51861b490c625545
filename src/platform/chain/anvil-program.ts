// The anvil program that came with npm, found and made runnable without an install script having run.
import { accessSync, chmodSync, constants, copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { problem } from '../problem.ts';

/** @param copyTo file that may receive a copy of the program, where its own can't be run nor be made to */
export function anvilProgram(copyTo: string): string {
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const packaged = join(packageFolder(), 'bin', file);
  for (const makeRunnable of [
    () => {},
    () => chmodSync(packaged, 0o755),
    () => {
      copyFileSync(packaged, copyTo);
      chmodSync(copyTo, 0o700);
      accessSync(copyTo, constants.X_OK);
    },
  ]) {
    try {
      makeRunnable();
      accessSync(packaged, constants.X_OK);
      return packaged;
    } catch {
      // The next way, then.
    }
  }
  return copyTo;
}

function packageFolder(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${architecture}`;
  const here = createRequire(import.meta.url);
  for (const from of [() => here, () => createRequire(here.resolve('@foundry-rs/anvil/package.json'))]) {
    try {
      return dirname(from().resolve(`${name}/package.json`));
    } catch {
      // npm may have put it below the package that asks for it.
    }
  }
  throw problem(
    'START_FAILED',
    `There is no built-in chain for ${process.platform} ${process.arch} (npm package ${name}); ` +
      'start with CHAIN_RPC_URL set to an EVM node of your own.',
  );
}
