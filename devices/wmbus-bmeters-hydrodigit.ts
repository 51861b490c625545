// B METERS Hydrodigit: standard records, then battery, backflow, months, and the dates of a tampering and a leak.
// Source: wmbusmeters, driver hydrodigit.
import { dateFrom } from './mbus-local-time.ts';
import type { MbusRecords } from './mbus-records.ts';
import { recordsTold } from './mbus-uplink.ts';
import { decimalOf } from './mbus-values.ts';
import type { DecodedDate } from './payload-format.ts';
import { months_bytes, monthsOf } from './wmbus-bmeters-months.ts';
import { type ModelTold, registerVolume, type WmbusModel } from './wmbus-model.ts';

/** Bits of the byte that says what follows, and in which order it does. */
const has = { battery: 0x01, tampering: 0x02, backflow: 0x04, months: 0x10, leak: 0x80 };

/** By the low digit of the battery byte. */
const battery_v = [3.7, 1.9, 2.1, 2.2, 2.3, 2.4, 2.5, 2.65, 2.8, 2.9, 3.05, 3.2, 3.35, 3.5, 3.7, 3.7];

function tellHydrodigit({ records, manufacturer_specific: own }: MbusRecords): ModelTold {
  const standard = recordsTold(records);
  const [current] = standard.readings;
  if (own === null || own.length === 0 || current === undefined) return {};
  const contents = own[0] ?? 0;
  let at = 1;
  const take = (length: number, bit: number): Uint8Array | null => {
    if ((contents & bit) === 0 || at + length > own.length) return null;
    at += length;
    return own.subarray(at - length, at);
  };
  const reading = { ...current };
  const dates: DecodedDate[] = [...standard.dates];
  const battery = take(1, has.battery);
  if (battery !== null) reading.battery_v = battery_v[(battery[0] ?? 0) & 0x0f] ?? 0;
  const tampering = take(4, has.tampering);
  const leak = take(3, has.leak);
  const backflow = take(4, has.backflow);
  const kept = take(months_bytes, has.months);
  const tamperAt = tampering === null ? null : decimalDate(tampering.subarray(1));
  if (tamperAt !== null) dates.push({ of: 'tamper', at: tamperAt, storage: 0 });
  const leakAt = leak === null ? null : decimalDate(leak);
  if (leakAt !== null) dates.push({ of: 'leak', at: leakAt, storage: 0 });
  const volumes = [...standard.volumes];
  if (backflow !== null) {
    const backward_l = new DataView(backflow.buffer, backflow.byteOffset, 4).getUint32(0, true);
    reading.backward_l = backward_l;
    volumes.push(registerVolume(backward_l, 'backward'));
  }
  const history = kept === null ? null : monthsOf(kept, reading.measured_at);
  return {
    readings: [reading, ...standard.readings.slice(1), ...(history?.readings ?? [])],
    volumes: [...volumes, ...(history?.volumes ?? [])],
    dates,
  };
}

/** Year of the century, month, day, two decimals each; null for none. */
function decimalDate(bytes: Uint8Array): string | null {
  const [year, month, day] = [...bytes].map((byte) => decimalOf(Uint8Array.of(byte)) ?? 0);
  return dateFrom(2000 + (year ?? 0), month ?? 0, day ?? 0);
}

export const bmetersHydrodigit: WmbusModel = {
  name: 'B METERS Hydrodigit',
  types: [
    ['BMT', 0x13, 0x06],
    ['BMT', 0x13, 0x07],
    ['BMT', 0x15, 0x07],
    ['BMT', 0x17, 0x06],
    ['BMT', 0x17, 0x07],
  ],
  tell: tellHydrodigit,
  examples: [
    {
      payload_hex:
        '4c44b4097856341213077a010000000c1356341200046d002a41330f970a8026021425123107000000442f00a82f008e2b00c02b00f22b00242c00562c00882c00ba2c00ec2c001e2d00502d00',
      register_l: 123_456,
      status: [],
    },
  ],
};
