// Compiles the contracts to dist/contracts/<name>.json (abi and bytecode) with the compiler from npm, with the settings
// that foundry.toml gives the tests. Does nothing where the sources are those of the last time.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const CONTRACTS = ['AnchorLog'];
const SETTINGS = {
  optimizer: { enabled: true, runs: 10_000 },
  evmVersion: 'paris',
  metadata: { bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};

/** @param {string} path as an import in Solidity names it @returns {string} its text */
function source(path) {
  return readFileSync(path.startsWith('@') ? require.resolve(path) : join(root, path), 'utf8');
}

/** All sources that the contracts need, found by their imports. @returns {Record<string, { content: string }>} */
function sources() {
  /** @type {Record<string, { content: string }>} */
  const found = {};
  const wanted = CONTRACTS.map((name) => `contracts/${name}.sol`);
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (found[path] !== undefined) continue;
    const content = source(path);
    found[path] = { content };
    for (const [, imported] of content.matchAll(/^import .*?"(.+?)";/gm)) {
      wanted.push(imported.startsWith('.') ? join(dirname(path), imported) : imported);
    }
  }
  return found;
}

const input = { language: 'Solidity', sources: sources(), settings: SETTINGS };
const fingerprint = createHash('sha256').update(JSON.stringify(input)).digest('hex');
const folder = join(root, 'dist', 'contracts');

/** @param {string} name */
const fileOf = (name) => join(folder, `${name}.json`);

/** @param {string} name */
const isCurrent = (name) =>
  existsSync(fileOf(name)) && JSON.parse(readFileSync(fileOf(name), 'utf8')).fingerprint === fingerprint;

if (!CONTRACTS.every(isCurrent)) {
  const { default: solc } = await import('solc');
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const complaints = output.errors ?? [];
  for (const { formattedMessage } of complaints) process.stderr.write(`${formattedMessage}\n`);
  if (complaints.length > 0) process.exit(1);
  mkdirSync(folder, { recursive: true });
  for (const name of CONTRACTS) {
    const { abi, evm } = output.contracts[`contracts/${name}.sol`][name];
    const unfinished = `${fileOf(name)}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify({ fingerprint, abi, bytecode: `0x${evm.bytecode.object}` }));
    renameSync(unfinished, fileOf(name));
  }
}
