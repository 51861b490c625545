// Sontex Supercom 587: standard records. Source: wmbusmeters, driver supercom587.
import { errorFlags, type WmbusModel } from './wmbus-model.ts';

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
