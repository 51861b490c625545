// Compact profiles: one record that holds a row of values at even distances, written out as records of their own.
// Source: EN 13757-3:2018 annex F.

import { monthsAfter, secondsAfter } from './mbus-local-time.ts';
import type { MbusRecord } from './mbus-records.ts';
import { decimalOf, integerOf } from './mbus-values.ts';

/** One value of the row: the record it would have been, and how its time follows from the row's first. */
export interface ProfileEntry {
  record: MbusRecord;
  /** The time of the entry, when that of the storage number the profile hangs on is `base`; null when it can't be told. */
  timeAfter(base: string): string | null;
}

const inverse = 0x13;
const withRegisters = 0x1e;
const withoutRegisters = 0x1f;
const kinds = [inverse, withRegisters, withoutRegisters];

/** Bytes of a value and how it is read, by the low four bits of the spacing control byte, which are a DIF's. */
const codings: Partial<Record<number, { length: number; decimal: boolean }>> = {
  1: { length: 1, decimal: false },
  2: { length: 2, decimal: false },
  3: { length: 3, decimal: false },
  4: { length: 4, decimal: false },
  6: { length: 6, decimal: false },
  9: { length: 1, decimal: true },
  10: { length: 2, decimal: true },
  11: { length: 3, decimal: true },
  12: { length: 4, decimal: true },
  14: { length: 6, decimal: true },
};

const secondsOfUnit = [1, 60, 3600, 86_400];

export function isProfile(record: MbusRecord): boolean {
  return record.coding === 0x0d && kinds.includes(record.modifiers.at(-1) ?? 0);
}

/** The row's entries, nearest to its base first. `base` is the record of the same quantity that the profile hangs on. */
export function profileEntries(profile: MbusRecord, base: MbusRecord | undefined): ProfileEntry[] {
  const control = profile.bytes[0] ?? 0;
  const spacing = profile.bytes[1] ?? 0;
  const coding = codings[control & 0x0f];
  if (coding === undefined) return [];
  const mode = control >> 6;
  const backwards = profile.modifiers.at(-1) === inverse;
  const entries: ProfileEntry[] = [];
  let value = base?.value ?? null;
  for (let at = 2, step = 1; at + coding.length <= profile.bytes.length; at += coding.length, step += 1) {
    const bytes = profile.bytes.subarray(at, at + coding.length);
    const number = coding.decimal ? decimalOf(bytes) : mode === 1 || mode === 2 ? countOf(bytes) : integerOf(bytes);
    const told = number === null ? null : profile.scale(number);
    value = mode === 0 ? told : moved(value, told, mode, backwards);
    entries.push({
      record: {
        ...profile,
        storage: profile.storage + step,
        value,
        bytes,
        coding: control & 0x0f,
        modifiers: profile.modifiers.slice(0, -1),
      },
      timeAfter: (time) => timeAfter(time, control, spacing, backwards ? -step : step),
    });
  }
  return entries;
}

/** What only rises or only falls is counted without a sign; all bits set is no value. */
function countOf(bytes: Uint8Array): number | null {
  const count = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return count === 256 ** bytes.length - 1 ? null : count;
}

/** Modes: 1 rises, 2 falls, 3 either way, by the difference that is told; going back in time the other way round. */
function moved(from: number | null, by: number | null, mode: number, backwards: boolean): number | null {
  if (from === null || by === null || (mode !== 3 && by < 0)) return null;
  return from + (mode === 2 ? -by : by) * (backwards ? -1 : 1);
}

function timeAfter(time: string, control: number, spacing: number, steps: number): string | null {
  const unit = (control >> 4) & 3;
  if (unit === 3 && spacing === 254) return monthsAfter(time, steps);
  if (spacing === 0 || spacing > 250) return null;
  return secondsAfter(time, steps * spacing * (secondsOfUnit[unit] ?? 1));
}
