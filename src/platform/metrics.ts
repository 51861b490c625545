// Prometheus metrics of this process. Rooms register their own gauges and counters on the registry they are handed.
import { collectDefaultMetrics, Registry } from 'prom-client';

export type Metrics = Registry;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'naru_' });
  return registry;
}
