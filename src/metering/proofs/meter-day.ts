// What is hashed of one meter's local day at a place, and how: its readings, what contradicts them, what was edited, and
// the bytes they came in. docs/bill-proof.md describes the same for a second implementation.
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { HASH_bytes, leafHash, type Sha256 } from './merkle-tree.ts';

/** 16 bytes in base64url. */
export type Salt = string;

/** A register as it is stored. Members are in the order of RFC 8785. Instants are microseconds since 1970. */
export interface ToldEntry {
  clock: 'absolute' | 'local' | 'received';
  flags: string[];
  kind: 'reading';
  measured_at_us: number;
  received_at_us: number;
  register_l: number;
  salt: Salt;
  uplink_id: number;
}

/** Another register for an instant that has one. */
export interface ConflictEntry {
  kind: 'conflict';
  measured_at_us: number;
  received_at_us: number;
  register_l: number;
  salt: Salt;
  uplink_id: number;
}

/** Read off by a fitter when the meter was put in or taken out. */
export interface ReadOffEntry {
  end: 'opening' | 'closing';
  kind: 'read_off';
  measured_at_us: number;
  register_l: number;
  salt: Salt;
}

/** What was decided of what the meter told at an instant; of several for one instant the one with the highest number holds. */
export interface EditEntry {
  deed: 'void' | 'replace' | 'add' | 'restore';
  edit: number;
  edited_at_us: number;
  kind: 'edit';
  measured_at_us: number;
  register_l: number | null;
  salt: Salt;
}

/** What is taken to have passed in hours of the day of which nothing tells, from the day's start on; the newest holds. */
export interface EstimateEntry {
  hours_l: (number | null)[];
  kind: 'estimate';
  made_at_us: number;
  measured_at_us: number;
  method: string;
  salt: Salt;
  version: number;
}

export type Entry = ToldEntry | ConflictEntry | ReadOffEntry | EditEntry | EstimateEntry;

/** `sha256` of the payload, 64 hexadecimal digits; null where the bytes were gone when the day was hashed. */
export interface UplinkFacts {
  format: string;
  received_at_us: number;
  salt: Salt;
  sha256: string | null;
  uplink_id: number;
}

/** What the bytes of an uplink say of it, as far as they are there. */
export type UplinkDigest = Omit<UplinkFacts, 'salt' | 'uplink_id'>;

/** The day itself. `from_us`, `until_us`: the part of it in which the meter stood at the place. */
export interface MeterDayFacts {
  bore_mm: number;
  day: string;
  dials: number;
  from_us: number;
  install: number;
  meter: string;
  model: string;
  place: string;
  salt: Salt;
  /** IANA name: whose day it is. */
  time_zone: string;
  until_us: number;
  zone: string;
}

/** First bytes of an entry's hash, kept beside the leaf: they tell which entry is another than when it was hashed. */
export const MARK_bytes = 3;

const tag = (name: string) => utf8ToBytes(`naru/${name}/1`);
const ENTRIES = tag('meter-day-entries');
const UPLINKS = tag('meter-day-uplinks');
const DAY = tag('meter-day');
const TREE = tag('tree');

/** SHA-256("naru/meter-day-entry/1" ‖ the entry as RFC 8785 writes it) */
export function entryHash(entry: Entry, sha256: Sha256): Uint8Array {
  return sha256(utf8ToBytes(`naru/meter-day-entry/1${JSON.stringify(inOrder(entry))}`));
}

/** The members in the order of RFC 8785, whoever made the object; numbers are whole and text is without surrogates. */
function inOrder(entry: Entry): Entry {
  const { kind, measured_at_us, salt } = entry;
  switch (kind) {
    case 'reading': {
      const { clock, flags, received_at_us, register_l, uplink_id } = entry;
      return { clock, flags, kind, measured_at_us, received_at_us, register_l, salt, uplink_id };
    }
    case 'conflict': {
      const { received_at_us, register_l, uplink_id } = entry;
      return { kind, measured_at_us, received_at_us, register_l, salt, uplink_id };
    }
    case 'read_off':
      return { end: entry.end, kind, measured_at_us, register_l: entry.register_l, salt };
    case 'edit': {
      const { deed, edit, edited_at_us, register_l } = entry;
      return { deed, edit, edited_at_us, kind, measured_at_us, register_l, salt };
    }
    case 'estimate': {
      const { hours_l, made_at_us, method, version } = entry;
      return { hours_l, kind, made_at_us, measured_at_us, method, salt, version };
    }
  }
}

