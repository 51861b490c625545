// What the chain says to an auditor: heads, and the commits of many epochs at once, by events where a node gives them.
import { getAddress } from 'ethers';
import type { ChainClient } from '../platform/chain/chain-client.ts';
import { AnchorLogReader, type ChainHead } from './anchor-log-port.ts';

export interface ChainCommit {
  epoch: number;
  root: string;
  /** Of the event; `null` where only the contract's state was asked. */
  transaction: string | null;
  block: number | null;
  blockHash: string | null;
}

export interface AuditChain {
  head(): Promise<ChainHead>;
  /**
   * @param blocks where the events should be, both included; events not found there leave their facts `null`
   * @throws CHAIN_CONTRACT_UNUSABLE where the registry has no such epochs
   */
  commits(from: number, upTo: number, blocks: { from: number; upTo: number } | null): Promise<ChainCommit[]>;
  /** Who sent a transaction; `null` where the node doesn't know it. */
  sender(transaction: string): Promise<string | null>;
  latestBlock(): Promise<number>;
  /** Seconds since 1970. */
  blockTime_s(blockHash: string): Promise<number | null>;
}

/** Nodes limit how many blocks one question may span; halved where a node finds it too much. */
const SLICE_blocks = 5_000;
const SLICES_MAX = 400;
const AT_ONCE = 8;

export function openAuditChain(client: ChainClient, contract: string, registryId: string): AuditChain {
  const use = <T>(work: (reader: CommitReader) => Promise<T>): Promise<T> =>
    client.use((provider) => work(new CommitReader(provider, contract, registryId)));
  return {
    head: () => use((reader) => reader.head()),
    commits: (from, upTo, blocks) => use((reader) => reader.commits(from, upTo, blocks)),
    sender: (transaction) =>
      client.use(async (provider) => {
        const sent = await provider.getTransaction(transaction);
        return sent === null ? null : getAddress(sent.from);
      }),
    latestBlock: () => client.use((provider) => provider.getBlockNumber()),
    blockTime_s: (blockHash) => client.use(async (provider) => (await provider.getBlock(blockHash))?.timestamp ?? null),
  };
}

class CommitReader extends AnchorLogReader {
  async commits(from: number, upTo: number, blocks: { from: number; upTo: number } | null): Promise<ChainCommit[]> {
    const found = blocks === null ? new Map<number, ChainCommit>() : await this.#events(blocks.from, blocks.upTo);
    const commits: ChainCommit[] = [];
    for (let epoch = from; epoch <= upTo; epoch += AT_ONCE) {
      const epochs = Array.from({ length: Math.min(AT_ONCE, upTo - epoch + 1) }, (_, i) => epoch + i);
      commits.push(...(await Promise.all(epochs.map(async (one) => found.get(one) ?? (await this.#byState(one))))));
    }
    return commits;
  }

  async #byState(epoch: number): Promise<ChainCommit> {
    return { epoch, root: await this.rootOf(epoch), transaction: null, block: null, blockHash: null };
  }

  async #events(from: number, upTo: number): Promise<Map<number, ChainCommit>> {
    const found = new Map<number, ChainCommit>();
    let slice = SLICE_blocks;
    for (let at = from, asked = 0; at <= upTo && asked < SLICES_MAX; asked += 1) {
      const end = Math.min(upTo, at + slice - 1);
      try {
        for (const commit of await this.#eventsIn(at, end)) found.set(commit.epoch, commit);
        at = end + 1;
      } catch {
        // Not to be had this way: the roots are asked from the contract one by one, and a node that is away is said there.
        if (slice === 1) break;
        slice = Math.ceil(slice / 8);
      }
    }
    return found;
  }

  async #eventsIn(fromBlock: number, toBlock: number): Promise<ChainCommit[]> {
    const topic = this.interface.getEvent('Committed')?.topicHash ?? null;
    const topics = [topic, this.registryId];
    const logs = await this.provider.getLogs({ address: this.address, topics, fromBlock, toBlock });
    return logs.map((log) => {
      const event = this.interface.parseLog(log);
      return {
        epoch: Number(event?.args.getValue('epoch')),
        root: String(event?.args.getValue('root')),
        transaction: log.transactionHash,
        block: log.blockNumber,
        blockHash: log.blockHash,
      };
    });
  }
}
