// Use per interval from registers, by one rule: the register at a boundary is interpolated between the readings around
// it, rounded once, and an interval's use is the difference of its two boundaries. Differences of the same rounded
// values add up: over any span with readings at both ends the sum is the register difference to the litre, in whatever
// order the readings came.

/** A register at an instant. */
export interface RegisterPoint {
  at_ms: number;
  register_l: number;
}

/** A meter's time at a place: its readings there and around, oldest first, each instant once. */
export interface InstalledSpan {
  from_ms: number;
  /** null: it still stands there. */
  until_ms: number | null;
  points: readonly RegisterPoint[];
}

/** Why an interval has no use: no reading on one side, or the register went back within it. */
export type UseGap = 'no_reading' | 'register_decreased';

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
  const readers = spans.map((span) => ({ span, reader: new RegisterReader(span.points) }));
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
class RegisterReader {
  readonly #points: readonly RegisterPoint[];
  /** How often the register has gone back up to each point: equal at both ends, it did not between them. */
  readonly #decreases: number[] = [];

  constructor(points: readonly RegisterPoint[]) {
    this.#points = points;
    let decreases = 0;
    for (const [index, point] of points.entries()) {
      if (point.register_l < (points[index - 1]?.register_l ?? 0)) decreases += 1;
      this.#decreases.push(decreases);
    }
  }

  difference(from_ms: number, until_ms: number): number | UseGap {
    const from = this.#at(from_ms);
    const until = this.#at(until_ms);
    if (from === null || until === null) return 'no_reading';
    const before = this.#decreases[from.floor] ?? 0;
    const after = this.#decreases[until.ceiling] ?? 0;
    return after > before ? 'register_decreased' : until.register_l - from.register_l;
  }

  /** The interpolated register, with the readings it lies between; null outside: nothing is guessed there. */
  #at(at_ms: number): { register_l: number; floor: number; ceiling: number } | null {
    const ceiling = this.#firstNotBefore(at_ms);
    const next = this.#points[ceiling];
    if (next === undefined) return null;
    if (next.at_ms === at_ms) return { register_l: next.register_l, floor: ceiling, ceiling };
    const previous = this.#points[ceiling - 1];
    if (previous === undefined) return null;
    return { register_l: interpolated(previous, next, at_ms), floor: ceiling - 1, ceiling };
  }

  #firstNotBefore(at_ms: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle]?.at_ms ?? 0) < at_ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The one rounding: down to the litre the register has passed by then. */
function interpolated(previous: RegisterPoint, next: RegisterPoint, at_ms: number): number {
  const share = (at_ms - previous.at_ms) / (next.at_ms - previous.at_ms);
  return previous.register_l + Math.floor((next.register_l - previous.register_l) * share);
}
