// Packs settled readings for as long as the worker lives, and tells how many.
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { openPartitions } from '../intake/partition-service.ts';
import { packLimits } from './pack-limits.ts';
import { packSome } from './pack-readings-service.ts';

export interface PackingJobsOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** @returns stops the job after the transaction that runs */
export function startPackingJobs({ pool, clock, logger, metrics }: PackingJobsOptions): { stop(): Promise<void> } {
  const packed = new Counter({
    name: 'naru_readings_packed_total',
    help: 'Readings of settled days that were moved from rows into packs',
    registers: [metrics],
  });
  let stopping = false;

  async function round(): Promise<void> {
    const partitions = await openPartitions(pool, clock);
    for (;;) {
      const done = stopping ? null : await packSome({ pool, clock, partitions });
      if (done === null) return;
      packed.inc(done.readings);
    }
  }

  const rounds = everySoOften(packLimits.roundEvery_ms, 'packing readings', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}
