// 감면: what is taken off for those who proved something, within its scope, its cap and its group.
import { Exact } from './exact.ts';
import { linesOfDay } from './line-in-force.ts';
import type { PriceCase } from './price-request.ts';
import { type PricedComponent, type PricedRow, row } from './priced-bill.ts';
import { roundInSteps } from './rounding.ts';
import { scaleOf } from './scale.ts';
import type { ReductionComponent, ReductionLine } from './tariff-components.ts';

/** What reductions have taken off each component so far, by its id. */
export type Reduced = Map<string, Exact>;

interface WorkedReduction {
  priced: PricedComponent;
  /** Taken off, component by component: positive. */
  off: Map<string, Exact>;
}

/**
 * Works out the reductions of one group and keeps the largest; a reduction without a group is a group of its own.
 * @param reduced is written to: what the kept one takes off
 */
export function reduceGroup(
  members: readonly ReductionComponent[],
  before: ReadonlyMap<string, PricedComponent>,
  reduced: Reduced,
  of: PriceCase,
): { kept: PricedComponent[]; superseded: { id: string; by: string }[] } {
  const worked = members
    .filter(({ predicate }) => of.proven?.includes(predicate) ?? false)
    .flatMap((member) => workOut(member, before, reduced, of) ?? []);
  let best: WorkedReduction | undefined;
  for (const one of worked) {
    if (best === undefined || one.priced.amount_won.compare(best.priced.amount_won) < 0) best = one;
  }
  if (best === undefined) return { kept: [], superseded: [] };
  const { priced, off } = best;
  for (const [id, taken] of off) reduced.set(id, (reduced.get(id) ?? Exact.zero).plus(taken));
  const superseded = worked.filter((one) => one !== best).map((one) => ({ id: one.priced.id, by: priced.id }));
  return { kept: [priced], superseded };
}

/** What one line takes off. */
interface LineOff {
  rows: PricedRow[];
  off: Map<string, Exact>;
  /** After the line's least and most. */
  sum: Exact;
}

/** null where no line of the reduction is for the day. */
function workOut(
  component: ReductionComponent,
  before: ReadonlyMap<string, PricedComponent>,
  reduced: Reduced,
  of: PriceCase,
): WorkedReduction | null {
  const lines = linesOfDay(component, of);
  if (lines === null || lines.length === 0) return null;
  const scope = component.of.flatMap((id) => before.get(id) ?? []);
  const soFar = new Map(reduced);
  const worked = lines.map((line) => {
    const one = lineOff(component, line, scope, soFar, of);
    for (const [id, taken] of one.off) soFar.set(id, (soFar.get(id) ?? Exact.zero).plus(taken));
    return one;
  });
  return settled(component, worked);
}

function lineOff(
  component: ReductionComponent,
  line: ReductionLine,
  scope: readonly PricedComponent[],
  reduced: Reduced,
  of: PriceCase,
): LineOff {
  const scaled = scaleOf(line.per, of.homes, of);
  const base = { line: line.id, from: of.use_from, until: of.use_until };
  const off = new Map<string, Exact>();
  const room = new Map<string, Exact>();
  let amountLeft = line.amount?.times(scaled) ?? Exact.zero;
  for (const charge of scope) {
    const left = Exact.most(charge.amount_won.minus(reduced.get(charge.id) ?? Exact.zero), Exact.zero);
    const within = chargeOfClasses(charge, line.classes, of);
    const reckonedOn = component.on === 'remainder' ? Exact.least(within, left) : within;
    const wanted =
      line.amount === undefined ? wantedOff(line, charge, reckonedOn, scaled, of) : Exact.least(amountLeft, within);
    const taken = Exact.most(Exact.least(wanted, left), Exact.zero);
    amountLeft = amountLeft.minus(taken);
    off.set(charge.id, taken);
    room.set(charge.id, Exact.most(Exact.least(within, left).minus(taken), Exact.zero));
  }
  const rows: PricedRow[] = [...off].map(([id, taken]) => row({ ...base, of: id, amount_won: taken.negated() }));
  const sum = Exact.sum(off.values());
  const least = line.at_least?.times(scaled);
  if (least !== undefined && sum.compare(least) < 0) {
    const more = raise(off, room, least.minus(sum));
    if (more.sign() > 0) rows.push(row({ ...base, amount_won: more.negated(), note: 'least_off' }));
    return { rows, off, sum: sum.plus(more) };
  }
  const cap = line.at_most?.times(scaled);
  const capped = cap === undefined ? sum : Exact.least(sum, cap);
  if (capped !== sum) rows.push(row({ ...base, amount_won: sum.minus(capped), note: 'cap' }));
  return { rows, off, sum: capped };
}

