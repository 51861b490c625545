// The hours of a watched day that tell whether somebody is up and about.
import type { HourOfUse, Span } from './alarm-kind.ts';

/** From 05 to 09 and from 17 to 21: by the clock on the wall, the hours in which those who are well use water. */
const decisiveHours: readonly number[] = [5, 6, 7, 8, 17, 18, 19, 20];

export function isWithin({ start_ms, end_ms }: { start_ms: number; end_ms: number }, spans: readonly Span[]): boolean {
  return spans.some(({ from_ms, to_ms }) => from_ms <= start_ms && end_ms <= to_ms);
}

/** The hours of each local day. */
export function byDay(hours: readonly HourOfUse[]): HourOfUse[][] {
  const days: HourOfUse[][] = [];
  for (const hour of hours) {
    const last = days.at(-1);
    if (last !== undefined && last[0]?.day === hour.day) last.push(hour);
    else days.push([hour]);
  }
  return days;
}

/** The hours of the morning and the evening; null where one of them is not among those given. */
export function partsOfDay(day: readonly HourOfUse[]): HourOfUse[] | null {
  const decisive = day.filter(({ clock_h }) => decisiveHours.includes(clock_h));
  return decisive.length === decisiveHours.length ? decisive : null;
}

/** Where watching ended, or is interrupted. */
export function endsOf(watched: readonly Span[], asOf_ms: number): number[] {
  return watched.map(({ to_ms }) => to_ms).filter((at_ms) => at_ms <= asOf_ms);
}

/** What is left of spans without others, ascending. */
export function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  let left = [...spans];
  for (const { from_ms, to_ms } of others) {
    left = left.flatMap((span) => [
      ...(span.from_ms < from_ms ? [{ from_ms: span.from_ms, to_ms: Math.min(span.to_ms, from_ms) }] : []),
      ...(span.to_ms > to_ms ? [{ from_ms: Math.max(span.from_ms, to_ms), to_ms: span.to_ms }] : []),
    ]);
  }
  return left.sort((one, other) => one.from_ms - other.from_ms);
}
