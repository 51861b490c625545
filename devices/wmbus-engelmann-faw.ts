// Engelmann's radio module FAW: error bits of its own, and a layout of compact frames.
// Source: wmbusmeters, driver engelmann_faw.
import type { StatusBit } from './mbus-status.ts';
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

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
