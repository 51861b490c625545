// Makes the proof of a bill: what its check takes, gathered from the store as it is now, with the map's proofs.
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Pool, Queryable } from '../../platform/postgres/database.ts';
import { Problem, problem } from '../../platform/problem.ts';
import { dayAfter } from '../billing/billing-dates.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { hashesIn, pathByStretch } from './bill-leaf.ts';
import type { BillProof, ProofMeterDay, ProofZoneDay } from './bill-proof.ts';
import { findProvenBill, type ProvenBill, useOfVersion } from './bill-proof-store.ts';
import { findBillLeaf, stretch } from './bill-tree-store.ts';
import { treePath } from './merkle-tree.ts';
import { type Entry, placesOfMarked, zoneDayName } from './meter-day.ts';
import { monthOfDay, nodeSha256, type SaltedMeterDay, saltedMeterDay } from './salted-meter-day.ts';
import { latestKnown_us, type Shown, shownEntries, spanOfDays } from './shown-entries.ts';
import { digestsOf, payloadsOf } from './uplink-digest-store.ts';
import { findKeys, type KeptLeaf, leavesOf, listMeterDays, listVersions } from './zone-day-store.ts';

/** Days before and after a bill's own in which the readings around its ends are looked for. */
const around_days = { before: 10, after: 4 };

/** As anchoring proves a key of its map; JSON as it serves it. */
export interface ProvenKey {
  chain_id: number;
  contract: string;
  registry_id: string;
  epoch: number;
  root: string;
  proof: string;
  transaction: string;
  block: BillProof['epochs'][number]['block'];
}

export interface BillProofOptions {
  pool: Pool;
  days: LocalDays;
  /** @throws ANCHOR_PENDING while what stands there is in no block; NOT_FOUND before the first epoch */
  prove(kind: 'zone-day' | 'bill-tree', name: string): Promise<ProvenKey>;
}

export interface BillProofService {
  /**
   * @throws BILL_UNKNOWN; PROOF_PENDING while its bill or a day of it is not hashed or not on the chain yet; PROOF_ERASED
   *   where a key of its salts was erased
   */
  proveBill(billId: number): Promise<BillProof>;
}

export function createBillProofService({ pool, days, prove }: BillProofOptions): BillProofService {
  return {
    async proveBill(billId) {
      const bill = await findProvenBill(pool, billId);
      if (bill === null) throw problem('BILL_UNKNOWN');
      const leaf = await findBillLeaf(pool, billId);
      if (leaf === null) throw pending('the bill itself');
      const book = new EpochBook(prove);
      const anchoredBill = await book.prove('bill-tree', String(leaf.run_id));
      const installs = await shownOf(pool, days, bill);
      const known_until_us = latestKnown_us(
        installs.map(({ shown }) => shown),
        bill.computed_ms * 1_000,
      );
      const zone_days = await zoneDaysOf(pool, installs, book);
      return {
        naru_bill_proof: 1,
        chain: book.chain,
        epochs: book.epochs,
        bill: {
          document: bill.document,
          run: leaf.run_id,
          salt: leaf.salt.toString('base64url'),
          index: leaf.place,
          path: pathByStretch(hashesIn(leaf.leaves), hashesIn(leaf.roots), leaf.place, stretch, nodeSha256).map(
            bytesToHex,
          ),
          size: leaf.leaf_count,
          ...anchoredBill,
        },
        tariff: bill.tariff_text,
        use: useOfVersion(bill),
        known_until_us,
        zone_days,
      };
    },
  };
}

const pending = (what: string) =>
  problem('PROOF_PENDING', `What proves ${what} is not on the chain yet; ask again later.`);

/** Gathers the epochs that the map's proofs lead to: mostly it is one. */
class EpochBook {
  readonly epochs: BillProof['epochs'] = [];
  readonly #prove: BillProofOptions['prove'];
  #chain: BillProof['chain'] | null = null;

  constructor(prove: BillProofOptions['prove']) {
    this.#prove = prove;
  }

