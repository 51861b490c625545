// Runs the ledger's and the zones' jobs for as long as the worker lives, and tells how complete readings are.
import { Counter, Gauge } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { hoursOfDay } from '../completeness/completeness-service.ts';
import { followUseWithLedger, sweepLedger } from '../completeness/work-off-ledger-service.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { followUse, lastDay, workOffZoneDay } from './work-off-zones-service.ts';

/** Between two looks: a day of a zone that changes ever again is worked out this often at most. */
const WORK_EVERY_ms = 30_000;

export interface ZoneJobsOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  days: LocalDays;
}

/** @returns stops the job after the transaction that runs */
export function startZoneJobs({ pool, clock, logger, metrics, days }: ZoneJobsOptions): { stop(): Promise<void> } {
  const written = new Counter({
    name: 'naru_zone_days_written_total',
    help: 'Days of zones that were worked out',
    registers: [metrics],
  });
  const hours = new Gauge({
    name: 'naru_expected_hours',
    help: 'Hours of the last day that is over in which meters were expected to tell, by what became of them',
    labelNames: ['became'],
    registers: [metrics],
  });
  let stopping = false;

  async function round(): Promise<void> {
    while (!stopping && ((await followUse(pool)) ?? 0) > 0);
    // The ledger first: what it changes is then summed up once.
    while (!stopping && ((await followUseWithLedger(pool, days, clock.now_ms())) ?? 0) > 0);
    while (!stopping && (await sweepLedger(pool, days, clock.now_ms())) !== null);
    while (!stopping) {
      const done = await workOffZoneDay(pool, days, clock.now_ms());
      if (done === null || done.zones === 0) break;
      written.inc(done.zones);
    }
    for (const [became, count] of await hoursOfDay(pool, lastDay(days, clock.now_ms()))) hours.set({ became }, count);
  }

  const rounds = everySoOften(WORK_EVERY_ms, 'working out days of zones', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}
