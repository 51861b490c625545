// Makes the wireless M-Bus telegram that a standard meter would send, for simulators and tests.
import { isFlag } from './flags.ts';
import { dateTimeBytes } from './mbus-values.ts';
import type { EncodableReading } from './payload-format.ts';
import { joined } from './wmbus-link.ts';

/** A radio telegram has one length byte: header, the current register, and eleven kept ones at 16 bytes each. */
export const mostWmbusReadings = 12;

export function encodeWmbus(reading: EncodableReading): Uint8Array {
  const newestFirst = reading.readings.slice(-mostWmbusReadings).reverse();
  const records = newestFirst.map(({ measured_at_ms, register_l }, storage) => {
    const local = new Date(measured_at_ms + reading.utc_offset_min * 60_000).toISOString();
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, register_l, true);
    return joined([
      dif(4, storage),
      Uint8Array.of(0x13),
      value,
      dif(6, storage),
      Uint8Array.of(0x6d),
      dateTimeBytes(local),
    ]);
  });
  const id = Uint8Array.from(reading.meter_id.padStart(8, '0').match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  ).reverse();
  const status = reading.flags.filter(isFlag).reduce((bits, flag) => bits | (statusBits[flag] ?? 0), 0);
  const body = joined([Uint8Array.of(0x7a, 0, status, 0, 0), ...records]);
  return joined([Uint8Array.of(9 + body.length, 0x44, 0x32, 0x38), id, Uint8Array.of(1, 7), body]);
}

const statusBits: Partial<Record<string, number>> = {
  error: 0x02,
  battery_low: 0x04,
  permanent_error: 0x08,
  temporary_error: 0x10,
};

/** DIF and extension for an integer of so many bytes (4 or 6) at that storage number, up to 31. */
function dif(length: number, storage: number): Uint8Array {
  const first = length | ((storage & 1) << 6);
  return storage < 2 ? Uint8Array.of(first) : Uint8Array.of(first | 0x80, storage >> 1);
}
