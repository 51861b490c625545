// A stored meter-day with its salts: derived from the key of the meter's month, so that none has to be kept, and all are
// gone with the key.
import { createHmac, hash } from 'node:crypto';
import type { Sha256 } from './merkle-tree.ts';
import {
  compareEntries,
  type DistributiveOmit,
  type Entry,
  entriesDigest,
  entryHash,
  type MeterDayFacts,
  marksOf,
  meterDayLeaf,
  numberOf,
  type UplinkDigest,
  type UplinkFacts,
  uplinkHash,
  uplinksDigest,
} from './meter-day.ts';

/** As the store tells it. */
export interface StoredMeterDay extends Omit<MeterDayFacts, 'salt' | 'time_zone'> {
  meter_id: number;
  entries: DistributiveOmit<Entry, 'salt'>[];
}

export interface SaltedMeterDay {
  facts: MeterDayFacts;
  /** In order, with their hashes beside them. */
  entries: Entry[];
  entryHashes: Uint8Array[];
  uplinks: UplinkFacts[];
  uplinkHashes: Uint8Array[];
}

const SALT_bytes = 16;

/**
 * In one call: a city's day is hashed by ten million of them. By way of a text, as a buffer asked for has memory of its own,
 * which costs more to give back than the bytes to copy.
 */
export const nodeSha256: Sha256 = (bytes) => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');

/** The month, as `metering.proof_key` names it, of a day. */
export function monthOfDay(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

/** @param key 32 bytes @param digests of the uplinks, as far as their bytes are there */
export function saltedMeterDay(
  stored: StoredMeterDay,
  time_zone: string,
  key: Uint8Array,
  digests: ReadonlyMap<number, UplinkDigest>,
): SaltedMeterDay {
  const salt = (of: string) =>
    Buffer.from(createHmac('sha256', key).update(`naru/salt/1 ${of}`).digest('binary'), 'binary').toString(
      'base64url',
      0,
      SALT_bytes,
    );
  const { entries: unsalted, meter_id: _meter, ...facts } = stored;
  const entries = unsalted
    .map((entry) => ({ ...entry, salt: salt(`${entry.kind} ${entry.measured_at_us} ${numberOf(entry)}`) }) as Entry)
    .sort(compareEntries);
  const ids = new Set(entries.flatMap((entry) => ('uplink_id' in entry ? [entry.uplink_id] : [])));
  const uplinks = [...ids]
    .sort((one, other) => one - other)
    .map((uplink_id): UplinkFacts => {
      const digest = digests.get(uplink_id) ?? { format: '', received_at_us: 0, sha256: null };
      return { ...digest, salt: salt(`uplink ${stored.day} ${uplink_id}`), uplink_id };
    });
  return {
    facts: { ...facts, time_zone, salt: salt(`day ${stored.day}`) },
    entries,
    entryHashes: entries.map((entry) => entryHash(entry, nodeSha256)),
    uplinks,
    uplinkHashes: uplinks.map((uplink) => uplinkHash(uplink, nodeSha256)),
  };
}

/** What is kept of the day, and stands in its zone's tree. */
export function keptLeafOf({ facts, entryHashes, uplinkHashes }: SaltedMeterDay) {
  const uplinks = uplinksDigest(uplinkHashes, nodeSha256);
  const leaf = meterDayLeaf(facts, entriesDigest(entryHashes, nodeSha256), uplinks, nodeSha256);
  return { leaf, uplinksDigest: uplinks, marks: marksOf(entryHashes), uplinkMarks: marksOf(uplinkHashes) };
}
