// What is to be priced: a meter's use over a time, who is behind it and what was proven; checked before anything is reckoned.
import type { Problem } from '../../platform/problem.ts';
import { type DateText, dayBefore, daysBetween, isDate } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { wrongRequest } from './price-faults.ts';
import type { Tariff } from './tariff.ts';

/** Bounds on a request: a bill is of at most two years, a building of at most a hundred thousand households. */
export const requestLimits = {
  volume_l: 1_000_000_000_000,
  households: 100_000,
  months: 24,
  days: 800,
  others: 16,
  changes: 64,
} as const;

/** Another class on the same meter. */
export interface OtherClass {
  class: string;
  households: number;
  /** Where it is known, such as from a meter of its own; otherwise the tariff's mix divides. */
  volume_l?: number;
}

/** Use of some days, as measured. */
export interface MeasuredUse {
  from: DateText;
  /** The first day after. */
  until: DateText;
  volume_l: number;
}

/** What a place has otherwise than the tariff says by itself. */
export interface PlaceTerms {
  /** Class of a component that has its own, such as sewer. */
  class_of?: Readonly<Record<string, string>>;
  /** Optional components that the meter is without. */
  without?: readonly string[];
  /** Numbers that the tariff goes by: persons, fittings. */
  counts?: Readonly<Record<string, Exact>>;
}

/** Terms that hold in place of all before, from a day on. */
export interface ChangedTerms extends PlaceTerms {
  from: DateText;
}

export interface PriceRequest extends PlaceTerms {
  class: string;
  /** null: not known; tariffs with a bore charge then refuse. */
  bore_mm: number | null;
  /** Litres, as the register says. */
  volume_l: number;
  /** First day of use. */
  use_from: DateText;
  /** The first day after the last day of use. */
  use_until: DateText;
  billed_on: DateText;
  /** 가구분할: households behind the meter; 1 without. */
  households?: number;
  /** What the bill is for; 1 without. */
  months?: Exact;
  others?: readonly OtherClass[];
  /** Needed where a price changes in between and the tariff divides by use. */
  measured?: readonly MeasuredUse[];
  /** Where the place's terms change within the use, day after day; divided like a price that changes. */
  changes?: readonly ChangedTerms[];
  /** Litres of a component that has its own volume, such as sewer with a well. */
  volume_l_of?: Readonly<Record<string, number>>;
  /** Names of predicates that a credential has proven for the time. */
  proven?: readonly string[];
  /** Values of indices that the tariff does not list, or other ones. */
  index_values?: Readonly<Record<string, Exact>>;
}

/** A request with its defaults, the households given to the class that they belong to. */
export interface PriceCase extends PriceRequest {
  tariff: Tariff;
  months: Exact;
  /** Households or units of the meter's class. */
  mainHouseholds: number;
  /** Households behind the meter, of whichever class. */
  homes: number;
  others: readonly OtherClass[];
  lastDay: DateText;
}

/** @throws PRICE_REQUEST_INVALID, which says which part of the request, why, and what would be right */
export function checkedRequest(tariff: Tariff, request: PriceRequest): PriceCase {
  knownClass(tariff, 'class', request.class);
  count('volume_l', request.volume_l, 0, requestLimits.volume_l);
  if (request.bore_mm !== null) count('bore_mm', request.bore_mm, 1, 3_000);
  days('use', request.use_from, request.use_until);
  if (!isDate(request.billed_on))
    throw wrongRequest('not_date', { part: 'billed_on', text: request.billed_on.slice(0, 20) });
  const months = request.months ?? Exact.one;
  if (months.sign() <= 0 || months.compare(Exact.whole(requestLimits.months)) > 0) {
    throw wrongRequest('months_outside', { most: requestLimits.months });
  }
  if (request.households !== undefined) count('households', request.households, 1, requestLimits.households);
  const { main, others } = households(tariff, request);
  checkOthers(tariff, request, others);
  checkTerms(tariff, request);
  checkChanges(tariff, request);
  checkOwnVolumes(tariff, request);
  checkMeasured(request);
  for (const name of Object.keys(request.index_values ?? {})) {
    if (!Object.hasOwn(tariff.indices, name)) {
      throw wrongRequest('index_unknown', { name, known: names(Object.keys(tariff.indices)) });
    }
  }
  return {
    ...request,
    tariff,
    months,
    mainHouseholds: main,
    homes: request.households ?? 1,
    others,
    lastDay: dayBefore(request.use_until),
  };
}

/** Households of a meter whose class has a mix are those of the mix: two homes over a shop. */
function households(tariff: Tariff, request: PriceRequest): { main: number; others: readonly OtherClass[] } {
  const others = request.others ?? [];
  const mix = tariff.mixes.find(({ main }) => main === request.class);
  if (request.households === undefined || mix === undefined) return { main: request.households ?? 1, others };
  if (others.some((other) => other.class === mix.with)) {
    throw wrongRequest('households_twice', { class: mix.with });
  }
  return { main: 1, others: [...others, { class: mix.with, households: request.households }] };
}

