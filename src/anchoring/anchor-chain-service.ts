// Brings epochs to the chain and their status back: what the contract says decides, the database follows.
import type { JsonRpcProvider } from 'ethers';
import type { ChainClient } from '../platform/chain/chain-client.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { AnchorContract, deployAnchorLog } from './anchor-contract-port.ts';
import {
  type Epoch,
  type Registry,
  readEpoch,
  readLiveEpochs,
  readRegistry,
  recordFinal,
  recordIncluded,
  recordLost,
  recordSent,
  writeRegistry,
} from './anchor-store.ts';
import { toHex } from './hexadecimal.ts';

export interface AnchorChainSettings {
  /** The AnchorLog to use. Where none is given one is deployed at first start, and again where a chain has lost it. */
  contract?: string | undefined;
  /** Private key of the committer, 0x-hex. */
  committerKey: string;
  /** 0x-hex, 32 bytes: the name taken at the first start; the database remembers it. */
  registryId: string;
  /** A chain of its own may lose its tail and the contract with it; no other does, and none is deployed a second time. */
  isDevelopmentChain: boolean;
  /** Blocks, the epoch's own among them, that make it final. */
  confirmations: number;
}

export interface AnchorChainService {
  /**
   * One step: compares contract and database, updates statuses, and sends the next epoch where none is on its way.
   * Never waits for a block. To be called by one copy at a time.
   *
   * @throws CHAIN_AWAY, CHAIN_WRONG, CHAIN_AHEAD, CHAIN_DIFFERENT, CHAIN_CONTRACT_UNUSABLE
   */
  step(): Promise<void>;
}

export function createAnchorChainService(
  pool: Pool,
  client: ChainClient,
  settings: AnchorChainSettings,
  logger: Logger,
): AnchorChainService {
  let checked: string | undefined;

  async function contractOn(provider: JsonRpcProvider, chainId: number): Promise<AnchorContract> {
    const known = await readRegistry(pool);
    const address = settings.contract ?? known?.contract;
    const registryId = known?.registryId ?? settings.registryId;
    if (known !== null) refuseAnotherPlace(known, { chainId, contract: address ?? '', registryId });
    if (address !== undefined) {
      const contract = new AnchorContract(provider, address, registryId, settings.committerKey);
      if (settings.contract !== undefined || (await contract.isThere())) {
        if (known === null) await writeRegistry(pool, { chainId, contract: address, registryId: registryId });
        if (checked !== address) await contract.checkCommitter();
        checked = address;
        return contract;
      }
      if (!settings.isDevelopmentChain) {
        throw problem(
          'CHAIN_CONTRACT_UNUSABLE',
          `Chain ${chainId} has no contract at ${address}, where this database's epochs are; ask another node (CHAIN_RPC_URL).`,
        );
      }
      logger.warn({ contract: address }, 'the chain has lost the anchor contract; deploying it again');
    }
    const deployed = await deployAnchorLog(provider, settings.committerKey, registryId);
    await writeRegistry(pool, { chainId, contract: deployed, registryId: registryId });
    logger.info({ contract: deployed, chainId }, 'deployed the anchor contract');
    return new AnchorContract(provider, deployed, registryId, settings.committerKey);
  }

  async function followChain(provider: JsonRpcProvider, contract: AnchorContract): Promise<number> {
    const latest = await provider.getBlockNumber();
    const head = await contract.head();
    await compare(head.epoch, head.root);
    const lost = await recordLost(pool, head.epoch);
    if (lost > 0) logger.warn({ epochs: lost, newest: head.epoch }, 'the chain has lost epochs; sending them again');
    const live = await readLiveEpochs(pool);
    let fromBlock = live.find(({ status }) => status === 'final')?.block ?? 0;
    for (const epoch of live) {
      if (epoch.status === 'final' || epoch.epoch > head.epoch) continue;
      const inclusion = await contract.findCommit(epoch.epoch, epoch.transaction, fromBlock);
      if (inclusion === null) break;
      if (epoch.blockHash !== inclusion.blockHash) await recordIncluded(pool, epoch.epoch, inclusion);
      if (latest - inclusion.block + 1 < settings.confirmations) continue;
      await recordFinal(pool, epoch.epoch);
      fromBlock = inclusion.block;
    }
    return head.epoch;
  }

  /** The chain may be behind the database, never ahead of it, and never beside it. */
  async function compare(epoch: number, root: string): Promise<void> {
    if (epoch === 0) return;
    const own = await readEpoch(pool, epoch);
    if (own === null)
      throw problem(
        'CHAIN_AHEAD',
        `The chain holds ${epoch} epochs, more than the database: an old copy of it was restored. ` +
          'Restore a newer one; nothing is committed until then.',
      );
    if (toHex(own.root) !== root)
      throw problem(
        'CHAIN_DIFFERENT',
        `Epoch ${epoch} has another root on the chain than in the database; nothing is committed until this is cleared up.`,
      );
  }

  async function sendNext(contract: AnchorContract, next: Epoch): Promise<void> {
    if (await contract.isBusy()) return;
    const { hash, send } = await contract.signCommit(next.epoch, toHex(next.previousRoot), toHex(next.root));
    // Known before it is sent: whatever happens in between, it can be found again.
    await recordSent(pool, next.epoch, hash);
    await send();
    logger.debug({ epoch: next.epoch, transaction: hash }, 'sent an epoch');
  }

  return {
    step: () =>
      client.use(async (provider, chainId) => {
        const contract = await contractOn(provider, chainId);
        const onChain = await followChain(provider, contract);
        const next = await readEpoch(pool, onChain + 1);
        if (next !== null) await sendNext(contract, next);
      }),
  };
}

function refuseAnotherPlace(known: Registry, wanted: Registry): void {
  const differences = (['chainId', 'contract'] as const).filter(
    (part) => String(known[part]).toLowerCase() !== String(wanted[part]).toLowerCase(),
  );
  if (differences.length > 0)
    throw problem(
      'CHAIN_CONTRACT_UNUSABLE',
      `This database's epochs are in registry ${known.registryId} of contract ${known.contract} on chain ` +
        `${known.chainId}; the settings say otherwise (${differences.join(', ')}). Use those again, or another database.`,
    );
}
