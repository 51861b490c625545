// Hashes zone-days that are over or have changed: a tree of meter-days each, its root into the anchored map, both or neither.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import type { Random } from '../../platform/random.ts';
import { followChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDay, LocalDays } from '../readings/local-days.ts';
import { HASH_bytes, treeRoot } from './merkle-tree.ts';
import { placesOfMarked, treeValue, zoneDayName } from './meter-day.ts';
import { keptLeafOf, monthOfDay, nodeSha256, type SaltedMeterDay, saltedMeterDay } from './salted-meter-day.ts';
import { digestsOf } from './uplink-digest-store.ts';
import {
  holdZoneDays,
  insertZoneDay,
  type KeptLeaf,
  keysOf,
  leavesOf,
  listMeterDays,
  listVersions,
  markDaysBetween,
  markDue,
  recordAltered,
  takeDue,
} from './zone-day-store.ts';

export const proofLimits = {
  /** A day is hashed so long after its end: meters that send every few hours have sent by then. */
  afterDay_ms: 8 * 3_600_000,
  /** A day that changed is hashed again so long after the first change: late readings come in crowds. */
  afterChange_ms: 6 * 3_600_000,
  /** Days that changed, taken up in one step. */
  changedDays: 50_000,
  /** Zones of one day in one transaction: the hashes of all their meters are in memory at once. */
  zones: 10,
  /** Meters read with one statement. */
  meters: 4_000,
  /** Days without any reading that are hashed as such, back from one that has some. */
  daysBetween: 62,
} as const;

/** Leaves a change for the anchored map in the same transaction: the map's key is made of kind and name. */
export type AnchorTree = (
  transaction: Transaction,
  kind: 'zone-day' | 'bill-tree',
  name: string,
  value: Uint8Array,
) => Promise<void>;

export interface ProofOptions {
  pool: Pool;
  days: LocalDays;
  clock: Clock;
  random: Random;
  anchor: AnchorTree;
}

const FOLLOWER = { name: 'proofs', begins: 'with_everything' } as const;

/** Takes up the next days whose use changed. @returns how many; 0 also where another copy is at it */
export async function noteChangedDays({ pool, days, clock }: ProofOptions): Promise<number> {
  return inTransaction(pool, async (transaction) => {
    const changed = (await followChangedDays(transaction, FOLLOWER, proofLimits.changedDays)) ?? [];
    const known = changed.map((one) => ({ ...one, day_end_ms: days.on(one.day).end_ms }));
    if (known.length > 0) await markDue(transaction, known, clock.now_ms(), proofLimits);
    return changed.length;
  });
}

export interface BuiltZoneDays {
  day: string;
  zones: number;
  meters: number;
  /** Meter-days of which something hashed before is another now, or gone: their leaves stay what they were. */
  altered: number;
}

/**
 * Hashes the zones that are due of the day that is due first, in one transaction.
 *
 * @returns null where nothing is due, or another copy is at it
 */
export async function buildZoneDays({
  pool,
  days,
  clock,
  random,
  anchor,
}: ProofOptions): Promise<BuiltZoneDays | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdZoneDays(transaction))) return null;
    const due = await takeDue(transaction, clock.now_ms(), proofLimits.zones);
    if (due === null) return null;
    const day = days.on(due.day);
    const fresh = await hashMeters(transaction, days.timeZone, day, due.zoneIds, (count) =>
      random.bytes(count * HASH_bytes),
    );
    const altered: number[] = [];
    const first: string[] = [];
    let meters = 0;
    for (const zone of due.zoneIds) {
      const versions = await listVersions(transaction, zone, due.day);
      const change = changeOf(leavesOf(versions), fresh.get(zone) ?? new Map());
      altered.push(...change.altered);
      meters += change.leaves.size;
      if (change.leaves.size === 0) continue;
      const version = (versions.at(-1)?.version ?? 0) + 1;
      if (version === 1) first.push(zone);
      const whole = leavesOf([...versions, { leaves: change.leaves, version, made_ms: 0, leafCount: 0, root: EMPTY }]);
      const root = treeRoot(
        [...whole.values()].map(({ leaf }) => leaf),
        nodeSha256,
      );
      const made = { version, made_ms: clock.now_ms(), leafCount: whole.size, root, leaves: change.leaves };
      await insertZoneDay(transaction, zone, due.day, made);
      const name = zoneDayName({ zone, day: due.day, version });
      await anchor(transaction, 'zone-day', name, treeValue(whole.size, root, nodeSha256));
    }
    if (altered.length > 0) await recordAltered(transaction, altered, due.day, clock.now_ms());
    await markDaysBetween(transaction, first, due.day, clock.now_ms(), proofLimits.daysBetween);
    return { day: due.day, zones: due.zoneIds.length, meters, altered: altered.length };
  });
}

