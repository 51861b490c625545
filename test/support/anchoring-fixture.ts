// Anchoring on a database and a chain node of a test's own, with the steps that its tests are written in.
import { Contract, ContractFactory, JsonRpcProvider, Wallet } from 'ethers';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { type Anchoring, type AnchoringOptions, createAnchoring } from '../../src/anchoring/anchoring-service.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { proofFromText } from '../../src/anchoring/proofs.ts';
import { contractArtifact } from '../../src/platform/chain/contract-artifact.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { startTestChain, type TestChain } from './test-chain.ts';

export const CONFIRMATIONS = 4;
export const WAIT = { timeout: 40_000, interval: 50 };
export const REGISTRY_ID = `0x${'0c'.repeat(32)}`;
export const STUCK_AFTER_ms = 15_000;
const EPOCH_INTERVAL_ms = 5_000;

export const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);

export class AnchoringFixture {
  readonly pool: Pool;
  #chain: TestChain | undefined;
  #clock_ms = Date.UTC(2026, 10, 1);
  #running: Anchoring[] = [];

  /** Call at the top of a test file. */
  constructor(pool: Pool) {
    this.pool = pool;
    beforeEach(async () => {
      await pool.query(
        'TRUNCATE anchoring.outbox, anchoring.change, anchoring.epoch, anchoring.registry, ' +
          'anchoring.sending, anchoring.worker_state',
      );
      this.#chain = await startTestChain();
    });
    afterEach(async () => {
      for (const anchoring of this.#running.splice(0)) await anchoring.stop();
      await this.#chain?.kill();
    });
  }

  get chain(): TestChain {
    if (this.#chain === undefined) throw new Error('only within a test');
    return this.#chain;
  }

  create(change: Partial<AnchoringOptions['chain']> = {}): Anchoring {
    const { url, key } = this.chain;
    const made = createAnchoring({
      pool: this.pool,
      chain: {
        rpcUrls: [url],
        committerKey: key,
        registryId: REGISTRY_ID,
        isDevelopmentChain: true,
        confirmations: CONFIRMATIONS,
        stuckAfter_ms: STUCK_AFTER_ms,
        maxFee_gwei: 500,
        ...change,
      },
      epochInterval_ms: EPOCH_INTERVAL_ms,
      epochChanges: 3,
      clock: { now_ms: () => this.#clock_ms },
      logger: createLogger('silent'),
      metrics: createMetrics(),
    });
    this.#running.push(made);
    return made;
  }

  async start(change: Partial<AnchoringOptions['chain']> = {}): Promise<Anchoring> {
    const made = this.create(change);
    await made.start();
    return made;
  }

  async stop(one: Anchoring): Promise<void> {
    this.#running = this.#running.filter((other) => other !== one);
    await one.stop();
  }

  set(n: number, value: number | null): Promise<void> {
    return enqueueChange(this.pool, hash(n), value === null ? null : hash(value));
  }

  /** Lets the next epoch be due, or so much time pass. */
  passTime(time_ms = EPOCH_INTERVAL_ms): void {
    this.#clock_ms += time_ms;
  }

  async untilFinal(one: Anchoring, n: number): Promise<void> {
    await untilIncluded(one, n);
    await this.chain.mine(CONFIRMATIONS - 1);
    await expect.poll(() => statusOf(one, n), WAIT).toBe('final');
  }

  /** What the contract itself says: nothing of ours in between. */
  async onChain(contract: string, call: string, ...values: unknown[]): Promise<unknown> {
    return askContract(this.chain.url, contract, call, ...values);
  }

  isAnchoredOnChain(anchor: Anchor): Promise<unknown> {
    return isAnchoredAt(this.chain.url, anchor);
  }

  /** A contract with the registry, without a service. @returns its address */
  deployContract(): Promise<string> {
    return this.#asCommitter(async (wallet) => {
      const { abi, bytecode } = contractArtifact('AnchorLog');
      const deployed = await (await new ContractFactory(abi, bytecode, wallet).deploy()).waitForDeployment();
      await (await deployed.getFunction('register')(REGISTRY_ID, wallet.address)).wait();
      return deployed.getAddress();
    });
  }

  /** Commits past the service, with its key. */
  commitOnChain(contract: string, epoch: number, previousRoot: string, root: string): Promise<void> {
    return this.#asCommitter(async (wallet) => {
      const log = new Contract(contract, contractArtifact('AnchorLog').abi, wallet);
      await (await log.getFunction('commit')(REGISTRY_ID, epoch, previousRoot, root)).wait();
    });
  }

  async #asCommitter<T>(work: (wallet: Wallet) => Promise<T>): Promise<T> {
    const { url, chainId, key } = this.chain;
    const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 });
    try {
      return await work(new Wallet(key, provider));
    } finally {
      provider.destroy();
    }
  }
}

export const anchorOf = (one: Anchoring, n: number): Promise<Anchor | null> => one.service.anchorOf(hash(n));

export const statusOf = async (one: Anchoring, n: number): Promise<string | undefined> =>
  (await anchorOf(one, n))?.status;

export async function untilIncluded(one: Anchoring, n: number): Promise<void> {
  await expect.poll(() => statusOf(one, n), WAIT).toBe('included');
}

export function isAnchoredAt(
  url: string,
  { contract, registry_id, epoch, key, value, proof }: Anchor,
): Promise<unknown> {
  const bytes = proofFromText(proof ?? '');
  return value === null
    ? askContract(url, contract, 'isAbsent', registry_id, epoch, key, bytes)
    : askContract(url, contract, 'isAnchored', registry_id, epoch, key, value, bytes);
}

async function askContract(url: string, contract: string, call: string, ...values: unknown[]): Promise<unknown> {
  const provider = new JsonRpcProvider(url);
  try {
    return await new Contract(contract, contractArtifact('AnchorLog').abi, provider).getFunction(call)(...values);
  } finally {
    provider.destroy();
  }
}
