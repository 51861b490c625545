// Apator's older radios on water meters, AT-WMBUS-08 and AT-WMBUS-17-2: a counter of thirds behind a CI field of their own.
// Source: wmbusmeters, drivers apator08 and apator172; no paper of the maker's is public.
import { registerOf } from './mbus-uplink.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

/** The register is the first four bytes, little-endian. */
function counted(telegram: Telegram, litresOf: (count: number) => number): ModelTold | Refusal | null {
  if (telegram.header !== null) return null;
  const { data } = telegram;
  if (data.length < 4) return refusal('FRAME_TOO_SHORT', 'the telegram ends inside its register');
  const count = new DataView(data.buffer, data.byteOffset, 4).getUint32(0, true);
  const volume_l = litresOf(count);
  return { readings: [{ measured_at: null, ...registerOf(volume_l) }], volumes: [registerVolume(volume_l)] };
}

export const apator08: WmbusModel = {
  name: 'Apator AT-WMBUS-08',
  types: [
    ['APT', 0x03, 0x03],
    ['APT', 0x0f, 0x0f],
  ],
  // A third of a litre each; told to the millilitre.
  readOwn: (telegram) => counted(telegram, (count) => Math.round((count * 1000) / 3) / 1000),
  examples: [{ payload_hex: '1c441486785634120f0fa064000000400300000000050000000000ff00', register_l: 33 }],
};

export const apator172: WmbusModel = {
  name: 'Apator AT-WMBUS-17-2',
  types: [['APT', 0x04, 0x11]],
  // A third of a cubic metre each; told to a tenth, as its dial is.
  readOwn: (telegram) => counted(telegram, (count) => Math.round((count * 10) / 3) * 100),
  examples: [
    {
      payload_hex: '1d441486785634120411a065000000084003000000000500000000000000',
      register_l: 33_700,
    },
  ],
};
