// B METERS: RFM-TX1 hides its register in a table of masks; Hydrodigit and IWM-TX5 add months, backflow and dates.
// Source: wmbusmeters, drivers rfmtx1 and hydrodigit.
import { dateFrom, endOfDay, lastEndOfMonth } from './mbus-local-time.ts';
import type { MbusRecords } from './mbus-records.ts';
import { recordsTold, registerOf } from './mbus-uplink.ts';
import { decimalOf } from './mbus-values.ts';
import type { DecodedDate, DecodedReading, DecodedVolume } from './payload-format.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { keptVolume, type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

/** Months' registers, January first, are of three bytes and count tens of litres. */
const months_bytes = 36;
const monthUnit_l = 10;
const neverKept = 10_000_000;

/** What the months hold and when: the last end of each that is over. `clock` is the meter's local time or null. */
function months(bytes: Uint8Array, clock: string | null): { volumes: DecodedVolume[]; readings: DecodedReading[] } {
  const volumes: DecodedVolume[] = [];
  const readings: DecodedReading[] = [];
  for (let month = 1; month <= 12; month += 1) {
    const at = 3 * (month - 1);
    const count = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    const volume_l = count < neverKept ? count * monthUnit_l : 0;
    const when = clock === null ? null : lastEndOfMonth(month, clock);
    volumes.push(keptVolume(volume_l, month, when));
    // A month that was before the meter sent for the first time is 0: no register, and never later than a real one.
    if (when !== null && volume_l > 0) {
      readings.push({ measured_at: endOfDay(when), ...registerOf(volume_l), kind: 'historic' });
    }
  }
  readings.sort((one, two) => ((one.measured_at ?? '') < (two.measured_at ?? '') ? 1 : -1));
  return { volumes, readings };
}

/** The configuration that says that the register is masked; others send standard records. */
const maskedConfiguration = 0x1006;

/** A row for each low digit of the access number, a mask for each byte of the register. */
const masks: readonly (readonly [number, number, number, number])[] = [
  [0x7a, 0x10, 0x1a, 0x0a],
  [0x70, 0x13, 0x22, 0x13],
  [0xb9, 0x0b, 0x8e, 0x99],
  [0x79, 0x07, 0x4a, 0x16],
  [0x07, 0x9a, 0xcb, 0x69],
  [0x32, 0xa1, 0x39, 0x0e],
  [0x9c, 0x7e, 0x60, 0x99],
  [0xb4, 0xc4, 0x80, 0xa3],
  [0x0a, 0xce, 0x19, 0x03],
  [0xf0, 0x05, 0xa5, 0x86],
  [0x16, 0x98, 0x11, 0x5e],
  [0x0c, 0xc9, 0x7d, 0xa2],
  [0x4a, 0x48, 0xe4, 0x1f],
  [0x77, 0x2e, 0x8a, 0xe8],
  [0xbd, 0x78, 0x57, 0x8c],
  [0x39, 0x6f, 0x28, 0x05],
];

/** Two bytes, the masked register, seven bytes, then second to year as decimals, and the months. */
function readMasked({ header, data }: Telegram): ModelTold | Refusal | null {
  if (header === null || header.configuration !== maskedConfiguration) return null;
  if (data.length < 19) return refusal('FRAME_TOO_SHORT', 'the telegram ends inside its register or time');
  const access = header.access_number ?? 0;
  const row = masks[access & 0x0f] ?? [0, 0, 0, 0];
  const volume_l = decimalOf(data.subarray(2, 6).map((byte, at) => byte ^ access ^ (row[at] ?? 0)));
  if (volume_l === null || volume_l < 0) {
    return refusal('RECORDS_MALFORMED', 'the register, with its mask taken off, is no decimal');
  }
  const clock = decimalClock(data.subarray(13, 19));
  const kept = data.length < 19 + months_bytes ? null : months(data.subarray(19, 19 + months_bytes), clock);
  return {
    readings: [{ measured_at: clock, ...registerOf(volume_l) }, ...(kept?.readings ?? [])],
    volumes: [registerVolume(volume_l), ...(kept?.volumes ?? [])],
    dates: clock === null ? [] : [{ of: 'clock', at: clock, storage: 0 }],
  };
}

/** Second, minute, hour, day, month, year of the century, two decimals each. */
function decimalClock(bytes: Uint8Array): string | null {
  const parts = [...bytes].map((byte) => decimalOf(Uint8Array.of(byte)) ?? 99);
  const [second = 99, minute = 99, hour = 99, day = 0, month = 0, year = 99] = parts;
  const date = year > 98 ? null : dateFrom(2000 + year, month, day);
  if (date === null || second > 59 || minute > 59 || hour > 23) return null;
  return `${date}T${[hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':')}`;
}

export const bmetersRfmTx1: WmbusModel = {
  name: 'B METERS RFM-TX1',
  types: [['BMT', 0x05, 0x07]],
  readOwn: readMasked,
  examples: [
    {
      payload_hex:
        '4544b4097856341205077a2300061011150c107b3500000000000000300010010326442f00a82f008e2b00c02b00f22b00242c00562c00882c00ba2c00ec2c001e2d00502d00',
      register_l: 123_456,
      status: [],
    },
  ],
};

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
  const history = kept === null ? null : months(kept, reading.measured_at);
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

export const bmetersIwmTx5: WmbusModel = {
  name: 'B METERS IWM-TX5',
  types: [
    ['BMT', 0x18, 0x06],
    ['BMT', 0x18, 0x07],
  ],
  statusByte: [[0x40, 'TAMPER', 'tamper']],
  examples: [{ payload_hex: '1444b4097856341218077a014000000c1356341200', register_l: 123_456, status: ['TAMPER'] }],
};
