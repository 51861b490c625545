// What the intake tells Prometheus about itself.
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../../platform/metrics.ts';

export interface IntakeMetrics {
  messages: Counter;
  batches: Counter;
  batchMessages: Histogram;
  commitSeconds: Histogram;
  retries: Counter;
  inFlight: Gauge;
  readings: Counter;
  checked: Counter;
  conflicts: Counter;
  misdated: Counter;
  quarantined: Counter;
  redelivered: Counter;
  refused: Counter<'reason'>;
  connections: Gauge;
}

/** @param inFlight asked for at each scrape: how many messages wait for their commit */
export function createIntakeMetrics(registry: Metrics, inFlight: () => number): IntakeMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `naru_intake_${name}`, help, registers });
  return {
    messages: counter('messages_total', 'Messages taken from devices'),
    batches: counter('batches_total', 'Batches committed'),
    batchMessages: new Histogram({
      name: 'naru_intake_batch_messages',
      help: 'Messages in a committed batch',
      buckets: [1, 10, 100, 500, 1_000, 2_500, 5_000],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'naru_intake_commit_seconds',
      help: 'Time of a committed batch from its first statement to its answer, tries repeated included',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers,
    }),
    retries: counter('retries_total', 'Tries of a batch that the database did not take'),
    inFlight: new Gauge({
      name: 'naru_intake_in_flight_messages',
      help: 'Messages waiting for their commit',
      registers,
      collect() {
        this.set(inFlight());
      },
    }),
    readings: counter('readings_total', 'Readings stored'),
    checked: counter('checked_readings_total', 'Readings that were checked one by one for being stored already'),
    conflicts: counter('conflicts_total', 'Readings that contradict a stored one'),
    misdated: counter('misdated_total', 'Readings with an impossible time'),
    quarantined: counter('quarantined_total', 'Uplinks put in quarantine'),
    redelivered: counter('redelivered_total', 'Redeliveries recognised'),
    refused: new Counter({
      name: 'naru_intake_refused_total',
      help: 'Connections refused or closed, by reason',
      labelNames: ['reason'],
      registers,
    }),
    connections: new Gauge({ name: 'naru_intake_connections', help: 'Connected devices', registers }),
  };
}
