// A local day of use at an install as it is given out: every hour of it measured, estimated or not known.
import type { LocalDays } from '../readings/local-days.ts';

/** What is stored of a day; null where nothing is. */
export interface StoredDay {
  install_id: number;
  service_point_id: string;
  zone_id: string;
  meter_id: number;
  serial: string;
  model: string;
  /** ISO 8601 */
  day: string;
  from_ms: number;
  until_ms: number | null;
  hours_l: (number | null)[] | null;
  estimated_l: (number | null)[] | null;
}

export interface ExportedHour {
  start_ms: number;
  use_l: number | null;
  is_estimated: boolean;
}

export interface ExportedDay extends Omit<StoredDay, 'from_ms' | 'until_ms' | 'hours_l' | 'estimated_l'> {
  /** The hours of the day in which the meter stood there. */
  hours: ExportedHour[];
  /** Null where any of these hours is not known. */
  use_l: number | null;
  /** What of it is estimated. */
  estimated_l: number;
  unknown_hours: number;
}

/** An hour that was measured counts as measured, whatever was estimated of it before. */
export function exportedDay(days: LocalDays, stored: StoredDay): ExportedDay {
  const { from_ms, until_ms, hours_l, estimated_l, ...place } = stored;
  const { boundaries_ms } = days.on(stored.day);
  const hours: ExportedHour[] = [];
  for (const [hour, start_ms] of boundaries_ms.slice(0, -1).entries()) {
    if ((boundaries_ms[hour + 1] ?? 0) <= from_ms || (until_ms !== null && start_ms >= until_ms)) continue;
    const measured_l = hours_l?.[hour] ?? null;
    const guessed_l = estimated_l?.[hour] ?? null;
    const is_estimated = measured_l === null && guessed_l !== null;
    hours.push({ start_ms, use_l: measured_l ?? guessed_l, is_estimated });
  }
  const unknown_hours = hours.filter(({ use_l }) => use_l === null).length;
  return {
    ...{ ...place, hours, unknown_hours },
    use_l: unknown_hours > 0 || hours.length === 0 ? null : litresOf(hours),
    estimated_l: litresOf(hours.filter((hour) => hour.is_estimated)),
  };
}

function litresOf(hours: readonly ExportedHour[]): number {
  return hours.reduce((sum, { use_l }) => sum + (use_l ?? 0), 0);
}
