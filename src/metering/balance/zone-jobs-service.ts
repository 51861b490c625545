// Runs the zone job for as long as the worker lives.
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { followUse, workOffZoneDay } from './work-off-zones-service.ts';

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
  let stopping = false;

  async function round(): Promise<void> {
    while (!stopping && ((await followUse(pool)) ?? 0) > 0);
    while (!stopping) {
      const done = await workOffZoneDay(pool, days, clock.now_ms());
      if (done === null || done.zones === 0) return;
      written.inc(done.zones);
    }
  }

  let running = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = round()
      .catch((error: Error) => logger.warn({ err: error }, 'working out days of zones failed; tried again soon'))
      .finally(() => {
        busy = false;
      });
  }, WORK_EVERY_ms);
  return {
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
