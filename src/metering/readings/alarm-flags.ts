// Which of a meter's flags are alarms: somebody should act, rather than plan a visit.
import { flagNames } from '../../../devices/flags.ts';

const REMARKS: readonly string[] = ['battery_low', 'temporary_error', 'no_use'];

export const alarmFlags: readonly string[] = flagNames.filter((name) => !REMARKS.includes(name));

/** The gravest alarm among the flags, in the order of devices/flags.ts. */
export function gravestAlarm(flags: readonly string[]): string | null {
  return alarmFlags.find((name) => flags.includes(name)) ?? null;
}
