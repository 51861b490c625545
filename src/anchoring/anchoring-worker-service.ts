// The work of anchoring, in rounds: follow the chain, make the next epoch, send it; by one copy of the service at a time.
import { Counter, Gauge } from 'prom-client';
import type { ChainClient } from '../platform/chain/chain-client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { type AnchorChainSettings, createAnchorChainService } from './anchor-chain-service.ts';
import { asOnlyWorker, countWaiting } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { makeEpochIfDue } from './epoch-service.ts';
import type { MapService } from './map-service.ts';

export interface AnchoringWorker {
  /** One round. What goes wrong becomes `trouble`, and is tried again in the next. */
  run(): Promise<void>;
  trouble(): Problem | null;
}

export interface AnchoringWorkerOptions {
  pool: Pool;
  chain: AnchorChainSettings;
  epochInterval_ms: number;
  epochChanges: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

export function createAnchoringWorker(
  { pool, chain, clock, logger, metrics, epochInterval_ms, epochChanges }: AnchoringWorkerOptions,
  client: ChainClient,
  maps: MapService,
): AnchoringWorker {
  const chainService = createAnchorChainService(pool, client, chain, logger);
  const measures = createMeasures(metrics);
  let trouble: Problem | null = null;
  let idleRounds = -1;

  async function work(): Promise<void> {
    const { epochs } = await maps.view();
    const settled = epochs.every(({ status }) => status === 'final');
    idleRounds = settled && trouble === null && (await countWaiting(pool, 1)) === 0 ? idleRounds + 1 : 0;
    // With nothing to bring or to await, a look at the chain now and then is enough.
    if (idleRounds % anchoringLimits.idleRounds !== 0) return;
    // First the chain: an epoch is made only where it is seen to agree, or its number might be taken there already.
    await chainService.step();
    const made = await makeEpochIfDue(pool, maps, clock, { interval_ms: epochInterval_ms, changes: epochChanges });
    if (made !== null) await chainService.step();
  }

  async function measure(): Promise<void> {
    const { epochs, newest } = await maps.view();
    measures.epoch.set(newest);
    measures.pending.set(epochs.filter(({ status }) => status === 'pending').length);
    measures.waiting.set(await countWaiting(pool, anchoringLimits.epochChanges));
  }

  function note(error: unknown): void {
    measures.errors.inc();
    const found = error instanceof Problem ? error : problem('NOT_READY', `Anchoring met a fault: ${reasonOf(error)}`);
    // Said once, not in every round.
    if (trouble?.message !== found.message) logger.error({ code: found.code }, found.detail);
    trouble = found;
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

/** Without what ethers adds to a message: the URL asked, which may carry an access key. */
function reasonOf(error: unknown): string {
  const { shortMessage, message } = error as { shortMessage?: string; message?: string };
  return shortMessage ?? message ?? 'unknown';
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
