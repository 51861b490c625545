// Local days of use of a meter at a place, as they are stored: from the readings that count, and what a change of
// readings touches.
import type { LocalDays } from './local-days.ts';
import { type CurvePoint, type RegisterPoint, settledBy } from './register-rule.ts';
import { firstNotBefore, RegisterReader } from './use.ts';

export interface UseDay {
  install_id: number;
  /** ISO 8601 */
  day: string;
  /** Bit n: a reading that counts lies in hour n. */
  told_hours: number;
  hours_l: (number | null)[];
}

interface Install {
  install_id: number;
  from_ms: number;
  until_ms: number | null;
}

/**
 * From the first to the last reading whose verdict can be another after something new was told between two instants.
 * Source: register-rule.ts, settledBy.
 *
 * @param points at least `settledBy` of them beyond the change on either side, or all there are
 * @returns the change itself where nothing is told any more: all that was told may have been voided
 */
export function swayedSpan(
  points: readonly RegisterPoint[],
  change: { from_ms: number; to_ms: number },
): { from_ms: number; to_ms: number } {
  const first = points[Math.max(0, firstNotBefore(points, change.from_ms) - settledBy.after)];
  const last = points[Math.min(points.length - 1, firstNotBefore(points, change.to_ms + 1) + settledBy.before)];
  return first && last
    ? { from_ms: Math.min(first.at_ms, change.from_ms), to_ms: Math.max(last.at_ms, change.to_ms) }
    : change;
}

/** From the last reading that counts before the span to the first after it: in there use is told by the span's. */
export function betweenCounted(
  curve: readonly CurvePoint[],
  { from_ms, to_ms }: { from_ms: number; to_ms: number },
): { from_ms: number; to_ms: number } {
  return {
    from_ms: curve[firstNotBefore(curve, from_ms) - 1]?.at_ms ?? from_ms,
    to_ms: curve[firstNotBefore(curve, to_ms + 1)]?.at_ms ?? to_ms,
  };
}

/** The days of the span at the install in which anything can be told. */
export function useDays(
  days: LocalDays,
  install: Install,
  curve: readonly CurvePoint[],
  span: { from_ms: number; to_ms: number },
): UseDay[] {
  const told: UseDay[] = [];
  const reader = new RegisterReader(curve);
  const from_ms = Math.max(span.from_ms, install.from_ms, curve[0]?.at_ms ?? Number.POSITIVE_INFINITY);
  const to_ms = Math.min(
    span.to_ms,
    install.until_ms ?? Number.POSITIVE_INFINITY,
    curve.at(-1)?.at_ms ?? Number.NEGATIVE_INFINITY,
  );
  if (from_ms > to_ms) return told;
  for (let day = days.at(from_ms); day.start_ms <= to_ms; day = days.after(day)) {
    const hours_l: (number | null)[] = [];
    let told_hours = 0;
    for (const [hour, starts_ms] of day.boundaries_ms.slice(0, -1).entries()) {
      const start_ms = Math.max(starts_ms, install.from_ms);
      const end_ms = Math.min(day.boundaries_ms[hour + 1] ?? 0, install.until_ms ?? Number.POSITIVE_INFINITY);
      const use_l = start_ms < end_ms ? reader.difference(start_ms, end_ms) : null;
      hours_l.push(typeof use_l === 'number' ? use_l : null);
      const next = curve[firstNotBefore(curve, start_ms)];
      if (start_ms < end_ms && next !== undefined && next.at_ms < end_ms) told_hours |= 1 << hour;
    }
    if (told_hours !== 0 || hours_l.some((use_l) => use_l !== null)) {
      told.push({ install_id: install.install_id, day: day.date, told_hours, hours_l });
    }
  }
  return told;
}
