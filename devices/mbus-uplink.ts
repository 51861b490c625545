// Turns a telegram's M-Bus records into readings: which record is the register, which are kept from earlier, and when.
import { orderedFlags } from './flags.ts';
import type { MbusRecord } from './mbus-records.ts';
import { dateOf, dateTimeOf, daysIn } from './mbus-values.ts';
import type { DecodedReading } from './payload-format.ts';

/** VIF extension for "accumulated only while positive": forward flow. Source: EN 13757-3:2018 table 15. */
const forwardOnly = 0x3b;

/** A water meter's own temperature probe can't be outside of this; -100 °C and 127 °C say "no probe" or "no water". */
const coldest_c = -50;
const hottest_c = 126;

/**
 * The current register first, then what the meter kept from earlier and can put a date on. A register that the meter
 * marks as not available, or that is below zero, is no reading.
 */
export function readingsOf(records: readonly MbusRecord[]): DecodedReading[] {
  const own = records.filter((record) => record.tariff === 0 && record.subunit === 0);
  const current = currentReading(own);
  return current === null ? historicReadings(own) : [current, ...historicReadings(own)];
}

function currentReading(records: readonly MbusRecord[]): DecodedReading | null {
  const now = records.filter((record) => record.storage === 0 && record.function === 'instantaneous');
  const volumes = now.filter((record) => record.quantity === 'volume_l' && isRegister(record.value));
  const total =
    volumes.find((record) => record.modifiers.length === 0) ??
    volumes.find((record) => record.modifiers.length === 1 && record.modifiers[0] === forwardOnly);
  if (total === undefined) return null;
  const plain = now.filter((record) => record.modifiers.length === 0);
  const reading: DecodedReading = {
    measured_at: firstTime(plain.filter((record) => record.quantity === 'date_time')),
    register_l: Math.floor(total.value ?? 0),
  };
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

function historicReadings(records: readonly MbusRecord[]): DecodedReading[] {
  const kept = records.filter(
    (record) => record.storage > 0 && record.function === 'instantaneous' && record.modifiers.length === 0,
  );
  const times = storedTimes(kept);
  const readings: DecodedReading[] = [];
  for (const record of kept) {
    if (record.quantity !== 'volume_l' || !isRegister(record.value)) continue;
    // Without a date a kept value can't be placed; receiving it says nothing about when it was.
    const measured_at = times(record.storage);
    if (measured_at !== null)
      readings.push({ measured_at, register_l: Math.floor(record.value ?? 0), kind: 'historic' });
  }
  return readings;
}

/**
 * When each storage number was kept: by its own date, or counted back in whole months from the first of its series,
 * where the meter sends the interval instead of each date. Source: EN 13757-3:2018 clause 6.5.2 and annex I.
 */
function storedTimes(kept: readonly MbusRecord[]): (storage: number) => string | null {
  const own = new Map<number, string>();
  for (const record of kept) {
    if (own.has(record.storage)) continue;
    const time = record.quantity === 'date_time' ? dateTimeOf(record.bytes) : endOfDay(record);
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
    return monthsBefore(own.get(start.storage) ?? '', (storage - start.storage) * (start.value ?? 0));
  };
}

/** A due date's value is taken at the end of that day. Source: EN 13757-3:2018 annex A, type G. */
function endOfDay(record: MbusRecord): string | null {
  if (record.quantity !== 'date' || record.bytes.length !== 2) return null;
  const date = dateOf(record.bytes);
  return date === null ? null : `${date}T23:59`;
}

/** The same day of an earlier month; the last day of a month stays the last. */
function monthsBefore(local: string, months: number): string | null {
  const year = Number(local.slice(0, 4));
  const month = Number(local.slice(5, 7));
  const day = Number(local.slice(8, 10));
  const index = year * 12 + (month - 1) - months;
  const earlierYear = Math.floor(index / 12);
  const earlierMonth = (index % 12) + 1;
  if (earlierYear < 1980) return null;
  const last = daysIn(earlierYear, earlierMonth);
  const earlierDay = day === daysIn(year, month) ? last : Math.min(day, last);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${earlierYear}-${two(earlierMonth)}-${two(earlierDay)}${local.slice(10)}`;
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

/** The transport header's status byte. Bits 5 to 7 are each manufacturer's own. Source: EN 13757-7:2018 table 10. */
export function statusFlags(status: number): string[] {
  const flags: string[] = [];
  const application = status & 3;
  if (application === 2 || application === 3) flags.push('error');
  if ((status & 0x04) !== 0) flags.push('battery_low');
  if ((status & 0x08) !== 0) flags.push('permanent_error');
  if ((status & 0x10) !== 0) flags.push('temporary_error');
  return orderedFlags(flags);
}
