// Prices a use by a tariff: component by component in the tariff's order, every row with the line it came from.
import { Exact } from './exact.ts';
import { type Lined, lineFor, linesOfDay, segmentsOf } from './line-in-force.ts';
import { chargedVolume, partsOfMeter, volumesOfSegments } from './meter-parts.ts';
import { noPrice } from './price-faults.ts';
import { caseOn, checkedRequest, type PriceCase, type PriceRequest } from './price-request.ts';
import { type PricedBill, type PricedComponent, type PricedRow, row } from './priced-bill.ts';
import { chargeOfClasses, type Reduced, reduceGroup } from './reductions.ts';
import { roundInSteps, roundTo } from './rounding.ts';
import { scaleOf } from './scale.ts';
import type { Tariff } from './tariff.ts';
import {
  type FixedComponent,
  type FixedLine,
  type LimitComponent,
  type LimitLine,
  linesOf,
  type PercentComponent,
  type ReductionComponent,
  type RoundingComponent,
  type TariffComponent,
  type TariffLine,
  type VolumeComponent,
} from './tariff-components.ts';
import { chargeVolume } from './volume-charge.ts';

type Done = Map<string, PricedComponent>;
type OwnComponent = Exclude<TariffComponent, ReductionComponent>;

/**
 * The same tariff and request always give the same bill; nothing is read from anywhere else.
 * @throws PRICE_REQUEST_INVALID, TARIFF_NO_PRICE
 */
export function priceUse(tariff: Tariff, request: PriceRequest): PricedBill {
  const of = checkedRequest(tariff, request);
  const done: Done = new Map();
  const reduced: Reduced = new Map();
  const superseded: PricedBill['superseded'] = [];
  const onLastDay = caseOn(of, of.lastDay);
  for (const group of inGroups(tariff.components.filter((component) => isThere(component, of)))) {
    if (group.kind === 'one') {
      done.set(group.component.id, priceComponent(group.component, done, of));
    } else {
      const outcome = reduceGroup(group.members, done, reduced, onLastDay);
      for (const kept of outcome.kept) done.set(kept.id, kept);
      superseded.push(...outcome.superseded);
    }
  }
  const components = [...done.values()];
  const exact_won = Exact.sum(components.map(({ amount_won }) => amount_won));
  const { value, trace } = roundInSteps(exact_won, tariff.total.round);
  const changed = trace.some(({ before, after }) => before.compare(after) !== 0);
  return {
    components,
    superseded,
    total: { exact_won, rounding: changed ? trace : [], amount_won: Number(value.numerator) },
    verified: isVerified(tariff, components),
  };
}

/** Whether the place pays it: on some of the days that it is divided into, or on the last one. */
function isThere(component: TariffComponent, of: PriceCase): boolean {
  const on = (day: string) => !caseOn(of, day).without?.includes(component.id);
  if (of.changes === undefined) return on(of.use_from);
  if (component.kind !== 'volume' && component.kind !== 'fixed') return on(of.lastDay);
  return segmentsOf(component, classesOf(component, of), of).some((segment) => on(segment.on));
}

/** Of every class that the component is charged by on some day. */
function classesOf({ id }: TariffComponent, of: PriceCase): string[] {
  const days = [of.use_from, ...(of.changes ?? []).map(({ from }) => from)];
  return [...new Set(days.map((day) => caseOn(of, day).class_of?.[id] ?? of.class))];
}

type Group =
  | { kind: 'one'; component: OwnComponent }
  | { kind: 'reductions'; members: ReductionComponent[]; name: string | undefined };

/** Reductions of one group, which stand one after the other, are worked out together. */
function inGroups(components: readonly TariffComponent[]): Group[] {
  const groups: Group[] = [];
  for (const component of components) {
    const last = groups.at(-1);
    if (component.kind !== 'reduction') groups.push({ kind: 'one', component });
    else if (last?.kind === 'reductions' && last.name !== undefined && last.name === component.group) {
      last.members.push(component);
    } else groups.push({ kind: 'reductions', members: [component], name: component.group });
  }
  return groups;
}

function priceComponent(component: OwnComponent, done: Done, of: PriceCase): PricedComponent {
  const { id, name, kind } = component;
  if (component.kind === 'rounding') return roundTogether(component, done);
  const rows = rowsOf(component, done, of);
  const exact_won = Exact.sum(rows.map(({ amount_won }) => amount_won));
  const { value, trace } = roundInSteps(exact_won, component.round);
  return { id, name, kind, rows, exact_won, rounding: trace, amount_won: value };
}

function rowsOf(component: Exclude<OwnComponent, RoundingComponent>, done: Done, of: PriceCase): PricedRow[] {
  switch (component.kind) {
    case 'volume':
      return volumeRows(component, of);
    case 'fixed':
      return fixedRows(component, of);
    case 'percent':
      return percentRows(component, done, caseOn(of, of.lastDay));
    case 'limit':
      return limitRows(component, done, caseOn(of, of.lastDay));
  }
}

