// Runs what hashes zone-days and bills for as long as the worker lives, and tells how it does.
import { Counter } from 'prom-client';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { buildBillTree } from './build-bill-tree-service.ts';
import { buildZoneDays, noteChangedDays, type ProofOptions } from './build-zone-days-service.ts';

const WORK_EVERY_ms = 15_000;

export interface ProofJobsOptions extends ProofOptions {
  logger: Logger;
  metrics: Metrics;
}

/** @returns stops the jobs after the transaction that runs */
export function startProofJobs(options: ProofJobsOptions): { stop(): Promise<void> } {
  const { logger, metrics } = options;
  const registers = [metrics];
  const hashed = new Counter({
    ...{ name: 'naru_proof_meter_days_total', help: 'Days of meters that were hashed into trees', registers },
  });
  const bills = new Counter({
    ...{ name: 'naru_proof_bills_total', help: 'Bills that were hashed into trees', registers },
  });
  const altered = new Counter({
    name: 'naru_proof_altered_meter_days_total',
    help: 'Days of meters of which something hashed before was found to be another, or gone',
    registers,
  });
  let stopping = false;

  async function round(): Promise<void> {
    while (!stopping && (await noteChangedDays(options)) > 0);
    while (!stopping) {
      const billed = await buildBillTree(options);
      if (billed === null) break;
      bills.inc(billed);
    }
    for (;;) {
      const built = stopping ? null : await buildZoneDays(options);
      if (built === null) return;
      hashed.inc(built.meters);
      altered.inc(built.altered);
      if (built.altered > 0) {
        logger.error(
          { day: built.day, meters: built.altered },
          'readings that were hashed before are others now, or gone',
        );
      }
    }
  }

  const rounds = everySoOften(WORK_EVERY_ms, 'hashing readings', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}
