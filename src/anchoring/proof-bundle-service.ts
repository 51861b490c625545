// Makes the bundle of a key: its proof in an epoch that stands in a block, and that block's header as a node has it now.
import type { ChainClient } from '../platform/chain/chain-client.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import type { AnchorService } from './anchor-service.ts';
import { readEpoch } from './anchor-store.ts';
import { readBlock } from './block-port.ts';
import type { ProofBundle } from './proof-bundle.ts';

export interface ProofBundleService {
  /**
   * @param key 32 bytes
   * @throws NOT_FOUND before the first epoch, ANCHOR_PENDING while the key's state is in no block, CHAIN_AWAY,
   *   CHAIN_WRONG, NOT_READY
   */
  bundleOf(key: Uint8Array): Promise<ProofBundle>;
}

export function createProofBundleService(
  pool: Pool,
  anchors: Pick<AnchorService, 'anchorOf'>,
  client: ChainClient,
): ProofBundleService {
  return {
    async bundleOf(key) {
      const anchor = await anchors.anchorOf(key);
      if (anchor === null) throw problem('NOT_FOUND', 'Nothing is anchored yet.');
      const { epoch, root, proof } = anchor;
      const row = epoch === null ? null : await readEpoch(pool, epoch);
      if (epoch === null || root === null || proof === null || !row?.transaction || row.blockHash === null)
        throw problem(
          'ANCHOR_PENDING',
          'What stands under this key is in no block yet; ask again after the next epoch.',
        );
      const { transaction, blockHash } = row;
      // By its hash: the node may know another block of that number.
      const block = await client.use((provider) => readBlock(provider, blockHash));
      if (block === null)
        throw problem(
          'ANCHOR_PENDING',
          `The chain node does not have the block of epoch ${epoch}: it is behind, or the block was replaced; ask again shortly.`,
        );
      const { chain_id, contract, registry_id, value } = anchor;
      return {
        ...{ version: 1, chain_id, contract, registry_id, epoch, root, key: anchor.key, value, proof, transaction },
        block,
      };
    },
  };
}
