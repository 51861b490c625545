// Anchoring put together: the service that answers, and the worker that makes epochs and brings them to the chain.
import { Counter, Gauge } from 'prom-client';
import { type ChainClient, createChainClient } from '../platform/chain/chain-client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { Problem, type ProblemCode, problem } from '../platform/problem.ts';
import { type AnchorChainSettings, createAnchorChainService } from './anchor-chain-service.ts';
import { type AnchorService, createAnchorService } from './anchor-service.ts';
import { asOnlyWorker, countWaiting, readRegistry } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { makeEpochIfDue } from './epoch-service.ts';
import { createMapService } from './map-service.ts';

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
  const worker = createWorker(options, client, maps);
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
    service: createAnchorService(pool, maps),
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

/** After these the chain must be seen to agree again before another epoch is made. */
const disagreements: ReadonlySet<ProblemCode> = new Set(['CHAIN_AHEAD', 'CHAIN_DIFFERENT', 'CHAIN_WRONG']);
/** These may pass by themselves: no reason not to start. */
const passing: ReadonlySet<ProblemCode> = new Set(['CHAIN_AWAY', 'NOT_READY']);

interface Worker {
  /** One round of work; what goes wrong becomes `trouble`. */
  run(): Promise<void>;
  trouble(): Problem | null;
}

function createWorker(
  { pool, chain, clock, logger, metrics, epochInterval_ms, epochChanges }: AnchoringOptions,
  client: ChainClient,
  maps: ReturnType<typeof createMapService>,
): Worker {
  const chainService = createAnchorChainService(pool, client, chain, logger);
  const measures = createMeasures(metrics);
  let trouble: Problem | null = null;
  /** No epoch is made before the chain was once seen to agree: its number might be taken there. */
  let agreed = false;

  function note(error: unknown): void {
    measures.errors.inc();
    const found = error instanceof Problem ? error : problem('NOT_READY', 'Anchoring met a fault; see the log.');
    // Said once, not at every poll.
    if (trouble?.message !== found.message) logger.error({ code: found.code, err: error }, found.detail);
    trouble = found;
    if (disagreements.has(found.code)) agreed = false;
  }

  async function work(): Promise<void> {
    if (agreed) await makeEpochIfDue(pool, maps, clock, { interval_ms: epochInterval_ms, changes: epochChanges });
    await chainService.step();
    agreed = true;
  }

  async function measure(): Promise<void> {
    const { epochs, newest } = await maps.view();
    measures.epoch.set(newest);
    measures.pending.set(epochs.filter(({ status }) => status === 'pending').length);
    measures.waiting.set(await countWaiting(pool, anchoringLimits.epochChanges));
  }

  return {
    trouble: () => trouble,
    async run() {
      try {
        await asOnlyWorker(pool, work);
        await measure();
        if (trouble !== null) logger.info('anchoring works again');
        trouble = null;
      } catch (error) {
        note(error);
      }
    },
  };
}

function createMeasures(metrics: Metrics): Record<'epoch' | 'pending' | 'waiting', Gauge> & { errors: Counter } {
  const registers = [metrics];
  return {
    epoch: new Gauge({ name: 'naru_anchor_epoch', help: 'Number of the newest epoch', registers }),
    pending: new Gauge({ name: 'naru_anchor_epochs_pending', help: 'Epochs made but not in a block', registers }),
    waiting: new Gauge({ name: 'naru_anchor_changes_waiting', help: 'Changes that wait for an epoch', registers }),
    errors: new Counter({ name: 'naru_anchor_send_errors_total', help: 'Rounds of anchoring that failed', registers }),
  };
}
