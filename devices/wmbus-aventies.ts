// Aventies: standard records with error bits of its own. Source: wmbusmeters, driver aventieswm.
import type { StatusBit } from './mbus-status.ts';
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

const errorBits: readonly StatusBit[] = [
  [0x01, 'MEASUREMENT', 'error'],
  [0x02, 'SABOTAGE', 'tamper'],
  [0x04, 'BATTERY', 'battery_low'],
  [0x08, 'CS', 'error'],
  [0x10, 'HF', 'error'],
  [0x20, 'RESET', 'error'],
];

export const aventiesWater: WmbusModel = {
  name: 'Aventies',
  types: [['AAA', 0x25, 0x07]],
  tell: ({ records }) => ({ status: errorFlags(records, errorBits, 0xffff) }),
  examples: [
    {
      payload_hex: '194421047856341225077a010000000413e803000002fd170600',
      register_l: 1_000,
      status: ['BATTERY', 'SABOTAGE'],
    },
  ],
};
