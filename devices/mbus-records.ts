// Cuts the data of an M-Bus telegram into its records. Source: EN 13757-3:2018 clause 6 (DIF, VIF and their extensions).
import { decimalOf, integerOf, realOf } from './mbus-values.ts';
import { meaningOf, type Quantity } from './mbus-vif.ts';

type MbusFunction = 'instantaneous' | 'maximum' | 'minimum' | 'during_error';

export interface MbusRecord {
  function: MbusFunction;
  /** 0 is now; 1 and up are values kept from earlier. */
  storage: number;
  tariff: number;
  subunit: number;
  quantity: Quantity;
  /** In `quantity`'s unit; null when the record holds no number, or marks it as not available. */
  value: number | null;
  /** The data field as sent. */
  bytes: Uint8Array;
  /** The DIF's low four bits: how the data field is coded. */
  coding: number;
  /** The VIF and its extensions as sent: how a maker's own record is known again. */
  codes: readonly number[];
  /** A number of the record in `quantity`'s unit. */
  scale(count: number): number;
  /** VIF extensions after the quantity, without their extension bit: what the value is of (`3C` backward flow …). */
  modifiers: number[];
}

export interface MbusRecords {
  records: MbusRecord[];
  /** What follows a DIF of 0F or 1F, the maker's own; null when there is none. */
  manufacturer_specific: Uint8Array | null;
  /** Where the data stopped being records, if it did: whoever has no better knowledge refuses all of it. */
  fault: { at: number; reason: string } | null;
}

/** A frame has at most 250 bytes and a record at least one; Source: EN 13757-3:2018 clause 6.3 for the extensions. */
const mostRecords = 250;
const mostExtensions = 10;

const functions: readonly MbusFunction[] = ['instantaneous', 'maximum', 'minimum', 'during_error'];

/** Never throws and never reads past `data`. */
export function readRecords(data: Uint8Array): MbusRecords {
  const records: MbusRecord[] = [];
  const stopped = (at: number, reason: string): MbusRecords => ({
    records,
    manufacturer_specific: null,
    fault: { at, reason },
  });
  let at = 0;
  while (at < data.length) {
    const dif = data[at] ?? 0;
    if (dif === 0x2f) {
      at += 1;
      continue;
    }
    // 0F and 1F: the rest is the manufacturer's own (1F: and more follows in the next telegram).
    if (dif === 0x0f || dif === 0x1f) {
      return { records, manufacturer_specific: data.subarray(at + 1), fault: null };
    }
    // Some meters fill the last block up with FF, which is no record either.
    if (dif === 0xff && data.subarray(at).every((byte) => byte === 0xff)) break;
    if ((dif & 0x0f) === 0x0f) return stopped(at, 'a reserved special function in the DIF');
    if (records.length === mostRecords) return stopped(at, 'more records than a telegram can hold');
    const read = readRecord(data, at);
    if ('reason' in read) return stopped(at, read.reason);
    records.push(read.record);
    at = read.next;
  }
  return { records, manufacturer_specific: null, fault: null };
}

/** A record's DIF and VIF with their extensions: all of it but the data. */
export interface RecordHeader {
  dif: number;
  storage: number;
  tariff: number;
  subunit: number;
  codes: number[];
  /** Where the data begins. */
  next: number;
}

function readRecord(data: Uint8Array, start: number): { record: MbusRecord; next: number } | { reason: string } {
  const header = readHeader(data, start);
  if ('reason' in header) return header;
  const coding = header.dif & 0x0f;
  const field = readData(data, header.next, coding);
  if ('reason' in field) return field;
  const meaning = meaningOf(header.codes);
  const scale = (count: number) => scaled(count * meaning.times, meaning.exponent);
  return {
    record: {
      function: functions[(header.dif >> 4) & 3] ?? 'instantaneous',
      storage: header.storage,
      tariff: header.tariff,
      subunit: header.subunit,
      quantity: meaning.quantity,
      value: field.number === null ? null : scale(field.number),
      bytes: field.bytes,
      coding,
      codes: header.codes,
      scale,
      modifiers: meaning.modifiers,
    },
    next: field.next,
  };
}

