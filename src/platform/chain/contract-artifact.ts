// The compiled contracts of the build: dist/contracts, made by scripts/compile-contracts.mjs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InterfaceAbi } from 'ethers';
import { packageRoot } from '../package-root.ts';
import { problem } from '../problem.ts';

export interface ContractArtifact {
  abi: InterfaceAbi;
  /** What deploys it, 0x-hex. */
  bytecode: string;
}

/** @throws START_FAILED where the build hasn't made it */
export function contractArtifact(name: string): ContractArtifact {
  const file = join(packageRoot, 'dist', 'contracts', `${name}.json`);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ContractArtifact;
  } catch {
    throw problem('START_FAILED', `The compiled contract ${file} is missing; run: node scripts/compile-contracts.mjs`);
  }
}