  get chain(): BillProof['chain'] {
    if (this.#chain === null) throw new Error('nothing was proven yet');
    return this.#chain;
  }

  async prove(kind: 'zone-day' | 'bill-tree', name: string): Promise<{ epoch: number; proof: string }> {
    const proven = await this.#prove(kind, name).catch((error: unknown) => {
      const isPending = error instanceof Problem && (error.code === 'ANCHOR_PENDING' || error.code === 'NOT_FOUND');
      throw isPending ? pending(kind === 'bill-tree' ? 'the bill itself' : name.slice(0, 10)) : error;
    });
    const { chain_id, contract, registry_id, epoch, root, proof, transaction, block } = proven;
    this.#chain ??= { chain_id, contract: contract.toLowerCase(), registry_id };
    if (!this.epochs.some((one) => one.epoch === epoch)) this.epochs.push({ epoch, root, transaction, block });
    return { epoch, proof };
  }
}

interface ShownInstall {
  shown: Shown;
  places: ReadonlyMap<SaltedMeterDay, Place>;
  /** Uplinks that brought readings of another time too: their bytes are not shown. */
  withheld: ReadonlySet<number>;
}

/** A meter-day's place in its zone's tree. */
interface Place {
  version: number;
  index: number;
  kept: KeptLeaf;
  leaves: Uint8Array[];
}

async function shownOf(from: Queryable, days: LocalDays, bill: ProvenBill): Promise<ShownInstall[]> {
  const dates = datesAround(days, bill.use_from, bill.use_until);
  const installIds = bill.parts.map(({ install_id }) => install_id);
  const salted = new Map<number, SaltedMeterDay[]>(installIds.map((id) => [id, []]));
  const places = new Map<SaltedMeterDay, Place>();
  const trees = new Map<string, Awaited<ReturnType<typeof listVersions>>>();
  for (const date of dates) {
    const { start_ms, end_ms } = days.on(date);
    const stored = await listMeterDays(from, { day: date, start_ms, end_ms }, { installIds }, 0, installIds.length);
    const isOwn = date >= bill.use_from && date < bill.use_until;
    const keys = await findKeys(from, installIds, monthOfDay(date));
    const uplinkIds = stored.flatMap(({ entries }) =>
      entries.flatMap((one) => ('uplink_id' in one ? one.uplink_id : [])),
    );
    const digests = await digestsOf(from, uplinkIds);
    for (const one of stored) {
      const tree = `${date} ${one.zone}`;
      const versions = trees.get(tree) ?? (await listVersions(from, one.zone, date));
      trees.set(tree, versions);
      const leaves = leavesOf(versions);
      const kept = leaves.get(one.install);
      if (kept === undefined) {
        // Of other days than the bill's own and the first after them, what there is will do.
        if (isOwn || (date === bill.use_until && one.entries.length > 0)) throw pending(date);
        continue;
      }
      const key = keys.get(one.install);
      if (key === undefined) throw problem('PROOF_ERASED', `What proves ${date} was erased.`);
      const day = asHashed(saltedMeterDay(one, days.timeZone, key, digests), kept);
      salted.get(one.install)?.push(day);
      places.set(day, {
        ...{ version: versions.at(-1)?.version ?? 0, index: [...leaves.keys()].indexOf(one.install), kept },
        leaves: [...leaves.values()].map(({ leaf }) => leaf),
      });
    }
  }
  return bill.parts.map((part) => {
    const own = part.days_l.reduce<string[]>(
      (all) => [...all, all.length === 0 ? part.from : dayAfter(all.at(-1) ?? '')],
      [],
    );
    const estimated = new Map(part.estimated.map(({ day, volume_l }) => [day, volume_l]));
    const told = new Map(own.map((day, at) => [day, (part.days_l[at] ?? 0) - (estimated.get(day) ?? 0)]));
    const charged = { told, ...spanOfDays(days, own) };
    const known_us = bill.computed_ms * 1_000;
    const all = salted.get(part.install_id) ?? [];
    return { shown: shownEntries(days, all, charged, known_us), places, withheld: uplinksOfOtherTimes(all, charged) };
  });
}

function uplinksOfOtherTimes(
  salted: readonly SaltedMeterDay[],
  { from_us, until_us }: { from_us: number; until_us: number },
): Set<number> {
  const others = salted
    .flatMap(({ entries }) => entries)
    .filter(({ measured_at_us }) => measured_at_us < from_us || measured_at_us >= until_us);
  return new Set(others.flatMap((entry) => ('uplink_id' in entry ? [entry.uplink_id] : [])));
}

