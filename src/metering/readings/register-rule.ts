// Which of a meter's readings count, and what passed between them: the one rule for wraps, resets, backward movement and
// the dirt of the field. It looks at the set of readings only, never at the order in which they came, and at a bounded
// number of neighbours: a reading that comes late changes what stands near it and nothing else. docs/use.md tells it in
// words, with examples.

/** A register at an instant, as a meter told it or a fitter read it off. */
export interface RegisterPoint {
  at_ms: number;
  register_l: number;
  /** Read off when a meter was put in or taken out: it counts whatever its neighbours say. */
  readOff?: true;
}

/** What of a meter decides how far its register can move. */
export interface Dial {
  /** The register shows litres from 0 to below this, then 0 again. */
  wrapsAt_l: number;
  /** No more can pass. */
  most_l_per_h: number;
}

/** Why nothing can be said about what passed between two readings that count. */
export type Break = 'register_decreased' | 'register_jumped';

/** A reading that counts. */
export interface CurvePoint {
  at_ms: number;
  /** The register counted on over its wraps: differences of it are what passed. */
  passed_l: number;
  /** How many breaks lie before, and why there is one right before this reading. */
  breaks: number;
  broken: Break | null;
}

/** Readings on each side that a reading is held against; none beyond one that was read off. */
const neighbours = 8;
/** Readings back for which the highest register is remembered when one moved backward. */
const remembered = 48;
/** Readings before, and after, that settle whether a reading counts. */
export const settledBy = { before: neighbours + remembered, after: neighbours } as const;
/** A register that goes back by no more moved backward, through a leaking valve or a bad look: it isn't another one. */
export const mostBackward_l = 1_000;
/** An hour of the fastest flow is allowed beside the time that passed: meters' clocks and their summer time are off. */
const clockAllowance_h = 1;
/** Pipes are laid out for 1 to 3 m/s; at this speed the mains' pressure is used up in a few metres of pipe. */
const fastest_m_per_s = 10;

/** @param dials digits of whole cubic metres */
export function dialOf({ dials, bore_mm }: { dials: number; bore_mm: number }): Dial {
  const section_m2 = (Math.PI / 4) * (bore_mm / 1_000) ** 2;
  return { wrapsAt_l: 10 ** dials * 1_000, most_l_per_h: Math.round(section_m2 * fastest_m_per_s * 3_600 * 1_000) };
}

/** By instant, then register; the same told twice once; what was read off only where the meter told nothing itself. */
export function inOrder(points: Iterable<RegisterPoint>): RegisterPoint[] {
  const given = [...points];
  // As they mostly come: one after another in time.
  if (given.every((point, index) => index === 0 || (given[index - 1]?.at_ms ?? 0) < point.at_ms)) return given;
  const sorted = given.sort(
    (one, other) =>
      one.at_ms - other.at_ms ||
      Number(one.readOff ?? false) - Number(other.readOff ?? false) ||
      one.register_l - other.register_l,
  );
  return sorted.filter((point, index) => {
    const previous = sorted[index - 1];
    if (previous?.at_ms !== point.at_ms) return true;
    return point.readOff !== true && previous.register_l !== point.register_l;
  });
}

/**
 * The readings that count.
 *
 * @param points as `inOrder` gives them
 * @param settled the first and last index whose neighbours are all there; others help to judge and are left out
 */
export function registerCurve(
  points: readonly RegisterPoint[],
  dial: Dial,
  settled: { first: number; last: number } = { first: 0, last: points.length - 1 },
): CurvePoint[] {
  const judge = new RegisterJudge(points, dial);
  const curve: CurvePoint[] = [];
  let previous: RegisterPoint | null = null;
  let passed_l = 0;
  let breaks = 0;
  for (let index = settled.first; index <= settled.last; index += 1) {
    const point = points[index];
    if (point === undefined || point.at_ms === previous?.at_ms || !judge.counts(index)) continue;
    const step = previous === null ? 0 : stepBetween(previous, point, dial);
    const broken = typeof step === 'string' ? step : null;
    if (broken !== null) breaks += 1;
    passed_l = previous === null || typeof step === 'string' ? point.register_l : passed_l + step;
    curve.push({ at_ms: point.at_ms, passed_l, breaks, broken });
    previous = point;
  }
  return curve;
}

/** Litres from one reading to a later one, or why they can't be told. */
function stepBetween(from: RegisterPoint, to: RegisterPoint, dial: Dial): number | Break {
  const difference_l = to.register_l - from.register_l;
  if (difference_l >= 0) return difference_l <= mostBetween(from, to, dial) ? difference_l : 'register_jumped';
  return wrapped(from, to, dial) ?? 'register_decreased';
}