/** SHA-256("naru/uplink/1" ‖ the facts as RFC 8785 writes them) */
export function uplinkHash(
  { format, received_at_us, salt, sha256: digest, uplink_id }: UplinkFacts,
  sha256: Sha256,
): Uint8Array {
  const facts: UplinkFacts = { format, received_at_us, salt, sha256: digest, uplink_id };
  return sha256(utf8ToBytes(`naru/uplink/1${JSON.stringify(facts)}`));
}

/** SHA-256("naru/meter-day-entries/1" ‖ the entries' hashes, in the order of `compareEntries`) */
export function entriesDigest(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  return sha256(concatBytes(ENTRIES, ...hashes));
}

/** SHA-256("naru/meter-day-uplinks/1" ‖ the uplinks' hashes, by id) */
export function uplinksDigest(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  return sha256(concatBytes(UPLINKS, ...hashes));
}

/** SHA-256(0x00 ‖ "naru/meter-day/1" ‖ the day with both digests in hexadecimal digits, as RFC 8785 writes it) */
export function meterDayLeaf(facts: MeterDayFacts, entries: Uint8Array, uplinks: Uint8Array, sha256: Sha256) {
  const { bore_mm, day, dials, from_us, install, meter, model, place, salt, time_zone, until_us, zone } = facts;
  const written = {
    ...{ bore_mm, day, dials, entries: bytesToHex(entries), from_us, install, meter, model, place, salt, time_zone },
    ...{ until_us, uplinks: bytesToHex(uplinks), zone },
  };
  return leafHash(concatBytes(DAY, utf8ToBytes(JSON.stringify(written))), sha256);
}

/** What stands in the map of a tree: SHA-256("naru/tree/1" ‖ number of leaves as 8 bytes ‖ root). */
export function treeValue(size: number, root: Uint8Array, sha256: Sha256): Uint8Array {
  const count = new Uint8Array(8);
  new DataView(count.buffer).setBigUint64(0, BigInt(size));
  return sha256(concatBytes(TREE, count, root));
}

/** The name under which a zone's day stands in the map. */
export function zoneDayName({ zone, day, version }: { zone: string; day: string; version: number }): string {
  return `${day}/${version}/${zone}`;
}

const KINDS = ['reading', 'conflict', 'read_off', 'edit', 'estimate'] as const;

/** By instant, kind (as in `KINDS`), and register, or number of the edit, or version of the estimate. */
export function compareEntries(one: Entry, other: Entry): number {
  return (
    one.measured_at_us - other.measured_at_us ||
    KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) ||
    numberOf(one) - numberOf(other)
  );
}

/** What tells an entry from others of its kind and instant. */
export function numberOf(entry: DistributiveOmit<Entry, 'salt'>): number {
  if (entry.kind === 'edit') return entry.edit;
  return entry.kind === 'estimate' ? entry.version : entry.register_l;
}

/** Of each kind. */
export type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** The first bytes of each. */
export function marksOf(hashes: readonly Uint8Array[]): Uint8Array {
  const marks = new Uint8Array(hashes.length * MARK_bytes);
  for (const [at, hash] of hashes.entries()) marks.set(hash.subarray(0, MARK_bytes), at * MARK_bytes);
  return marks;
}

/**
 * The places in `hashes` of those that are marked, in their order: what was there when the marks were made. Those that
 * came since are passed over.
 *
 * @param marks `MARK_bytes` each
 * @returns null where a marked one is not there: it was changed or taken away
 */
export function placesOfMarked(hashes: readonly Uint8Array[], marks: Uint8Array): number[] | null {
  const places: number[] = [];
  let place = 0;
  for (let at = 0; at < marks.length; at += MARK_bytes) {
    while (place < hashes.length && !isMarked(hashes[place] as Uint8Array, marks, at)) place += 1;
    if (place === hashes.length) return null;
    places.push(place);
    place += 1;
  }
  return places;
}

function isMarked(hash: Uint8Array, marks: Uint8Array, at: number): boolean {
  for (let byte = 0; byte < MARK_bytes; byte += 1) if (hash[byte] !== marks[at + byte]) return false;
  return true;
}

/** The nth of hashes that stand one after the other. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_bytes, (index + 1) * HASH_bytes);
}
