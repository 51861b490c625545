// Reads from the chain itself what an anchor claims: its transaction, its root, and that the proof leads there.
import { Contract, Interface, JsonRpcProvider } from 'ethers';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { bytes32 } from '../../src/anchoring/hexadecimal.ts';
import { proofFromText, verifyProof } from '../../src/anchoring/proofs.ts';

const anchorLog = new Interface(['function rootOf(bytes32 registryId, uint48 epoch) view returns (bytes32)']);

export interface SeenOnChain {
  /** 1 where the transaction went through. */
  status: number | null;
  block: number | null;
  root: string;
  /** Whether the proof leads from key and value to the root on chain. */
  proven: boolean;
}

export async function seenOnChain(rpcUrl: string, anchor: Anchor): Promise<SeenOnChain> {
  const chain = new JsonRpcProvider(rpcUrl, undefined, { batchMaxCount: 1 });
  try {
    const receipt = await chain.getTransactionReceipt(anchor.transaction ?? '');
    const log = new Contract(anchor.contract, anchorLog, chain);
    const root: string = await log.getFunction('rootOf')(anchor.registry_id, anchor.epoch);
    const proof = proofFromText(anchor.proof ?? '');
    const value = anchor.value === null ? null : bytes32(anchor.value);
    return {
      status: receipt?.to?.toLowerCase() === anchor.contract.toLowerCase() ? receipt.status : null,
      block: receipt?.blockNumber ?? null,
      root,
      proven: proof !== null && verifyProof(bytes32(root), bytes32(anchor.key), value, proof),
    };
  } finally {
    chain.destroy();
  }
}
