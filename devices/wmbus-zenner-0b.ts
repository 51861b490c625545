// Zenner's radio of version 0B: a register of 1/256 litres behind a DIF of 0F. Source: wmbusmeters, driver zenner0b.
import type { MbusRecords } from './mbus-records.ts';
import { statusOf } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { keptVolume, type ModelTold, registerVolume, type WmbusModel } from './wmbus-model.ts';

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
