// What a run's bill of a place is priced by: the facts of the place, and the use cut where a price changes by it.
import type { BillTerms, UseVersion } from './bill.ts';
import type { DateText } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { type Period, type UsePart, volumeOfDays } from './period-use.ts';
import { type ExceptionStretch, requestTerms } from './place-exceptions.ts';
import type { MeasuredUse } from './price-request.ts';
import type { Tariff } from './tariff.ts';
import { linesOf } from './tariff-components.ts';

/** A place as the registry has it on the period's last day. */
export interface BilledPlace {
  service_point_id: string;
  usage_class: string;
  households: number;
}

/** What all bills of a run have in common. */
export interface RunTerms extends Period {
  billed_on: DateText;
  due_on: DateText;
  months: number;
}

/** Of a place there is one bill for a period; of a longer number people would read less. */
export function billNumber({ use_from }: Period, servicePointId: string): string {
  return `${use_from.replaceAll('-', '')}-${servicePointId}`;
}

/**
 * One household is what a place has that says nothing: it splits nothing, and it is no home over a shop where the tariff
 * has a mix.
 */
export function termsOf(
  run: RunTerms,
  { usage_class, households }: BilledPlace,
  bore_mm: number,
  exceptions: readonly ExceptionStretch[],
): BillTerms {
  return {
    class: usage_class,
    bore_mm,
    use_from: run.use_from,
    use_until: run.use_until,
    billed_on: run.billed_on,
    months: Exact.whole(run.months),
    ...(households > 1 && { households }),
    ...requestTerms(exceptions),
  };
}

/** A version of use as pricing takes it; with its parts where the tariff divides by use and a charge changes in between. */
export function useVersion(
  tariff: Tariff,
  period: Period,
  use: { version: number; volume_l: number; parts: readonly UsePart[] },
  exceptions: readonly ExceptionStretch[],
): UseVersion {
  const version = { version: String(use.version), volume_l: use.volume_l };
  const measured = tariff.price_change?.divide === 'by_use' ? measuredParts(tariff, period, use.parts, exceptions) : [];
  return measured.length > 1 ? { ...version, measured } : version;
}

function measuredParts(
  tariff: Tariff,
  { use_from, use_until }: Period,
  parts: readonly UsePart[],
  exceptions: readonly ExceptionStretch[],
): MeasuredUse[] {
  const changes = linesOf(tariff.components).flatMap((line) => [line.use_from, line.use_until]);
  changes.push(...exceptions.map(({ from }) => from));
  const cuts = new Set(changes.filter((day) => day !== undefined && day > use_from && day < use_until));
  const edges = [use_from, ...[...cuts].sort(), use_until] as DateText[];
  return edges.slice(1).map((until, at) => {
    const from = edges[at] ?? use_from;
    return { from, until, volume_l: volumeOfDays(parts, { use_from: from, use_until: until }) };
  });
}
