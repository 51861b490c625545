// Judges a meter at a place: a function of what is known and of the instant, whatever the order in which it became known.
import type { AlarmKind, Grade, MeterFacts, Sighting, Sightings } from './alarm-kind.ts';

export interface JudgedAlarm {
  kind: string;
  began_ms: number;
  /** When the cause was seen to be gone; null while it wasn't. */
  ended_ms: number | null;
  grade: Grade;
  /** How often the cause came back. */
  times: number;
  amount: number | null;
}

export interface Judgement {
  /** By kind as given, then by when they began. */
  alarms: JudgedAlarm[];
  /** When the passing of time alone can next change this. */
  due_ms: number | null;
}

/**
 * @param kinds each looks at the facts by itself
 * @param facts whole from `facts.from_ms` on; of what began before nothing is said
 */
export function judgeAlarms(kinds: readonly AlarmKind[], facts: MeterFacts): Judgement {
  const alarms: JudgedAlarm[] = [];
  let due_ms: number | null = null;
  for (const kind of kinds) {
    const seen = kind.look(facts);
    if (seen.due_ms !== undefined && seen.due_ms > facts.asOf_ms && Number.isFinite(seen.due_ms)) {
      due_ms = Math.min(due_ms ?? seen.due_ms, seen.due_ms);
    }
    alarms.push(...alarmsOf(kind, withRemoval(seen, facts)));
  }
  return { alarms, due_ms };
}

/** A meter that stands there no more has no alarms there. */
function withRemoval(seen: Sightings, { removed_ms, asOf_ms }: MeterFacts): Sightings {
  if (removed_ms === null || removed_ms > asOf_ms) return seen;
  return {
    held: seen.held
      .filter(({ from_ms }) => from_ms < removed_ms)
      .map((one) => ({ ...one, to_ms: Math.min(one.to_ms, removed_ms) })),
    gone: [...seen.gone.filter((at_ms) => at_ms < removed_ms), removed_ms],
  };
}

/** Sightings with nothing between them that shows the cause gone are one alarm; those soon after it was gone are it again. */
function alarmsOf({ kind, join_ms }: AlarmKind, { held, gone }: Sightings): JudgedAlarm[] {
  const alarms: JudgedAlarm[] = [];
  let last: (JudgedAlarm & { seen_ms: number }) | null = null;
  let next = 0;
  const goneBetween = (from_ms: number, to_ms: number): number | null => {
    while (next < gone.length && (gone[next] ?? 0) < from_ms) next += 1;
    const at_ms = gone[next];
    return at_ms !== undefined && at_ms <= to_ms ? at_ms : null;
  };
  for (const sighting of byBeginning(held)) {
    if (last !== null) {
      const ended_ms = goneBetween(last.seen_ms, sighting.from_ms);
      if (ended_ms === null || sighting.from_ms - ended_ms <= join_ms) {
        if (ended_ms !== null) last.times += 1;
        last.grade = Math.max(last.grade, sighting.grade) as Grade;
        last.amount = greater(last.amount, sighting.amount);
        last.seen_ms = Math.max(last.seen_ms, sighting.to_ms);
        continue;
      }
      last.ended_ms = ended_ms;
      alarms.push(withoutSeen(last));
    }
    const { from_ms, to_ms, grade, amount } = sighting;
    last = { kind, began_ms: from_ms, ended_ms: null, grade, times: 1, amount, seen_ms: to_ms };
  }
  if (last !== null) {
    last.ended_ms = goneBetween(last.seen_ms, Number.POSITIVE_INFINITY);
    alarms.push(withoutSeen(last));
  }
  return alarms;
}

function byBeginning(held: readonly Sighting[]): Sighting[] {
  return [...held].sort((one, other) => one.from_ms - other.from_ms || one.to_ms - other.to_ms);
}

function greater(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function withoutSeen({ seen_ms: _, ...alarm }: JudgedAlarm & { seen_ms: number }): JudgedAlarm {
  return alarm;
}
