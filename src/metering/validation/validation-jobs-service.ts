// Runs the validation job for as long as the worker lives, and tells how it does.
import { Counter, Gauge } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { LocalDays } from '../readings/local-days.ts';
import { countOpenFindings } from './rule-store.ts';
import { gatherDue, judgeDue, registerRules, replayRules, takeUpDay } from './validate-service.ts';
import { validationRules } from './validation-rules.ts';

/** Between two looks for what is due. */
const LOOK_EVERY_ms = 15_000;

export interface ValidationJobsOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  timeZone: string;
}

/** @returns stops the job after the transaction that runs */
export function startValidationJobs({ pool, clock, logger, metrics, timeZone }: ValidationJobsOptions): {
  stop(): Promise<void>;
} {
  const validation = { pool, clock, days: new LocalDays(timeZone), rules: validationRules };
  const registers = [metrics];
  const judged = new Counter({
    ...{ name: 'naru_validation_installs_judged_total', help: 'Installs whose due days were judged', registers },
  });
  const open = new Gauge({
    ...{ name: 'naru_validation_findings_open', help: 'Findings that nobody has seen to', registers },
    labelNames: ['rule'],
  });
  let stopping = false;
  let registered = false;

  async function round(): Promise<void> {
    if (!registered) await registerRules(validation);
    registered = true;
    while (!stopping && (await takeUpDay(validation))) await judgeAllDue();
    await judgeAllDue();
    while (!stopping && (await replayRules(validation)) !== null) await judgeAllDue();
    open.reset();
    for (const { rule, open: count } of await countOpenFindings(pool)) open.set({ rule }, count);
  }

  async function judgeAllDue(): Promise<void> {
    if (!stopping) await gatherDue(validation);
    for (;;) {
      const done = stopping ? null : await judgeDue(validation);
      if (done === null) return;
      judged.inc(done.installs);
    }
  }

  const rounds = everySoOften(LOOK_EVERY_ms, 'validating', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}
