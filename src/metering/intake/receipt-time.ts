// When a message was received: the clock's time, never the same twice.
import type { Clock } from '../../platform/clock.ts';

/**
 * No two receipts at one instant, to the microsecond that the store keeps: a modem without a clock that empties its
 * memory in one go sends as many readings, not one reading and its contradictions.
 */
export function strictlyRising(clock: Clock): () => number {
  return risingApart(clock, 0, 1);
}

/**
 * The same for one of several sources that stamp the telegrams of one meter, each by a clock of its own: it has instants
 * that none of the others has, a microsecond in each `sources` of them.
 *
 * @param source from 0 to below `sources`
 */
export function risingApart(clock: Clock, source: number, sources: number): () => number {
  // Counted in whole microseconds: thousandths of a millisecond don't add up in binary fractions.
  let last = -1;
  return () => {
    last = Math.max(Math.round((clock.now_ms() * 1_000) / sources), last + 1);
    return (last * sources + source) / 1_000;
  };
}
