// Keeps a partition ready for every month that readings come for: some ahead of the clock, older ones on demand.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import {
  createPartition,
  findTimeStorage,
  listPartitions,
  type Month,
  monthOf,
  type TimeStorage,
  type TimeTable,
} from './partition-store.ts';

const MONTHS_AHEAD = 2;
const DAY_ms = 86_400_000;

export interface Partitions {
  readonly storage: TimeStorage;
  /** Makes this month's and the coming ones; call at start and daily. */
  ensureAhead(): Promise<void>;
  /** Makes those of the instants at these places. Free of any query where they are known. */
  ensureFor(table: TimeTable, instants_ms: readonly number[], places: readonly number[]): Promise<void>;
}

/** Reads which partitions there are. On TimescaleDB there is nothing to make: its chunks come by themselves. */
export async function openPartitions(pool: Pool, clock: Clock): Promise<Partitions> {
  const storage = await findTimeStorage(pool);
  const known: Record<TimeTable, Set<Month>> = {
    uplink_pack: new Set(await listPartitions(pool, 'uplink_pack')),
    reading: new Set(await listPartitions(pool, 'reading')),
    reading_pack: new Set(await listPartitions(pool, 'reading_pack')),
  };

  // Days rather than months are remembered for the quick answer: a day is a division away, a month needs a calendar.
  const knownDays: Record<TimeTable, Set<number>> = {
    ...{ uplink_pack: new Set(), reading: new Set(), reading_pack: new Set() },
  };

  async function ensure(table: TimeTable, month: Month): Promise<void> {
    if (storage !== 'partitions' || known[table].has(month)) return;
    await createPartition(pool, table, month);
    known[table].add(month);
  }

  return {
    storage,
    ensureAhead: async () => {
      const now = monthOf(clock.now_ms());
      for (const table of ['uplink_pack', 'reading'] as const) {
        for (let month = now - 1; month <= now + MONTHS_AHEAD; month += 1) await ensure(table, month);
      }
    },
    ensureFor: async (table, instants_ms, places) => {
      if (storage !== 'partitions') return;
      let last = Number.NaN;
      for (const place of places) {
        const at_ms = instants_ms[place] as number;
        const day = Math.floor(at_ms / DAY_ms);
        if (day === last) continue;
        last = day;
        if (knownDays[table].has(day)) continue;
        await ensure(table, monthOf(at_ms));
        knownDays[table].add(day);
      }
    },
  };
}
