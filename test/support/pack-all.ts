// Packs all that is settled, as the worker does in its rounds.
import { openPartitions } from '../../src/metering/intake/partition-service.ts';
import { packSome } from '../../src/metering/readings/pack-readings-service.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';

/** @returns readings that were rows before */
export async function packAll(pool: Pool, clock: Clock): Promise<number> {
  const partitions = await openPartitions(pool, clock);
  let readings = 0;
  for (;;) {
    const packed = await packSome({ pool, clock, partitions });
    if (packed === null) return readings;
    readings += packed.readings;
  }
}
