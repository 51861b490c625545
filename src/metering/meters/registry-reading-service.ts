// Answers what the registry holds: places as they are now, a place's whole history, and how far imports are.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import {
  findPlaceHistory,
  type ImportRow,
  listImports,
  listPlaces,
  type PlaceHistory,
  type PlaceRow,
} from './registry-reading-store.ts';

/** Imports shown, the newest first. */
const IMPORTS_SHOWN = 20;

export interface RegistryReading {
  listPlaces(wanted: {
    search: string | null;
    after: string | null;
    limit: number;
  }): Promise<{ places: PlaceRow[]; next: string | null }>;
  /** @throws SERVICE_POINT_UNKNOWN */
  placeHistory(id: string): Promise<PlaceHistory>;
  listImports(): Promise<ImportRow[]>;
}

export function createRegistryReading(pool: Pool, clock: Clock): RegistryReading {
  return {
    listPlaces: async ({ limit, ...wanted }) => {
      const found = await listPlaces(pool, { ...wanted, limit: limit + 1, now_ms: clock.now_ms() });
      const places = found.slice(0, limit);
      return { places, next: found.length > limit ? (places.at(-1)?.service_point_id ?? null) : null };
    },
    placeHistory: async (id) => {
      const found = await findPlaceHistory(pool, id);
      if (found === null) throw problem('SERVICE_POINT_UNKNOWN');
      return found;
    },
    listImports: () => listImports(pool, IMPORTS_SHOWN),
  };
}
