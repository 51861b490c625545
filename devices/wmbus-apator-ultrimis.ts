// Apator Ultrimis W: standard records and state bits of its own, now and of the months before.
// Source: wmbusmeters, driver ultrimisv2.
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
  // It sends "alarm" in every telegram, also where its state bits say that all is well.
  alwaysInStatusByte: 0x03,
  examples: [
    {
      payload_hex: '214401067856341201167a010000000413e803000003fd1740000804933c07000000',
      register_l: 1_000,
      status: ['NO_FLOW_PREV_MONTH', 'REVERSE'],
    },
    // "Alarm" in the status byte, nothing in the state bits.
    {
      payload_hex: '214401067856341201167a010300000413e803000003fd1700000004933c07000000',
      register_l: 1_000,
      status: [],
    },
  ],
};
