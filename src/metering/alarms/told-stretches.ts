// Readings as stretches of the same flags, and where in them a flag was raised.
import { silentAfter_ms } from '../meters/meter-state.ts';
import { type Grade, inOrder, type Sightings, type Span, type ToldStretch } from './alarm-kind.ts';

const NONE: readonly string[] = [];

/**
 * @param instants in any order, each once
 * @param flagged the flags of those that have some
 * @param conflicts of an instant that has several registers it hangs on the order of arrival whose flags are kept: there are
 *   none then
 */
export function toldStretches(
  instants: Iterable<number>,
  flagged: ReadonlyMap<number, readonly string[]>,
  conflicts: readonly number[],
): ToldStretch[] {
  const contradicted = new Set(conflicts);
  const stretches: ToldStretch[] = [];
  let last: ToldStretch | null = null;
  for (const at_ms of Float64Array.from(instants).sort()) {
    const given = contradicted.has(at_ms) ? undefined : flagged.get(at_ms);
    const flags = given === undefined ? NONE : [...given].sort();
    if (last !== null && at_ms - last.to_ms <= silentAfter_ms && isSame(last.flags, flags)) last.to_ms = at_ms;
    else {
      last = { from_ms: at_ms, to_ms: at_ms, flags };
      stretches.push(last);
    }
  }
  return stretches;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one === other || one.join() === other.join();
}

/** What the meter's own flags show; gone where it has told without them for `clear_ms`. */
export function flagSightings(
  told: readonly ToldStretch[],
  flags: readonly string[],
  grade: Grade,
  clear_ms: number,
): Sightings {
  const raised: Span[] = [];
  const quiet: Span[] = [];
  let was: boolean | null = null;
  for (const stretch of told) {
    const is = stretch.flags.some((flag) => flags.includes(flag));
    const list = is ? raised : quiet;
    const open = list.at(-1);
    if (was === is && open !== undefined) open.to_ms = stretch.to_ms;
    else list.push({ from_ms: stretch.from_ms, to_ms: stretch.to_ms });
    was = is;
  }
  return {
    held: raised.map((span) => ({ ...span, grade, amount: null })),
    gone: quiet.flatMap(({ from_ms, to_ms }) => (to_ms - from_ms >= clear_ms ? [from_ms + clear_ms] : [])),
  };
}

/** All that several ways of looking show. */
export function together(...all: readonly Sightings[]): Sightings {
  return {
    held: all.flatMap(({ held }) => held),
    gone: inOrder(all.flatMap(({ gone }) => gone)),
  };
}
