// Runs the judging and the telling of alarms for as long as the worker lives.
import { Counter } from 'prom-client';
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { alarmLimits } from './alarm-limits.ts';
import { type JudgingOptions, judgeChanged } from './judge-alarms-service.ts';
import { makeMessages, sendNext, type TellingOptions } from './tell-alarms-service.ts';

export interface AlarmJobsOptions extends JudgingOptions, TellingOptions {
  logger: Logger;
  metrics: Metrics;
}

/** @returns stops the jobs after the transaction, or the message, that is under way */
export function startAlarmJobs(options: AlarmJobsOptions): { stop(): Promise<void> } {
  const { logger, metrics } = options;
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers: [metrics] });
  const judged = counter('naru_alarms_judged_total', 'Meters at their places that were judged for alarms');
  const opened = counter('naru_alarms_opened_total', 'Alarms opened, of causes that went on or were over');
  const told = counter('naru_alarm_messages_total', 'Tries to send a message about alarms', ['channel', 'outcome']);
  let stopping = false;

  const judging = everySoOften(alarmLimits.judgeEvery_ms, 'judging alarms', logger, async () => {
    while (!stopping) {
      const done = await judgeChanged(options);
      judged.inc(done?.installs ?? 0);
      opened.inc(done?.opened ?? 0);
      if (done?.more !== true) return;
    }
  });
  const telling = everySoOften(alarmLimits.tellEvery_ms, 'telling alarms', logger, async () => {
    await makeMessages(options);
    while (!stopping) {
      const tried = await sendNext(options);
      if (tried === null) return;
      told.inc({ channel: tried.channel, outcome: tried.fault ?? 'sent' });
      if (tried.fault !== null) logger.warn({ channel: tried.channel, fault: tried.fault }, 'a message was not taken');
    }
  });
  return {
    stop: async () => {
      stopping = true;
      await Promise.all([judging.stop(), telling.stop()]);
    },
  };
}
