// Estimated hours as the reader of use looks them up: by the instant at which each begins.
import type { LocalDays } from './local-days.ts';

/** What is taken to have passed between two instants of which nothing measured tells: an install's part of an hour. */
export interface EstimatedHour {
  until_ms: number;
  use_l: number;
}

/** By start, ascending. */
export type EstimatedHours = ReadonlyMap<number, EstimatedHour>;

/** @param estimates local days of the installs; hours without one are null */
export function estimatedHours(
  days: LocalDays,
  installs: readonly { install_id: number; from_ms: number; until_ms: number | null }[],
  estimates: readonly { install_id: number; day: string; hours_l: readonly (number | null)[] }[],
): EstimatedHours {
  const hours = new Map<number, EstimatedHour>();
  for (const { install_id, day, hours_l } of estimates) {
    const install = installs.find((one) => one.install_id === install_id);
    if (install === undefined) continue;
    const { boundaries_ms } = days.on(day);
    for (const [hour, use_l] of hours_l.entries()) {
      const [start_ms, end_ms] = [boundaries_ms[hour], boundaries_ms[hour + 1]];
      if (use_l === null || start_ms === undefined || end_ms === undefined) continue;
      const until_ms = Math.min(end_ms, install.until_ms ?? end_ms);
      hours.set(Math.max(start_ms, install.from_ms), { until_ms, use_l });
    }
  }
  return new Map([...hours].sort(([one], [other]) => one - other));
}
