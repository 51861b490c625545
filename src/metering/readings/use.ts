// Use per interval from registers, by one rule: the register at a boundary is interpolated between the readings that
// count around it, rounded once, and an interval's use is the difference of its two boundaries. Differences of the same
// rounded values add up: over any span between two readings that count the sum is the register difference to the litre.
import type { Break, CurvePoint } from './register-rule.ts';

/** A meter's time at a place, and the readings of it that count, there and around, oldest first. */
export interface InstalledSpan {
  from_ms: number;
  /** null: it still stands there. */
  until_ms: number | null;
  curve: readonly CurvePoint[];
}

/** Why an interval has no use: no reading on one side, or the register within it is not one that went on. */
export type UseGap = 'no_reading' | Break;

export interface IntervalUse {
  start_ms: number;
  end_ms: number;
  use_l: number | null;
  gap: UseGap | null;
}

/**
 * @param spans meters that stood at the place one after another, oldest first; without overlap
 * @param boundaries_ms ascending; n boundaries give n - 1 intervals
 */
export function useOfIntervals(spans: readonly InstalledSpan[], boundaries_ms: readonly number[]): IntervalUse[] {
  const readers = spans.map((span) => ({ span, reader: new RegisterReader(span.curve) }));
  const intervals: IntervalUse[] = [];
  for (let index = 0; index + 1 < boundaries_ms.length; index += 1) {
    const start_ms = boundaries_ms[index] ?? 0;
    const end_ms = boundaries_ms[index + 1] ?? 0;
    intervals.push({ start_ms, end_ms, ...useBetween(readers, start_ms, end_ms) });
  }
  return intervals;
}

type Readers = readonly { span: InstalledSpan; reader: RegisterReader }[];

/** Adds up the meters that stood there in the interval; an interval that is not covered whole has no use. */
function useBetween(readers: Readers, start_ms: number, end_ms: number): Pick<IntervalUse, 'use_l' | 'gap'> {
  let use_l = 0;
  let covered_ms = 0;
  for (const { span, reader } of readers) {
    const from_ms = Math.max(start_ms, span.from_ms);
    const until_ms = Math.min(end_ms, span.until_ms ?? end_ms);
    if (from_ms >= until_ms) continue;
    const piece = reader.difference(from_ms, until_ms);
    if (typeof piece === 'string') return { use_l: null, gap: piece };
    use_l += piece;
    covered_ms += until_ms - from_ms;
  }
  return covered_ms === end_ms - start_ms ? { use_l, gap: null } : { use_l: null, gap: 'no_reading' };
}

/** Reads one meter's register at any instant between its first and last reading. */
export class RegisterReader {
  readonly #curve: readonly CurvePoint[];

  constructor(curve: readonly CurvePoint[]) {
    this.#curve = curve;
  }

  /** Litres that passed between two instants, or why that can't be told. */
  difference(from_ms: number, until_ms: number): number | UseGap {
    const from = this.#at(from_ms);
    const until = this.#at(until_ms);
    if (from === null || until === null) return 'no_reading';
    const before = this.#curve[from.floor]?.breaks ?? 0;
    const after = this.#curve[until.ceiling]?.breaks ?? 0;
    if (after === before) return until.passed_l - from.passed_l;
    return this.#curve.slice(from.floor + 1).find((point) => point.broken !== null)?.broken ?? 'no_reading';
  }

  /** The interpolated register, with the readings it lies between; null outside: nothing is guessed there. */
  #at(at_ms: number): { passed_l: number; floor: number; ceiling: number } | null {
    const ceiling = firstNotBefore(this.#curve, at_ms);
    const next = this.#curve[ceiling];
    if (next === undefined) return null;
    if (next.at_ms === at_ms) return { passed_l: next.passed_l, floor: ceiling, ceiling };
    const previous = this.#curve[ceiling - 1];
    if (previous === undefined) return null;
    return { passed_l: interpolated(previous, next, at_ms), floor: ceiling - 1, ceiling };
  }
}

/** Index of the first element that is not before the instant; the length where all are. */
export function firstNotBefore(ordered: readonly { at_ms: number }[], at_ms: number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordered[middle]?.at_ms ?? 0) < at_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The one rounding: down to the litre the register has passed by then. */
function interpolated(previous: CurvePoint, next: CurvePoint, at_ms: number): number {
  const share = (at_ms - previous.at_ms) / (next.at_ms - previous.at_ms);
  return previous.passed_l + Math.floor((next.passed_l - previous.passed_l) * share);
}
