// Apator's radio AT-WMBUS-08: a counter of thirds of a litre behind a CI field of its own.
// Source: wmbusmeters, driver apator08; no paper of the maker's is public.
import { registerOf } from './mbus-uplink.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

/** The register is the first four bytes, little-endian. */
export function countedRegister(telegram: Telegram, litresOf: (count: number) => number): ModelTold | Refusal | null {
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
  readOwn: (telegram) => countedRegister(telegram, (count) => Math.round((count * 1000) / 3) / 1000),
  examples: [{ payload_hex: '1c441486785634120f0fa064000000400300000000050000000000ff00', register_l: 33 }],
};
