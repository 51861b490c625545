// Brings epochs to the chain and their status back: what the contract says decides, the database follows.
import type { JsonRpcProvider } from 'ethers';
import { type ChainClient, LAG_blocks } from '../platform/chain/chain-client.ts';
import type { Logger } from '../platform/logger.ts';
import type { Queryable } from '../platform/postgres/database.ts';
import { type Problem, problem } from '../platform/problem.ts';
import type { AnchorContract } from './anchor-contract-port.ts';
import { AnchorLogReader, type ChainHead } from './anchor-log-port.ts';
import { createPreparing, type PlaceSettings } from './anchor-preparing-service.ts';
import {
  type Epoch,
  readEpoch,
  readLiveEpochs,
  readRegistry,
  recordFinal,
  recordIncluded,
  recordLost,
  recordNoLongerFinal,
} from './anchor-store.ts';
import { ChainAccount } from './chain-account-port.ts';
import { toHex } from './hexadecimal.ts';
import type { Sender } from './sender-service.ts';
import { readTransactionsOf } from './sending-store.ts';

export interface AnchorChainSettings extends PlaceSettings {
  /** Private key of the committer, 0x-hex. */
  committerKey: string;
  /** Blocks, the epoch's own among them, that make it final. */
  confirmations: number;
}

export interface ChainStep {
  /** The newest block of the node in use. */
  block: number;
  /** `false` while contract or registry are on their way to the chain. */
  isReady: boolean;
  /** What is wrong and yet keeps no epoch from the chain. */
  warning: Problem | null;
}

export interface AnchorChainService {
  /**
   * One step: compares contract and database, updates statuses, and sends the next epoch where it is not on the chain.
   * Never waits for a block. To be called by one copy at a time.
   *
   * @param session the connection that holds the lock of the only worker
   * @throws CHAIN_AWAY, CHAIN_WRONG, CHAIN_AHEAD, CHAIN_DIFFERENT, CHAIN_CONTRACT_UNUSABLE, CHAIN_PAUSED,
   *   CHAIN_FUNDS_MISSING, CHAIN_FEE_CEILING
   */
  step(session: Queryable): Promise<ChainStep>;
}

interface Chain {
  session: Queryable;
  provider: JsonRpcProvider;
  contract: AnchorContract;
  account: ChainAccount;
  registryId: string;
}

export function createAnchorChainService(
  client: ChainClient,
  settings: AnchorChainSettings,
  sender: Sender,
  logger: Logger,
  events: { reorganized(): void },
): AnchorChainService {
  const prepare = createPreparing(settings, sender, logger);

  async function followChain(chain: Chain, latest: number): Promise<{ head: number; disagreeing: string[] }> {
    const { session, contract, provider } = chain;
    const head = await contract.head();
    await compare(session, head).catch((difference: unknown) => unlessNodesDisagree(chain, head, latest, difference));
    const lost = await recordLost(session, head.epoch);
    if (lost > 0) {
      events.reorganized();
      logger.warn({ epochs: lost, newest: head.epoch }, 'the chain has lost epochs; sending them again');
    }
    await recheckFinal(session, provider);
    const live = await readLiveEpochs(session);
    let fromBlock = live.find(({ status }) => status === 'final')?.block ?? 0;
    let disagreeing: string[] = [];
    let isHeldBack = false;
    for (const epoch of live) {
      if (epoch.status === 'final' || epoch.epoch > head.epoch) continue;
      const included = await findInBlock(chain, epoch, fromBlock);
      if (included === null) break;
      // One held back holds back those after it.
      if (isHeldBack || latest - included.block + 1 < settings.confirmations) continue;
      const { against, undecided } = await askOthers(chain, epoch, included);
      disagreeing = against;
      isHeldBack = against.length > 0 || undecided.length > 0;
      if (isHeldBack) continue;
      await recordFinal(session, epoch.epoch);
      fromBlock = included.block;
    }
    return { head: head.epoch, disagreeing };
  }

  /** An epoch's block on the canonical chain, written down where it is another than was known. */
  async function findInBlock(
    { session, provider, contract, account }: Chain,
    epoch: Epoch,
    fromBlock: number,
  ): Promise<{ block: number; blockHash: string } | null> {
    const { block, blockHash } = epoch;
    if (block !== null && blockHash !== null && (await hashAt(provider, block)) === blockHash)
      return { block, blockHash };
    const inclusion = await contract.findCommit(epoch.epoch, await minedOf(session, account, epoch), fromBlock);
    if (inclusion === null) return null;
    // The head alone would not show a foreign root beneath one of ours.
    if ((await contract.rootOf(epoch.epoch)) !== toHex(epoch.root)) throw rootDiffers(epoch.epoch);
    if (block !== null) events.reorganized();
    await recordIncluded(session, epoch.epoch, inclusion);
    return inclusion;
  }

  /** A re-org deeper than the confirmations: final epochs whose block is on the chain no more are looked for again. */
  async function recheckFinal(session: Queryable, provider: JsonRpcProvider): Promise<void> {
    let epoch = (await readLiveEpochs(session)).find(({ status }) => status === 'final') ?? null;
    let firstMoved: number | null = null;
    while (epoch !== null && epoch.block !== null && (await hashAt(provider, epoch.block)) !== epoch.blockHash) {
      firstMoved = epoch.epoch;
      epoch = await readEpoch(session, epoch.epoch - 1);
    }
    if (firstMoved === null) return;
    await recordNoLongerFinal(session, firstMoved);
    logger.warn({ epoch: firstMoved }, 'the chain was rewritten beneath final epochs; they have to become final again');
  }

  /** Whether the other nodes see the same block at that height and the same root in the contract. */
  function askOthers(chain: Chain, epoch: Epoch, { block, blockHash }: { block: number; blockHash: string }) {
    return client.disagreeing(async (provider) => {
      const behind = block - (await provider.getBlockNumber());
      // Whoever is ahead alone decides nothing; nor does a node that stands still keep anybody waiting unnoticed.
      if (behind > 0) return behind > LAG_blocks ? false : null;
      if ((await hashAt(provider, block)) !== blockHash) return false;
      const reader = new AnchorLogReader(provider, chain.contract.place, chain.registryId);
      return (await reader.rootOf(epoch.epoch)) === toHex(epoch.root);
    });
  }

  /** A node that lies about the contract is no stolen key and no old database. */
  async function unlessNodesDisagree(chain: Chain, claimed: ChainHead, latest: number, difference: unknown) {
    const { against } = await client.disagreeing(async (provider) => {
      const reader = new AnchorLogReader(provider, chain.contract.place, chain.registryId);
      if ((await reader.head()).epoch >= claimed.epoch) return (await reader.rootOf(claimed.epoch)) === claimed.root;
      return (await provider.getBlockNumber()) < latest ? null : false;
    });
    throw against.length > 0 ? nodesDisagree(against) : difference;
  }

  return {
    async step(session) {
      const known = await readRegistry(session);
      if (known !== null) client.expect(known.chainId);
      return client.use(async (provider, chainId) => {
        const account = new ChainAccount(provider, chainId, settings.committerKey);
        const block = await provider.getBlockNumber();
        const contract = await prepare(session, provider, chainId, account);
        if (contract === null) return { block, isReady: false, warning: null };
        const registryId = known?.registryId ?? settings.registryId;
        const { head, disagreeing } = await followChain({ session, provider, contract, account, registryId }, block);
        const next = await readEpoch(session, head + 1);
        if (next !== null) {
          // Somebody else's, which a deep re-org took away again: it is not for us to put it back.
          if (next.disownedAt !== null) throw rootDiffers(next.epoch);
          await contract.checkNotPaused();
          await sender.advance(
            session,
            account,
            contract.commit(next.epoch, toHex(next.previousRoot), toHex(next.root)),
          );
        }
        return { block, isReady: true, warning: warningOf(disagreeing, client) };
      });
    },
  };
}

