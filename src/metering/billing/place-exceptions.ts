// What a place has otherwise than its tariff says by itself, by its days: parts it does not pay, a class for a part, counts.
import type { Problem } from '../../platform/problem.ts';
import type { DateText } from './billing-dates.ts';
import { canonicalJson } from './canonical-json.ts';
import { Exact } from './exact.ts';
import type { Period } from './period-use.ts';
import { type ChangedTerms, type PlaceTerms, termsFault } from './price-request.ts';
import type { Tariff } from './tariff.ts';

/** without: a component that the place is without; class_of: a component's class there; count: a number the tariff goes by. */
export const exceptionKinds = ['without', 'class_of', 'count'] as const;
export type ExceptionKind = (typeof exceptionKinds)[number];

/** What is entered of one thing from a day on. */
export interface PlaceException {
  kind: ExceptionKind;
  /** Of a component or a count. */
  name: string;
  from: DateText;
  /** `yes`, a class, a number; null: as the tariff says by itself. */
  value: string | null;
}

/** All that holds from a day on until the next of a period; numbers as text. */
export interface ExceptionStretch {
  from: DateText;
  without: string[];
  class_of: Record<string, string>;
  counts: Record<string, string>;
}

/**
 * @param entries of one place, by day; of one kind, name and day there is one
 * @returns what holds on the days of the period, the first from its first day on; nothing where the tariff has its way
 */
export function stretchesWithin(
  entries: readonly PlaceException[],
  { use_from, use_until }: Period,
): ExceptionStretch[] {
  const within = entries.filter(({ from }) => from < use_until);
  const edges = [use_from, ...new Set(within.map(({ from }) => from).filter((day) => day > use_from))];
  const stretches: ExceptionStretch[] = [];
  for (const from of edges) {
    const next = stretchOn(within, from);
    if (!isSame(stretches.at(-1), next)) stretches.push(next);
  }
  return noneWhereEmpty(stretches);
}

function stretchOn(entries: readonly PlaceException[], day: DateText): ExceptionStretch {
  const held = new Map<string, PlaceException>();
  for (const entry of entries) if (entry.from <= day) held.set(`${entry.kind} ${entry.name}`, entry);
  const named = (kind: ExceptionKind) =>
    [...held.values()].flatMap((one): [string, string][] =>
      one.kind === kind && one.value !== null ? [[one.name, one.value]] : [],
    );
  return {
    from: day,
    without: named('without')
      .map(([name]) => name)
      .sort(),
    class_of: Object.fromEntries(named('class_of')),
    counts: Object.fromEntries(named('count')),
  };
}

function isSame(before: ExceptionStretch | undefined, next: ExceptionStretch): boolean {
  return before !== undefined && canonicalJson({ ...before, from: next.from }) === canonicalJson(next);
}

function noneWhereEmpty(stretches: ExceptionStretch[]): ExceptionStretch[] {
  const isEmpty = ({ without, class_of, counts }: ExceptionStretch) =>
    without.length === 0 && Object.keys(class_of).length === 0 && Object.keys(counts).length === 0;
  return stretches.every(isEmpty) ? [] : stretches;
}

/** Where the tariff does not say how a time with a change is divided, what holds on the last day, as class and households do. */
export function asDivided(tariff: Tariff, stretches: ExceptionStretch[]): ExceptionStretch[] {
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (tariff.price_change !== undefined || first === undefined || last === undefined) return stretches;
  return noneWhereEmpty([{ ...last, from: first.from }]);
}

/** Only what the tariff has: an exception that came with a later tariff says nothing of a bill by an earlier one. */
export function knownTo(tariff: Tariff, stretches: readonly ExceptionStretch[]): ExceptionStretch[] {
  const has = (terms: PlaceTerms) => termsFault(tariff, terms) === null;
  const known: ExceptionStretch[] = [];
  for (const { from, without, class_of, counts } of stretches) {
    const next = {
      from,
      without: without.filter((id) => has({ without: [id] })),
      class_of: Object.fromEntries(Object.entries(class_of).filter(([id, name]) => has({ class_of: { [id]: name } }))),
      counts: Object.fromEntries(Object.entries(counts).filter(([id]) => has({ counts: { [id]: Exact.one } }))),
    };
    if (!isSame(known.at(-1), next)) known.push(next);
  }
  return noneWhereEmpty(known);
}

/** By which a bill that this tariff charged for the period would be charged now. */
export function chargeableWithin(
  tariff: Tariff,
  entries: readonly PlaceException[],
  period: Period,
): ExceptionStretch[] {
  return asDivided(tariff, knownTo(tariff, stretchesWithin(entries, period)));
}

export function sameStretches(one: readonly ExceptionStretch[], other: readonly ExceptionStretch[]): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

/** Why the tariff can't charge by them; null where it can. */
export function exceptionFault(tariff: Tariff, stretches: readonly ExceptionStretch[]): Problem | null {
  for (const stretch of stretches) {
    const fault = termsFault(tariff, termsOf(stretch));
    if (fault !== null) return fault;
  }
  return null;
}

/** As pricing takes them; nothing where the place has none. */
export function requestTerms([first, ...later]: readonly ExceptionStretch[]): PlaceTerms & {
  changes?: ChangedTerms[];
} {
  if (first === undefined) return {};
  const changes = later.map((stretch) => ({ from: stretch.from, ...termsOf(stretch) }));
  return changes.length === 0 ? termsOf(first) : { ...termsOf(first), changes };
}

function termsOf({ without, class_of, counts }: ExceptionStretch): PlaceTerms {
  const numbers = Object.entries(counts).map(([name, text]) => [name, Exact.parse(text) ?? Exact.zero] as const);
  return { without, class_of, counts: Object.fromEntries(numbers) };
}
