// From when on a meter has to be judged again after something became known: far enough back that nothing which went on then
// can be told otherwise by less.
import type { AlarmKind, Span } from './alarm-kind.ts';

/** An alarm that stands, of one kind. */
export interface Standing {
  kind: string;
  began_ms: number;
  ended_ms: number | null;
}

/**
 * @param standing the alarms of the meter at the place, all that stand
 * @returns what kinds are judged on alarms from `from_ms` on, with facts from `facts_ms` on; one window for all kinds
 */
export function judgedWindow(
  kinds: readonly AlarmKind[],
  standing: readonly Standing[],
  changed_ms: number,
): { from_ms: number; facts_ms: number } {
  const memory_ms = Math.max(...kinds.map((kind) => kind.memory_ms));
  const joins = new Map(kinds.map((kind) => [kind.kind, kind.join_ms]));
  let from_ms = changed_ms - memory_ms;
  const reaches: Span[] = standing.map(({ kind, began_ms, ended_ms }) => ({
    from_ms: began_ms,
    to_ms: ended_ms === null ? Number.POSITIVE_INFINITY : ended_ms + (joins.get(kind) ?? 0),
  }));
  // Latest first: an alarm that reaches over the beginning moves it, and then an earlier one may.
  for (const reach of reaches.sort((one, other) => other.to_ms - one.to_ms)) {
    if (reach.to_ms >= from_ms && reach.from_ms < from_ms) from_ms = reach.from_ms;
  }
  return { from_ms, facts_ms: from_ms - memory_ms };
}
