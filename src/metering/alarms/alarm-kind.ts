// What an alarm of a kind is: from what is known of a meter at a place, when its cause held and when it was seen to be gone.

/** From an instant on, up to another. */
export interface Span {
  from_ms: number;
  to_ms: number;
}

export interface HourOfUse {
  start_ms: number;
  end_ms: number;
  /** null where nothing can be told. */
  use_l: number | null;
  /** Readings lie in this hour and in those on either side: what it says is not spread over a longer time. */
  measured: boolean;
  /** The local day, ISO 8601, and the hour that the clock on the wall showed when it began. */
  day: string;
  clock_h: number;
}

/** Readings one after another that carry the same flags, none of them later after the one before than a silence takes. */
export interface ToldStretch {
  from_ms: number;
  /** The last of them. */
  to_ms: number;
  flags: readonly string[];
}

/** What is known of a meter at a place at an instant, whole from `from_ms` on. Lists are ascending. */
export interface MeterFacts {
  from_ms: number;
  asOf_ms: number;
  installed_ms: number;
  /** null: it still stands there. */
  removed_ms: number | null;
  bore_mm: number;
  usageClass: string;
  hours: readonly HourOfUse[];
  told: readonly ToldStretch[];
  /** Instants for which the meter told several registers. */
  conflicts: readonly number[];
  /** Receipts of readings whose clock can't be right. */
  misdated: readonly number[];
  /** When two devices under the identity of the meter's radio took each other's place. */
  clones: readonly Span[];
  /** When somebody wants it to be noticed that no water is used here, absences left out; without end: to infinity. */
  watched: readonly Span[];
  /** The local days that lie in a watched span, as far as they have passed. */
  watchedDays: readonly LocalSpan[];
}

/** A local day. */
export interface LocalSpan extends Span {
  day: string;
}

/** 1: for the next visit, 2: to be looked at, 3: at once. */
export type Grade = 1 | 2 | 3;

/** The cause was there from one instant to another. */
export interface Sighting extends Span {
  grade: Grade;
  /** In the kind's unit; of several the greatest is told. */
  amount: number | null;
}

export interface Sightings {
  held: readonly Sighting[];
  /** Instants, ascending, at which the cause was seen to be gone. Missing data never shows that. */
  gone: readonly number[];
  /** When the passing of time alone can next change the judgement. */
  due_ms?: number;
}

export interface AlarmKind {
  /** Letters and underscores; kept with each alarm for good. */
  kind: string;
  label: { ko: string; en: string };
  /** What one does about it. */
  advice: { ko: string; en: string };
  /** What those who live there are told; absent: nothing. */
  household?: { ko: string; en: string };
  /** What `amount` counts; null where there is none. */
  unit: 'l_per_h' | null;
  /** Evidence lies no further from what it shows. */
  memory_ms: number;
  /** The cause that comes back within this time is the same alarm once more. */
  join_ms: number;
  /** Whether the people named by whoever is watched over are told. */
  tellsContacts?: true;
  look(facts: MeterFacts): Sightings;
}

export const HOUR_ms = 3_600_000;
export const DAY_ms = 24 * HOUR_ms;

/** Stretches of hours, one right after another, that all pass the test. */
export function runsOf(hours: readonly HourOfUse[], test: (hour: HourOfUse) => boolean): HourOfUse[][] {
  const runs: HourOfUse[][] = [];
  let open: HourOfUse[] | null = null;
  for (const hour of hours) {
    if (!test(hour)) {
      open = null;
      continue;
    }
    if (open === null || open.at(-1)?.end_ms !== hour.start_ms) {
      open = [];
      runs.push(open);
    }
    open.push(hour);
  }
  return runs;
}

/** The end of the nth hour of each run. */
export function nthEnds(runs: readonly (readonly HourOfUse[])[], nth: number): number[] {
  return runs.flatMap((run) => run[nth - 1]?.end_ms ?? []);
}

/** From the first to the last hour of a run. */
export function spanOf(run: readonly HourOfUse[]): Span {
  return { from_ms: run[0]?.start_ms ?? 0, to_ms: run.at(-1)?.end_ms ?? 0 };
}

export function inOrder(instants: readonly number[]): number[] {
  return [...instants].sort((one, other) => one - other);
}

/** The first instant from `at_ms` on at which the meter was telling; null where it hasn't since. */
export function toldFrom(told: readonly ToldStretch[], at_ms: number): number | null {
  const next = told.find(({ to_ms }) => to_ms >= at_ms);
  return next === undefined ? null : Math.max(next.from_ms, at_ms);
}
