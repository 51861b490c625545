// B METERS IWM-TX5: standard records; a tampering is told in the status byte. Source: wmbusmeters, driver iwmtx5.
import type { WmbusModel } from './wmbus-model.ts';

export const bmetersIwmTx5: WmbusModel = {
  name: 'B METERS IWM-TX5',
  types: [
    ['BMT', 0x18, 0x06],
    ['BMT', 0x18, 0x07],
  ],
  statusByte: [[0x40, 'TAMPER', 'tamper']],
  examples: [{ payload_hex: '1444b4097856341218077a014000000c1356341200', register_l: 123_456, status: ['TAMPER'] }],
};