const EMPTY = new Uint8Array();

interface Hashed extends KeptLeaf {
  entryHashes: readonly Uint8Array[];
  uplinkHashes: readonly Uint8Array[];
  /** Whether the bytes of all its uplinks are there. */
  isWhole: boolean;
}

/** @returns by zone, then by install in ascending order */
async function hashMeters(
  transaction: Transaction,
  timeZone: string,
  day: LocalDay,
  zoneIds: readonly string[],
  fresh: (count: number) => Uint8Array,
): Promise<Map<string, Map<number, Hashed>>> {
  const zones = new Map<string, Map<number, Hashed>>(zoneIds.map((zone) => [zone, new Map()]));
  const span = { day: day.date, start_ms: day.start_ms, end_ms: day.end_ms };
  for (let after = 0; ; ) {
    const stored = await listMeterDays(transaction, span, { zoneIds }, after, proofLimits.meters);
    const last = stored.at(-1);
    if (last === undefined) return zones;
    after = last.install;
    const installIds = stored.map(({ install }) => install);
    const keys = await keysOf(transaction, installIds, monthOfDay(day.date), fresh);
    const uplinkIds = stored.flatMap(({ entries }) =>
      entries.flatMap((one) => ('uplink_id' in one ? one.uplink_id : [])),
    );
    const digests = await digestsOf(transaction, uplinkIds);
    for (const one of stored) {
      const salted = saltedMeterDay(one, timeZone, keys.get(one.install) ?? EMPTY, digests);
      zones.get(one.zone)?.set(one.install, hashedOf(salted));
    }
  }
}

function hashedOf(salted: SaltedMeterDay): Hashed {
  return {
    ...keptLeafOf(salted),
    entryHashes: salted.entryHashes,
    uplinkHashes: salted.uplinkHashes,
    isWhole: salted.uplinks.every(({ sha256 }) => sha256 !== null),
  };
}

/**
 * What a new version holds: what was hashed once has to be there still, as it was. Only bytes may go, in their time; the
 * leaf is then made anew where a reading came.
 */
function changeOf(before: ReadonlyMap<number, KeptLeaf>, fresh: ReadonlyMap<number, Hashed>) {
  const leaves = new Map<number, KeptLeaf>();
  const altered: number[] = [];
  for (const [install, { entryHashes, uplinkHashes, isWhole, ...leaf }] of fresh) {
    const known = before.get(install);
    if (known === undefined) {
      leaves.set(install, leaf);
      continue;
    }
    if (Buffer.compare(known.leaf, leaf.leaf) === 0) continue;
    const isThere = placesOfMarked(entryHashes, known.marks) !== null;
    const hasItsBytes = !isWhole || placesOfMarked(uplinkHashes, known.uplinkMarks) !== null;
    const isSame = Buffer.compare(known.marks, leaf.marks) === 0;
    if (!isThere || !hasItsBytes) altered.push(install);
    else if (isWhole || !isSame) leaves.set(install, leaf);
  }
  return { leaves, altered };
}
