// Gathers the changes that wait in the outbox into the next epoch, with its root and its part of the public log.
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool } from '../platform/postgres/database.ts';
import { countWaiting, insertEpoch, takeWaiting } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import type { MapService } from './map-service.ts';
import type { Change, SparseMerkleMap } from './sparse-merkle-map.ts';
import { compareBytes, EMPTY } from './tree-hash.ts';

export interface EpochSettings {
  /** Time between two epochs at least, unless `changes` have come together before. */
  interval_ms: number;
  /** Number of waiting changes that makes an epoch at once. */
  changes: number;
}

/**
 * Makes the next epoch if it is due and anything waits that changes the map. To be called by one copy at a time; where
 * two do all the same, the second one's transaction fails.
 *
 * @returns its number, `null` where none was made
 */
export async function makeEpochIfDue(
  pool: Pool,
  maps: MapService,
  clock: Clock,
  settings: EpochSettings,
): Promise<number | null> {
  const waiting = await countWaiting(pool, settings.changes);
  if (waiting === 0) return null;
  const view = await maps.view();
  if (view.epochs.filter(({ status }) => status === 'pending').length >= anchoringLimits.epochsAhead) return null;
  const lastMade_ms = view.epochs.at(-1)?.madeAt.getTime() ?? Number.NEGATIVE_INFINITY;
  if (waiting < settings.changes && clock.now_ms() - lastMade_ms < settings.interval_ms) return null;

  const before = view.mapAt(view.newest);
  return inTransaction(pool, async (transaction) => {
    const taken = await takeWaiting(transaction, anchoringLimits.epochChanges);
    const changes = taken.filter((change) => changesIn(before, change));
    if (changes.length === 0) return null;
    const epoch = view.newest + 1;
    const { root } = before.with(changes);
    const madeAt = new Date(clock.now_ms());
    // Not the map's root: after a disowned epoch the contract builds on a root that no map of ours has.
    const previousRoot = view.epochs.at(-1)?.root ?? EMPTY;
    await insertEpoch(transaction, { epoch, previousRoot, root, madeAt }, changes);
    return epoch;
  });
}

function changesIn(map: SparseMerkleMap, { key, value }: Change): boolean {
  const held = map.get(key);
  if (held === null || value === null) return held !== value;
  return compareBytes(held, value) !== 0;
}
