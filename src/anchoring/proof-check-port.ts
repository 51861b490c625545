// The steps of checking a proof bundle against a chain node.
import { type ChainClient, createChainClient } from '../platform/chain/chain-client.ts';
import { Problem } from '../platform/problem.ts';
import { AnchorLogReader } from './anchor-log-port.ts';
import { readBlock } from './block-port.ts';
import type { ProofBundle } from './proof-bundle.ts';
import { type CheckStep, checkNewness, step } from './proof-check.ts';

/**
 * Asks the node for the epoch's root, the block, the commit in it, its confirmations, and what came after.
 *
 * @param confirmations blocks, the epoch's own among them, that it must have at least
 * @throws CHAIN_AWAY
 */
export async function checkAgainstChain(
  bundle: ProofBundle,
  rpcUrls: readonly string[],
  confirmations: number,
  now_ms: number,
): Promise<CheckStep[]> {
  const client = createChainClient(rpcUrls, bundle.chain_id);
  try {
    return await askChain(bundle, client, confirmations, now_ms);
  } catch (error) {
    if (error instanceof Problem && error.code === 'CHAIN_WRONG')
      return [step('place', false, `The node is not of chain ${bundle.chain_id}, which the bundle is of.`)];
    if (error instanceof Problem && error.code === 'CHAIN_CONTRACT_UNUSABLE')
      return [
        step('root', false, `On the chain, contract ${bundle.contract} has no epoch ${bundle.epoch} of this registry.`),
      ];
    throw error;
  } finally {
    client.close();
  }
}

function askChain(
  bundle: ProofBundle,
  client: ChainClient,
  confirmations: number,
  now_ms: number,
): Promise<CheckStep[]> {
  const { epoch, root, block } = bundle;
  return client.use(async (provider) => {
    const log = new AnchorLogReader(provider, bundle.contract, bundle.registry_id);
    const onChain = await log.rootOf(epoch);
    const steps = [step('root', onChain === root, `On the chain the root of epoch ${epoch} is ${onChain}.`)];
    const found = await readBlock(provider, block.number);
    const same =
      found !== null &&
      (['hash', 'parent_hash', 'state_root'] as const).every((part) => found[part] === block[part]) &&
      Date.parse(found.timestamp) === Date.parse(block.timestamp);
    if (found === null || !same) {
      const instead = found === null ? 'no such block' : `another block of that number, ${found.hash}`;
      steps.push(
        step('block', false, `The bundle names block ${block.number} (${block.hash}); the chain has ${instead}.`),
      );
      return steps;
    }
    steps.push(step('block', true, `Block ${block.number} of the chain has the hash and the header of the bundle.`));
    const commit = await log.commitIn(block.hash, epoch);
    const committed = commit?.transaction === bundle.transaction && commit.root === root;
    steps.push(
      step(
        'transaction',
        committed,
        `Transaction ${bundle.transaction} ${committed ? 'committed' : 'did not commit'} that root in it.`,
      ),
    );
    const deep = (await provider.getBlockNumber()) - block.number + 1;
    steps.push(
      step('finality', deep >= confirmations, `The block has ${deep} confirmations; ${confirmations} are wanted.`),
    );
    steps.push(checkNewness(bundle, (await log.head()).epoch, 'the chain', block.timestamp, now_ms));
    return steps;
  });
}
