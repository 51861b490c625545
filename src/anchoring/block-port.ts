// What a chain node says of a block, in the words of a proof bundle.
import type { JsonRpcProvider } from 'ethers';
import type { ProofBundle } from './proof-bundle.ts';

/**
 * @param which a block's number or hash
 * @returns `null` where the node has no such block
 */
export async function readBlock(
  provider: JsonRpcProvider,
  which: number | string,
): Promise<ProofBundle['block'] | null> {
  const block = await provider.getBlock(which);
  if (block === null || block.hash === null || block.stateRoot === null) return null;
  return {
    number: block.number,
    hash: block.hash,
    parent_hash: block.parentHash,
    state_root: block.stateRoot,
    timestamp: new Date(block.timestamp * 1000).toISOString(),
  };
}