function datesAround(days: LocalDays, use_from: string, use_until: string): string[] {
  const dates: string[] = [];
  let first = days.on(use_from);
  for (let back = 0; back < around_days.before; back += 1) first = days.at(first.start_ms - 1);
  let last = days.on(use_until);
  for (let on = 1; on < around_days.after; on += 1) last = days.after(last);
  for (let day = first; day.start_ms <= last.start_ms; day = days.after(day)) dates.push(day.date);
  return dates;
}

/** Without what came since the day was hashed, so far as what was hashed is all there. */
function asHashed(salted: SaltedMeterDay, kept: KeptLeaf): SaltedMeterDay {
  const entries = placesOfMarked(salted.entryHashes, kept.marks);
  const uplinks = placesOfMarked(salted.uplinkHashes, kept.uplinkMarks);
  const chosen = <T>(all: readonly T[], places: readonly number[] | null) =>
    places === null ? [...all] : places.map((place) => all[place] as T);
  return {
    facts: salted.facts,
    entries: chosen(salted.entries, entries),
    entryHashes: chosen(salted.entryHashes, entries),
    uplinks: chosen(salted.uplinks, uplinks),
    uplinkHashes: chosen(salted.uplinkHashes, uplinks),
  };
}

async function zoneDaysOf(
  from: Queryable,
  installs: readonly ShownInstall[],
  book: EpochBook,
): Promise<ProofZoneDay[]> {
  const all = installs.flatMap(({ shown, places, withheld }) =>
    shown.days.map((one) => ({ ...one, withheld, place: places.get(one.salted) as Place })),
  );
  all.sort((one, other) => order(one.salted).localeCompare(order(other.salted), 'en'));
  const zoneDays: ProofZoneDay[] = [];
  for (const { salted, isShown, withheld, place } of all) {
    const { zone, day } = salted.facts;
    const known = zoneDays.at(-1);
    const meterDay = await meterDayOf(from, salted, { isShown, withheld }, place);
    if (known?.zone === zone && known.day === day) {
      known.meter_days.push(meterDay);
      continue;
    }
    const { version } = place;
    const anchored = await book.prove('zone-day', zoneDayName({ zone, day, version }));
    zoneDays.push({ zone, day, version, size: place.leaves.length, ...anchored, meter_days: [meterDay] });
  }
  return zoneDays;
}

const order = ({ facts }: SaltedMeterDay) => `${facts.day} ${facts.zone} ${String(facts.install).padStart(12, '0')}`;

async function meterDayOf(
  from: Queryable,
  { facts, entries, entryHashes, uplinks, uplinkHashes }: SaltedMeterDay,
  { isShown, withheld }: { isShown: ReadonlySet<Entry>; withheld: ReadonlySet<number> },
  { index, kept, leaves }: Place,
): Promise<ProofMeterDay> {
  const { day: _day, zone: _zone, ...rest } = facts;
  const shownIds = new Set(entries.flatMap((one) => (isShown.has(one) && 'uplink_id' in one ? [one.uplink_id] : [])));
  const payloads = await payloadsOf(
    from,
    [...shownIds].filter((id) => !withheld.has(id)),
  );
  const areThere = uplinks.every(({ sha256 }) => sha256 !== null);
  return {
    ...rest,
    entries: entries.map((entry, at) => (isShown.has(entry) ? entry : { hash: hexOf(entryHashes[at]) })),
    marks: bytesToHex(kept.marks),
    uplinks: areThere
      ? uplinks.map((one, at) => {
          const payload = payloads.get(one.uplink_id);
          return payload === undefined
            ? { hash: hexOf(uplinkHashes[at]) }
            : { ...one, sha256: one.sha256 ?? '', payload: Buffer.from(payload).toString('base64url') };
        })
      : bytesToHex(kept.uplinksDigest),
    uplink_marks: areThere ? bytesToHex(kept.uplinkMarks) : '',
    leaf: bytesToHex(kept.leaf),
    index,
    path: treePath(leaves, index, nodeSha256).map(bytesToHex),
  };
}

const hexOf = (hash: Uint8Array | undefined) => bytesToHex(hash ?? new Uint8Array());
