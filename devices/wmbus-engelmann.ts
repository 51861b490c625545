// Engelmann and Lorenz: Waterstar M, and the radio module FAW, with error bits of their own and a layout of compact frames.
// Source: wmbusmeters, drivers waterstarm and engelmann_faw.
import { monthsAfter } from './mbus-local-time.ts';
import type { MbusRecords } from './mbus-records.ts';
import type { StatusBit } from './mbus-status.ts';
import { recordsTold } from './mbus-uplink.ts';
import { errorFlags, type ModelTold, type WmbusModel } from './wmbus-model.ts';

const waterstarBits: readonly StatusBit[] = [
  [0x001, 'SW_ERROR', 'error'],
  [0x002, 'CRC_ERROR', 'error'],
  [0x004, 'SENSOR_ERROR', 'error'],
  [0x008, 'MEASUREMENT_ERROR', 'error'],
  [0x010, 'BATTERY_VOLTAGE_ERROR', 'battery_low'],
  [0x020, 'MANIPULATION', 'tamper'],
  [0x040, 'LEAKAGE_OR_NO_USAGE', 'leak'],
  [0x080, 'REVERSE_FLOW', 'backflow'],
  [0x100, 'OVERLOAD', 'overload'],
];

/** Storage numbers 2 to 16 are a month apart, the first a month ago; the meter sends no dates for them. */
const firstMonth = 2;

/**
 * The months as near as can be told, counted back from the meter's day: for people to look at. They are no readings, since
 * on which day of the month each was kept is not told.
 */
function tellWaterstar({ records }: MbusRecords): ModelTold {
  const { volumes, dates } = recordsTold(records);
  const day = dates.find(({ of }) => of === 'clock')?.at.slice(0, 10);
  return {
    status: errorFlags(records, waterstarBits, 0xffff),
    volumes: volumes.map((volume) => {
      const isMonth = volume.storage >= firstMonth && volume.at === null && day !== undefined;
      return isMonth ? { ...volume, at: monthsAfter(day, 1 - volume.storage) } : volume;
    }),
  };
}

export const engelmannWaterstar: WmbusModel = {
  name: 'Engelmann Waterstar M',
  types: [
    ['DWZ', 0x00, 0x06],
    ['DWZ', 0x00, 0x07],
    ['DWZ', 0x02, 0x06],
    ['DWZ', 0x02, 0x07],
    ['EFE', 0x03, 0x07],
    ['EFE', 0x70, 0x07],
  ],
  tell: tellWaterstar,
  examples: [
    {
      payload_hex: '2044fa127856341202067a010400000413e803000002fd17800104933c07000000',
      register_l: 1_000,
      status: ['OVERLOAD', 'POWER_LOW', 'REVERSE_FLOW'],
    },
  ],
};

const fawBits: readonly StatusBit[] = [
  [0x01, 'VOLUME_DETECTION_COILS_DEFECT', 'error'],
  [0x02, 'RESET', 'error'],
  [0x04, 'CRC_ERROR', 'error'],
  [0x08, 'REMOVAL_DETECTED', 'tamper'],
  [0x10, 'MAGNETIC_MANIPULATION', 'magnet'],
  [0x20, 'LEAKAGE', 'leak'],
  [0x40, 'BLOCKED', 'blocked'],
  [0x80, 'REVERSE_FLOW', 'backflow'],
];

export const engelmannFaw: WmbusModel = {
  name: 'Engelmann FAW',
  types: [
    ['EFE', 0x00, 0x06],
    ['EFE', 0x00, 0x07],
    ['EFE', 0x00, 0x16],
  ],
  tell: ({ records }) => ({ status: errorFlags(records, fawBits, 0xff) }),
  layouts: [
    [
      '426c441301fd17840113c40113840213c40213840313c40313840413c40413',
      '840513c40513840613c40613840713c40713840813046d0413',
    ].join(''),
  ],
  examples: [
    {
      payload_hex: '1844c5147856341200077a010000000413e803000001fd1760',
      register_l: 1_000,
      status: ['BLOCKED', 'LEAKAGE'],
    },
  ],
};
