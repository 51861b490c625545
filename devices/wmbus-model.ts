// The shape of a meter model's file: whose telegrams it reads, and what it knows beyond the standard.
import type { MbusRecord, MbusRecords } from './mbus-records.ts';
import { flagBits, type StatusBit, type StatusTold, statusOf } from './mbus-status.ts';
import type { DecodedDate, DecodedReading, DecodedVolume } from './payload-format.ts';
import type { MeterAddress } from './wmbus-address.ts';
import type { Refusal } from './wmbus-link.ts';
import type { TransportHeader } from './wmbus-transport.ts';

/** As in the address: three letters of the maker, version, medium; null for any. */
export type MeterType = readonly [maker: string, version: number | null, medium: number | null];

/** What a model's own reading works on. */
export interface Telegram {
  meter: MeterAddress;
  /** The frame from its L field on, without CRCs. */
  link: Uint8Array;
  /** Null when the CI field is the maker's own. */
  header: TransportHeader | null;
  /** What is behind the transport header, opened; behind the CI field where that is the maker's own. */
  data: Uint8Array;
  key: Uint8Array | undefined;
}

/** What a model tells: its own readings in place of the records', or more than they say. */
export interface ModelTold {
  readings?: DecodedReading[];
  volumes?: DecodedVolume[];
  dates?: DecodedDate[];
  /** Absent when the telegram says nothing of the meter's state. */
  status?: StatusTold;
}

export interface WmbusModel {
  /** For people: `Apator 162`. */
  readonly name: string;
  readonly types: readonly MeterType[];
  /** Telegrams in the maker's own coding; null when this one is in standard records. */
  readOwn?(telegram: Telegram): ModelTold | Refusal | null;
  /** What the maker's own records, or own bits in standard ones, say besides. */
  tell?(records: MbusRecords, telegram: Telegram): ModelTold;
  /** The names of bits 5 to 7 of the transport header's status byte. */
  readonly statusByte?: readonly StatusBit[];
  /** Bits of that byte which these meters set whatever their state: they say nothing and are passed over. */
  readonly alwaysInStatusByte?: number;
  /** Layouts of its compact frames, in hex. */
  readonly layouts?: readonly string[];
  /** The AES key that its maker gave to all of them, in hex; tried where the meter's own is not known. */
  readonly commonKey?: string;
  /** Telegrams made by us from the rules of its file. */
  readonly examples: readonly ModelExample[];
}

export interface ModelExample {
  payload_hex: string;
  key_hex?: string;
  /** Whole litres of the current register; null when the telegram has none. */
  register_l: number | null;
  status?: string[];
}

/** The model's status from the standard error flags (`FD17`) of the present. */
export function errorFlags(records: readonly MbusRecord[], bits: readonly StatusBit[], mask = 0xffffffff): StatusTold {
  const record = records.find(
    ({ quantity, function: of, storage, modifiers }) =>
      quantity === 'error_flags' && of === 'instantaneous' && storage === 0 && modifiers.length === 0,
  );
  return record === undefined ? { names: [], flags: [] } : statusOf(flagBits(record.bytes), bits, mask);
}

/** A record by its VIF and extensions as sent, of the present. */
export function recordOf(records: readonly MbusRecord[], ...codes: number[]): MbusRecord | undefined {
  return records.find((record) => record.storage === 0 && record.codes.join() === codes.join());
}

/** A register of the maker's own coding as a volume. */
export function registerVolume(volume_l: number, of: DecodedVolume['of'] = 'total'): DecodedVolume {
  return { volume_l, of, storage: 0, tariff: 0, subunit: 0, at: null };
}

/** A kept value of the maker's own coding, by the day or time at which it was taken (null: not told). */
export function keptVolume(volume_l: number, storage: number, at: string | null): DecodedVolume {
  return { volume_l, of: 'total', storage, tariff: 0, subunit: 0, at };
}
