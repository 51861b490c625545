// When a meter kept what it sends of earlier: by a date of its own, by an interval, or by the distance in a profile.
import { monthsAfter } from './mbus-local-time.ts';
import { isProfile, type ProfileEntry, profileEntries } from './mbus-profile.ts';
import type { MbusRecord } from './mbus-records.ts';
import { dateOf, dateTimeOf } from './mbus-values.ts';

type TimeOfStorage = (storage: number) => string | null;

/**
 * When each storage number was kept: by its own date, or counted back in whole months from the first of its series,
 * where the meter sends the interval instead of each date. Source: EN 13757-3:2018 clause 6.5.2 and annex I.
 */
export function storedTimes(records: readonly MbusRecord[]): TimeOfStorage {
  const kept = records.filter(
    (record) => record.storage > 0 && record.function === 'instantaneous' && record.modifiers.length === 0,
  );
  const own = new Map<number, string>();
  for (const record of kept) {
    if (own.has(record.storage)) continue;
    const time = timeTold(record);
    if (time !== null) own.set(record.storage, time);
  }
  const series = kept
    .filter((record) => record.quantity === 'storage_interval_months' && (record.value ?? 0) > 0)
    .filter((record) => own.has(record.storage))
    .sort((one, two) => two.storage - one.storage);
  return (storage) => {
    const time = own.get(storage);
    if (time !== undefined) return time;
    const start = series.find((record) => record.storage < storage);
    if (start === undefined) return null;
    return monthsAfter(own.get(start.storage) ?? '', -(storage - start.storage) * (start.value ?? 0));
  };
}

/** Local, as exact as told; null when the record is no date, or one that the meter marks as invalid. */
function timeTold(record: MbusRecord): string | null {
  if (record.quantity === 'date_time') return dateTimeOf(record.bytes);
  return record.quantity === 'date' && record.bytes.length === 2 ? dateOf(record.bytes) : null;
}

/** The records with the rows of profiles written out, and when each of them was kept. */
export function withProfiles(
  records: readonly MbusRecord[],
  storedAt: TimeOfStorage,
): { all: MbusRecord[]; timeOf: (record: MbusRecord) => string | null } {
  const ofProfile = new Map<MbusRecord, string | null>();
  const all: MbusRecord[] = [];
  for (const record of records) {
    if (record.quantity !== 'volume_l' || !isProfile(record)) {
      all.push(record);
      continue;
    }
    const base = records.find((other) => isSameSeries(other, record));
    const baseTime = storedAt(record.storage);
    for (const entry of profileEntries(record, base)) {
      ofProfile.set(entry.record, placed(entry, baseTime));
      all.push(entry.record);
    }
  }
  return {
    all,
    timeOf: (record) => (ofProfile.has(record) ? (ofProfile.get(record) ?? null) : storedAt(record.storage)),
  };
}

function placed(entry: ProfileEntry, base: string | null): string | null {
  return base === null ? null : entry.timeAfter(base);
}

/** The value that a profile goes on from: the same in everything but the profile's own mark. */
function isSameSeries(base: MbusRecord, profile: MbusRecord): boolean {
  return (
    base !== profile &&
    base.quantity === profile.quantity &&
    base.function === profile.function &&
    base.storage === profile.storage &&
    base.tariff === profile.tariff &&
    base.subunit === profile.subunit &&
    base.modifiers.join() === profile.modifiers.slice(0, -1).join()
  );
}