function mostBetween(from: RegisterPoint, to: RegisterPoint, dial: Dial): number {
  return ((to.at_ms - from.at_ms) / 3_600_000 + clockAllowance_h) * dial.most_l_per_h;
}

/** What passed if the register wrapped in between; null where that can't be: more than half a round is no wrap. */
function wrapped(from: RegisterPoint, to: RegisterPoint, dial: Dial): number | null {
  if (from.register_l >= dial.wrapsAt_l) return null;
  const passed_l = to.register_l - from.register_l + dial.wrapsAt_l;
  return passed_l <= dial.wrapsAt_l / 2 && passed_l <= mostBetween(from, to, dial) ? passed_l : null;
}

/** Whether both readings can be of one register. */
function agree(from: RegisterPoint, to: RegisterPoint, dial: Dial): boolean {
  const back_l = from.register_l - to.register_l;
  return (back_l > 0 && back_l <= mostBackward_l) || typeof stepBetween(from, to, dial) === 'number';
}

class RegisterJudge {
  readonly #points: readonly RegisterPoint[];
  readonly #dial: Dial;
  /** Steps up to each reading that are not plainly forward: where none lies in a stretch, all of it agrees. */
  readonly #rough: number[] = [];
  readonly #strangers: (boolean | undefined)[] = [];

  constructor(points: readonly RegisterPoint[], dial: Dial) {
    this.#points = points;
    this.#dial = dial;
    let rough = 0;
    for (const [index, point] of points.entries()) {
      const previous = points[index - 1];
      if (previous !== undefined) {
        const forward_l = point.register_l - previous.register_l;
        const most_l = ((point.at_ms - previous.at_ms) / 3_600_000) * dial.most_l_per_h;
        if (forward_l < 0 || forward_l > most_l) rough += 1;
      }
      this.#rough.push(rough);
    }
  }

  counts(index: number): boolean {
    return this.#at(index).readOff === true || !(this.#isStranger(index) || this.#isBelowMark(index));
  }

  #at(index: number): RegisterPoint {
    const point = this.#points[index];
    if (point === undefined) throw new RangeError(`no reading ${index}`);
    return point;
  }

  #isSmooth(first: number, last: number): boolean {
    return this.#rough[first] === this.#rough[last];
  }

  /** The last before `index` that was read off, or `first` where none was since. */
  #readOffSince(first: number, index: number): number {
    let since = index - 1;
    while (since > first && this.#points[since]?.readOff !== true) since -= 1;
    return Math.max(since, first);
  }

  /** It contradicts most of its neighbours on one side, while those of both sides agree with each other. */
  #isStranger(index: number): boolean {
    this.#strangers[index] ??= this.#contradicts(index);
    return this.#strangers[index];
  }

  #contradicts(index: number): boolean {
    const first = Math.max(0, index - neighbours);
    const last = Math.min(this.#points.length - 1, index + neighbours);
    if (this.#isSmooth(first, last)) return false;
    const point = this.#at(index);
    if (point.readOff === true) return false;
    const before = this.#points.slice(this.#readOffSince(first, index), index);
    const later = this.#points.slice(index + 1, last + 1);
    const readOff = later.findIndex((other) => other.readOff === true);
    const after = readOff === -1 ? later : later.slice(0, readOff + 1);
    const mostDiffer = (side: readonly RegisterPoint[], agrees: (other: RegisterPoint) => boolean) =>
      side.filter((other) => !agrees(other)).length * 2 > side.length;
    const isContradicted =
      mostDiffer(before, (other) => agree(other, point, this.#dial)) ||
      mostDiffer(after, (other) => agree(point, other, this.#dial));
    // The newest contradicts all before it: that can't be told from a change of registers until more readings come.
    if (!isContradicted || before.length === 0 || after.length === 0) return isContradicted;
    let agreeing = 0;
    for (const one of before) for (const other of after) if (agree(one, other, this.#dial)) agreeing += 1;
    return agreeing * 2 > before.length * after.length;
  }

  /** The register has moved backward: until it is past its highest again, nothing has passed. */
  #isBelowMark(index: number): boolean {
    const farthest = Math.max(0, index - remembered);
    if (this.#isSmooth(farthest, index)) return false;
    const first = this.#readOffSince(farthest, index);
    const { register_l } = this.#at(index);
    for (let earlier = index - 1; earlier >= first; earlier -= 1) {
      const back_l = this.#at(earlier).register_l - register_l;
      if (back_l > 0 && back_l <= mostBackward_l && !this.#isStranger(earlier)) return true;
    }
    return false;
  }
}
