// Integra Aquastream: standard records with error bits of its own; its tariff 1 counts what flowed back.
// Source: wmbusmeters, driver aquastream.
import type { MbusRecords } from './mbus-records.ts';
import { flagBits, type StatusBit, statusOf } from './mbus-status.ts';
import { recordsTold } from './mbus-uplink.ts';
import { type ModelTold, recordOf, type WmbusModel } from './wmbus-model.ts';

const backwardTariff = 1;

/** A leak and a temporary alarm at once are a burst. */
const burst = 0x30;
const errorBits: readonly StatusBit[] = [
  [0x04, 'LOW_BATTERY', 'battery_low'],
  [0x10, 'TEMPORARY_ALARM', 'tamper'],
  [0x20, 'LEAKAGE', 'leak'],
];
const burstBits: readonly StatusBit[] = [
  [0x04, 'LOW_BATTERY', 'battery_low'],
  [burst, 'BURST', 'burst'],
];

function tell({ records }: MbusRecords): ModelTold {
  const flags = flagBits(recordOf(records, 0xfd, 0x17)?.bytes ?? new Uint8Array());
  const status = statusOf(flags, (flags & burst) === burst ? burstBits : errorBits);
  const told = recordsTold(records);
  const volumes = told.volumes.map((volume) =>
    volume.tariff === backwardTariff && volume.of === 'total' ? { ...volume, of: 'backward' as const } : volume,
  );
  const backward_l = volumes.find((volume) => volume.of === 'backward' && volume.storage === 0)?.volume_l;
  const readings = told.readings.map((reading) =>
    reading.kind === undefined && backward_l !== undefined && backward_l >= 0
      ? { ...reading, backward_l: Math.floor(backward_l) }
      : reading,
  );
  return { readings, volumes, status };
}

export const integraAquastream: WmbusModel = {
  name: 'Integra Aquastream',
  types: [['IMT', 0x01, 0x07]],
  tell,
  examples: [
    {
      payload_hex: '2044b4257856341201077a010000000413e80300008410130500000002fd170400',
      register_l: 1_000,
      status: ['LOW_BATTERY'],
    },
    {
      payload_hex: '1944b4257856341201077a010000000413e803000002fd173000',
      register_l: 1_000,
      status: ['BURST'],
    },
  ],
};
