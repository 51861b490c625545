// Runs the judging of alarms for as long as the worker lives.
import { Counter } from 'prom-client';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { alarmLimits } from './alarm-limits.ts';
import { type JudgingOptions, judgeChanged } from './judge-alarms-service.ts';

export interface AlarmJobsOptions extends JudgingOptions {
  logger: Logger;
  metrics: Metrics;
}

/** @returns stops the job after the transaction that runs */
export function startAlarmJobs(options: AlarmJobsOptions): { stop(): Promise<void> } {
  const { logger, metrics } = options;
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [metrics] });
  const judged = counter('naru_alarms_judged_total', 'Meters at their places that were judged for alarms');
  const opened = counter('naru_alarms_opened_total', 'Alarms opened, of causes that went on or were over');
  let stopping = false;

  async function round(): Promise<void> {
    while (!stopping) {
      const done = await judgeChanged(options);
      judged.inc(done?.installs ?? 0);
      opened.inc(done?.opened ?? 0);
      if (done?.more !== true) return;
    }
  }

  let running = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = round()
      .catch((error: Error) => logger.warn({ err: error }, 'judging alarms failed; tried again soon'))
      .finally(() => {
        busy = false;
      });
  }, alarmLimits.judgeEvery_ms);
  return {
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
