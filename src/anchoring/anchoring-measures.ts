// What Prometheus is told about anchoring.
import { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../platform/metrics.ts';

export function createMeasures(metrics: Metrics) {
  const registers = [metrics];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `naru_anchor_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string) => new Counter({ name: `naru_anchor_${name}`, help, registers });
  return {
    epoch: gauge('epoch', 'Number of the newest epoch'),
    epochs: gauge('epochs', 'Epochs by status', ['status']),
    oldestPending: gauge('oldest_pending_age_s', 'Age of the oldest epoch that is in no block, 0 where none is'),
    waiting: gauge('changes_waiting', 'Changes that wait for an epoch'),
    confirmations: gauge('confirmations', 'Blocks that make an epoch final'),
    trouble: gauge('trouble', '1 under the code of what is wrong now', ['code']),
    balance: gauge('balance_coins', "The committer's balance in whole coins of the chain"),
    nodeUp: gauge('node_up', 'Whether a chain node answers, on our chain, in agreement', ['host']),
    sends: counter('sends_total', 'Transactions made and sent'),
    feeRaises: counter('fee_bumps_total', 'Transactions sent again with a higher fee'),
    reorgs: counter('reorgs_total', 'Times that epochs left the block they were in'),
    errors: counter('send_errors_total', 'Rounds of anchoring that failed'),
  };
}
