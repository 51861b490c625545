// Fetches the status lists of other issuers from the hosts that were named, and keeps each for as long as it says.
import type { Clock } from '../../platform/clock.ts';
import type { GuardedFetch } from '../../platform/http/guarded-fetch.ts';
import { Problem } from '../../platform/problem.ts';

export const foreignStatusLimits = {
  /** Lists kept in memory. */
  kept: 64,
  /** How long a list is used before it is asked for again, however long it says. */
  fresh_ms: 300_000,
} as const;

/** A list says by its type what it is; hosts that don't know the type serve it as JSON. */
const LIST_TYPES = ['application/vc', 'application/vc+jwt', 'application/ld+json', 'application/json'];

export type FetchedList = { text: string; age_s: number } | 'STATUS_HOST_NOT_ASKED' | 'STATUS_LIST_AWAY';

export interface ForeignStatusLists {
  fetch(address: string): Promise<FetchedList>;
}

export function createForeignStatusLists(parts: { fetchText: GuardedFetch; clock: Clock }): ForeignStatusLists {
  const { fetchText, clock } = parts;
  const kept = new Map<string, { text: string; fetched_ms: number }>();

  return {
    async fetch(address) {
      const known = kept.get(address);
      const age_ms = known === undefined ? Number.POSITIVE_INFINITY : clock.now_ms() - known.fetched_ms;
      if (known !== undefined && age_ms < foreignStatusLimits.fresh_ms) {
        return { text: known.text, age_s: Math.floor(age_ms / 1000) };
      }
      kept.delete(address);
      try {
        const text = await fetchText(address, LIST_TYPES);
        if (text === null) return 'STATUS_LIST_AWAY';
        if (kept.size >= foreignStatusLimits.kept) kept.delete(kept.keys().next().value ?? '');
        kept.set(address, { text, fetched_ms: clock.now_ms() });
        return { text, age_s: 0 };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return error.code === 'FETCH_NOT_ALLOWED' ? 'STATUS_HOST_NOT_ASKED' : 'STATUS_LIST_AWAY';
      }
    },
  };
}
