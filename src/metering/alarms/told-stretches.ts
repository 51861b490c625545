// Readings as stretches of the same flags, and where in them a flag was raised.
import { silentAfter_ms } from '../meters/meter-state.ts';
import { type Grade, inOrder, type Sightings, type Span, type ToldStretch } from './alarm-kind.ts';

/** A reading as far as alarms go: when, when the one before it was, and with what flags. */
export interface Telling {
  at_ms: number;
  heard_ms: number | null;
  flags: readonly string[];
}

/**
 * @param tellings by instant, each instant once. Those between two neighbours with the same flags and no silence may be left
 *   out: the stretches are the same.
 */
export function toldStretches(tellings: readonly Telling[]): ToldStretch[] {
  const stretches: ToldStretch[] = [];
  for (const { at_ms, heard_ms, flags } of tellings) {
    const last = stretches.at(-1);
    const sorted = [...flags].sort();
    const isSilence = heard_ms === null || at_ms - heard_ms > silentAfter_ms;
    if (last !== undefined && !isSilence && last.flags.join() === sorted.join()) last.to_ms = at_ms;
    else stretches.push({ from_ms: at_ms, to_ms: at_ms, flags: sorted });
  }
  return stretches;
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
