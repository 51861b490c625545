// A meter's registers day by day as rules look at them: only of days on which one doesn't go plainly forward.
import type { CurvePoint, RegisterPoint } from '../readings/register-rule.ts';
import { firstNotBefore } from '../readings/use.ts';
import type { JudgedDay, RegisterStep } from './judged-day.ts';
import { shortestStep_h } from './limits.ts';

interface Registers {
  points: readonly RegisterPoint[];
  curve: readonly CurvePoint[];
  installs: readonly { from_ms: number; until_ms: number | null }[];
}

type DayOfRegisters = Pick<JudgedDay, 'steps' | 'conflicts'>;

const plain: DayOfRegisters = { steps: [], conflicts: null };

/** @param day start and end; what is told at its end is the next day's */
export function registersOfDay(
  registers: Registers,
  day: { start_ms: number; end_ms: number },
  { most_l_per_h, wrapsAt_l }: { most_l_per_h: number; wrapsAt_l: number },
): DayOfRegisters {
  const { points, installs } = registers;
  const first = firstNotBefore(points, day.start_ms);
  const next = firstNotBefore(points, day.end_ms);
  const ofDay = points.slice(first, next);
  const readOff = new Set(installs.flatMap(({ from_ms, until_ms }) => [from_ms, until_ms]));
  const isRough = ofDay.some((point, index) => {
    const previous = points[first + index - 1];
    // What a fitter read off on another day is held against that day's registers: each day is judged by itself.
    if (previous === undefined || (index === 0 && readOff.has(previous.at_ms))) return false;
    return isRoughStep(previous, point, most_l_per_h);
  });
  return isRough ? { steps: stepsOf(ofDay, registers, wrapsAt_l), conflicts: conflictsOf(ofDay) } : plain;
}

function isRoughStep(from: RegisterPoint, to: RegisterPoint, most_l_per_h: number): boolean {
  const hours = (to.at_ms - from.at_ms) / 3_600_000;
  const step_l = to.register_l - from.register_l;
  return step_l < 0 || hours === 0 || step_l > most_l_per_h * Math.max(hours, shortestStep_h);
}

function stepsOf(ofDay: readonly RegisterPoint[], { points, curve }: Registers, wrapsAt_l: number): RegisterStep[] {
  const steps: RegisterStep[] = [];
  for (const { at_ms, register_l } of ofDay) {
    const place = firstNotBefore(curve, at_ms);
    const previous = curve[place - 1];
    if (previous === undefined) continue;
    const here = curve[place];
    const counts = here?.at_ms === at_ms && isRegisterOf(here, register_l, wrapsAt_l);
    const previous_l = registerOf(previous, points, wrapsAt_l);
    const broken = counts ? here.broken : null;
    steps.push({ at_ms, register_l, previous_at_ms: previous.at_ms, previous_l, counts, broken });
  }
  return steps;
}

/** What passed is the register counted on over its wraps. */
const isRegisterOf = ({ passed_l }: CurvePoint, register_l: number, wrapsAt_l: number): boolean =>
  (passed_l - register_l) % wrapsAt_l === 0;

function registerOf(counted: CurvePoint, points: readonly RegisterPoint[], wrapsAt_l: number): number {
  for (let index = firstNotBefore(points, counted.at_ms); points[index]?.at_ms === counted.at_ms; index += 1) {
    const { register_l = 0 } = points[index] ?? {};
    if (isRegisterOf(counted, register_l, wrapsAt_l)) return register_l;
  }
  return counted.passed_l;
}

function conflictsOf(ofDay: readonly RegisterPoint[]): JudgedDay['conflicts'] {
  const told = new Map<number, { lowest_l: number; highest_l: number }>();
  const several = new Set<number>();
  // By instant, then register: the first told of an instant is the lowest, the last the highest.
  for (const { at_ms, register_l } of ofDay) {
    const before = told.get(at_ms);
    if (before !== undefined) several.add(at_ms);
    told.set(at_ms, { lowest_l: before?.lowest_l ?? register_l, highest_l: register_l });
  }
  const instants = [...several];
  const [first, last] = [instants[0], instants.at(-1)];
  if (first === undefined || last === undefined) return null;
  const apart_l = instants.map((at_ms) => (told.get(at_ms)?.highest_l ?? 0) - (told.get(at_ms)?.lowest_l ?? 0));
  return { instants: instants.length, first_ms: first, last_ms: last, widest_l: Math.max(...apart_l) };
}

/**
 * Whether each register goes plainly forward from the one told before it: not lower, not faster than the pipe carries.
 *
 * @param instants ascending, with the register of each in `registers`
 */
export function goesForward(instants: ArrayLike<number>, registers: ArrayLike<number>, most_l_per_h: number): boolean {
  const pointAt = (at: number) => ({ at_ms: instants[at] ?? 0, register_l: registers[at] ?? 0 });
  for (let at = 1; at < instants.length; at += 1) {
    if (isRoughStep(pointAt(at - 1), pointAt(at), most_l_per_h)) return false;
  }
  return true;
}
