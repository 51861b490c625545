// Anchoring put together: the service that answers, and the worker that makes epochs and brings them to the chain.
import { createChainClient } from '../platform/chain/chain-client.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { type Problem, type ProblemCode, problem } from '../platform/problem.ts';
import { type AnchorService, createAnchorService } from './anchor-service.ts';
import { readRegistry } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { type AnchoringStateService, createAnchoringStateService } from './anchoring-state-service.ts';
import {
  type AnchoringWorker,
  type AnchoringWorkerOptions,
  createAnchoringWorker,
} from './anchoring-worker-service.ts';
import { createMapService } from './map-service.ts';
import { createProofBundleService, type ProofBundleService } from './proof-bundle-service.ts';

/** These may pass by themselves: no reason not to start. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'CHAIN_AWAY',
  'CHAIN_PAUSED',
  'CHAIN_FUNDS_MISSING',
  'CHAIN_FEE_CEILING',
  'NOT_READY',
]);

export interface AnchoringOptions extends AnchoringWorkerOptions {
  chain: AnchoringWorkerOptions['chain'] & {
    rpcUrls: readonly string[];
    /** The only chain to speak to; where none is given, that of the database, or of the first node to answer. */
    chainId?: number | undefined;
  };
}

export interface Anchoring {
  /** Works without `start` too, in a process that isn't a worker. */
  service: AnchorService;
  /** The same. */
  bundles: ProofBundleService;
  /** How anchoring stands, whichever process works on it. */
  state: AnchoringStateService;
  /** What this process's worker met last, `null` where it is at ease or another one works. */
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
    state: createAnchoringStateService(pool),
    bundles: createProofBundleService(pool, service, client),
    trouble: worker.trouble,
    async start() {
      await maps.view();
      try {
        await prepare(pool, worker);
      } catch (error) {
        client.close();
        throw error;
      }
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

/** Works until contract and registry are there; another copy may be the one that prepares them. */
async function prepare(pool: Pool, worker: AnchoringWorker): Promise<void> {
  let awayInARow = 0;
  for (let waited_ms = 0; waited_ms < anchoringLimits.prepareWithin_ms; waited_ms += anchoringLimits.preparePoll_ms) {
    await worker.run();
    const trouble = worker.trouble();
    const isPrepared = (await readRegistry(pool)) !== null;
    awayInARow = trouble?.code === 'CHAIN_AWAY' ? awayInARow + 1 : 0;
    const isAskedAgain = awayInARow > 0 && awayInARow < anchoringLimits.awayInARow;
    const mayPass = worker.isWorking() || isAskedAgain || (isPrepared && trouble !== null && passing.has(trouble.code));
    if (trouble !== null && !mayPass) throw trouble;
    if (isPrepared) return;
    await new Promise((resolve) => setTimeout(resolve, anchoringLimits.preparePoll_ms));
  }
  throw problem('NOT_READY', 'The anchor contract was not ready in time; start again, it goes on where it was.');
}
