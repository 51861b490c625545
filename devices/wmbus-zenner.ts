// Zenner: the radio of version 0B with a register of 1/256 litres behind a DIF of 0F, and Minomess with its error bits.
// Source: wmbusmeters, drivers zenner0b and minomess.
import type { MbusRecords } from './mbus-records.ts';
import { type StatusBit, statusOf } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { errorFlags, keptVolume, type ModelTold, registerVolume, type WmbusModel } from './wmbus-model.ts';

const perLitre = 256;

function tellOwn({ manufacturer_specific: own }: MbusRecords): ModelTold {
  if (own === null || own.length < 12) return {};
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  const kept_l = view.getUint32(4, true) / perLitre;
  const volume_l = view.getUint32(8, true) / perLitre;
  return {
    readings: [{ measured_at: null, ...registerOf(volume_l) }],
    volumes: [registerVolume(volume_l), keptVolume(kept_l, 1, null)],
    status: statusOf(view.getUint32(0, true), [], 0xffffffff, 'STATUS'),
  };
}

export const zenner0b: WmbusModel = {
  name: 'Zenner, version 0B',
  types: [['ZRI', 0x0b, 0x16]],
  tell: tellOwn,
  examples: [
    { payload_hex: '1f44496a785634120b167a010010252f2f0f0000000000640000003200000000', register_l: 50, status: [] },
    {
      payload_hex: '1f44496a785634120b167a010010252f2f0f0100000000640000003200000000',
      register_l: 50,
      status: ['STATUS_1'],
    },
  ],
};

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
