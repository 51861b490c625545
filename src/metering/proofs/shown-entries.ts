// Which readings a proof shows: those of the bill's own time, and of before and after as few as the rule needs. The others
// are another household's, and are there by their hashes alone.
import type { LocalDays } from '../readings/local-days.ts';
import type { Entry } from './meter-day.ts';
import type { SaltedMeterDay } from './salted-meter-day.ts';
import { knownAt_us, type ShownMeterDay, useOfMeterDays } from './use-of-meter-days.ts';

/** How many to show before and after; the last is all that can decide whether a reading counts. Source: register-rule.ts */
const tries = [
  { before: 1, after: 1 },
  { before: 8, after: 8 },
  { before: 56, after: 8 },
] as const;

/** What the version of use says of a meter. */
export interface ChargedDays {
  /** Local days, with the litres of each that were measured. */
  told: ReadonlyMap<string, number>;
  from_us: number;
  until_us: number;
}

/** Of an install's days, oldest first, the entries that are shown; `matches`: they give the use that was charged. */
export interface Shown {
  days: { salted: SaltedMeterDay; isShown: ReadonlySet<Entry> }[];
  matches: boolean;
}

/** @param known_until_us when what was charged was worked out */
export function shownEntries(
  days: LocalDays,
  salted: readonly SaltedMeterDay[],
  charged: ChargedDays,
  known_until_us: number,
): Shown {
  let shown: Shown = { days: [], matches: false };
  for (const { before, after } of tries) {
    shown = shownWith(days, salted, charged, known_until_us, before, after);
    if (shown.matches) return shown;
  }
  return shown;
}

function shownWith(
  days: LocalDays,
  salted: readonly SaltedMeterDay[],
  { told, from_us, until_us }: ChargedDays,
  known_until_us: number,
  before: number,
  after: number,
): Shown {
  const all = salted.flatMap(({ entries }) => entries);
  const isKnown = (entry: Entry) => knownAt_us(entry) <= known_until_us;
  const earlier = all.filter((entry) => entry.measured_at_us < from_us);
  const later = all.filter((entry) => entry.measured_at_us >= until_us);
  const isShown = new Set<Entry>([
    ...all.filter(
      ({ measured_at_us, kind }) => kind === 'read_off' || (measured_at_us >= from_us && measured_at_us < until_us),
    ),
    ...earlier.filter(isKnown).slice(-before),
    ...later.filter(isKnown).slice(0, after),
  ]);
  const kept = salted
    .map((one) => ({ salted: one, isShown }))
    .filter(({ salted: { facts, entries } }) => told.has(facts.day) || entries.some((entry) => isShown.has(entry)));
  const use = useOfMeterDays(
    days,
    kept.map(
      ({ salted: { facts, entries } }): ShownMeterDay => ({
        day: facts.day,
        facts,
        entries: entries.filter((one) => isShown.has(one)),
      }),
    ),
    known_until_us,
  );
  return { days: kept, matches: [...told].every(([day, told_l]) => (use.get(day)?.told_l ?? 0) === told_l) };
}

/** Instants of the days that a part of a version of use is of. */
export function spanOfDays(days: LocalDays, dates: readonly string[]): { from_us: number; until_us: number } {
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return { from_us: 0, until_us: 0 };
  return { from_us: days.on(first).start_ms * 1_000, until_us: days.on(last).end_ms * 1_000 };
}

/** The newest instant at which something that counts became known. */
export function latestKnown_us(shown: readonly Shown[], known_until_us: number): number {
  let latest = 0;
  for (const { days } of shown) {
    for (const { isShown } of days) {
      for (const entry of isShown) {
        const known = knownAt_us(entry);
        if (known > latest && known <= known_until_us) latest = known;
      }
    }
  }
  return latest;
}
