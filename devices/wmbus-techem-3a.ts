// Techem mk-radio 3a on water meters: the register and what each half month used, in tenths of a cubic metre.
// Source: wmbusmeters, driver mkradio3a.
import { dateFrom, monthsAfter } from './mbus-local-time.ts';
import { registerOf } from './mbus-uplink.ts';
import type { DecodedVolume } from './payload-format.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

const unit_l = 100;
const dateAt = 2;
const registerAt = 4;
const halvesAt = 8;
/** Two half months and a byte that nobody has explained, which is 0. */
const pair_bytes = 3;
const firstHalf_days = 15;

/** Two bytes, today's date (as type G), register of three bytes, a byte; then half months, the latest first. */
function readOwn({ header, data }: Telegram): ModelTold | Refusal | null {
  if (header !== null) return null;
  if (data.length < halvesAt) return refusal('FRAME_TOO_SHORT', 'the telegram ends inside its register');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const date = view.getUint16(dateAt, true);
  const day = date & 0x1f;
  const today = dateFrom(2000 + (date >> 9), (date >> 5) & 0x0f, day);
  const volume_l = (view.getUint16(registerAt, true) + view.getUint8(registerAt + 2) * 0x10000) * unit_l;
  return {
    // The day is too coarse a time for the current register; when it was received is nearer.
    readings: [{ measured_at: null, ...registerOf(volume_l) }],
    volumes: [
      registerVolume(volume_l),
      ...(today === null ? [] : monthlyUse(halfMonths(data.subarray(halvesAt)), today, day)),
    ],
    dates: today === null ? [] : [{ of: 'clock', at: today, storage: 0 }],
  };
}

function halfMonths(bytes: Uint8Array): number[] {
  const halves: number[] = [];
  for (let at = 0; at + pair_bytes <= bytes.length; at += pair_bytes) halves.push(bytes[at] ?? 0, bytes[at + 1] ?? 0);
  return halves;
}

/** Of this month up to now, and of the months before, whole. In its first half this month has one half, not two. */
function monthlyUse(halves: readonly number[], today: string, day: number): DecodedVolume[] {
  const own = day <= firstHalf_days ? 1 : 2;
  const volumes: DecodedVolume[] = [];
  for (let back = 0; own + 2 * back <= halves.length; back += 1) {
    const [from, to] = back === 0 ? [0, own] : [own + 2 * (back - 1), own + 2 * back];
    const use = halves.slice(from, to).reduce((sum, half) => sum + half, 0);
    const at = back === 0 ? today : endOfMonth(today, back);
    volumes.push({ volume_l: use * unit_l, of: 'other', storage: back, tariff: 0, subunit: 0, at });
  }
  return volumes;
}

/** The last day of the month that many before `today`. */
function endOfMonth(today: string, back: number): string | null {
  const lastOfJanuary = `${today.slice(0, 4)}-01-31`;
  return monthsAfter(lastOfJanuary, Number(today.slice(5, 7)) - 1 - back);
}

export const techemMkRadio3a: WmbusModel = {
  name: 'Techem mk-radio 3a',
  types: [['TCH', 0x50, 0x72]],
  readOwn,
  examples: [
    {
      payload_hex:
        '36446850785634125072a20c007c31102500002934000a0b00000000000000000000000000000000000000000000000000000000000000',
      register_l: 948_800,
    },
  ],
};
