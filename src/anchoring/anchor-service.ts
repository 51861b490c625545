// Answers what is anchored: a key's state with its proof, the newest epoch, and the public log.
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import type { Anchor, AnchorHead } from './anchor.ts';
import {
  countWaiting,
  type Epoch,
  type Registry,
  readChangesOf,
  readEpoch,
  readRegistry,
  readWaiting,
} from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { toHex } from './hexadecimal.ts';
import type { MapService, MapsView } from './map-service.ts';
import { encodeProof, proofToText } from './proofs.ts';
import { createPublicLog } from './public-log-service.ts';

export interface EpochFacts {
  epoch: number;
  previous_root: string;
  root: string;
  made_at: string;
  status: Anchor['status'];
  transaction: string | null;
  block: number | null;
  block_time: string | null;
  /** When the operator said that this epoch of the chain is not theirs; `null` for every other. */
  disowned_at: string | null;
  /** In key order. `link`: see log-link.ts; `null` in epochs made before there were links. */
  changes: { key: string; value: string | null; link: string | null }[];
  /** The key after which the next page begins; `null` at the end. */
  next_after: string | null;
}

export interface AnchorService {
  /**
   * The state of `key` and the proof for it. The epoch named is the firmest one whose map holds what the newest map
   * holds, so that an anchor once final stays so while only other keys change.
   *
   * @param key 32 bytes
   * @returns `null` before the first epoch, while nothing waits under the key either
   * @throws NOT_READY before the contract is known
   */
  anchorOf(key: Uint8Array): Promise<Anchor | null>;
  /** @throws NOT_READY before the contract is known */
  head(): Promise<AnchorHead>;
  /** @throws NOT_FOUND */
  epoch(epoch: number, afterKey: Uint8Array | null): Promise<EpochFacts>;
  /**
   * The public log from epoch `from` on, as text in the form of public-log.ts.
   * @throws NOT_READY before the contract is known; TOO_MANY_REQUESTS where too many read at once
   */
  log(from: number): Promise<AsyncIterable<string>>;
}

export function createAnchorService(pool: Pool, maps: MapService): AnchorService {
  async function registry(): Promise<Registry> {
    const known = await readRegistry(pool);
    if (known === null) throw problem('NOT_READY', 'The anchor contract is not prepared yet; try again shortly.');
    return known;
  }
  const publicLog = createPublicLog(pool);

  return {
    async anchorOf(key) {
      const place = placeOf(await registry());
      // Asked in this order: a change on its way from the outbox into an epoch is then seen here or there.
      const waiting = await readWaiting(pool, key);
      const view = await maps.view();
      if (waiting !== undefined) {
        return { ...place, ...nowhere, status: 'pending', key: toHex(key), value: hexOrNull(waiting.value) };
      }
      const epoch = firmestFor(view, key);
      if (epoch === null) return null;
      const map = view.mapAt(epoch.epoch);
      return {
        ...place,
        status: epoch.status,
        key: toHex(key),
        value: hexOrNull(map.get(key)),
        epoch: epoch.epoch,
        root: toHex(epoch.root),
        ...inclusionOf(epoch),
        proof: proofToText(encodeProof(map.prove(key))),
      };
    },

    async head() {
      const place = placeOf(await registry());
      const { epochs } = await maps.view();
      const newest = epochs.at(-1);
      return {
        ...place,
        epoch: newest?.epoch ?? null,
        root: newest === undefined ? null : toHex(newest.root),
        status: newest?.status ?? null,
        ...(newest === undefined ? nothingIncluded : inclusionOf(newest)),
        changes_waiting: await countWaiting(pool, anchoringLimits.epochChanges),
      };
    },

    async epoch(number, afterKey) {
      const epoch = await readEpoch(pool, number);
      if (epoch === null) throw problem('NOT_FOUND', `There is no epoch ${number}.`);
      const limit = anchoringLimits.changesPerPage;
      const changes = await readChangesOf(pool, number, afterKey, limit);
      const last = changes.at(-1);
      return {
        epoch: epoch.epoch,
        previous_root: toHex(epoch.previousRoot),
        root: toHex(epoch.root),
        made_at: epoch.madeAt.toISOString(),
        status: epoch.status,
        ...inclusionOf(epoch),
        disowned_at: epoch.disownedAt?.toISOString() ?? null,
        changes: changes.map(({ key, value, link }) => ({
          key: toHex(key),
          value: hexOrNull(value),
          link: hexOrNull(link),
        })),
        next_after: changes.length < limit || last === undefined ? null : toHex(last.key),
      };
    },

    log: async (from) => publicLog.read(placeOf(await registry()), from),
  };
}

const nothingIncluded = { transaction: null, block: null, block_time: null };
const nowhere = { epoch: null, root: null, ...nothingIncluded, proof: null };

function placeOf({ chainId, contract, registryId }: Registry): Pick<Anchor, 'chain_id' | 'contract' | 'registry_id'> {
  return { chain_id: chainId, contract, registry_id: registryId };
}

function inclusionOf(epoch: Epoch): Pick<Anchor, 'transaction' | 'block' | 'block_time'> {
  return {
    transaction: epoch.transaction,
    block: epoch.block,
    block_time: epoch.blockTime?.toISOString() ?? null,
  };
}

function hexOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : toHex(bytes);
}

/** The newest epoch of the firmest status whose map holds what the newest map holds under `key`. */
function firmestFor(view: MapsView, key: Uint8Array): Epoch | null {
  const current = hexOrNull(view.mapAt(view.newest).get(key));
  // The root of a disowned epoch is none of our maps', and no proof leads to it.
  const agreeing = view.epochs.filter(
    ({ epoch, disownedAt }) => disownedAt === null && hexOrNull(view.mapAt(epoch).get(key)) === current,
  );
  for (const status of ['final', 'included', 'pending'] as const) {
    const found = agreeing.findLast((epoch) => epoch.status === status);
    if (found !== undefined) return found;
  }
  return null;
}
