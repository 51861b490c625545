// The AnchorLog contract as its committer uses it: deploy, register, commit.
import { Contract, ContractFactory, getAddress, type JsonRpcProvider, keccak256, Wallet } from 'ethers';
import { contractArtifact } from '../platform/chain/contract-artifact.ts';
import { problem } from '../platform/problem.ts';
import { AnchorLogReader, refusalsAsProblems } from './anchor-log-port.ts';
import { anchoringLimits } from './anchoring-limits.ts';

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

export class AnchorContract extends AnchorLogReader {
  readonly #wallet: Wallet;

  constructor(provider: JsonRpcProvider, address: string, registryId: string, committerKey: string) {
    super(provider, address, registryId);
    this.#wallet = new Wallet(committerKey, provider);
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where our key may not commit */
  async checkCommitter(): Promise<void> {
    const committer = await this.committer();
    if (committer !== this.#wallet.address)
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `Registry ${this.registryId} takes commits from ${committer}, but our key is that of ${this.#wallet.address}.`,
      );
  }

  /** Whether a transaction of ours is on its way and not yet in a block. */
  async isBusy(): Promise<boolean> {
    const [mined, all] = await Promise.all([
      this.provider.getTransactionCount(this.#wallet.address, 'latest'),
      this.provider.getTransactionCount(this.#wallet.address, 'pending'),
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
    const commit = new Contract(this.address, this.interface, this.#wallet).getFunction('commit');
    const values = [this.registryId, epoch, previousRoot, root] as const;
    const gas = await refusalsAsProblems(() => commit.estimateGas(...values));
    const transaction = await this.#wallet.populateTransaction({
      to: this.address,
      data: this.interface.encodeFunctionData('commit', values),
      nonce: await this.provider.getTransactionCount(this.#wallet.address, 'latest'),
      gasLimit: (gas * BigInt(100 + anchoringLimits.gasMargin_percent)) / 100n,
    });
    const signed = await this.#wallet.signTransaction(transaction);
    return {
      hash: keccak256(signed),
      send: async () => {
        await this.provider.broadcastTransaction(signed);
      },
    };
  }
}
