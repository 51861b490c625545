// Use worked out again from the readings of a proof, by the same rule that stored use comes from.
import type { LocalDays } from '../readings/local-days.ts';
import { dialOf, inOrder, type RegisterPoint, registerCurve } from '../readings/register-rule.ts';
import { useDays } from '../readings/use-days.ts';
import type { Entry, MeterDayFacts } from './meter-day.ts';

/** A meter-day with what is shown of it. */
export interface ShownMeterDay {
  facts: Pick<MeterDayFacts, 'install' | 'bore_mm' | 'dials' | 'from_us' | 'until_us'>;
  entries: readonly Entry[];
}

export interface DayUse {
  /** Litres of the hours that can be told. */
  told_l: number;
  isWhole: boolean;
}

export const inMs = (at_us: number): number => Math.round(at_us / 1_000);

/** When it was known; what fitters read off is taken to have been always. */
export function knownAt_us(entry: Entry): number {
  return entry.kind === 'read_off' ? 0 : entry.received_at_us;
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
  const curve = registerCurve(inOrder(known.map(pointOf)), dialOf(first.facts));
  const told = useDays(days, { install_id, from_ms, until_ms }, curve, { from_ms, to_ms: until_ms });
  return new Map(
    told.map(({ day, hours_l }) => {
      const { boundaries_ms } = days.on(day);
      const isThere = (hour: number) =>
        (boundaries_ms[hour] ?? 0) < until_ms && (boundaries_ms[hour + 1] ?? 0) > from_ms;
      return [
        day,
        {
          told_l: hours_l.reduce<number>((sum, use_l) => sum + (use_l ?? 0), 0),
          isWhole: hours_l.every((use_l, hour) => use_l !== null || !isThere(hour)),
        },
      ];
    }),
  );
}

function pointOf(entry: Entry): RegisterPoint {
  const point = { at_ms: inMs(entry.measured_at_us), register_l: entry.register_l };
  return entry.kind === 'read_off' ? { ...point, readOff: true } : point;
}
