// The AnchorLog contract as its committer uses it: what deploys it, opens a registry, hands it over, and commits.
import { Contract, isError, type JsonRpcProvider, ZeroAddress } from 'ethers';
import { contractArtifact } from '../platform/chain/contract-artifact.ts';
import { problem } from '../platform/problem.ts';
import { AnchorLogReader, refusalsAsProblems } from './anchor-log-port.ts';
import type { ChainAccount } from './chain-account-port.ts';
import type { ChainTask } from './sender-service.ts';

/** What deploys a contract of our own. */
export function deployment(account: ChainAccount): ChainTask {
  const call = { to: null, data: contractArtifact('AnchorLog').bytecode };
  return { what: 'deploy', epoch: null, call, estimateGas: () => account.estimateGas(call) };
}

export class AnchorContract extends AnchorLogReader {
  readonly #account: ChainAccount;
  readonly #asCommitter: Contract;

  constructor(provider: JsonRpcProvider, address: string, registryId: string, account: ChainAccount) {
    super(provider, address, registryId);
    this.#account = account;
    this.#asCommitter = new Contract(address, this.interface, account.wallet);
  }

  get place(): string {
    return this.address;
  }

  /** Whether the contract has our registry. @throws CHAIN_CONTRACT_UNUSABLE where there is no such contract */
  async hasRegistry(): Promise<boolean> {
    try {
      await this.#asCommitter.getFunction('committerOf')(this.registryId);
      return true;
    } catch (error) {
      if (isError(error, 'CALL_EXCEPTION') && error.revert?.name === 'RegistryUnknown') return false;
      return refusalsAsProblems(() => Promise.reject(error));
    }
  }

  /** @throws CHAIN_CONTRACT_UNUSABLE where our key may not commit */
  async checkCommitter(): Promise<void> {
    const committer = await this.committer();
    if (committer !== this.#account.address)
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `Registry ${this.registryId} takes commits from ${committer}, but our key is that of ${this.#account.address}.`,
      );
  }

  /** Whether the registry is still ours and was not offered to `newOwner` yet. */
  async mayBeOfferedTo(newOwner: string): Promise<boolean> {
    const [owner, offeredTo] = await this.#asCommitter.getFunction('ownerOf')(this.registryId);
    return owner === this.#account.address && owner !== newOwner && (offeredTo || ZeroAddress) !== newOwner;
  }

  /** @throws CHAIN_PAUSED */
  async checkNotPaused(): Promise<void> {
    if (await refusalsAsProblems(() => this.#asCommitter.getFunction('isPaused')(this.registryId)))
      throw problem(
        'CHAIN_PAUSED',
        `The owner of registry ${this.registryId} has stopped commits; epochs wait until it allows them again (setPaused).`,
      );
  }

  registration(): ChainTask {
    return this.#task('register', null, 'register', [this.registryId, this.#account.address]);
  }

  handover(newOwner: string): ChainTask {
    return this.#task('offer', null, 'startHandover', [this.registryId, newOwner]);
  }

  commit(epoch: number, previousRoot: string, root: string): ChainTask {
    return this.#task('commit', epoch, 'commit', [this.registryId, epoch, previousRoot, root]);
  }

  #task(what: ChainTask['what'], epoch: number | null, name: string, values: readonly unknown[]): ChainTask {
    return {
      what,
      epoch,
      call: { to: this.address, data: this.interface.encodeFunctionData(name, values) },
      /** @throws CHAIN_CONTRACT_UNUSABLE where the contract would refuse it */
      estimateGas: () => refusalsAsProblems(() => this.#asCommitter.getFunction(name).estimateGas(...values)),
    };
  }
}
