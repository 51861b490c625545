// Lets a copy outside the service keep up with days of use: all that is stored when it begins, what changed ever since, and
// never less.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type ChangedDay, changesKept_days } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import {
  type CopiedDays,
  findDays,
  isZone,
  lastChange,
  listChangesAfter,
  listStoredDays,
} from './changed-use-store.ts';
import { type CopyCursor, nothingWalked, readCopyCursor, writeCopyCursor } from './export-cursor.ts';
import { exportLimits } from './export-limits.ts';
import { type ExportedDay, exportedDay } from './exported-day.ts';

export interface ChangedUsePage {
  days: ExportedDay[];
  /** To be kept: what changes after this page is told from here on. */
  next_cursor: string;
  /** Whether anything is to be told at once. */
  more: boolean;
}

export interface ChangedUseService {
  readonly timeZone: string;
  /**
   * The next days for a copy, as they are now.
   * @param copied whose days, and from when on
   * @param cursor null: it begins, with all that is stored
   * @throws ZONE_UNKNOWN, REQUEST_INVALID where the cursor is not one of these days, CURSOR_EXPIRED
   */
  changedUse(copied: CopiedDays, cursor: string | null, limit: number): Promise<ChangedUsePage>;
  /**
   * All of it at once, some days at a time.
   * @returns what the copy is to go on from when it has read to the end
   * @throws as `changedUse`
   */
  allChangedUse(
    copied: CopiedDays,
    cursor: string | null,
  ): Promise<{ next_cursor: string; days: AsyncGenerator<ExportedDay[]> }>;
}

interface Step {
  days: ExportedDay[];
  place: CopyCursor;
  more: boolean;
}

export function createChangedUseService(pool: Pool, days: LocalDays): ChangedUseService {
  /** The change to which a copy is brought is fixed before anything is read: what comes meanwhile is for the next time. */
  async function begin(
    { zone, since }: CopiedDays,
    cursor: string | null,
  ): Promise<{ place: CopyCursor; until_id: number }> {
    if (zone !== null && !(await isZone(pool, zone))) throw problem('ZONE_UNKNOWN');
    const until_id = await lastChange(pool);
    if (cursor === null) return { place: { zone, since, changed_id: until_id, walked: nothingWalked }, until_id };
    const place = readCopyCursor(cursor);
    if (place === null || place.zone !== zone || place.since !== since) {
      throw problem('REQUEST_INVALID', 'querystring/cursor: it is not one that a page of these days ended with');
    }
    // Whatever the copy was told, it can't know more than there is: a database was put back to an earlier state.
    if (place.changed_id > until_id) throw expired();
    return { place, until_id };
  }

  async function step(place: CopyCursor, until_id: number, limit: number): Promise<Step> {
    const { changed_id, walked } = place;
    const shown = async (wanted: Parameters<typeof findDays>[1]) =>
      (await findDays(pool, wanted, place)).map((stored) => exportedDay(days, stored));
    if (walked !== null) {
      const stored = await walk(place, walked, limit);
      const next = { ...place, walked: stored.next };
      return { days: await shown(stored.days), place: next, more: stored.next !== null || changed_id < until_id };
    }
    const changes = await listChangesAfter(pool, { after_id: changed_id, until_id }, limit);
    if (changes.lost) throw expired();
    const next = { ...place, changed_id: changes.last_id };
    return {
      days: await shown(changes.days),
      place: next,
      more: changes.days.length > 0 && changes.last_id < until_id,
    };
  }

  /** Most installs of a young city have few days: some of them make a page. */
  async function walk(place: CopyCursor, from: ChangedDay, limit: number) {
    const found: ChangedDay[] = [];
    let next: ChangedDay | null = from;
    for (let round = 0; next !== null && found.length < limit && round < exportLimits.walkRounds; round += 1) {
      const some: Awaited<ReturnType<typeof listStoredDays>> = await listStoredDays(
        pool,
        place,
        next,
        limit - found.length,
      );
      found.push(...some.days);
      next = some.next;
    }
    return { days: found, next };
  }

  async function* allOf(first: Step, until_id: number): AsyncGenerator<ExportedDay[]> {
    for (let now = first; ; now = await step(now.place, until_id, exportLimits.rowsAtOnce)) {
      yield now.days;
      if (!now.more) return;
    }
  }

  return {
    timeZone: days.timeZone,
    changedUse: async (copied, cursor, limit) => {
      const { place, until_id } = await begin(copied, cursor);
      const { days, place: next, more } = await step(place, until_id, limit);
      return { days, next_cursor: writeCopyCursor(next), more };
    },
    allChangedUse: async (copied, cursor) => {
      const { place, until_id } = await begin(copied, cursor);
      // What can be refused is, before the first byte is sent.
      const first = await step(place, until_id, exportLimits.rowsAtOnce);
      const next_cursor = writeCopyCursor({ ...copied, changed_id: until_id, walked: null });
      return { next_cursor, days: allOf(first, until_id) };
    },
  };
}

function expired() {
  return problem(
    'CURSOR_EXPIRED',
    `Changes are kept for ${changesKept_days} days: leave the cursor out and copy everything again.`,
  );
}
