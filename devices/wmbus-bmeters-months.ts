// The twelve months' registers that B METERS radios send, and when each was: one for each month's name, not for each age.
import { endOfDay, lastEndOfMonth } from './mbus-local-time.ts';
import { registerOf } from './mbus-uplink.ts';
import type { DecodedReading, DecodedVolume } from './payload-format.ts';
import { keptVolume } from './wmbus-model.ts';

/** Months' registers, January first, are of three bytes and count tens of litres. */
export const months_bytes = 36;
const monthUnit_l = 10;
const neverKept = 10_000_000;

/** What the months hold and when: the last end of each that is over. `clock` is the meter's local time or null. */
export function monthsOf(
  bytes: Uint8Array,
  clock: string | null,
): { volumes: DecodedVolume[]; readings: DecodedReading[] } {
  const volumes: DecodedVolume[] = [];
  const readings: DecodedReading[] = [];
  for (let month = 1; month <= 12; month += 1) {
    const at = 3 * (month - 1);
    const count = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    const volume_l = count < neverKept ? count * monthUnit_l : 0;
    const when = clock === null ? null : lastEndOfMonth(month, clock);
    volumes.push(keptVolume(volume_l, month, when));
    // A month that was before the meter sent for the first time is 0: no register, and never later than a real one.
    if (when !== null && volume_l > 0) {
      readings.push({ measured_at: endOfDay(when), ...registerOf(volume_l), kind: 'historic' });
    }
  }
  readings.sort((one, two) => ((one.measured_at ?? '') < (two.measured_at ?? '') ? 1 : -1));
  return { volumes, readings };
}
