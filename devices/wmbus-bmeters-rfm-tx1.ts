// B METERS RFM-TX1: its register is hidden under masks that the access number chooses, its clock and months are not.
// Source: wmbusmeters, driver rfmtx1.
import { dateFrom } from './mbus-local-time.ts';
import { registerOf } from './mbus-uplink.ts';
import { decimalOf } from './mbus-values.ts';
import { months_bytes, monthsOf } from './wmbus-bmeters-months.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

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
  const kept = data.length < 19 + months_bytes ? null : monthsOf(data.subarray(19, 19 + months_bytes), clock);
  return {
    readings: [{ measured_at: clock, ...registerOf(volume_l) }, ...(kept?.readings ?? [])],
    volumes: [registerVolume(volume_l), ...(kept?.volumes ?? [])],
    dates: clock === null ? [] : [{ of: 'clock', at: clock, storage: 0 }],
  };
}

/** Second, minute, hour, day, month, year of the century, two decimals each. */
function decimalClock(bytes: Uint8Array): string | null {
  // A first digit of F would make a decimal negative, which no part of a time is.
  const parts = [...bytes].map((byte) => (byte >= 0xf0 ? 99 : (decimalOf(Uint8Array.of(byte)) ?? 99)));
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
