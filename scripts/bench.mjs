// `npm run bench -- NAME`: compiles the benchmarks and runs one of them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const name = process.argv[2] ?? '';
if (!/^[a-z-]+$/.test(name) || !existsSync(`${root}/bench/${name}.ts`)) {
  console.error('usage: npm run bench -- NAME [options], where bench/NAME.ts is there');
  process.exit(2);
}
const built = spawnSync(
  process.execPath,
  [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.bench.json`],
  {
    stdio: 'inherit',
  },
);
if (built.status !== 0) process.exit(1);
await import(new URL(`../dist/bench/${name}.js`, import.meta.url).href);
