// Rounding of money and volumes: one named function a rule, and steps in the order that the tariff gives them.
import { Exact } from './exact.ts';

export const roundingModes = ['down', 'up', 'half_up', 'half_even'] as const;
export type RoundingMode = (typeof roundingModes)[number];

/** To the next multiple of `to`, by `mode`. */
export interface RoundingStep {
  to: Exact;
  mode: RoundingMode;
}

/** What one step made of a value. */
export interface RoundingTrace {
  to: Exact;
  mode: RoundingMode;
  before: Exact;
  after: Exact;
}

/** Rounds one after the other: to 0.1 and then to 1 is not the same as to 1 at once. */
export function roundInSteps(value: Exact, steps: readonly RoundingStep[]): { value: Exact; trace: RoundingTrace[] } {
  const trace: RoundingTrace[] = [];
  let rounded = value;
  for (const { to, mode } of steps) {
    const after = roundTo(rounded, { to, mode });
    trace.push({ to, mode, before: rounded, after });
    rounded = after;
  }
  return { value: rounded, trace };
}

/** The rules are symmetric about zero, so that taking a charge back takes back just what was charged. */
export function roundTo(value: Exact, { to, mode }: RoundingStep): Exact {
  const multiples = value.over(to);
  const positive = multiples.sign() < 0 ? multiples.negated() : multiples;
  const whole = rules[mode](positive.numerator, positive.denominator);
  return Exact.whole(multiples.sign() < 0 ? -whole : whole).times(to);
}

const rules: Record<RoundingMode, (numerator: bigint, denominator: bigint) => bigint> = {
  down: cutOff,
  up: roundUp,
  half_up: roundHalfUp,
  half_even: roundHalfEven,
};

/** 절사: what is left over is dropped. */
function cutOff(numerator: bigint, denominator: bigint): bigint {
  return numerator / denominator;
}

/** 절상: what is left over counts as one. */
function roundUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** 반올림: half and more counts as one. */
function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/** A half goes to the even neighbour. */
function roundHalfEven(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const twiceRest = 2n * (numerator % denominator);
  const up = twiceRest > denominator || (twiceRest === denominator && whole % 2n === 1n);
  return up ? whole + 1n : whole;
}
