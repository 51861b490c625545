// Use per interval from registers, by one rule: the register at a boundary is interpolated between the readings that
// count around it, rounded once, and an interval's use is the difference of its two boundaries. Differences of the same
// rounded values add up: over any span between two readings that count the sum is the register difference to the litre.
import type { EstimatedHours } from './estimated-hours.ts';
import type { Break, CurvePoint } from './register-rule.ts';

/** A meter's time at a place, and the readings of it that count, there and around, oldest first. */
export interface InstalledSpan {
  from_ms: number;
  /** null: it still stands there. */
  until_ms: number | null;
  curve: readonly CurvePoint[];
  /** For hours of which the curve tells nothing. */
  estimates?: EstimatedHours;
}

/** Why an interval has no use: no reading on one side, or the register within it is not one that went on. */
export type UseGap = 'no_reading' | Break;

export interface IntervalUse {
  start_ms: number;
  end_ms: number;
  use_l: number | null;
  gap: UseGap | null;
  /** How much of `use_l` is estimated; absent where all of it was measured. */
  estimated_l?: number;
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
function useBetween(readers: Readers, start_ms: number, end_ms: number): Omit<IntervalUse, 'start_ms' | 'end_ms'> {
  let use_l = 0;
  let covered_ms = 0;
  let estimated_l: number | null = null;
  for (const { span, reader } of readers) {
    const from_ms = Math.max(start_ms, span.from_ms);
    const until_ms = Math.min(end_ms, span.until_ms ?? end_ms);
    if (from_ms >= until_ms) continue;
    const piece = reader.difference(from_ms, until_ms);
    if (typeof piece === 'string') {
      const filled = filledBetween(reader, span.estimates, from_ms, until_ms);
      if (filled === null) return { use_l: null, gap: piece };
      use_l += filled.use_l;
      estimated_l = (estimated_l ?? 0) + filled.estimated_l;
    } else use_l += piece;
    covered_ms += until_ms - from_ms;
  }
  if (covered_ms !== end_ms - start_ms) return { use_l: null, gap: 'no_reading' };
  return { use_l, gap: null, ...(estimated_l === null ? {} : { estimated_l }) };
}

/**
 * What was measured between two instants together with what is estimated of the rest: stretches between estimated hours
 * are measured or there is no answer. An hour of which both is known counts as measured.
 */
function filledBetween(
  reader: RegisterReader,
  estimates: EstimatedHours | undefined,
  from_ms: number,
  until_ms: number,
): { use_l: number; estimated_l: number } | null {
  if (estimates === undefined || estimates.size === 0) return null;
  const filled = { use_l: 0, estimated_l: 0 };
  let measuredFrom_ms = from_ms;
  const addMeasured = (to_ms: number): boolean => {
    const piece = measuredFrom_ms < to_ms ? reader.difference(measuredFrom_ms, to_ms) : 0;
    if (typeof piece === 'number') filled.use_l += piece;
    return typeof piece === 'number';
  };
  for (const [start_ms, hour] of estimates) {
    if (start_ms < from_ms || hour.until_ms > until_ms) continue;
    if (typeof reader.difference(start_ms, hour.until_ms) === 'number') continue;
    if (!addMeasured(start_ms)) return null;
    filled.use_l += hour.use_l;
    filled.estimated_l += hour.use_l;
    measuredFrom_ms = hour.until_ms;
  }
  return measuredFrom_ms > from_ms && addMeasured(until_ms) ? filled : null;
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

/** The one rounding: down to the litre the register has passed by then; in whole numbers, for a share would be inexact. */
function interpolated(previous: CurvePoint, next: CurvePoint, at_ms: number): number {
  const passed_l = next.passed_l - previous.passed_l;
  const [part_ms, whole_ms] = [at_ms - previous.at_ms, next.at_ms - previous.at_ms];
  const product = passed_l * part_ms;
  // Below 2^53 the quotient of two whole numbers is never rounded up to a whole one.
  if (Number.isSafeInteger(product)) return previous.passed_l + Math.floor(product / whole_ms);
  return previous.passed_l + Number((BigInt(passed_l) * BigInt(Math.floor(part_ms))) / BigInt(whole_ms));
}
