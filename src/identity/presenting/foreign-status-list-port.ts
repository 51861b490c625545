// Fetches the status lists of other issuers from the hosts that were named, and keeps each for when its host is away.
import type { Clock } from '../../platform/clock.ts';
import type { GuardedFetch } from '../../platform/http/guarded-fetch.ts';
import { Problem } from '../../platform/problem.ts';

export const foreignStatusLimits = {
  /** Lists kept in memory. */
  kept: 64,
} as const;

/** A list says by its type what it is; hosts that don't know the type serve it as JSON. */
const LIST_TYPES = ['application/vc', 'application/vc+jwt', 'application/ld+json', 'application/json'];

export type FetchedList = { text: string; age_s: number } | 'STATUS_HOST_NOT_ASKED' | 'STATUS_LIST_AWAY';

export interface ListOrder {
  /** Media types that are taken; those of W3C lists where absent. */
  types?: readonly string[];
  /** A copy no older than this is not asked for again. An older one is given only where its host has none to give. */
  fresh_s: number;
}

export interface ForeignStatusLists {
  fetch(address: string, order: ListOrder): Promise<FetchedList>;
}

export function createForeignStatusLists(parts: { fetchText: GuardedFetch; clock: Clock }): ForeignStatusLists {
  const { fetchText, clock } = parts;
  const kept = new Map<string, { text: string; fetched_ms: number }>();

  return {
    async fetch(address, { types = LIST_TYPES, fresh_s }) {
      const known = kept.get(address);
      const old =
        known === undefined
          ? null
          : { text: known.text, age_s: Math.floor((clock.now_ms() - known.fetched_ms) / 1000) };
      if (old !== null && old.age_s < fresh_s) return old;
      try {
        const text = await fetchText(address, types);
        kept.delete(address);
        if (text === null) return 'STATUS_LIST_AWAY';
        if (kept.size >= foreignStatusLimits.kept) kept.delete(kept.keys().next().value ?? '');
        kept.set(address, { text, fetched_ms: clock.now_ms() });
        return { text, age_s: 0 };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return error.code === 'FETCH_NOT_ALLOWED' ? 'STATUS_HOST_NOT_ASKED' : (old ?? 'STATUS_LIST_AWAY');
      }
    },
  };
}
