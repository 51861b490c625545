// Models that send standard records and nothing of their own, so that they are told by name; others need no line at all.

import type { MbusRecords } from './mbus-records.ts';
import { flagBits, statusOf } from './mbus-status.ts';
import { errorFlags, type ModelTold, type WmbusModel } from './wmbus-model.ts';

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

/** Sontex counts only the lowest four bits as errors. */
export const sontexSupercom: WmbusModel = {
  name: 'Sontex Supercom 587',
  types: [
    ['SON', 0x3c, 0x06],
    ['SON', 0x3c, 0x07],
  ],
  tell: ({ records }) => ({ status: errorFlags(records, [], 0x0f) }),
  examples: [
    {
      payload_hex: '1944ee4d785634123c067a010000000413e803000002fd171000',
      register_l: 1_000,
      status: [],
    },
  ],
};

/** Axioma's error counter is in an error state's record; its state is in the status byte alone. */
export const axiomaQalcosonic: WmbusModel = {
  name: 'Axioma Qalcosonic W1',
  types: [
    ['AXI', 0x01, 0x07],
    ['AXI', 0x10, 0x07],
  ],
  tell: () => ({ status: { names: [], flags: [] } }),
  examples: [
    {
      payload_hex: '1b4409077856341210077a011000000413e803000004933c07000000',
      register_l: 1_000,
      status: ['TEMPORARY_ERROR'],
    },
  ],
};
