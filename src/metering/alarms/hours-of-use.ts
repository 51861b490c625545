// Stored days of use as hours one after another, with whether each was measured by itself.
import { Temporal } from 'temporal-polyfill';
import type { LocalDays } from '../readings/local-days.ts';
import type { UseDay } from '../readings/use-days.ts';
import type { HourOfUse } from './alarm-kind.ts';

/** @param stored of one install, ascending; days of which nothing is known are absent */
export function hoursOfUse(
  days: LocalDays,
  stored: readonly Pick<UseDay, 'day' | 'told_hours' | 'hours_l'>[],
): HourOfUse[] {
  const hours: HourOfUse[] = [];
  const told: boolean[] = [];
  for (const { day, told_hours, hours_l } of stored) {
    const { boundaries_ms } = days.on(day);
    for (let hour = 0; hour < hours_l.length; hour += 1) {
      const start_ms = boundaries_ms[hour] ?? 0;
      const clock_h = hours_l.length === 24 ? hour : clockHour(start_ms, days.timeZone);
      const end_ms = boundaries_ms[hour + 1] ?? 0;
      hours.push({ start_ms, end_ms, use_l: hours_l[hour] ?? null, measured: false, day, clock_h });
      told.push((told_hours & (1 << hour)) !== 0);
    }
  }
  for (const [index, hour] of hours.entries()) {
    const isTold = told[index - 1] === true && told[index] === true && told[index + 1] === true;
    const isBetween = hours[index - 1]?.end_ms === hour.start_ms && hours[index + 1]?.start_ms === hour.end_ms;
    hour.measured = hour.use_l !== null && isTold && isBetween;
  }
  return hours;
}

function clockHour(at_ms: number, timeZone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone).hour;
}
