// Stores one batch, however long the database makes it wait, and parts the rows it refuses from those it takes.
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { type BatchOutcome, commitBatch, reserveUplinkIds, uplinkIdsPerBlock } from './commit-batch-store.ts';
import { isFaultOfTheRow, sqlState } from './database-fault.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import type { Partitions } from './partition-service.ts';
import type { PendingUplink } from './uplink.ts';

export interface StoreOptions {
  pool: Pool;
  partitions: Partitions;
  logger: Logger;
  metrics: () => IntakeMetrics;
}

/** An uplink in a batch; its number, and the reason for its quarantine, are put in here. */
export interface Waiting {
  uplink: PendingUplink;
}

export const UNNUMBERED = -1;

/** Hands out uplink ids, from blocks that the database reserves for this process. */
export class UplinkIds {
  readonly #pool: Pool;
  #next = 0;
  #left = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Numbers those that have none yet: a batch that is tried again keeps its numbers. */
  async number(batch: readonly Waiting[]): Promise<void> {
    for (const entry of batch) {
      if (entry.uplink.uplinkId !== UNNUMBERED) continue;
      if (this.#left === 0) {
        // Two batches may come here at once; the later block then replaces the earlier one's rest, which is never used.
        this.#next = await reserveUplinkIds(this.#pool);
        this.#left = uplinkIdsPerBlock;
      }
      entry.uplink = { ...entry.uplink, uplinkId: this.#next };
      this.#next += 1;
      this.#left -= 1;
    }
  }
}

/**
 * Stores the batch and reports each part of it once. Where the database refuses a row, the row is found by halving, its
 * uplink goes to quarantine, and all others are stored.
 *
 * @param isAbandoned asked between tries: true ends them, with the batch reported as not stored
 */
export async function storeBatch<Entry extends Waiting>(
  options: StoreOptions,
  ids: UplinkIds,
  batch: Entry[],
  isAbandoned: () => boolean,
  settle: (part: Entry[], stored: boolean) => void,
): Promise<void> {
  const again = (part: Entry[]) => storeBatch(options, ids, part, isAbandoned, settle);
  try {
    const end = options.metrics().commitSeconds.startTimer();
    const outcome = await commitPatiently(options, ids, batch, isAbandoned);
    end();
    count(options.metrics(), batch.length, outcome);
  } catch (error) {
    if (isFaultOfTheRow(error) && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await again(batch.slice(0, middle));
      return again(batch.slice(middle));
    }
    const [only] = batch;
    if (isFaultOfTheRow(error) && only !== undefined && only.uplink.problem === null) {
      const detail = `the database refused a reading (SQLSTATE ${sqlState(error)})`;
      only.uplink = { ...only.uplink, readings: [], problem: { code: 'ROW_REFUSED', detail } };
      return again(batch);
    }
    options.logger.error({ messages: batch.length, sqlstate: sqlState(error) }, 'a batch was not stored');
    settle(batch, false);
    return;
  }
  settle(batch, true);
}

/** Tries until the database takes the batch or refuses a row of it. Nothing of it is acknowledged meanwhile. */
async function commitPatiently(
  { pool, partitions, logger, metrics }: StoreOptions,
  ids: UplinkIds,
  batch: readonly Waiting[],
  isAbandoned: () => boolean,
): Promise<BatchOutcome> {
  for (let pause_ms: number = intakeLimits.retryFirst_ms; ; pause_ms *= 2) {
    try {
      await ids.number(batch);
      const uplinks = batch.map((entry) => entry.uplink);
      await partitions.ensureFor(
        'uplink',
        uplinks.map((uplink) => uplink.receivedAt_ms),
      );
      await partitions.ensureFor('reading', plausibleInstants(uplinks));
      return await commitBatch(pool, uplinks, intakeLimits.redeliveryWindow_ms);
    } catch (error) {
      if (isFaultOfTheRow(error) || isAbandoned()) throw error;
      metrics().retries.inc();
      logger.warn(
        { messages: batch.length, sqlstate: sqlState(error) },
        'the database did not take a batch; trying again',
      );
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause_ms, intakeLimits.retryMost_ms)));
    }
  }
}

function count(metrics: IntakeMetrics, messages: number, outcome: BatchOutcome): void {
  metrics.batches.inc();
  metrics.batchMessages.observe(messages);
  metrics.readings.inc(outcome.readings);
  metrics.conflicts.inc(outcome.conflicts);
  metrics.misdated.inc(outcome.misdated);
  metrics.quarantined.inc(outcome.quarantined);
  metrics.redelivered.inc(outcome.redelivered);
}

function* plausibleInstants(uplinks: readonly PendingUplink[]): Generator<number> {
  for (const { readings } of uplinks) {
    for (const reading of readings) if (reading.plausible) yield reading.measuredAt_ms;
  }
}
