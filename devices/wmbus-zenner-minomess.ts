// Zenner Minomess: standard records with error bits of its own. Source: wmbusmeters, driver minomess.
import type { StatusBit } from './mbus-status.ts';
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

const errorBits: readonly StatusBit[] = [
  [0x8000, 'WAS_REMOVED'],
  [0x4000, 'WAS_TAMPERED'],
  [0x2000, 'WAS_LEAKING'],
  [0x1000, 'TEMPORARY_ERROR', 'temporary_error'],
  [0x0800, 'PERMANENT_ERROR', 'permanent_error'],
  [0x0400, 'BATTERY_EOL', 'battery_low'],
  [0x0200, 'ABNORMAL_ERROR', 'error'],
  [0x0080, 'BURSTING', 'burst'],
  [0x0040, 'REMOVED', 'tamper'],
  [0x0020, 'LEAKING', 'leak'],
  [0x0010, 'WAS_BACKFLOWING'],
  [0x0008, 'BACKFLOWING', 'backflow'],
  [0x0004, 'WAS_BLOCKED'],
  [0x0002, 'UNDERSIZED', 'overload'],
  [0x0001, 'OVERSIZED'],
];

export const zennerMinomess: WmbusModel = {
  name: 'Zenner Minomess',
  types: [
    ['ZRI', 0x00, 0x07],
    ['ZRI', 0x01, 0x06],
    ['ZRI', 0x01, 0x16],
  ],
  tell: ({ records }) => ({ status: errorFlags(records, errorBits, 0xffff) }),
  examples: [
    {
      payload_hex: '1944496a7856341201167a0100000004133930000002fd172800',
      register_l: 12_345,
      status: ['BACKFLOWING', 'LEAKING'],
    },
  ],
};
