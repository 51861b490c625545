// Use worked out again from the readings of a proof, by the same rule that stored use comes from.
import type { LocalDays } from '../readings/local-days.ts';
import { editedPoints, type ReadingEdit } from '../readings/reading-edits.ts';
import { dialOf, inOrder, type RegisterPoint, registerCurve } from '../readings/register-rule.ts';
import { useDays } from '../readings/use-days.ts';
import type { Entry, MeterDayFacts } from './meter-day.ts';

/** A meter-day with what is shown of it. */
export interface ShownMeterDay {
  day: string;
  facts: Pick<MeterDayFacts, 'install' | 'bore_mm' | 'dials' | 'from_us' | 'until_us'>;
  entries: readonly Entry[];
}

export interface DayUse {
  /** Litres of the hours that can be told. */
  told_l: number;
  /** Litres of hours that can't, but are estimated; null where there are none. */
  estimated_l: number | null;
  /** Whether each hour is told or estimated. */
  isWhole: boolean;
}

export const inMs = (at_us: number): number => Math.round(at_us / 1_000);

/** When it was known; what fitters read off is taken to have been always. */
export function knownAt_us(entry: Entry): number {
  switch (entry.kind) {
    case 'read_off':
      return 0;
    case 'edit':
      return entry.edited_at_us;
    case 'estimate':
      return entry.made_at_us;
    default:
      return entry.received_at_us;
  }
}

/**
 * @param shown of one install, oldest first
 * @param known_until_us what came later is left out
 * @returns by local day
 */
export function useOfMeterDays(
  days: LocalDays,
  shown: readonly ShownMeterDay[],
  known_until_us: number,
): Map<string, DayUse> {
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const { install: install_id } = first.facts;
  const from_ms = inMs(first.facts.from_us);
  const until_ms = inMs(last.facts.until_us);
  const known = shown.flatMap(({ entries }) => entries.filter((entry) => knownAt_us(entry) <= known_until_us));
  const curve = registerCurve(inOrder(editedPoints(pointsOf(known), editsOf(known))), dialOf(first.facts));
  const span = { from_ms, to_ms: until_ms };
  const told = new Map(
    useDays(days, { install_id, from_ms, until_ms }, curve, span).map(({ day, hours_l }) => [day, hours_l]),
  );
  return new Map(
    shown.map(({ day }) => {
      const { boundaries_ms } = days.on(day);
      const estimate = estimateOf(known, (boundaries_ms[0] ?? 0) * 1_000);
      const use: DayUse = { told_l: 0, estimated_l: null, isWhole: true };
      for (const [hour, start_ms] of boundaries_ms.slice(0, -1).entries()) {
        if (start_ms >= until_ms || (boundaries_ms[hour + 1] ?? 0) <= from_ms) continue;
        const told_l = told.get(day)?.[hour] ?? null;
        const guessed_l = estimate[hour] ?? null;
        if (told_l !== null) use.told_l += told_l;
        else if (guessed_l !== null) use.estimated_l = (use.estimated_l ?? 0) + guessed_l;
        else use.isWhole = false;
      }
      return [day, use];
    }),
  );
}

function pointsOf(entries: readonly Entry[]): RegisterPoint[] {
  return entries.flatMap((entry): RegisterPoint[] => {
    if (entry.kind === 'edit' || entry.kind === 'estimate') return [];
    const point = { at_ms: inMs(entry.measured_at_us), register_l: entry.register_l };
    return [entry.kind === 'read_off' ? { ...point, readOff: true } : point];
  });
}

/** Those that hold: of each instant the last. */
function editsOf(entries: readonly Entry[]): ReadingEdit[] {
  const edits = entries.filter((entry) => entry.kind === 'edit').sort((one, other) => one.edit - other.edit);
  const last = new Map(edits.map((edit) => [edit.measured_at_us, edit]));
  return [...last.values()].map(({ measured_at_us, deed, register_l }) => ({
    ...{ at_ms: inMs(measured_at_us), deed, register_l },
  }));
}

/** The newest of the day that begins then. */
function estimateOf(entries: readonly Entry[], start_us: number): readonly (number | null)[] {
  const estimates = entries
    .filter((entry) => entry.kind === 'estimate')
    .filter(({ measured_at_us }) => measured_at_us === start_us);
  const newest = estimates.sort((one, other) => one.version - other.version).at(-1);
  return newest === undefined || newest.method === 'withdrawn' ? [] : newest.hours_l;
}
