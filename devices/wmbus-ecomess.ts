// Ecomess Picoflux and Kaden: standard records; a leak is told in the transport header's status byte.
// Source: wmbusmeters, drivers picoflux and kadenwater, after the makers' OMS description.
import type { StatusBit } from './mbus-status.ts';
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

/** A leak raises the general alarm as well; these two say how strong its flow was, against 100 litres an hour. */
const leakBits: readonly StatusBit[] = [
  [0x20, 'LEAK_FLOW_LOW', 'leak'],
  [0x40, 'LEAK_FLOW_HIGH', 'leak'],
];

export const ecomessWater: WmbusModel = {
  name: 'Ecomess Picoflux or Kaden',
  types: [
    ['ECM', 0x05, 0x07],
    ['KDN', 0x01, 0x07],
    ['VIP', 0x01, 0x07],
  ],
  statusByte: leakBits,
  tell: ({ records }) => ({ status: errorFlags(records, [], 0xffff) }),
  examples: [
    {
      payload_hex: '14446d147856341205077a012300000413e8030000',
      register_l: 1_000,
      status: ['ALARM', 'LEAK_FLOW_LOW'],
    },
  ],
};
