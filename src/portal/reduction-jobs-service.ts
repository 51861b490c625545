// Checks reductions for as long as the worker lives, and tells how it goes.
import { Counter, Gauge } from 'prom-client';
import { everySoOften } from '../platform/every-so-often.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ReductionCheckService } from './check-reductions-service.ts';

/** Between two looks for what is due. */
const LOOK_EVERY_ms = 60_000;

/** @returns stops after the check that runs */
export function startReductionJobs(parts: { checks: ReductionCheckService; logger: Logger; metrics: Metrics }): {
  stop(): Promise<void>;
} {
  const { checks, logger, metrics } = parts;
  const registers = [metrics];
  const counters = {
    checked: new Counter({
      ...{
        name: 'naru_reductions_checked_total',
        help: 'Reductions whose credential was asked after again',
        registers,
      },
    }),
    ended: new Counter({ name: 'naru_reductions_ended_total', help: 'Reductions that a check ended', registers }),
  };
  const unconfirmed = new Gauge({
    ...{ name: 'naru_reductions_unconfirmed', help: 'Of the last check, those whose status was not learnt', registers },
  });
  return everySoOften(LOOK_EVERY_ms, 'checking reductions', logger, async () => {
    const found = await checks.checkReductions();
    counters.checked.inc(found.checked);
    counters.ended.inc(found.ended);
    if (found.checked > 0) unconfirmed.set(found.unconfirmed - found.ended);
  });
}
