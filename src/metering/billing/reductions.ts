// 감면: what is taken off for those who proved something, within its scope, its cap and its group.
import { Exact } from './exact.ts';
import { lineOfDay } from './line-in-force.ts';
import type { PriceCase } from './price-request.ts';
import { type PricedComponent, type PricedRow, row } from './priced-bill.ts';
import { roundInSteps } from './rounding.ts';
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

/** null where no line of the reduction is for the day. */
function workOut(
  component: ReductionComponent,
  before: ReadonlyMap<string, PricedComponent>,
  reduced: Reduced,
  of: PriceCase,
): WorkedReduction | null {
  const line = lineOfDay(component, of);
  if (line === null) return null;
  const scaled = per(line.per, of);
  const off = new Map<string, Exact>();
  const scope = component.of.flatMap((id) => before.get(id) ?? []);
  let amountLeft = line.amount?.times(scaled) ?? Exact.zero;
  for (const charge of scope) {
    const left = Exact.most(charge.amount_won.minus(reduced.get(charge.id) ?? Exact.zero), Exact.zero);
    const within = chargeOfClasses(charge, line.classes);
    const base = component.on === 'remainder' ? Exact.least(within, left) : within;
    const wanted = line.amount === undefined ? wantedOff(line, charge, base, scaled) : Exact.least(amountLeft, within);
    const taken = Exact.most(Exact.least(wanted, left), Exact.zero);
    amountLeft = amountLeft.minus(taken);
    off.set(charge.id, taken);
  }
  return settled(component, line, off, scaled, of);
}

/** Caps and rounds the sum, and gives each component what of it is its. */
function settled(
  component: ReductionComponent,
  line: ReductionLine,
  off: Map<string, Exact>,
  scaled: Exact,
  of: PriceCase,
): WorkedReduction {
  const base = { line: line.id, from: of.use_from, until: of.use_until };
  const rows: PricedRow[] = [...off].map(([id, taken]) => row({ ...base, of: id, amount_won: taken.negated() }));
  const sum = Exact.sum(off.values());
  const cap = line.at_most?.times(scaled);
  const capped = cap === undefined ? sum : Exact.least(sum, cap);
  if (capped !== sum) rows.push(row({ ...base, amount_won: sum.minus(capped), note: 'cap' }));
  const rounded = roundInSteps(capped.negated(), component.round);
  let left = rounded.value.negated();
  const settledOff = new Map<string, Exact>();
  for (const [id, taken] of off) {
    const part = Exact.least(taken, left);
    settledOff.set(id, part);
    left = left.minus(part);
  }
  const { id, name, kind } = component;
  const priced = {
    id,
    name,
    kind,
    rows,
    exact_won: capped.negated(),
    rounding: rounded.trace,
    amount_won: rounded.value.plus(left),
  };
  return { priced, off: settledOff };
}

function wantedOff(line: ReductionLine, charge: PricedComponent, base: Exact, scaled: Exact): Exact {
  if (line.percent !== undefined) return base.times(line.percent).over(Exact.whole(100));
  return chargeOfVolume(charge, line, (line.m3 ?? Exact.zero).times(scaled));
}

/** The charge of so many m3, of the lowest tiers or of the highest. */
function chargeOfVolume(charge: PricedComponent, line: ReductionLine, volume_m3: Exact): Exact {
  const rows = charge.rows.filter((one) => one.volume_m3 !== null && isOfClasses(one, line.classes));
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

/** A component's charge as rounded, or, of some classes only, the exact sum of their rows. */
export function chargeOfClasses(charge: PricedComponent, classes: readonly string[] | undefined): Exact {
  if (charge.rows.every((one) => isOfClasses(one, classes))) return charge.amount_won;
  return Exact.sum(charge.rows.filter((one) => isOfClasses(one, classes)).map(({ amount_won }) => amount_won));
}

function isOfClasses(one: PricedRow, classes: readonly string[] | undefined): boolean {
  return classes === undefined || one.class === null || classes.includes(one.class);
}

/** What an amount of a line is multiplied by. */
export function per(scale: readonly ('months' | 'households')[], { months, homes }: PriceCase): Exact {
  let factor = Exact.one;
  if (scale.includes('months')) factor = factor.times(months);
  if (scale.includes('households')) factor = factor.times(Exact.whole(homes));
  return factor;
}
