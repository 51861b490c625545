// Looks after the store by the hour: partitions ahead of the clock, small packs joined, raw uplinks dropped in their time.
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Partitions } from './partition-service.ts';
import { alone, dropUplinksBefore, forgetRepeatedBefore, joinSmallPacks } from './uplink-upkeep-store.ts';

const HOUR_ms = 3_600_000;
const DAY_ms = 24 * HOUR_ms;
/** How far back small packs are looked for: a service that stood still for a day finds its hours. */
const JOIN_WITHIN_ms = 2 * DAY_ms;

export interface UpkeepOptions {
  pool: Pool;
  partitions: Partitions;
  clock: Clock;
  logger: Logger;
  /** Raw uplinks are kept this long at least; a partition goes once all of it is older. */
  rawUplinkDays: number;
}

/** Once; of several processes one does it. */
export async function upkeep({ pool, partitions, clock, logger, rawUplinkDays }: UpkeepOptions): Promise<void> {
  await partitions.ensureAhead();
  const now_ms = clock.now_ms();
  const done = await alone(pool, async (transaction) => {
    // The last hour's packs may still be in the making, and are looked for when their answer was lost.
    const joined = await joinSmallPacks(transaction, now_ms - JOIN_WITHIN_ms, now_ms - HOUR_ms);
    const dropped = await dropUplinksBefore(transaction, partitions.storage, now_ms - rawUplinkDays * DAY_ms);
    await forgetRepeatedBefore(transaction, now_ms - intakeLimits.redeliveryWindow_ms);
    return { joined, dropped };
  });
  if (done !== null && done.dropped.length > 0) logger.info({ dropped: done.dropped }, 'raw uplinks were dropped');
}

/** Now and every hour until the returned function is called. A failure is told and the next hour tries again. */
export function startUpkeep(options: UpkeepOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const run = () => {
    running = running
      .then(() => upkeep(options))
      .catch((error: Error) => options.logger.warn({ err: error }, 'looking after stored uplinks failed'));
  };
  run();
  const timer = setInterval(run, HOUR_ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
