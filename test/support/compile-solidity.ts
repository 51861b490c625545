// Compiles a contract that only tests use, with the settings that the product's contracts are compiled with.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { InterfaceAbi } from 'ethers';
import { packageRoot } from '../../src/platform/package-root.ts';

interface Output {
  errors?: { formattedMessage: string }[];
  contracts: Record<string, Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string } } }>>;
}

/**
 * @param file path below the repository's root, named like the contract in it; what it imports is relative
 * @throws Error with what the compiler says
 */
export function compileSolidity(file: string): { abi: InterfaceAbi; bytecode: string } {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };
  const sources: Record<string, { content: string }> = {};
  const wanted = [file];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    const content = readFileSync(join(packageRoot, path), 'utf8');
    sources[path] = { content };
    for (const [, imported = ''] of content.matchAll(/^import .*?"(\..+?)";/gm))
      wanted.push(join(dirname(path), imported));
  }
  const settings = {
    optimizer: { enabled: true, runs: 10_000 },
    evmVersion: 'paris',
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }))) as Output;
  const made = Object.values(output.contracts?.[file] ?? {})[0];
  if (made === undefined) throw new Error((output.errors ?? []).map((one) => one.formattedMessage).join('\n'));
  return { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` };
}
