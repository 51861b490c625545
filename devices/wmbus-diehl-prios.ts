// Diehl and Sappel IZAR radios (PRIOS): alarms in the clear, register and last due value scrambled.
// Source: the open decoders named in wmbus-diehl.ts.

import { endOfDay } from './mbus-local-time.ts';
import { type StatusBit, statusOf } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { dateOf } from './mbus-values.ts';
import { isPriosCi, unscrambled } from './wmbus-diehl.ts';
import { wrongKey } from './wmbus-keys.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { keptVolume, type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

/** The first byte of what was scrambled, if the key fits. */
const mark = 0x4b;
const registerEnd = 5;
const keptEnd = 9;
const dateEnd = 11;

/** The second and third byte behind the CI field, as one little-endian number; the rest is battery and sending interval. */
const alarmBits: readonly StatusBit[] = [
  [0x0080, 'LEAKAGE', 'leak'],
  [0x0040, 'PREV_LEAKAGE'],
  [0x0020, 'METER_BLOCKED', 'blocked'],
  [0x8000, 'BACK_FLOW', 'backflow'],
  [0x4000, 'UNDERFLOW'],
  [0x2000, 'OVERFLOW', 'overload'],
  [0x1000, 'SUBMARINE', 'error'],
  [0x0800, 'SENSOR_FRAUD', 'tamper'],
  [0x0400, 'PREV_SENSOR_FRAUD'],
  [0x0200, 'MECHANICAL_FRAUD', 'tamper'],
  [0x0100, 'PREV_MECHANICAL_FRAUD'],
];

function readOwn({ header, data, link, key }: Telegram): ModelTold | Refusal | null {
  if (header !== null) return null;
  if (!isPriosCi(link[10] ?? 0)) {
    return refusal('FORMAT_MANUFACTURER_SPECIFIC', 'of the CI fields of its maker only A0 to A7 can be read');
  }
  const content = unscrambled(link, key, (candidate) => candidate[0] === mark);
  if (content === null) return wrongKey();
  if (content.length < registerEnd) return refusal('FRAME_TOO_SHORT', 'the telegram ends inside its register');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const volume_l = view.getUint32(1, true);
  const told: Required<ModelTold> = {
    readings: [{ measured_at: null, ...registerOf(volume_l) }],
    volumes: [registerVolume(volume_l)],
    dates: [],
    status: statusOf((data[1] ?? 0) | ((data[2] ?? 0) << 8), alarmBits, 0xffe0),
  };
  if (content.length < keptEnd) return told;
  const kept_l = view.getUint32(registerEnd, true);
  const at = content.length < dateEnd ? null : dateOf(content.subarray(keptEnd, dateEnd));
  told.volumes.push(keptVolume(kept_l, 1, at));
  if (at !== null) {
    told.dates.push({ of: 'kept', at, storage: 1 });
    told.readings.push({ measured_at: endOfDay(at), ...registerOf(kept_l), kind: 'historic' });
  }
  return told;
}

export const diehlPrios: WmbusModel = {
  name: 'Diehl IZAR (PRIOS)',
  types: [
    ['HYD', 0x85, 0x07],
    ['HYD', 0x86, 0x07],
    ['SAP', null, null],
    ['DME', 0x78, 0x06],
    ['DME', 0x78, 0x07],
  ],
  readOwn,
  examples: [
    {
      payload_hex: '19442423850778563412a2018f8013cc04046796bda717cd8162',
      register_l: 123_456,
      status: ['BACK_FLOW', 'LEAKAGE'],
    },
  ],
};
