// Axioma Qalcosonic W1: standard records. Source: wmbusmeters, driver q400.
import type { WmbusModel } from './wmbus-model.ts';

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
