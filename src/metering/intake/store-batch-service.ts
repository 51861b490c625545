// Stores one batch, however long the database makes it wait, and parts the rows it refuses from those it takes.
//
// Two ways lead into the table. Readings later than anything known of their meter go by COPY, which can't tell duplicates
// apart: where one was there already (another copy of the service stored it), the constraint says so (SQLSTATE 23505),
// nothing is stored, and the whole part goes the other way. That way asks the table row by row and is always right.
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { packLimits } from '../readings/pack-limits.ts';
import { type BatchOutcome, commitPart, idsAtOnce, nothingStored, reserveUplinkIds } from './commit-batch-store.ts';
import { isFaultOfTheRow, isOurMistake, sqlState, UNIQUE_VIOLATION } from './database-fault.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import { type PartRows, partRows } from './part-rows.ts';
import type { Partitions } from './partition-service.ts';
import { askedLanes, askedRedeliveries } from './redelivery.ts';
import { findNewestReadings, findRedelivered, isStored } from './redelivery-store.ts';
import type { UplinkBatch } from './uplink-batch.ts';

export interface StoreOptions {
  pool: Pool;
  partitions: Partitions;
  clock: Clock;
  logger: Logger;
  metrics: () => IntakeMetrics;
}

/** What the batches of one process share: ids in stock, and how far readings are taken to be new. */
export class BatchStore {
  readonly #options: StoreOptions;
  #nextId = 0;
  #idsLeft = 0;
  /** Parts that go the checked way at once, after the quick one was wrong: twice as many each time in a row. */
  #distrust = 0;
  #distrusted = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /**
   * Stores the batch and settles each of its uplinks once. Where the database refuses a row, the row is found by halving,
   * its uplink goes to quarantine, and all others are stored.
   *
   * @param isAbandoned asked between tries: true ends them, with what is left reported as not stored
   * @param settle told of each part as it is stored or given up
   */
  async store(
    batch: UplinkBatch,
    isAbandoned: () => boolean,
    settle: (uplinks: readonly number[], stored: boolean) => void,
  ): Promise<void> {
    const storePart = async (uplinks: number[]): Promise<void> => {
      const { logger, metrics } = this.#options;
      try {
        const end = metrics().commitSeconds.startTimer();
        const outcome = await this.#commitPatiently(batch, uplinks, isAbandoned);
        end();
        count(metrics(), uplinks.length, outcome);
      } catch (error) {
        if (isFaultOfTheRow(error) && uplinks.length > 1) {
          const middle = Math.ceil(uplinks.length / 2);
          await storePart(uplinks.slice(0, middle));
          return storePart(uplinks.slice(middle));
        }
        const [only] = uplinks;
        if (isFaultOfTheRow(error) && only !== undefined && batch.problemOf(only) === null) {
          const detail = `the database refused a reading (SQLSTATE ${sqlState(error)})`;
          batch.refuse(only, { code: 'ROW_REFUSED', detail });
          return storePart(uplinks);
        }
        const mistake = isOurMistake(error) ? { err: error } : {};
        logger.error({ messages: uplinks.length, sqlstate: sqlState(error), ...mistake }, 'a batch was not stored');
        return settle(uplinks, false);
      }
      settle(uplinks, true);
    };
    await storePart(Array.from({ length: batch.count }, (_, uplink) => uplink));
  }