function checkOthers(tariff: Tariff, request: PriceRequest, others: readonly OtherClass[]): void {
  if (others.length > requestLimits.others) throw wrongRequest('classes_above', { most: requestLimits.others });
  const seen = new Set([request.class]);
  for (const other of others) {
    knownClass(tariff, 'others', other.class);
    if (seen.has(other.class)) throw wrongRequest('class_twice', { class: other.class });
    seen.add(other.class);
    count('others.households', other.households, 1, requestLimits.households);
    if (other.volume_l !== undefined) {
      count('others.volume_l', other.volume_l, 0, requestLimits.volume_l);
    } else if (!tariff.mixes.some((mix) => mix.main === request.class && mix.with === other.class)) {
      throw wrongRequest('mix_missing', { class: request.class, other: other.class });
    }
  }
}

/** What of a place's terms the tariff does not have, and what it has instead; null where it has all. */
export function termsFault(tariff: Tariff, terms: PlaceTerms): Problem | null {
  for (const id of terms.without ?? []) {
    const component = componentOf(tariff, id);
    if (component === undefined) return noComponent(tariff, 'without', id);
    if (!component.optional) return wrongRequest('not_optional', { component: id });
  }
  for (const [id, name] of Object.entries(terms.class_of ?? {})) {
    const component = componentOf(tariff, id);
    if (component === undefined) return noComponent(tariff, 'class_of', id);
    if (component.kind !== 'volume' && component.kind !== 'fixed') {
      return wrongRequest('component_without_class', { component: id });
    }
    if (!Object.hasOwn(tariff.classes, name)) return noClass(tariff, 'class_of', name);
  }
  for (const name of Object.keys(terms.counts ?? {})) {
    if (Object.hasOwn(tariff.counts, name)) continue;
    return wrongRequest('count_unknown', { name, known: names(Object.keys(tariff.counts)) });
  }
  return null;
}

function checkTerms(tariff: Tariff, terms: PlaceTerms): void {
  const fault = termsFault(tariff, terms);
  if (fault !== null) throw fault;
}

function checkChanges(tariff: Tariff, { changes = [], use_from, use_until }: PriceRequest): void {
  if (changes.length > requestLimits.changes) throw wrongRequest('changes_above', { most: requestLimits.changes });
  let before = use_from;
  for (const change of changes) {
    if (!isDate(change.from) || change.from <= before || change.from >= use_until) {
      throw wrongRequest('change_outside', { day: change.from.slice(0, 20), before, until: use_until });
    }
    checkTerms(tariff, change);
    before = change.from;
  }
}

/** The case as its terms are on a day. */
export function caseOn(of: PriceCase, day: DateText): PriceCase {
  const changed = of.changes?.findLast(({ from }) => from <= day);
  if (changed === undefined) return of;
  const { class_of: _class, without: _without, counts: _counts, ...lasting } = of;
  const { from: _from, ...terms } = changed;
  return { ...lasting, ...terms };
}

function checkOwnVolumes(tariff: Tariff, request: PriceRequest): void {
  for (const [id, volume_l] of Object.entries(request.volume_l_of ?? {})) {
    const component = componentOf(tariff, id);
    if (component === undefined) throw noComponent(tariff, 'volume_l_of', id);
    if (component.kind !== 'volume') throw wrongRequest('component_without_volume', { component: id });
    count('volume_l_of', volume_l, 0, requestLimits.volume_l);
  }
}

function componentOf({ components }: Tariff, id: string) {
  return components.find((component) => component.id === id);
}

function noComponent({ components }: Tariff, part: string, id: string): Problem {
  const known = names(components.map((component) => component.id));
  return wrongRequest('component_unknown', { part, component: id, known });
}

function checkMeasured(request: PriceRequest): void {
  if (request.measured === undefined) return;
  let end = request.use_from;
  for (const { from, until, volume_l } of request.measured) {
    days('measured', from, until);
    count('measured.volume_l', volume_l, 0, requestLimits.volume_l);
    if (from !== end) throw wrongRequest('measured_apart', { from, end });
    end = until;
  }
  if (end !== request.use_until) throw wrongRequest('measured_end', { end, until: request.use_until });
  const sum_l = request.measured.reduce((sum, { volume_l }) => sum + volume_l, 0);
  if (sum_l !== request.volume_l) throw wrongRequest('measured_sum', { sum: sum_l, volume: request.volume_l });
}

function days(part: string, from: DateText, until: DateText): void {
  for (const date of [from, until]) {
    if (!isDate(date)) throw wrongRequest('not_date', { part, text: date.slice(0, 20) });
  }
  const length = daysBetween(from, until);
  if (length < 1) throw wrongRequest('not_after', { part, until, from });
  if (length > requestLimits.days) throw wrongRequest('days_above', { part, days: length, most: requestLimits.days });
}

function count(part: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw wrongRequest('not_count', { part, value, least, most });
  }
}

function knownClass(tariff: Tariff, part: string, name: string): void {
  if (!Object.hasOwn(tariff.classes, name)) throw noClass(tariff, part, name);
}

function noClass({ classes }: Tariff, part: string, name: string): Problem {
  return wrongRequest('class_unknown', { part, class: name.slice(0, 64), known: names(Object.keys(classes)) });
}

function names(all: readonly string[]): string {
  return all.length === 0 ? '—' : all.join(', ');
}
