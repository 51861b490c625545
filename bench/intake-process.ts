// Naru's intake in a process of its own, so that its processor time and memory can be told from those around it.
// With `store` it commits to the database; without, everything counts as stored at once, which leaves the connections.

import { createDeviceSecrets } from '../src/metering/intake/device-secret.ts';
import { createIntakeBroker } from '../src/metering/intake/intake-broker.ts';
import { type Intake, openIntake } from '../src/metering/intake/intake-service.ts';
import type { Settled } from '../src/metering/intake/uplink.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { openPool } from '../src/platform/postgres/database.ts';

export interface IntakeTask {
  databaseUrl: string;
  port: number;
  store: boolean;
  /** The key of the device secrets. */
  secret: string;
}

/** What can be asked: processor time; resident memory after a collection of garbage (--expose-gc); an orderly end. */
export type Question = 'cpu_s' | 'memory_bytes' | 'stop';

const POOL = 8;

process.once('message', (task: IntakeTask) => void run(task));
process.on('disconnect', () => process.exit(0));

async function run({ databaseUrl, port, store, secret }: IntakeTask): Promise<void> {
  const logger = createLogger('error');
  const pool = openPool(databaseUrl, POOL);
  const opened = await openIntake({
    ...{ pool, timeZone: 'Asia/Seoul', clock: systemClock, logger, metrics: createMetrics() },
    secrets: createDeviceSecrets(secret),
  });
  const intake = store ? opened : { ...opened, queue: settlesAtOnce() };
  const broker = createIntakeBroker({ intake, host: '127.0.0.1', mqttPort: port, wsPort: null, logger });
  const ports = await broker.listen();
  process.send?.({ port: ports.mqtt });
  process.on('message', (question: Question) => {
    if (question === 'cpu_s') process.send?.(cpu_s());
    else if (question === 'memory_bytes') process.send?.(memory_bytes());
    else {
      void broker
        .close()
        .then(() => pool.end())
        .then(() => process.exit(0));
    }
  });
}

function cpu_s(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function memory_bytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
}

/** In batches, as a commit would. */
function settlesAtOnce(): Intake['queue'] {
  let gathering: [settled: Settled, packetId: number | null][] = [];
  const settle = () => {
    for (const [settled, packetId] of gathering.splice(0)) settled(true, packetId);
  };
  return {
    add: ({ packetId }, settled) => {
      if (gathering.push([settled, packetId]) === 1) setImmediate(settle);
    },
    inFlight: () => gathering.length,
    isFull: () => false,
    whenRoom: () => {},
    close: async () => {
      gathering = [];
    },
  };
}
