// Runs the use job and the reconciling job for as long as the worker lives, and tells how they do.
import { Counter, Gauge } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { trimChangedDays } from './changed-days-store.ts';
import { LocalDays } from './local-days.ts';
import { reconcileUse } from './reconcile-use-service.ts';
import { gatherUse, workOffUse } from './work-off-use-service.ts';

/** Between two looks for what was touched: shorter ones would work off a meter's day once for each of its readings. */
const WORK_EVERY_ms = 10_000;

export interface UseJobsOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  timeZone: string;
}

/** @returns stops the jobs after the transaction that runs */
export function startUseJobs({ pool, clock, logger, metrics, timeZone }: UseJobsOptions): { stop(): Promise<void> } {
  const days = new LocalDays(timeZone);
  const registers = [metrics];
  const workedOff = new Counter({
    ...{ name: 'naru_use_days_written_total', help: 'Days of stored use that were written or removed', registers },
  });
  const proved = new Counter({
    ...{
      name: 'naru_use_meters_proved_total',
      help: 'Meters whose stored use was proved from their readings',
      registers,
    },
  });
  const discrepancies = new Gauge({
    name: 'naru_use_discrepancies',
    help: 'Days of stored use that were not what the readings give, found and mended since the start',
    registers,
  });
  let stopping = false;
  let proveAfter: number | null = null;

  async function round(): Promise<void> {
    if (!stopping) await gatherUse(pool);
    for (;;) {
      const done = stopping ? null : await workOffUse(pool, days);
      workedOff.inc(done?.days ?? 0);
      if (done === null || done.marks === 0) break;
    }
    if (!stopping) await inTransaction(pool, trimChangedDays);
    const found = stopping ? null : await reconcileUse(pool, days, clock, proveAfter);
    if (found === null) return;
    proveAfter = found.next;
    proved.inc(found.meters);
    discrepancies.inc(found.discrepancies);
    if (found.discrepancies > 0) {
      logger.error({ days: found.discrepancies }, 'stored use was not what the readings give; mended and recorded');
    }
  }

  const rounds = everySoOften(WORK_EVERY_ms, 'working off use', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}
