// Follows use for corrections and works bill runs off for as long as the worker lives, a part in each transaction.
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { LocalDays } from '../readings/local-days.ts';
import { hasWaitingRun } from './bill-run-store.ts';
import { billingLimits } from './billing-limits.ts';
import { followExceptions } from './follow-exceptions-service.ts';
import { followUse } from './follow-use-service.ts';
import { workOffBillRun } from './work-off-bill-run-service.ts';

export interface BillJobsOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  timeZone: string;
  /** Settles what was proven, before a run begins; where it fails the run waits. */
  beforeRun(): Promise<unknown>;
}

/** @returns stops after the transaction that runs; a run goes on there after the next start */
export function startBillJobs(options: BillJobsOptions): { stop(): Promise<void> } {
  const { pool, clock, logger, metrics, timeZone, beforeRun } = options;
  const at = { clock, days: new LocalDays(timeZone) };
  const registers = [metrics];
  const bills = new Counter({ name: 'naru_bills_total', help: 'Bills that runs made', registers });
  const held = new Counter({ name: 'naru_bills_held_total', help: 'Places that runs could not bill', registers });
  const corrections = new Counter({
    name: 'naru_bill_corrections_due_total',
    help: 'Bills of whose period another use, or other exceptions, became known, for the next bill to correct',
    registers,
  });
  const stopping = new AbortController();
  const { signal } = stopping;

  /** @returns whether there may be more to do at once */
  async function round(): Promise<boolean> {
    const followed = await followUse(pool, at);
    corrections.inc(followed?.corrections ?? 0);
    const entered = await followExceptions(pool, at);
    corrections.inc(entered?.corrections ?? 0);
    // A list of many places is followed to its end before a run goes on: what is late goes with this bill, not the next.
    if ((entered?.entries ?? 0) > 0) return true;
    if (await hasWaitingRun(pool)) await beforeRun();
    const part = await workOffBillRun(pool, at);
    bills.inc(part?.bills ?? 0);
    held.inc(part?.held ?? 0);
    return (followed?.days ?? 0) > 0 || (part?.run_id ?? null) !== null;
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      const more = await round().catch((error: Error) => {
        logger.warn({ err: error }, 'working off bills failed; tried again soon');
        return false;
      });
      if (!more) await sleep(billingLimits.lookEvery_ms, undefined, { signal }).catch(() => {});
    }
  }

  const working = work();
  return {
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}