export function readHeader(data: Uint8Array, start: number): RecordHeader | { reason: string } {
  let at = start;
  const dif = data[at] ?? 0;
  let storage = (dif >> 6) & 1;
  let tariff = 0;
  let subunit = 0;
  for (let extension = 0, last = dif; (last & 0x80) !== 0; extension += 1) {
    at += 1;
    if (extension === mostExtensions) return { reason: 'more than ten DIF extensions' };
    if (at >= data.length) return { reason: 'the data ends inside a DIF' };
    last = data[at] ?? 0;
    // Arithmetic, not shifts: ten extensions reach bit 40 of the storage number.
    storage += (last & 0x0f) * 2 ** (1 + 4 * extension);
    tariff += ((last >> 4) & 3) * 4 ** extension;
    subunit += ((last >> 6) & 1) * 2 ** extension;
  }
  const vif = readVif(data, at + 1);
  if ('reason' in vif) return vif;
  return { dif, storage, tariff, subunit, codes: vif.codes, next: vif.next };
}

/** Bytes of the data field that a DIF announces, without the length byte of a variable one; null when reserved. */
export function dataLength(dif: number, lvar: number | undefined): number | null {
  const length = fixedLengths[dif & 0x0f] ?? null;
  if (length !== -1) return length;
  return lvar === undefined ? null : (variableLength(lvar)?.length ?? null);
}

/** `count` × 10^`exponent`; dividing by a power of ten is exact to the last digit where multiplying by 0.001 is not. */
function scaled(count: number, exponent: number): number {
  return exponent >= 0 ? count * 10 ** exponent : count / 10 ** -exponent;
}

/** The VIF and its extensions as sent, a plain-text unit skipped. */
function readVif(data: Uint8Array, start: number): { codes: number[]; next: number } | { reason: string } {
  let at = start;
  const codes: number[] = [];
  let last = 0x80;
  while ((last & 0x80) !== 0) {
    if (codes.length > mostExtensions) return { reason: 'more than ten VIF extensions' };
    if (at >= data.length) return { reason: 'the data ends inside a VIF' };
    last = data[at] ?? 0;
    at += 1;
    codes.push(last);
    if (codes.length === 1 && (last & 0x7f) === 0x7c) {
      const length = data[at];
      if (length === undefined || at + 1 + length > data.length) return { reason: 'the data ends inside a text unit' };
      at += 1 + length;
    }
  }
  return { codes, next: at };
}

interface DataField {
  bytes: Uint8Array;
  number: number | null;
  next: number;
}

const fixedLengths: readonly number[] = [0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, -1, 6];

function readData(data: Uint8Array, start: number, coding: number): DataField | { reason: string } {
  let at = start;
  let length = fixedLengths[coding] ?? 0;
  let read: (bytes: Uint8Array) => number | null = () => null;
  if (coding >= 1 && coding <= 7) read = coding === 5 ? realOf : integerOf;
  if (coding >= 9) read = decimalOf;
  if (coding === 0x0d) {
    const lvar = data[at];
    if (lvar === undefined) return { reason: 'the data ends before a length' };
    at += 1;
    const variable = variableLength(lvar);
    if (variable === null) return { reason: 'a reserved variable length' };
    length = variable.length;
    read = variable.read;
  }
  if (at + length > data.length) return { reason: 'the data ends inside a value' };
  const bytes = data.subarray(at, at + length);
  return { bytes, number: length === 0 ? null : read(bytes), next: at + length };
}

/** Source: EN 13757-3:2018 clause 6.3.3 table 5 (LVAR). */
function variableLength(lvar: number): { length: number; read: (bytes: Uint8Array) => number | null } | null {
  const noNumber = () => null;
  if (lvar <= 0xbf) return { length: lvar, read: noNumber };
  if (lvar <= 0xc9) return { length: lvar - 0xc0, read: decimalOf };
  if (lvar >= 0xd0 && lvar <= 0xd9) {
    return { length: lvar - 0xd0, read: (bytes) => negated(decimalOf(bytes)) };
  }
  if (lvar >= 0xe0 && lvar <= 0xef) return { length: lvar - 0xe0, read: integerOf };
  if (lvar >= 0xf0 && lvar <= 0xf4) return { length: 4 * (lvar - 0xec), read: noNumber };
  if (lvar === 0xf5) return { length: 48, read: noNumber };
  if (lvar === 0xf6) return { length: 64, read: noNumber };
  return null;
}

function negated(value: number | null): number | null {
  return value === null ? null : 0 - value;
}