  /** Tries until the database takes the part or refuses a row of it. Nothing of it is acknowledged meanwhile. */
  async #commitPatiently(
    batch: UplinkBatch,
    uplinks: readonly number[],
    isAbandoned: () => boolean,
  ): Promise<BatchOutcome> {
    const { pool, logger, metrics } = this.#options;
    let firstId: number | null = null;
    let pause_ms: number = intakeLimits.retryFirst_ms;
    let lastState: string | null = null;
    for (let tried = false; ; tried = true) {
      let rows: PartRows | null = null;
      try {
        if (tried && firstId !== null && (await isStored(pool, firstId))) return nothingStored;
        firstId ??= await this.#reserve(uplinks.length);
        const redelivered = await this.#findRedelivered(batch, uplinks);
        const fresh = redelivered.size === 0 ? uplinks : uplinks.filter((uplink) => !redelivered.has(uplink));
        if (fresh.length === 0) return { ...nothingStored, redelivered: redelivered.size };
        const oldBefore_ms = this.#options.clock.now_ms() - packLimits.oldAfter_ms;
        rows = partRows(batch, fresh, firstId, !tried && this.#distrusted === 0, oldBefore_ms);
        await this.#ensurePartitions(rows);
        const outcome = await commitPart(pool, rows);
        if (rows.newer.length > 0) this.#distrust >>= 1;
        else if (this.#distrusted > 0) this.#distrusted -= 1;
        return { ...outcome, redelivered: redelivered.size };
      } catch (error) {
        lastState = sqlState(error);
        const wasThere = lastState === UNIQUE_VIOLATION && rows !== null;
        if (wasThere && !tried) {
          this.#distrust = Math.min(Math.max(1, this.#distrust * 2), intakeLimits.distrustedBatches);
          this.#distrusted = this.#distrust;
          await this.#learnMarks(batch, uplinks);
          continue;
        }
        // Of the checked way only ids can be there already, by an earlier try that is in the making: it is waited for.
        if ((isFaultOfTheRow(error) && !wasThere) || isOurMistake(error) || isAbandoned()) throw error;
      }
      metrics().retries.inc();
      logger.warn({ messages: uplinks.length, sqlstate: lastState }, 'the database did not take a batch; trying again');
      const wait_ms = Math.min(pause_ms, intakeLimits.retryMost_ms);
      pause_ms *= 2;
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  }

  /** Ids that follow each other, so that the part's place in packs is known before it is sent. */
  async #reserve(many: number): Promise<number> {
    if (this.#idsLeft < many) {
      // Two batches may come here at once; the later block then replaces the earlier one's rest, which is never used.
      this.#nextId = await reserveUplinkIds(this.#options.pool);
      this.#idsLeft = idsAtOnce;
    }
    const first = this.#nextId;
    this.#nextId += many;
    this.#idsLeft -= many;
    return first;
  }

  async #findRedelivered(batch: UplinkBatch, uplinks: readonly number[]): Promise<ReadonlySet<number>> {
    const lanes = askedLanes(batch, uplinks);
    if (lanes.length > 0) {
      const newest = await findNewestReadings(this.#options.pool, [...new Set(lanes.map(([meterId]) => meterId))]);
      for (const [meterId, lane, isSettled] of lanes) {
        const at_ms = newest.get(meterId) ?? Number.NEGATIVE_INFINITY;
        lane.mark_ms = Math.max(lane.mark_ms, at_ms);
        lane.learnt(at_ms, isSettled);
      }
    }
    const asked = askedRedeliveries(batch, uplinks);
    if (asked.length === 0) return new Set();
    const found = await findRedelivered(
      this.#options.pool,
      asked.map(({ redelivery }) => redelivery),
    );
    return new Set(asked.filter((_, place) => found.has(place)).map(({ uplink }) => uplink));
  }

  /** After the quick way was wrong: asks how late the newest readings of these devices' meters are. */
  async #learnMarks(batch: UplinkBatch, uplinks: readonly number[]): Promise<void> {
    const lanes = new Set(uplinks.flatMap((uplink) => batch.lanes[uplink] ?? []));
    const meterIds = new Set([...lanes].flatMap((lane) => lane.device.meter?.meterId ?? []));
    // Marks are hints: where even this fails, the next batch learns it anew.
    const newest = await findNewestReadings(this.#options.pool, [...meterIds]).catch(() => new Map<number, number>());
    for (const lane of lanes) {
      const at_ms = newest.get(lane.device.meter?.meterId ?? 0) ?? Number.NEGATIVE_INFINITY;
      lane.mark_ms = Math.max(lane.mark_ms, at_ms);
    }
  }

  async #ensurePartitions({ batch, uplinks, newer, checked }: PartRows): Promise<void> {
    const { partitions } = this.#options;
    await partitions.ensureFor('uplink_pack', batch.receivedAt_ms, uplinks);
    await partitions.ensureFor('reading', batch.measuredAt_ms, newer);
    await partitions.ensureFor('reading', batch.measuredAt_ms, checked);
  }
}

function count(metrics: IntakeMetrics, messages: number, outcome: BatchOutcome): void {
  metrics.batches.inc();
  metrics.batchMessages.observe(messages);
  metrics.readings.inc(outcome.readings);
  metrics.checked.inc(outcome.checked);
  metrics.conflicts.inc(outcome.conflicts);
  metrics.misdated.inc(outcome.misdated);
  metrics.quarantined.inc(outcome.quarantined);
  metrics.redelivered.inc(outcome.redelivered);
}
