// Anchoring put together: the service that answers, and the worker that makes epochs and brings them to the chain.
import { createChainClient } from '../platform/chain/chain-client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { type Problem, type ProblemCode, problem } from '../platform/problem.ts';
import type { AnchorChainSettings } from './anchor-chain-service.ts';
import { type AnchorService, createAnchorService } from './anchor-service.ts';
import { readRegistry } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { createAnchoringWorker } from './anchoring-worker-service.ts';
import { createMapService } from './map-service.ts';
import { createProofBundleService, type ProofBundleService } from './proof-bundle-service.ts';

/** These may pass by themselves: no reason not to start. */
const passing: ReadonlySet<ProblemCode> = new Set(['CHAIN_AWAY', 'NOT_READY']);

export interface AnchoringOptions {
  pool: Pool;
  chain: AnchorChainSettings & {
    rpcUrls: readonly string[];
    /** The only chain to speak to; where none is given, that of the first node to answer. */
    chainId?: number | undefined;
  };
  /** Time between two epochs at least, unless `epochChanges` have come together before. */
  epochInterval_ms: number;
  /** Number of waiting changes that makes an epoch at once. */
  epochChanges: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

export interface Anchoring {
  /** Works without `start` too, in a process that isn't a worker. */
  service: AnchorService;
  /** The same. */
  bundles: ProofBundleService;
  /** What keeps epochs from the chain now, `null` where nothing does. */
  trouble(): Problem | null;
  /**
   * Prepares contract and registry and begins to work. A chain that is away is waited for in the background, once the
   * contract is known.
   *
   * @throws CHAIN_AHEAD, CHAIN_DIFFERENT, CHAIN_WRONG, CHAIN_CONTRACT_UNUSABLE, ANCHOR_LOG_DAMAGED; CHAIN_AWAY at the very
   *   first start
   */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createAnchoring(options: AnchoringOptions): Anchoring {
  const { pool } = options;
  const maps = createMapService(pool);
  const client = createChainClient(options.chain.rpcUrls, options.chain.chainId);
  const service = createAnchorService(pool, maps);
  const worker = createAnchoringWorker(options, client, maps);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  function again(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = worker.run().then(again);
    }, anchoringLimits.poll_ms);
  }

  return {
    service,
    bundles: createProofBundleService(pool, service, client),
    trouble: worker.trouble,
    async start() {
      await maps.view();
      await worker.run();
      const trouble = worker.trouble();
      if (trouble !== null && (!passing.has(trouble.code) || (await readRegistry(pool)) === null)) {
        client.close();
        throw trouble;
      }
      await untilPrepared(pool);
      again();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      client.close();
    },
  };
}

/** Another copy may be the one that prepares the contract. */
async function untilPrepared(pool: Pool): Promise<void> {
  for (let waited_ms = 0; (await readRegistry(pool)) === null; waited_ms += anchoringLimits.poll_ms) {
    if (waited_ms >= anchoringLimits.prepareWithin_ms)
      throw problem(
        'NOT_READY',
        'Another copy of the service did not prepare the anchor contract in time; start again.',
      );
    await new Promise((resolve) => setTimeout(resolve, anchoringLimits.poll_ms));
  }
}
