// Apator AT-WMBUS-NA-1: one AES block behind a CI field of its own, with the register, the time and what was kept last.
// Source: wmbusmeters, driver apatorna1.
import { secondsAfter } from './mbus-local-time.ts';
import { type StatusBit, statusOf, together } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { accessVector, cbcOpened, noKey, wrongKey } from './wmbus-keys.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { keptVolume, type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

const keyLength_bytes = 16;

/** In the clear. Summer time is no fault, nor is the mark of a telegram of installation. */
const frameBits: readonly StatusBit[] = [
  [0x04, 'MAX_SPEED_EXCEEDED', 'overload'],
  [0x08, 'DEVICE_ACCESS_ERROR', 'error'],
  [0x10, 'TWO_WAY_COM_BLOCK'],
  [0x40, 'WRONG_TEMPERATURE', 'error'],
  [0x80, 'SERVICE_EVENT'],
];

const currentBits: readonly StatusBit[] = [
  [0x80, 'MINIMUM_FLOW'],
  [0x40, 'MAXIMUM_FLOW', 'overload'],
  [0x20, 'REVERSE_FLOW', 'backflow'],
  [0x10, 'MEASUREMENT_UNCHANGED', 'no_use'],
  [0x08, 'LEAK', 'leak'],
  [0x04, 'DEVICE_DISCONNECTED', 'tamper'],
  [0x02, 'MAGNETIC_FIELD', 'magnet'],
  [0x01, 'BATTERY_LOW', 'battery_low'],
];

/** Access number, frame status, then the block: filler, register, seconds, age and difference of the kept one, two states. */
function readOwn({ header, data, meter, key }: Telegram): ModelTold | Refusal | null {
  if (header !== null) return null;
  if (data.length !== 18) return refusal('FRAME_LENGTH_WRONG', 'the telegram is not one AES block behind two bytes');
  if (key === undefined || key.length !== keyLength_bytes) return noKey();
  const block = cbcOpened(data.subarray(2), key, accessVector(meter, data[0] ?? 0));
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const packed = view.getUint32(1, true);
  const clock = secondsAfter('2000-01-01T00:00:00', view.getUint32(5, true));
  if (block[0] !== 0x2f || (packed & 0xc0) !== 0 || clock === null || clock < '2010' || clock > '2100')
    return wrongKey();
  const multiplier = 10 ** ((packed >> 4) & 3);
  const volume_l = ((packed >>> 8) * 16 + (packed & 0x0f)) * multiplier;
  const age = view.getUint16(9, true);
  // The two lowest bits of the difference stand in the age's second byte; the age is in hours.
  const difference_l = ((view.getUint16(11, true) + (block[13] ?? 0) * 65_536) * 4 + ((age >> 8) & 3)) * multiplier;
  const age_h = (age >> 10) * 256 + (age & 0xff);
  const keptAt = secondsAfter(clock, -3600 * age_h);
  const kept_l = volume_l - difference_l;
  const measured_at = clock.slice(0, 16);
  const at = keptAt === null ? null : keptAt.slice(0, 16);
  const status = together([statusOf(data[1] ?? 0, frameBits, 0xdc), statusOf(block[14] ?? 0, currentBits, 0xff)]);
  const isKept = kept_l >= 0 && at !== null && age_h > 0;
  return {
    readings: [
      { measured_at, ...registerOf(volume_l) },
      ...(isKept ? [{ measured_at: at, ...registerOf(kept_l), kind: 'historic' as const }] : []),
    ],
    volumes: [registerVolume(volume_l), ...(isKept ? [keptVolume(kept_l, 1, at)] : [])],
    dates: [{ of: 'clock', at: measured_at, storage: 0 }, ...(isKept ? [{ of: 'kept' as const, at, storage: 1 }] : [])],
    status,
  };
}

export const apatorNa1: WmbusModel = {
  name: 'Apator AT-WMBUS-NA-1',
  types: [['APA', 0x14, 0x07]],
  readOwn,
  // Published by wmbusmeters: meters whose key nobody set have zeros.
  commonKey: '00'.repeat(16),
  examples: [
    {
      payload_hex: '1c440106785634121407a02a0137d65e9d3b9c2f2b9e42a6255c2f5401',
      register_l: 123_456,
      status: ['MAGNETIC_FIELD', 'REVERSE_FLOW'],
    },
  ],
};
