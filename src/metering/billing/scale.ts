// What tiers are widened and amounts multiplied by: months, households, days of use, and what the tariff counts itself.
import { daysBetween } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { noPrice } from './price-faults.ts';
import type { PriceCase } from './price-request.ts';

/**
 * @param households whose they are: those of a class for tiers, all behind the meter for an amount
 * @throws TARIFF_NO_PRICE where the bill was not given one of the tariff's counts
 */
export function scaleOf(scale: readonly string[], households: number, of: PriceCase): Exact {
  return scale.reduce((factor, by) => factor.times(factorOf(by, households, of)), Exact.one);
}

function factorOf(by: string, households: number, { months, use_from, use_until, counts }: PriceCase): Exact {
  if (by === 'months') return months;
  if (by === 'households') return Exact.whole(households);
  if (by === 'days') return Exact.whole(daysBetween(use_from, use_until));
  const given = counts !== undefined && Object.hasOwn(counts, by) ? counts[by] : undefined;
  if (given !== undefined) return given;
  throw noPrice('count_missing', { count: by });
}