/** Takes more off the charges that have room. @returns how much that was */
function raise(off: Map<string, Exact>, room: ReadonlyMap<string, Exact>, wanted: Exact): Exact {
  let left = wanted;
  for (const [id, taken] of off) {
    const more = Exact.least(room.get(id) ?? Exact.zero, left);
    off.set(id, taken.plus(more));
    left = left.minus(more);
  }
  return wanted.minus(left);
}

/** Rounds the sum of the lines, and gives each component what of it is its. */
function settled(component: ReductionComponent, worked: readonly LineOff[]): WorkedReduction {
  const exact_won = Exact.sum(worked.map(({ sum }) => sum)).negated();
  const rounded = roundInSteps(exact_won, component.round);
  let left = rounded.value.negated();
  const settledOff = new Map<string, Exact>();
  for (const [id, taken] of worked.flatMap(({ off }) => [...off])) {
    const part = Exact.least(taken, left);
    settledOff.set(id, (settledOff.get(id) ?? Exact.zero).plus(part));
    left = left.minus(part);
  }
  const { id, name, kind } = component;
  const rows = worked.flatMap((one) => one.rows);
  const priced = { id, name, kind, rows, exact_won, rounding: rounded.trace, amount_won: rounded.value.plus(left) };
  return { priced, off: settledOff };
}

function wantedOff(
  line: ReductionLine,
  charge: PricedComponent,
  reckonedOn: Exact,
  scaled: Exact,
  of: PriceCase,
): Exact {
  if (line.percent !== undefined) return reckonedOn.times(line.percent).over(Exact.whole(100));
  return chargeOfVolume(charge, line, (line.m3 ?? Exact.zero).times(scaled), of);
}

/** The charge of so many m3, of the lowest tiers or of the highest. */
function chargeOfVolume(charge: PricedComponent, line: ReductionLine, volume_m3: Exact, of: PriceCase): Exact {
  const rows = charge.rows.filter((one) => one.volume_m3 !== null && isOfClasses(one, line.classes, of));
  rows.sort((one, other) => (one.tier ?? 0) - (other.tier ?? 0));
  if (line.m3_from === 'last') rows.reverse();
  let left = volume_m3;
  let won = Exact.zero;
  for (const one of rows) {
    const inRow = (one.volume_m3 ?? Exact.zero).times(Exact.whole(one.times));
    const taken = Exact.least(inRow, left);
    won = won.plus(taken.times(one.unit_price_won ?? Exact.zero));
    left = left.minus(taken);
  }
  return won;
}

/**
 * A component's charge as rounded, or, of some classes only, the exact sum of their rows. What is of no class, such as a
 * minimum charge, is of the meter's own.
 */
export function chargeOfClasses(charge: PricedComponent, classes: readonly string[] | undefined, of: PriceCase): Exact {
  if (charge.rows.length === 0) return classes?.includes(of.class) === false ? Exact.zero : charge.amount_won;
  if (charge.rows.every((one) => isOfClasses(one, classes, of))) return charge.amount_won;
  return Exact.sum(charge.rows.filter((one) => isOfClasses(one, classes, of)).map(({ amount_won }) => amount_won));
}

function isOfClasses(one: PricedRow, classes: readonly string[] | undefined, of: PriceCase): boolean {
  return classes === undefined || classes.includes(one.class ?? of.class);
}
