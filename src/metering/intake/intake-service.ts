// The intake as one part: who may connect, and where what they send goes. The broker is built on it.
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type CommitQueue, createCommitQueue } from './commit-service.ts';
import { createDeviceAuth, type DeviceAuth } from './device-auth-service.ts';
import { deviceLimits } from './device-limits.ts';
import type { DeviceSecrets } from './device-secret.ts';
import { raiseSecrets } from './device-store.ts';
import { withGateways } from './gateway-service.ts';
import { createIntakeMetrics, type IntakeMetrics } from './intake-metrics.ts';
import { openPartitions, type Partitions } from './partition-service.ts';

export interface Intake extends DeviceAuth {
  queue: CommitQueue;
  partitions: Partitions;
  metrics: IntakeMetrics;
  clock: Clock;
}

export interface IntakeOptions {
  pool: Pool;
  /** IANA name of the utility's zone: meters that send local time mean this one. */
  timeZone: string;
  secrets: DeviceSecrets;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** Opens the store for readings: partitions of this month and the coming ones are made before it returns. */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { pool, clock, secrets } = options;
  const partitions = await openPartitions(pool, clock);
  await partitions.ensureAhead();
  await raiseSecrets(pool, secrets.keyed, deviceLimits.raiseAtOnce);
  const queue: CommitQueue = withGateways({
    ...{ pool, logger: options.logger, metrics: () => metrics },
    queue: createCommitQueue({ ...options, partitions, metrics: () => metrics }),
  });
  const metrics = createIntakeMetrics(options.metrics, () => queue.inFlight());
  return { ...createDeviceAuth(pool, clock, secrets), queue, partitions, metrics, clock };
}
