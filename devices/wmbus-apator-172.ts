// Apator's radio AT-WMBUS-17-2: as its older one, with thirds of a cubic metre. Source: wmbusmeters, driver apator172.
import { countedRegister } from './wmbus-apator-08.ts';
import type { WmbusModel } from './wmbus-model.ts';

export const apator172: WmbusModel = {
  name: 'Apator AT-WMBUS-17-2',
  types: [['APT', 0x04, 0x11]],
  // A third of a cubic metre each; told to the millilitre.
  readOwn: (telegram) => countedRegister(telegram, (count) => Math.round((count * 1_000_000) / 3) / 1000),
  examples: [
    {
      payload_hex: '1d441486785634120411a065000000084003000000000500000000000000',
      register_l: 33_666,
    },
  ],
};
