// Turns a telegram's M-Bus records into readings, volumes and dates: which is the register, which are kept from earlier.

import { storedTimes, withProfiles } from './mbus-history.ts';
import { endOfDay } from './mbus-local-time.ts';
import type { MbusRecord } from './mbus-records.ts';
import { dateOf, dateTimeOf, toldDateTime } from './mbus-values.ts';
import type { DecodedDate, DecodedReading, DecodedVolume } from './payload-format.ts';

/** VIF extensions for "accumulated only while positive" and "… negative". Source: EN 13757-3:2018 table 15. */
const forwardOnly = 0x3b;
const backwardOnly = 0x3c;
/** VIF extension for a value that is still to come. Source: EN 13757-3:2018 table 15. */
const future = 0x7e;

/** A water meter's own temperature probe can't be outside of this; -100 °C and 127 °C say "no probe" or "no water". */
const coldest_c = -50;
const hottest_c = 126;

/** An uplink has no use for more: the most that a store takes of one is fewer. */
const mostReadings = 60;

export interface RecordsTold {
  /** The current register first, then what was kept and can be placed in time. */
  readings: DecodedReading[];
  volumes: DecodedVolume[];
  dates: DecodedDate[];
}

/** A register that the meter marks as not available, or that is below zero, is no reading; it is no volume either. */
export function recordsTold(records: readonly MbusRecord[]): RecordsTold {
  const { all, timeOf } = withProfiles(records, storedTimes(records));
  const volumes: DecodedVolume[] = [];
  for (const record of all) {
    if (record.quantity !== 'volume_l' || record.value === null) continue;
    volumes.push({
      volume_l: record.value,
      of: directionOf(record),
      storage: record.storage,
      tariff: record.tariff,
      subunit: record.subunit,
      at: record.storage === 0 ? null : timeOf(record),
    });
  }
  const current = currentReading(records.filter(isOwn));
  const historic = historicReadings(all.filter(isOwn), timeOf);
  return {
    readings: (current === null ? historic : [current, ...historic]).slice(0, mostReadings),
    volumes,
    dates: datesOf(records),
  };
}

/** Of the meter itself, not of a tariff or of a device behind it. */
function isOwn(record: MbusRecord): boolean {
  return record.tariff === 0 && record.subunit === 0;
}

function directionOf(record: MbusRecord): DecodedVolume['of'] {
  if (record.function !== 'instantaneous' || record.modifiers.length > 1) return 'other';
  const [modifier] = record.modifiers;
  if (modifier === undefined) return 'total';
  if (modifier === forwardOnly) return 'forward';
  return modifier === backwardOnly ? 'backward' : 'other';
}

/** A register in whole litres, and as told where that is finer. */
export function registerOf(volume_l: number): Pick<DecodedReading, 'register_l' | 'exact_l'> {
  const register_l = Math.floor(volume_l);
  return register_l === volume_l ? { register_l } : { register_l, exact_l: volume_l };
}

function currentReading(records: readonly MbusRecord[]): DecodedReading | null {
  const now = records.filter((record) => record.storage === 0 && record.function === 'instantaneous');
  const volumes = now.filter((record) => record.quantity === 'volume_l' && isRegister(record.value));
  const total =
    volumes.find((record) => directionOf(record) === 'total') ??
    volumes.find((record) => directionOf(record) === 'forward');
  if (total === undefined) return null;
  const plain = now.filter((record) => record.modifiers.length === 0);
  const reading: DecodedReading = {
    measured_at: firstTime(plain.filter((record) => record.quantity === 'date_time')),
    ...registerOf(total.value ?? 0),
  };
  const backward = volumes.find((record) => directionOf(record) === 'backward');
  if (backward !== undefined) reading.backward_l = Math.floor(backward.value ?? 0);
  const temperature_c = firstValue(plain, 'flow_temperature_c');
  if (temperature_c !== null && temperature_c >= coldest_c && temperature_c <= hottest_c) {
    reading.temperature_c = temperature_c;
  }
  const flow_m3_per_h = firstValue(plain, 'flow_m3_per_h');
  if (flow_m3_per_h !== null) reading.flow_l_per_h = Math.round(flow_m3_per_h * 1000);
  const battery_v = firstValue(plain, 'battery_v');
  if (battery_v !== null) reading.battery_v = battery_v;
  return reading;
}

function historicReadings(
  records: readonly MbusRecord[],
  timeOf: (record: MbusRecord) => string | null,
): DecodedReading[] {
  const kept = records.filter(
    (record) => record.storage > 0 && record.quantity === 'volume_l' && isRegister(record.value),
  );
  const readings: DecodedReading[] = [];
  for (const record of kept) {
    // Without a date a kept value can't be placed; receiving it says nothing about when it was.
    const at = timeOf(record);
    if (at === null || directionOf(record) !== 'total' || isNeverKept(record)) continue;
    const reading: DecodedReading = { measured_at: endOfDay(at), ...registerOf(record.value ?? 0), kind: 'historic' };
    const backward = kept.find((other) => other.storage === record.storage && directionOf(other) === 'backward');
    if (backward !== undefined) reading.backward_l = Math.floor(backward.value ?? 0);
    readings.push(reading);
  }
  return readings;
}

/** Some meters mark an empty place in a decimal field as one would in a binary one: 80 00 00 00, which reads 80,000 m³. */
function isNeverKept({ bytes, coding }: MbusRecord): boolean {
  return coding >= 9 && bytes.at(-1) === 0x80 && bytes.subarray(0, -1).every((byte) => byte === 0);
}

function datesOf(records: readonly MbusRecord[]): DecodedDate[] {
  const dates: DecodedDate[] = [];
  for (const record of records) {
    const told = toldTime(record);
    if (told === null) continue;
    dates.push({
      of: kindOfDate(record),
      at: told.at,
      storage: record.storage,
      ...(told.valid ? {} : { valid: false as const }),
    });
  }
  return dates;
}

function toldTime(record: MbusRecord): { at: string; valid: boolean } | null {
  if (record.quantity === 'date_time') return toldDateTime(record.bytes);
  if (record.quantity !== 'date' || record.bytes.length !== 2) return null;
  const at = dateOf(record.bytes);
  return at === null ? null : { at, valid: true };
}

function kindOfDate(record: MbusRecord): DecodedDate['of'] {
  if (record.modifiers.includes(future)) return 'next';
  if (record.function === 'during_error') return 'error';
  if (record.function !== 'instantaneous') return record.function;
  if (record.modifiers.length > 0) return 'other';
  return record.storage === 0 ? 'clock' : 'kept';
}

function isRegister(value: number | null): boolean {
  return value !== null && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function firstTime(records: readonly MbusRecord[]): string | null {
  for (const record of records) {
    const time = dateTimeOf(record.bytes);
    if (time !== null) return time;
  }
  return null;
}

function firstValue(records: readonly MbusRecord[], quantity: MbusRecord['quantity']): number | null {
  return records.find((record) => record.quantity === quantity && record.value !== null)?.value ?? null;
}
