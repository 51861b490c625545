// The AnchorLog contract as anchoring uses it: deploy, register, read, commit; its refusals as problems.
import {
  Contract,
  ContractFactory,
  getAddress,
  Interface,
  isError,
  type JsonRpcProvider,
  keccak256,
  toBeHex,
  Wallet,
} from 'ethers';
import { contractArtifact } from '../platform/chain/contract-artifact.ts';
import { problem } from '../platform/problem.ts';
import type { Inclusion } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';

export interface ChainHead {
  epoch: number;
  root: string;
}

const MINED_POLL_ms = 250;

/** Deploys a contract of our own and opens our registry in it. @returns its address */
export async function deployAnchorLog(
  provider: JsonRpcProvider,
  committerKey: string,
  registryId: string,
): Promise<string> {
  provider.pollingInterval = MINED_POLL_ms;
  const { abi, bytecode } = contractArtifact('AnchorLog');
  const wallet = new Wallet(committerKey, provider);
  const deployed = await new ContractFactory(abi, bytecode, wallet).deploy();
  await deployed.waitForDeployment();
  const registration = await deployed.getFunction('register').send(registryId, wallet.address);
  await registration.wait();
  return getAddress(await deployed.getAddress());
}

export class AnchorContract {
  readonly #provider: JsonRpcProvider;
  readonly #contract: Contract;
  readonly #interface: Interface;
  readonly #address: string;
  readonly #registryId: string;
  readonly #wallet: Wallet;

  constructor(provider: JsonRpcProvider, address: string, registryId: string, committerKey: string) {
    this.#provider = provider;
    this.#wallet = new Wallet(committerKey, provider);
    this.#interface = Interface.from(contractArtifact('AnchorLog').abi);
    this.#contract = new Contract(address, this.#interface, this.#wallet);
    this.#address = address;
    this.#registryId = registryId;
  }

  async isThere(): Promise<boolean> {
    return (await this.#provider.getCode(this.#address)) !== '0x';
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where there is no such registry */
  async head(): Promise<ChainHead> {
    const [epoch, , root] = await refusalsAsProblems(() => this.#contract.getFunction('head')(this.#registryId));
    return { epoch: Number(epoch), root: String(root) };
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where our key may not commit */
  async checkCommitter(): Promise<void> {
    const committer = await refusalsAsProblems(() => this.#contract.getFunction('committerOf')(this.#registryId));
    if (getAddress(String(committer)) !== this.#wallet.address)
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `Registry ${this.#registryId} takes commits from ${committer}, but our key is that of ${this.#wallet.address}.`,
      );
  }

  /** Whether a transaction of ours is on its way and not yet in a block. */
  async isBusy(): Promise<boolean> {
    const [mined, all] = await Promise.all([
      this.#provider.getTransactionCount(this.#wallet.address, 'latest'),
      this.#provider.getTransactionCount(this.#wallet.address, 'pending'),
    ]);
    return all > mined;
  }

  /**
   * Signs a commit under the lowest nonce that no mined transaction has, so that sending one twice can't make two.
   * @returns its hash, and how to send it
   * @throws CHAIN_CONTRACT_UNUSABLE where the contract would refuse it
   */
  async signCommit(
    epoch: number,
    previousRoot: string,
    root: string,
  ): Promise<{ hash: string; send: () => Promise<void> }> {
    const commit = this.#contract.getFunction('commit');
    const values = [this.#registryId, epoch, previousRoot, root] as const;
    const gas = await refusalsAsProblems(() => commit.estimateGas(...values));
    const transaction = await this.#wallet.populateTransaction({
      to: this.#address,
      data: this.#interface.encodeFunctionData('commit', values),
      nonce: await this.#provider.getTransactionCount(this.#wallet.address, 'latest'),
      gasLimit: (gas * BigInt(100 + anchoringLimits.gasMargin_percent)) / 100n,
    });
    const signed = await this.#wallet.signTransaction(transaction);
    return {
      hash: keccak256(signed),
      send: async () => {
        await this.#provider.broadcastTransaction(signed);
      },
    };
  }

  /**
   * Where the commit of an epoch stands on the chain, `null` where it can't be found.
   *
   * @param transaction its hash, where we know it; else it is looked for in the contract's events from `fromBlock` on
   */
  async findCommit(epoch: number, transaction: string | null, fromBlock: number): Promise<Inclusion | null> {
    const receipt = transaction === null ? null : await this.#provider.getTransactionReceipt(transaction);
    const found =
      receipt?.status === 1
        ? { hash: receipt.hash, block: receipt.blockNumber, blockHash: receipt.blockHash }
        : await this.#findEvent(epoch, fromBlock);
    if (found === null) return null;
    const block = await this.#provider.getBlock(found.blockHash);
    if (block === null) return null;
    return {
      transaction: found.hash,
      block: found.block,
      blockHash: found.blockHash,
      blockTime: new Date(block.timestamp * 1000),
    };
  }

  async #findEvent(
    epoch: number,
    fromBlock: number,
  ): Promise<{ hash: string; block: number; blockHash: string } | null> {
    const [log] = await this.#provider.getLogs({
      address: this.#address,
      topics: [this.#interface.getEvent('Committed')?.topicHash ?? null, this.#registryId, toBeHex(epoch, 32)],
      fromBlock,
      toBlock: 'latest',
    });
    return log === undefined ? null : { hash: log.transactionHash, block: log.blockNumber, blockHash: log.blockHash };
  }
}

async function refusalsAsProblems<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isError(error, 'CALL_EXCEPTION'))
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `The anchor contract refuses: ${error.revert?.name ?? error.shortMessage}.`,
      );
    if (isError(error, 'BAD_DATA'))
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        'There is no anchor contract at the address given; correct CHAIN_CONTRACT.',
      );
    if (isError(error, 'INSUFFICIENT_FUNDS'))
      throw problem('CHAIN_CONTRACT_UNUSABLE', "The committer's account can't pay for a transaction; fund it.");
    throw error;
  }
}
