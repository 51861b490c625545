// What stands on a chain, read block by block from the node itself: every transaction of one account, and every commit.
import { Contract, Interface, JsonRpcProvider, type TransactionReceipt, Wallet } from 'ethers';
import { contractArtifact } from '../../src/platform/chain/contract-artifact.ts';
import type { TestChain } from './test-chain.ts';

const anchorLog = Interface.from(contractArtifact('AnchorLog').abi);

export interface BookedTransaction {
  hash: string;
  block: number;
  nonce: number;
  succeeded: boolean;
  /** The epoch it commits, null where it does something else. */
  epoch: number | null;
}

export interface BookedCommit {
  epoch: number;
  root: string;
  block: number;
  transaction: string;
}

/** A node asked without any cache and without any proxy in between. */
export async function onNode<T>(chain: TestChain, work: (provider: JsonRpcProvider) => Promise<T>): Promise<T> {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, {
    ...{ staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1, pollingInterval: 50 },
  });
  try {
    return await work(provider);
  } finally {
    provider.destroy();
  }
}

/** Every transaction of `account` that is in a block, reverted ones too, in order. */
export function transactionsOf(chain: TestChain, account: string): Promise<BookedTransaction[]> {
  return onNode(chain, async (provider) => {
    const booked: BookedTransaction[] = [];
    const newest = await provider.getBlockNumber();
    for (let number = 0; number <= newest; number += 1) {
      const block = await provider.getBlock(number, true);
      for (const { from, hash, nonce, data } of block?.prefetchedTransactions ?? []) {
        if (from.toLowerCase() !== account.toLowerCase()) continue;
        const receipt: TransactionReceipt | null = await provider.getTransactionReceipt(hash);
        booked.push({ hash, nonce, block: number, succeeded: receipt?.status === 1, epoch: epochOf(data) });
      }
    }
    return booked;
  });
}

function epochOf(data: string): number | null {
  return data.startsWith(anchorLog.getFunction('commit')?.selector ?? '-')
    ? Number(anchorLog.decodeFunctionData('commit', data).epoch)
    : null;
}

/** Every commit that the contract tells of, in order. */
export function commitsIn(chain: TestChain, contract: string): Promise<BookedCommit[]> {
  return onNode(chain, async (provider) => {
    const topics = [anchorLog.getEvent('Committed')?.topicHash ?? null];
    const logs = await provider.getLogs({ address: contract, topics, fromBlock: 0, toBlock: 'latest' });
    return logs.map((log) => {
      const values = anchorLog.decodeEventLog('Committed', log.data, log.topics);
      return {
        epoch: Number(values.epoch),
        root: String(values.root),
        block: log.blockNumber,
        transaction: log.transactionHash,
      };
    });
  });
}

/** Asks a function of the contract. */
export function askAnchorLog(chain: TestChain, contract: string, name: string, ...values: unknown[]): Promise<unknown> {
  return onNode(chain, (provider) => new Contract(contract, anchorLog, provider).getFunction(name)(...values));
}

/** Sends a transaction to the contract past the service and waits until it is in a block. */
export function sendToAnchorLog(
  chain: TestChain,
  key: string,
  contract: string,
  name: string,
  ...values: unknown[]
): Promise<void> {
  return onNode(chain, async (provider) => {
    const sent = await new Contract(contract, anchorLog, new Wallet(key, provider)).getFunction(name)(...values);
    await sent.wait();
  });
}
