// Builds everything that `naru` runs: the contract, the server and the pages, into dist/.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @param {string} name @param {string[]} args */
function run(name, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`${name} failed`))));
  });
}

try {
  await Promise.all([
    run('compiling the contract', ['scripts/compile-contracts.mjs']),
    run('compiling the server', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']),
  ]);
  await run('building the pages', ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']);
  await run('building the wallet', [
    'node_modules/vite/bin/vite.js',
    'build',
    '--logLevel',
    'warn',
    '-c',
    'vite.wallet.config.ts',
  ]);
} catch (error) {
  process.stderr.write(`build: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
