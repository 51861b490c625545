// The maps of the epochs that may be asked for, from the newest final one on, kept in step with the log in Postgres.
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Epoch, readChanges, readEntries, readLiveEpochs } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { type Change, type MapVersion, SparseMerkleMap } from './sparse-merkle-map.ts';
import { compareBytes } from './tree-hash.ts';

export interface MapsView {
  /** The newest final epoch and all after it, oldest first. */
  readonly epochs: readonly Epoch[];
  /** Number of the newest epoch, 0 before the first. */
  readonly newest: number;
  /** The map at one of `epochs`, or at `newest`. To be read at once: it is let go some views after its epoch is past. */
  mapAt(epoch: number): MapVersion;
}

export interface MapService {
  /** The state of now. @throws ANCHOR_LOG_DAMAGED where the log gives another root than was recorded */
  view(): Promise<MapsView>;
  /**
   * The root that the next epoch will have with these changes. Its map is kept: once the log has the epoch, nothing needs
   * to be worked out again. Only the newest proposal counts.
   *
   * @param epoch its number
   * @throws NOT_READY where another copy of the service has made that epoch already
   */
  propose(epoch: number, changes: readonly Change[]): Promise<Uint8Array>;
}

interface Held {
  readonly epoch: number;
  readonly version: MapVersion;
}

/** Whichever copy of the service makes the epochs, each follows the log by itself; the first call reads all of it. */
export function createMapService(pool: Pool): MapService {
  let map = new SparseMerkleMap();
  /** In the order of epochs, none left out. */
  let held: Held[] = [];
  /** Past, but views of them may still be read. */
  let past: MapVersion[] = [];
  let proposed: Held | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let next: Promise<MapsView> | undefined;

  /** The map changes in one place at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => {});
    return turn;
  }

  async function catchUp(): Promise<MapsView> {
    const epochs = await readLiveEpochs(pool);
    const first = epochs[0]?.epoch ?? 0;
    const newest = epochs.at(-1)?.epoch ?? 0;
    letGo();
    // The root of a disowned epoch is the chain's; the map stays what the log gives.
    const roots = new Map(epochs.map(({ epoch, root, disownedAt }) => [epoch, disownedAt === null ? root : undefined]));
    const [oldest] = held;
    // At the start; when epochs that were final are so no more, and their maps were let go; when the log was cut short.
    if (oldest === undefined || first < oldest.epoch || newest < newestHeld()) {
      held = [];
      proposed = undefined;
      map = await readMapAt(pool, first);
      hold(first, map.newest, roots.get(first));
    }
    while (newestHeld() < newest) {
      const epoch = newestHeld() + 1;
      hold(epoch, await follow(epoch, roots.get(epoch)), roots.get(epoch));
    }
    past = held.filter(({ epoch }) => epoch < first).map(({ version }) => version);
    held = held.filter(({ epoch }) => epoch >= first);
    const seen = new Map(held.map(({ epoch, version }) => [epoch, version]));
    return {
      epochs,
      newest,
      mapAt(epoch) {
        const version = seen.get(epoch);
        if (version === undefined) throw new RangeError(`the map of epoch ${epoch} is not held`);
        return version;
      },
    };
  }

  /** Two epochs may have one version, where the second changed nothing. */
  function letGo(): void {
    const inUse = new Set(held.map(({ version }) => version));
    for (const version of new Set(past)) if (!inUse.has(version)) map.release(version);
    past = [];
  }

  function newestHeld(): number {
    return held.at(-1)?.epoch ?? -1;
  }

  function hold(epoch: number, version: MapVersion, recorded: Uint8Array | undefined): void {
    if (recorded !== undefined && compareBytes(version.root, recorded) !== 0) {
      if (version !== held.at(-1)?.version) map.release(version);
      throw problem(
        'ANCHOR_LOG_DAMAGED',
        `The changes up to epoch ${epoch} in anchoring.change don't give that epoch's root; restore them from a backup.`,
      );
    }
    held.push({ epoch, version });
  }

  async function follow(epoch: number, root: Uint8Array | undefined): Promise<MapVersion> {
    if (proposed?.epoch === epoch && root !== undefined && compareBytes(proposed.version.root, root) === 0) {
      const { version } = proposed;
      proposed = undefined;
      return version;
    }
    giveUpProposed();
    return map.advance(await readChanges(pool, epoch));
  }

  function giveUpProposed(): void {
    if (proposed !== undefined && proposed.version !== held.at(-1)?.version) map.release(proposed.version);
    proposed = undefined;
  }

  return {
    view() {
      // Who comes before it has begun shares it: it sees what was committed before they asked.
      next ??= inTurn(() => {
        next = undefined;
        return catchUp();
      });
      return next;
    },
    propose(epoch, changes) {
      return inTurn(async () => {
        giveUpProposed();
        if (newestHeld() !== epoch - 1) throw problem('NOT_READY', `Epoch ${epoch} was made by another copy just now.`);
        const version = await map.advance(changes);
        proposed = { epoch, version };
        return version.root;
      });
    },
  };
}

/** Reads the whole map of an epoch from the log, in key order: so each part of the tree is built once. */
export async function readMapAt(pool: Pool, epoch: number): Promise<SparseMerkleMap> {
  const map = new SparseMerkleMap();
  for (let after: Uint8Array | null = null; ; ) {
    const entries = await readEntries(pool, epoch, after, anchoringLimits.entriesPerPage);
    const before = map.newest;
    if ((await map.advance(entries)) !== before) map.release(before);
    after = entries.at(-1)?.key ?? null;
    if (after === null) return map;
  }
}