/** The chain may be behind the database, never ahead of it, and never beside it. */
async function compare(session: Queryable, { epoch, root }: ChainHead): Promise<void> {
  if (epoch === 0) return;
  const own = await readEpoch(session, epoch);
  if (own === null)
    throw problem(
      'CHAIN_AHEAD',
      `The chain holds ${epoch} epochs, more than the database. Either an old copy of the database was restored: restore a ` +
        "newer one or reconcile. Or somebody else committed with the committer's key: it was stolen, and the registry's " +
        'owner must replace it (setCommitter). Nothing is committed until then.',
    );
  if (toHex(own.root) !== root) throw rootDiffers(epoch);
}

function rootDiffers(epoch: number): Problem {
  return problem(
    'CHAIN_DIFFERENT',
    `Epoch ${epoch} has another root on the chain than in the database. Either the database was restored and went on by ` +
      "itself, or somebody else committed with the committer's key: it was stolen, and the registry's owner must replace " +
      'it (setCommitter). Nothing is committed until this is cleared up.',
  );
}

function warningOf(disagreeing: readonly string[], client: ChainClient): Problem | null {
  if (disagreeing.length > 0) return nodesDisagree(disagreeing);
  const wrong = client.nodes().filter(({ state }) => state === 'wrong_chain');
  if (wrong.length > 0)
    return problem(
      'CHAIN_WRONG',
      `Refused as of another chain: ${wrong.map(({ host }) => host).join(', ')}; the other nodes are used. ` +
        'Correct CHAIN_RPC_URL.',
    );
  return null;
}

function nodesDisagree(hosts: readonly string[]): Problem {
  return problem(
    'CHAIN_NODES_DISAGREE',
    `Chain nodes tell another block or root than the one in use, or stand still: ${hosts.join(', ')}. ` +
      'No epoch becomes final until they agree; take the wrong one out of CHAIN_RPC_URL.',
  );
}

/** Which of an epoch's transactions is the one in a block. */
async function minedOf(session: Queryable, account: ChainAccount, { epoch }: Epoch): Promise<string | null> {
  for (const transaction of await readTransactionsOf(session, epoch))
    if (await account.hasSucceeded(transaction)) return transaction;
  return null;
}

async function hashAt(provider: JsonRpcProvider, block: number): Promise<string | null> {
  return (await provider.getBlock(block))?.hash ?? null;
}
