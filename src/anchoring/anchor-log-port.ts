// The AnchorLog contract as anybody can read it: heads, roots, who may commit, and where each commit stands.
import { Contract, getAddress, Interface, isError, type JsonRpcProvider, toBeHex } from 'ethers';
import { isNodeFault } from '../platform/chain/chain-client.ts';
import { contractArtifact } from '../platform/chain/contract-artifact.ts';
import { problem } from '../platform/problem.ts';
import type { Inclusion } from './anchor-store.ts';

export interface ChainHead {
  epoch: number;
  root: string;
}

export class AnchorLogReader {
  protected readonly provider: JsonRpcProvider;
  protected readonly interface: Interface;
  protected readonly address: string;
  protected readonly registryId: string;
  readonly #contract: Contract;

  constructor(provider: JsonRpcProvider, address: string, registryId: string) {
    this.provider = provider;
    this.interface = Interface.from(contractArtifact('AnchorLog').abi);
    this.#contract = new Contract(address, this.interface, provider);
    this.address = address;
    this.registryId = registryId;
  }

  async isThere(): Promise<boolean> {
    return (await this.provider.getCode(this.address)) !== '0x';
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where there is no such registry */
  async head(): Promise<ChainHead> {
    const [epoch, , root] = await refusalsAsProblems(() => this.#contract.getFunction('head')(this.registryId));
    return { epoch: Number(epoch), root: String(root) };
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where the registry has no such epoch */
  async rootOf(epoch: number): Promise<string> {
    return String(await refusalsAsProblems(() => this.#contract.getFunction('rootOf')(this.registryId, epoch)));
  }

  /** Address of the only account that may commit. @throws CHAIN_CONTRACT_UNUSABLE where there is no such registry */
  async committer(): Promise<string> {
    return getAddress(
      String(await refusalsAsProblems(() => this.#contract.getFunction('committerOf')(this.registryId))),
    );
  }

  /**
   * Where the commit of an epoch stands on the chain, `null` where it can't be found.
   *
   * @param transaction its hash, where we know it; else it is looked for in the contract's events from `fromBlock` on
   */
  async findCommit(epoch: number, transaction: string | null, fromBlock: number): Promise<Inclusion | null> {
    const receipt = transaction === null ? null : await this.provider.getTransactionReceipt(transaction);
    const found =
      receipt?.status === 1
        ? { hash: receipt.hash, block: receipt.blockNumber, blockHash: receipt.blockHash }
        : await this.#findEvent(epoch, fromBlock);
    if (found === null) return null;
    const block = await this.provider.getBlock(found.blockHash);
    if (block === null) return null;
    return {
      transaction: found.hash,
      block: found.block,
      blockHash: found.blockHash,
      blockTime: new Date(block.timestamp * 1000),
    };
  }

  /** What a block committed for an epoch, `null` where it did not. */
  async commitIn(blockHash: string, epoch: number): Promise<{ transaction: string; root: string } | null> {
    const [log] = await this.provider.getLogs({ address: this.address, topics: this.#topicsOf(epoch), blockHash });
    if (log === undefined) return null;
    const committed = this.interface.decodeEventLog('Committed', log.data, log.topics);
    return { transaction: log.transactionHash, root: String(committed.root) };
  }

  #topicsOf(epoch: number): (string | null)[] {
    return [this.interface.getEvent('Committed')?.topicHash ?? null, this.registryId, toBeHex(epoch, 32)];
  }

  async #findEvent(
    epoch: number,
    fromBlock: number,
  ): Promise<{ hash: string; block: number; blockHash: string } | null> {
    const [log] = await this.provider.getLogs({
      address: this.address,
      topics: this.#topicsOf(epoch),
      fromBlock,
      toBlock: 'latest',
    });
    return log === undefined ? null : { hash: log.transactionHash, block: log.blockNumber, blockHash: log.blockHash };
  }
}

/** A call whose refusal by the contract is a problem to tell. What a node fails at is thrown as it is, for the next node. */
export async function refusalsAsProblems<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isError(error, 'CALL_EXCEPTION') && !isNodeFault(error))
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `The anchor contract refuses: ${error.revert?.name ?? error.shortMessage}.`,
      );
    if (isError(error, 'BAD_DATA'))
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        'There is no anchor contract at the address given; correct ANCHOR_CONTRACT.',
      );
    throw error;
  }
}