function volumeRows(component: VolumeComponent, of: PriceCase): PricedRow[] {
  const own_l = of.volume_l_of?.[component.id];
  const charged_m3 = chargedVolume(own_l ?? of.volume_l, of);
  const classes = [...classesOf(component, of), ...of.others.map((other) => other.class)];
  const segments = segmentsOf(component, classes, of);
  const volumes = volumesOfSegments(charged_m3, own_l !== undefined, segments, of);
  return segments.flatMap((segment, at) => {
    const then = caseOn(of, segment.on);
    if (then.without?.includes(component.id)) return [];
    const mainClass = then.class_of?.[component.id] ?? of.class;
    return partsOfMeter(volumes[at] ?? Exact.zero, mainClass, segment.share, then).flatMap((part) => {
      const volume_m3 = own_l === undefined ? partOfVolume(component, part.volume_m3) : part.volume_m3;
      return chargeVolume(lineFor(component, part.class, segment.on, of), { ...part, volume_m3 }, segment, then);
    });
  });
}

/** What of a volume the component is for: all, or as many percent as reach the sewer. */
function partOfVolume({ volume }: VolumeComponent, volume_m3: Exact): Exact {
  if (volume === undefined) return volume_m3;
  const part = volume_m3.times(volume.percent).over(Exact.whole(100));
  return volume.round === undefined ? part : roundTo(part, volume.round);
}

function fixedRows(component: FixedComponent, of: PriceCase): PricedRow[] {
  return segmentsOf(component, classesOf(component, of), of).flatMap((segment) => {
    const then = caseOn(of, segment.on);
    if (then.without?.includes(component.id)) return [];
    const className = then.class_of?.[component.id] ?? of.class;
    const line = lineFor(component, className, segment.on, of);
    const amount_won = fixedAmount(component, line, of)
      .times(scaleOf(line.per, of.homes, then))
      .times(segment.share);
    return [row({ line: line.id, class: className, from: segment.from, until: segment.until, amount_won })];
  });
}

function fixedAmount(component: FixedComponent, { amount, by_bore = {} }: FixedLine, { bore_mm }: PriceCase): Exact {
  if (amount !== undefined) return amount;
  const bores = Object.keys(by_bore).join(', ');
  if (bore_mm === null) throw noPrice('amount_bore_missing', { component: component.id, bores });
  const found = Object.hasOwn(by_bore, String(bore_mm)) ? by_bore[String(bore_mm)] : undefined;
  if (found === undefined) throw noPrice('bore_without_amount', { component: component.id, bore: bore_mm, bores });
  return found;
}

function percentRows(component: PercentComponent, done: Done, of: PriceCase): PricedRow[] {
  return dayLines(component, of).flatMap((line) =>
    scope(component, done).map((charge) => {
      const amount_won = chargeOfClasses(charge, line.classes, of).times(line.percent).over(Exact.whole(100));
      return row({ ...dayRow(line, of), of: charge.id, amount_won });
    }),
  );
}

function limitRows(component: LimitComponent, done: Done, of: PriceCase): PricedRow[] {
  return dayLines(component, of).flatMap((line) => limitRow(line, scope(component, done), of));
}

function limitRow(line: LimitLine, charges: readonly PricedComponent[], of: PriceCase): PricedRow[] {
  const scaled = scaleOf(line.per, of.homes, of);
  const sum = Exact.sum(charges.map((charge) => chargeOfClasses(charge, line.classes, of)));
  const least = line.at_least?.times(scaled);
  const most = line.at_most?.times(scaled);
  const base = dayRow(line, of);
  if (least !== undefined && sum.compare(least) < 0) {
    return [row({ ...base, amount_won: least.minus(sum), note: 'at_least' })];
  }
  if (most !== undefined && sum.compare(most) > 0) {
    return [row({ ...base, amount_won: most.minus(sum), note: 'at_most' })];
  }
  return [];
}

function dayRow(line: TariffLine, of: PriceCase) {
  const [only, ...more] = line.classes ?? [];
  const className = only !== undefined && more.length === 0 ? only : null;
  return { line: line.id, class: className, from: of.use_from, until: of.use_until };
}

function dayLines<Line extends TariffLine>(component: Lined<Line>, of: PriceCase): Line[] {
  const lines = linesOfDay(component, of);
  if (lines !== null) return lines;
  throw noPrice('day_without_line', { component: component.id, day: of.lastDay, billed_on: of.billed_on });
}

function roundTogether(component: RoundingComponent, done: Done): PricedComponent {
  const sum = Exact.sum(scope(component, done).map(({ amount_won }) => amount_won));
  const { value, trace } = roundInSteps(sum, component.round);
  const change = value.minus(sum);
  const { id, name, kind } = component;
  return { id, name, kind, rows: [], exact_won: change, rounding: trace, amount_won: change };
}

/** The components that another is reckoned on, as far as this meter has them. */
function scope({ of: ids }: { of: readonly string[] }, done: Done): PricedComponent[] {
  return ids.flatMap((id) => done.get(id) ?? []);
}

function isVerified(tariff: Tariff, components: readonly PricedComponent[]): boolean {
  const used = new Set(components.flatMap(({ rows }) => rows.map(({ line }) => line)));
  return linesOf(tariff.components).every((line) => !used.has(line.id) || (line.verified ?? tariff.verified));
}
