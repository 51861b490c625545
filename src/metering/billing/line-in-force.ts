// Which line of a component counts, by class, bore, day of use and date of the bill; and how a time with a change is divided.
import { type DateText, daysBetween } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { noPrice } from './price-faults.ts';
import { caseOn, type PlaceTerms, type PriceCase } from './price-request.ts';
import type { TariffLine } from './tariff-components.ts';

/** Days of use with one price each. */
export interface UseSegment {
  from: DateText;
  until: DateText;
  /** The day whose line counts. */
  on: DateText;
  /** Of the whole time, by days. */
  share: Exact;
}

/** A component with lines, as far as choosing among them goes. */
export interface Lined<Line extends TariffLine = TariffLine> {
  id: string;
  lines: readonly Line[];
}

/**
 * The loader has seen to it that two lines never compete.
 * @throws TARIFF_NO_PRICE where no line is for this class, bore, day and bill
 */
export function lineFor<Line extends TariffLine>(
  component: Lined<Line>,
  className: string,
  on: DateText,
  { bore_mm, billed_on }: PriceCase,
): Line {
  const candidates = component.lines.filter((line) => isForDay(line, on, billed_on) && isForClass(line, className));
  const found = candidates.find((line) => isForBore(line, bore_mm));
  if (found !== undefined) return found;
  if (candidates.length > 0) {
    const bores = [...new Set(candidates.flatMap(({ bores_mm }) => bores_mm ?? []))].join(', ');
    if (bore_mm === null) throw noPrice('bore_missing', { component: component.id, bores });
    throw noPrice('bore_without_line', { component: component.id, bore: bore_mm, bores });
  }
  throw noPrice('class_without_line', { component: component.id, class: className, on, billed_on });
}

/**
 * The lines that count on the last day in a component that is reckoned on others: the one for all classes, or one for each
 * class on the meter that there is one for.
 * @returns null where no line is for the day and bore, whatever the class
 */
export function linesOfDay<Line extends TariffLine>(component: Lined<Line>, of: PriceCase): Line[] | null {
  const { lastDay, billed_on, bore_mm } = of;
  const there = component.lines.filter((line) => isForDay(line, lastDay, billed_on) && isForBore(line, bore_mm));
  const classes = [of.class, ...of.others.map((other) => other.class), ...Object.values(of.class_of ?? {})];
  const counting = there.filter((line) => classes.some((name) => isForClass(line, name)));
  return there.length === 0 ? null : counting;
}

/**
 * Cuts the days of use where a line begins or ends for one of the classes, or the place's own terms for it change.
 * @throws TARIFF_NO_PRICE where there is such a day and the tariff does not say how to divide
 */
export function segmentsOf(component: Lined, classNames: readonly string[], of: PriceCase): UseSegment[] {
  const { use_from, use_until, billed_on, bore_mm, lastDay } = of;
  const whole = { from: use_from, until: use_until, share: Exact.one };
  const cuts = new Set<DateText>();
  for (const line of component.lines) {
    if (!isForBore(line, bore_mm) || !isForBill(line, billed_on)) continue;
    if (!classNames.some((name) => isForClass(line, name))) continue;
    for (const day of [line.use_from, line.use_until]) {
      if (day !== undefined && day > use_from && day < use_until) cuts.add(day);
    }
  }
  for (const day of changesOf(component, of)) cuts.add(day);
  const divide = of.tariff.price_change?.divide;
  if (cuts.size === 0 || divide === 'first_day') return [{ ...whole, on: use_from }];
  if (divide === 'last_day') return [{ ...whole, on: lastDay }];
  if (divide === undefined) {
    throw noPrice('change_undivided', { component: component.id, days: [...cuts].sort().join(', ') });
  }
  const days = Exact.whole(daysBetween(use_from, use_until));
  const edges = [use_from, ...[...cuts].sort(), use_until];
  return edges.slice(1).map((until, at) => {
    const from = edges[at] ?? use_from;
    return { from, until, on: from, share: Exact.whole(daysBetween(from, until)).over(days) };
  });
}

/** Days on which the place's terms for the component become others. */
function changesOf(component: Lined, of: PriceCase): DateText[] {
  return (of.changes ?? []).flatMap(({ from }, at) => {
    const before = caseOn(of, of.changes?.[at - 1]?.from ?? of.use_from);
    return isSameFor(component, before, caseOn(of, from)) ? [] : [from];
  });
}

function isSameFor({ id, lines }: Lined, before: PlaceTerms, after: PlaceTerms): boolean {
  const goesBy = new Set(lines.flatMap((line) => ('scale' in line ? line.scale : 'per' in line ? line.per : [])));
  const sameCount = (name: string) => String(before.counts?.[name]) === String(after.counts?.[name]);
  return (
    before.class_of?.[id] === after.class_of?.[id] &&
    (before.without?.includes(id) ?? false) === (after.without?.includes(id) ?? false) &&
    [...goesBy].every(sameCount)
  );
}

function isForDay(line: TariffLine, on: DateText, billed_on: DateText): boolean {
  return (line.use_from ?? '') <= on && on < (line.use_until ?? '9') && isForBill(line, billed_on);
}

function isForBill(line: TariffLine, billed_on: DateText): boolean {
  return (line.billed_from ?? '') <= billed_on && billed_on < (line.billed_until ?? '9');
}

function isForClass(line: TariffLine, className: string): boolean {
  return line.classes?.includes(className) ?? true;
}

function isForBore(line: TariffLine, bore_mm: number | null): boolean {
  return line.bores_mm === undefined || (bore_mm !== null && line.bores_mm.includes(bore_mm));
}
