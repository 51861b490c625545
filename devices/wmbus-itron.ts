// Itron: standard records; its error flags are marked as those of a record. Source: wmbusmeters, driver itron.
import type { MbusRecords } from './mbus-records.ts';
import { flagBits, statusOf } from './mbus-status.ts';
import type { ModelTold, WmbusModel } from './wmbus-model.ts';

/** Itron's error flags have the extension 1C (error code of a record). */
function tellItron({ records }: MbusRecords): ModelTold {
  const record = records.find(({ codes, storage }) => storage === 0 && codes.join() === [0xfd, 0x97, 0x1c].join());
  return {
    status: record === undefined ? { names: [], flags: [] } : statusOf(flagBits(record.bytes), [], 0xffffff),
  };
}

export const itronWater: WmbusModel = {
  name: 'Itron',
  types: [
    ['ITW', 0x07, 0x00],
    ['ITW', 0x07, 0x03],
    ['ITW', 0x07, 0x33],
    ['ITW', 0x16, 0x00],
  ],
  tell: tellItron,
  examples: [
    {
      payload_hex: '1b4497267856341207007a010000000413e803000003fd971c010000',
      register_l: 1_000,
      status: ['ERROR_FLAGS_1'],
    },
  ],
};
