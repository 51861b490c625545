// Apator 162 (AT-WMBUS-16-2): registers, each with a number that says what it is and how long, and a CRC at the end.
// Source: the register lengths of wmbusmeters' driver apator162; the CRC is that of the link layer, without its complement.

import { statusOf } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { crcOf, type Refusal, refusal } from './wmbus-link.ts';
import { type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

/** A byte that is a DIF of 0F in newer ones, then seven of which nobody has told the meaning. */
const header_bytes = 8;
const crc_bytes = 2;
const total = 0x10;
const padding = 0xff;

/** Bytes behind the register number. */
const lengths = new Map<number, number>([
  ...entries(1, 0xa2, 0xa5, 0xa9, 0xaf),
  ...entries(2, 0x11, 0x41, 0x43, 0xa7, 0xa8, 0xaa, 0xab, 0xac, 0xad, 0xb4),
  ...entries(3, 0x01, 0x44, 0xa6, 0xd0, 0xd3),
  ...entries(3, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf),
  ...entries(3, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7),
  ...entries(4, 0x00, 0x10, 0x42, 0xa0, 0xa1, 0xa4, 0xf0),
  ...entries(5, 0xb0),
  ...entries(6, 0x40, 0x8b, 0x8c),
  ...entries(7, 0x8e, 0xa3),
  ...entries(8, 0xb1, 0xb3),
  ...entries(9, 0x8a),
  ...entries(10, 0x80, 0x81, 0x82, 0x83, 0x84, 0x86, 0x87),
  ...entries(11, 0x85, 0x88, 0x8f),
  ...entries(16, 0xb2, 0xb5),
]);

function entries(length: number, ...registers: number[]): [number, number][] {
  return registers.map((register) => [register, length]);
}

/** 71 to 7F are rows of kept registers: a byte, then one register more than the low digit says. */
function lengthOf(register: number): number | undefined {
  if (register > 0x70 && register <= 0x7f) return 1 + 4 * ((register & 0x0f) + 1);
  return lengths.get(register);
}

function readOwn({ header, data }: Telegram): ModelTold | Refusal | null {
  if (header === null) return refusal('FORMAT_MANUFACTURER_SPECIFIC', 'an Apator 162 has no CI field of its own');
  const body = data[0] === 0x2f && data[1] === 0x2f ? data.subarray(2) : data;
  const end = body.length - crc_bytes;
  if (end < header_bytes) return refusal('FRAME_TOO_SHORT', 'the telegram ends before its registers');
  const crc = (crcOf(body.subarray(0, end)) ^ 0xffff) === (((body[end] ?? 0) << 8) | (body[end + 1] ?? 0));
  for (let at = header_bytes; at < end; ) {
    const register = body[at] ?? padding;
    const length = lengthOf(register);
    if (register === padding) break;
    if (length === undefined || at + 1 + length > end) {
      return refusal('RECORDS_MALFORMED', `register at byte ${at} of the data: of unknown length, or cut off`);
    }
    if (register === total) return told(body, at + 1, crc);
    at += 1 + length;
  }
  return refusal('NO_VOLUME', 'the telegram has no register of the volume');
}

function told(body: Uint8Array, at: number, crc: boolean): ModelTold {
  const volume_l = new DataView(body.buffer, body.byteOffset + at, 4).getUint32(0, true);
  return {
    readings: [{ measured_at: null, ...registerOf(volume_l) }],
    volumes: [registerVolume(volume_l)],
    // The link layer was checked by whoever received it; a meter whose own CRC does not hold is to be looked at.
    status: statusOf(crc ? 0 : 1, [[1, 'CHECKSUM_WRONG', 'error']]),
  };
}

export const apator162: WmbusModel = {
  name: 'Apator 162',
  types: [
    ['APA', 0x05, 0x06],
    ['APA', 0x05, 0x07],
  ],
  readOwn,
  // Published by KrystianD/apator_wmbus_mqtt and wmbusmeters: meters whose key nobody set have zeros.
  commonKey: '00'.repeat(16),
  examples: [
    {
      payload_hex:
        '3e4401067856341205077a010030852f2f0f0102030405060743100010393000007101e803000064000000a000000001ffffffffffffffffffffffffff2d7b',
      register_l: 12_345,
      status: [],
    },
    {
      payload_hex:
        '3e4401067856341205077a010030852f2f0f0102030405060743100010393000007101e803000064000000a000000001ffffffffffffffffffffffffff2d7c',
      register_l: 12_345,
      status: ['CHECKSUM_WRONG'],
    },
  ],
};
