// GWF: standard records, and behind a DIF of 0F a byte for the kind of what follows, the state, and the battery.
// Source: wmbusmeters, driver gwfwater.
import type { MbusRecords } from './mbus-records.ts';
import { type StatusBit, statusOf } from './mbus-status.ts';
import type { ModelTold, WmbusModel } from './wmbus-model.ts';

const knownKind = 0x01;

const stateBits: readonly StatusBit[] = [
  [0x02, 'CONTINUOUS_FLOW', 'leak'],
  [0x08, 'BROKEN_PIPE', 'burst'],
  [0x20, 'BATTERY_LOW', 'battery_low'],
  [0x40, 'BACKFLOW', 'backflow'],
];

function tell({ manufacturer_specific: own }: MbusRecords): ModelTold {
  if (own === null || own.length < 2) return {};
  const kind = own[0] ?? 0;
  if (kind !== knownKind) return { status: statusOf(kind, [], 0xff, 'UNKNOWN_MFCT_STATUS') };
  return { status: statusOf(own[1] ?? 0, stateBits, 0xff, 'MFCT_FLAGS') };
}

export const gwfWater: WmbusModel = {
  name: 'GWF RCM',
  types: [
    ['GWF', 0x01, 0x0e],
    ['GWF', 0x3c, 0x07],
  ],
  tell,
  examples: [
    {
      payload_hex: '1944e61e78563412010e7a010000000413e80300000f01420100',
      register_l: 1_000,
      status: ['BACKFLOW', 'CONTINUOUS_FLOW'],
    },
  ],
};
