// The work of anchoring, in rounds: follow the chain, make the next epoch, send it; by one copy of the service at a time.
import { parseUnits, Wallet } from 'ethers';
import type { ChainClient } from '../platform/chain/chain-client.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool, Queryable } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { type AnchorChainSettings, createAnchorChainService } from './anchor-chain-service.ts';
import { asOnlyWorker, countEpochs, countWaiting } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { createMeasures } from './anchoring-measures.ts';
import { makeEpochIfDue } from './epoch-service.ts';
import type { MapService } from './map-service.ts';
import { createSender } from './sender-service.ts';
import { type WorkerState, writeWorkerState } from './worker-state-store.ts';

export interface AnchoringWorker {
  /** One round. What goes wrong becomes `trouble`, and is tried again in the next. */
  run(): Promise<void>;
  /** What keeps epochs from the chain, or from becoming final, or is wrong with one of the nodes. */
  trouble(): Problem | null;
  /** Whether epochs reach the chain, all trouble notwithstanding. */
  isWorking(): boolean;
}

export interface AnchoringWorkerOptions {
  pool: Pool;
  chain: AnchorChainSettings & {
    /** A transaction that is in no block after this time gets a higher fee. */
    stuckAfter_ms: number;
    /** The most paid for one gas. */
    maxFee_gwei: number;
  };
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
  const measures = createMeasures(metrics);
  const sender = createSender(
    { stuckAfter_ms: chain.stuckAfter_ms, maxFee_wei: parseUnits(String(chain.maxFee_gwei), 'gwei') },
    clock,
    logger,
    { sent: () => measures.sends.inc(), feeRaised: () => measures.feeRaises.inc() },
  );
  const chainService = createAnchorChainService(client, chain, sender, logger, {
    reorganized: () => measures.reorgs.inc(),
  });
  const address = new Wallet(chain.committerKey).address;
  measures.confirmations.set(chain.confirmations);
  let trouble: Problem | null = null;
  let isWorking = true;
  let isReady = false;
  let since: Date | null = null;
  let block: number | null = null;
  let balance_wei: bigint | null = null;
  let idleRounds = -1;
  let round = -1;
  let written = '';

  async function work(session: Queryable): Promise<void> {
    const { epochs } = await maps.view();
    const settled = epochs.every(({ status }) => status === 'final');
    const isIdle = isReady && settled && trouble === null && (await countWaiting(pool, 1)) === 0;
    idleRounds = isIdle ? idleRounds + 1 : 0;
    round += 1;
    let found: Problem | null = trouble;
    let failed = false;
    // With nothing to bring or to await, a look at the chain now and then is enough.
    if (idleRounds % anchoringLimits.idleRounds === 0) {
      try {
        found = await step(session);
      } catch (error) {
        found = asProblem(error);
        failed = true;
      }
      note(found, failed);
    }
    await survey();
    await tell(session);
  }

  async function step(session: Queryable): Promise<Problem | null> {
    // First the chain: an epoch is made only where it is seen to agree, or its number might be taken there already.
    let seen = await chainService.step(session);
    if (seen.isReady) {
      const made = await makeEpochIfDue(pool, maps, clock, { interval_ms: epochInterval_ms, changes: epochChanges });
      if (made !== null) seen = await chainService.step(session);
    }
    isReady = seen.isReady;
    block = seen.block;
    return seen.warning;
  }

  async function survey(): Promise<void> {
    const isIdle = idleRounds > 0;
    const due = isIdle ? idleRounds % anchoringLimits.idleRounds === 0 : round % anchoringLimits.surveyRounds === 0;
    if (!due) return;
    await client.survey();
    balance_wei = await client.use((provider) => provider.getBalance(address)).catch(() => balance_wei);
  }

  /** For processes that don't work on epochs themselves. */
  async function tell(session: Queryable): Promise<void> {
    const state: WorkerState = {
      trouble:
        trouble === null
          ? null
          : {
              code: trouble.code,
              detail: trouble.detail,
              since: (since as Date).toISOString(),
              is_working: isWorking,
            },
      account: balance_wei === null ? null : { address, balance_wei: String(balance_wei) },
      nodes: client.nodes(),
      block,
    };
    const text = JSON.stringify(state);
    if (text === written && round % anchoringLimits.stateRounds !== 0) return;
    await writeWorkerState(session, state);
    written = text;
  }

  async function measure(): Promise<void> {
    const counts = await countEpochs(pool);
    measures.epoch.set(counts.pending + counts.included + counts.final);
    for (const status of ['pending', 'included', 'final'] as const) measures.epochs.set({ status }, counts[status]);
    const age_ms = counts.oldestPendingAt === null ? 0 : clock.now_ms() - counts.oldestPendingAt.getTime();
    measures.oldestPending.set(age_ms / 1000);
    measures.waiting.set(await countWaiting(pool, anchoringLimits.epochChanges));
    if (balance_wei !== null) measures.balance.set(Number(balance_wei) / 1e18);
    for (const { host, state } of client.nodes())
      measures.nodeUp.set({ host }, state === 'in_use' || state === 'ready' ? 1 : 0);
  }

  function note(found: Problem | null, failed: boolean): void {
    if (failed) measures.errors.inc();
    if (found === null && trouble !== null) logger.info('anchoring works again');
    // Said once, not in every round.
    if (found !== null && trouble?.message !== found.message) {
      logger[failed ? 'error' : 'warn']({ code: found.code }, found.detail);
    }
    if (found?.code !== trouble?.code) since = found === null ? null : new Date(clock.now_ms());
    trouble = found;
    isWorking = !failed;
    measures.trouble.reset();
    if (found !== null) measures.trouble.set({ code: found.code }, 1);
  }

  return {
    trouble: () => trouble,
    isWorking: () => isWorking,
    async run() {
      try {
        const ran = await asOnlyWorker(pool, work);
        // Another copy works: what it meets it tells.
        if (!ran) note(null, false);
        await measure();
      } catch (error) {
        note(asProblem(error), true);
      }
    },
  };
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : problem('NOT_READY', `Anchoring met a fault: ${reasonOf(error)}`);
}

/** Without what ethers adds to a message: the URL asked, which may carry an access key. */
function reasonOf(error: unknown): string {
  const { shortMessage, message } = error as { shortMessage?: string; message?: string };
  return shortMessage ?? message ?? 'unknown';
}
