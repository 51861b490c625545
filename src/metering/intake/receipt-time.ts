// When a message was received: the clock's time, never the same twice.
import type { Clock } from '../../platform/clock.ts';

/**
 * No two receipts at one instant, to the microsecond that the store keeps: a modem without a clock that empties its
 * memory in one go sends as many readings, not one reading and its contradictions.
 */
export function strictlyRising(clock: Clock): () => number {
  // Counted in whole microseconds: thousandths of a millisecond don't add up in binary fractions.
  let last_us = 0;
  return () => {
    last_us = Math.max(Math.round(clock.now_ms() * 1_000), last_us + 1);
    return last_us / 1_000;
  };
}
