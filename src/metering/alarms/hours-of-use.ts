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
  const hours: (HourOfUse & { told: boolean })[] = [];
  for (const { day, told_hours, hours_l } of stored) {
    const { boundaries_ms } = days.on(day);
    for (const [hour, use_l] of hours_l.entries()) {
      const start_ms = boundaries_ms[hour] ?? 0;
      hours.push({
        ...{ start_ms, end_ms: boundaries_ms[hour + 1] ?? 0, use_l, day, measured: false },
        clock_h: hours_l.length === 24 ? hour : clockHour(start_ms, days.timeZone),
        told: (told_hours & (1 << hour)) !== 0,
      });
    }
  }
  return hours.map(({ told, ...hour }, index) => {
    const before = hours[index - 1];
    const after = hours[index + 1];
    const isBetween = before?.end_ms === hour.start_ms && before.told && after?.start_ms === hour.end_ms && after.told;
    return { ...hour, measured: hour.use_l !== null && told && isBetween };
  });
}

function clockHour(at_ms: number, timeZone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone).hour;
}
