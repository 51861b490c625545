// A simulated meter's register at any time, from what it showed once and what its household has drawn since or before.
import { type Household, useBetween_ml } from './households.ts';

export interface Register {
  household: Household;
  /** The register showed `register_l` at `since_ms`. */
  since_ms: number;
  register_l: number;
}

/** Litres at that time, before or after `since_ms`; never below 0. The same question has always the same answer. */
export function registerAt(register: Register, at_ms: number): number {
  const { household, since_ms, register_l } = register;
  if (at_ms >= since_ms) return register_l + Math.floor(useBetween_ml(household, since_ms, at_ms) / 1000);
  // Rounded up, so that a register never counts a litre before it has passed.
  return Math.max(0, register_l - Math.ceil(useBetween_ml(household, at_ms, since_ms) / 1000));
}

/**
 * `registerAt` for times that mostly rise: walks on from the last answer instead of from `since_ms`, which a fleet that
 * reports for weeks, or sends a week of hours, needs.
 */
export function registerWalk(register: Register): (at_ms: number) => number {
  const { household, since_ms, register_l } = register;
  let walked_ms = since_ms;
  /** Drawn from `since_ms` to `walked_ms`; negative before. */
  let walked_ml = 0;
  return (at_ms) => {
    if (at_ms < walked_ms) {
      walked_ml -= useBetween_ml(household, at_ms, walked_ms);
    } else {
      walked_ml += useBetween_ml(household, walked_ms, at_ms);
    }
    walked_ms = at_ms;
    return Math.max(0, register_l + Math.floor(walked_ml / 1000));
  };
}
