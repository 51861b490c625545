// The maps of the epochs that may be asked for, from the newest final one on, kept in step with the log in Postgres.
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Epoch, readChanges, readEntries, readLiveEpochs } from './anchor-store.ts';
import { type Change, SparseMerkleMap } from './sparse-merkle-map.ts';
import { compareBytes } from './tree-hash.ts';

export interface MapsView {
  /** The newest final epoch and all after it, oldest first. */
  readonly epochs: readonly Epoch[];
  /** Number of the newest epoch, 0 before the first. */
  readonly newest: number;
  /** The map at one of `epochs`, or the empty one at 0. */
  mapAt(epoch: number): SparseMerkleMap;
}

export interface MapService {
  /** The state of now. @throws ANCHOR_LOG_DAMAGED where the log gives another root than was recorded */
  view(): Promise<MapsView>;
}

/** Whichever copy of the service makes the epochs, each follows the log by itself; the first call reads all of it. */
export function createMapService(pool: Pool): MapService {
  let maps = new Map<number, SparseMerkleMap>();
  let running: Promise<MapsView> | undefined;
  let next: Promise<MapsView> | undefined;

  async function catchUp(): Promise<MapsView> {
    const epochs = await readLiveEpochs(pool);
    const first = epochs[0]?.epoch ?? 0;
    const newest = epochs.at(-1)?.epoch ?? 0;
    // The root of a disowned epoch is the chain's; the map stays what the log gives.
    const own = epochs.filter(({ disownedAt }) => disownedAt === null);
    const roots = new Map(own.map(({ epoch, root }) => [epoch, root]));
    const kept = new Map([...maps].filter(([epoch]) => epoch <= newest));
    let at = [...kept.keys()].reduce((a, b) => Math.max(a, b), -1);
    // At the start; or when epochs that were final are so no more, and their maps were let go.
    if (at < 0 || (at > first && !kept.has(first))) {
      kept.clear();
      at = first;
      kept.set(at, checked(SparseMerkleMap.empty.with(await readEntries(pool, at)), at, roots));
    }
    const changes = at < newest ? byEpoch(await readChanges(pool, at, newest)) : new Map<number, Change[]>();
    for (let map = kept.get(at) as SparseMerkleMap; at < newest; ) {
      at += 1;
      map = checked(map.with(changes.get(at) ?? []), at, roots);
      kept.set(at, map);
    }
    maps = new Map([...kept].filter(([epoch]) => epoch >= first));
    const seen = maps;
    return { epochs, newest, mapAt: (epoch) => seen.get(epoch) ?? SparseMerkleMap.empty };
  }

  function run(): Promise<MapsView> {
    const own = catchUp().finally(() => {
      if (running === own) running = undefined;
    });
    running = own;
    return own;
  }

  return {
    view() {
      if (running === undefined) return run();
      // Who comes while one catch-up runs shares the one after it, which sees what was committed before they asked.
      next ??= running
        .then(
          () => {},
          () => {},
        )
        .then(() => {
          next = undefined;
          return run();
        });
      return next;
    },
  };
}

function byEpoch(changes: readonly (Change & { epoch: number })[]): Map<number, Change[]> {
  const grouped = new Map<number, Change[]>();
  for (const change of changes) {
    const group = grouped.get(change.epoch);
    if (group === undefined) grouped.set(change.epoch, [change]);
    else group.push(change);
  }
  return grouped;
}

function checked(map: SparseMerkleMap, epoch: number, roots: ReadonlyMap<number, Uint8Array>): SparseMerkleMap {
  const recorded = roots.get(epoch);
  if (recorded !== undefined && compareBytes(map.root, recorded) !== 0)
    throw problem(
      'ANCHOR_LOG_DAMAGED',
      `The changes up to epoch ${epoch} in anchoring.change don't give that epoch's root; restore them from a backup.`,
    );
  return map;
}
