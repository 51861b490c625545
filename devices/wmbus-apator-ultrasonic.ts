// Apator's meters with standard records and status bits of its own: Ultrimis W and the wired APT-MBUS-NA-1.
// Source: wmbusmeters, drivers ultrimisv2 and aptmbusna.
import type { StatusBit } from './mbus-status.ts';
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

/** The same eight states, now, at any time of this month, and of the month before. */
const states: readonly StatusBit[] = [
  [0x01, 'TAMPER', 'tamper'],
  [0x02, 'LOW_BATTERY', 'battery_low'],
  [0x04, 'DRY', 'dry'],
  [0x08, 'NO_FLOW', 'no_use'],
  [0x10, 'HIGH_TEMPERATURE', 'temperature_high'],
  [0x20, 'BURST', 'burst'],
  [0x40, 'REVERSE', 'backflow'],
  [0x80, 'LEAK', 'leak'],
];

const ultrimisBits: readonly StatusBit[] = [
  ...states,
  ...states.map(([bit, name]) => [bit * 0x100, `${name}_THIS_MONTH`] as const),
  ...states.map(([bit, name]) => [bit * 0x10000, `${name}_PREV_MONTH`] as const),
];

export const apatorUltrimis: WmbusModel = {
  name: 'Apator Ultrimis W',
  types: [
    ['APA', 0x01, 0x16],
    ['APA', 0x20, 0x16],
  ],
  tell: ({ records }) => ({ status: errorFlags(records, ultrimisBits, 0xffffff) }),
  examples: [
    {
      payload_hex: '214401067856341201167a010000000413e803000003fd1740000804933c07000000',
      register_l: 1_000,
      status: ['NO_FLOW_PREV_MONTH', 'REVERSE'],
    },
  ],
};

/**
 * `P_` is what was; the rest is now. Published decodings read 0800 as a leak that was, where the order of the rest would
 * have a detector's error; it raises no alarm either way.
 */
const mbusBits: readonly StatusBit[] = [
  [0x000001, 'P_MAGNETIC_FIELD'],
  [0x000002, 'P_STRONG_LIGHT'],
  [0x000004, 'P_MBUS_DISCONNECTED'],
  [0x000008, 'P_DETECTION_WITHOUT_CHANGES'],
  [0x000010, 'P_MINIMUM_FLOW'],
  [0x000020, 'P_MAXIMUM_FLOW'],
  [0x000040, 'P_REVERSE_FLOW'],
  [0x000080, 'P_LEAK'],
  [0x000100, 'P_PROCESSOR_RESET'],
  [0x000200, 'P_CLOCK_HAND_ERROR'],
  [0x000400, 'BATTERY_LOW', 'battery_low'],
  [0x000800, 'P_LEAK'],
  [0x010000, 'MAGNETIC_FIELD', 'magnet'],
  [0x020000, 'STRONG_LIGHT', 'tamper'],
  [0x040000, 'MBUS_DISCONNECTED', 'tamper'],
  [0x080000, 'DETECTION_WITHOUT_CHANGES'],
  [0x100000, 'MINIMUM_FLOW'],
  [0x200000, 'MAXIMUM_FLOW', 'overload'],
  [0x400000, 'REVERSE_FLOW', 'backflow'],
  [0x800000, 'PROCESSOR_RESET', 'error'],
];

export const apatorMbusNa1: WmbusModel = {
  name: 'Apator APT-MBUS-NA-1',
  types: [['APA', 0x15, 0x07]],
  tell: ({ records }) => ({ status: errorFlags(records, mbusBits, 0xffffff) }),
  examples: [
    {
      payload_hex: '1a4401067856341215077a010000000413e803000003fd17800001',
      register_l: 1_000,
      status: ['MAGNETIC_FIELD', 'P_LEAK'],
    },
  ],
};
