// The unit price of a line: its price, taken through the steps of the tariff, each of which is kept for the bill.
import { type DateText, monthOf } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { noPrice } from './price-faults.ts';
import type { PriceCase } from './price-request.ts';
import type { UnitPriceTrace } from './priced-bill.ts';
import { roundTo } from './rounding.ts';
import type { PriceStep } from './tariff-values.ts';

/** @throws TARIFF_NO_PRICE where an index has no value for the month */
export function unitPrice(
  price: Exact,
  steps: readonly PriceStep[],
  useDay: DateText,
  of: PriceCase,
): { price_won: Exact; trace: UnitPriceTrace[] } {
  const trace: UnitPriceTrace[] = [];
  let price_won = price;
  for (const step of steps) {
    if (step.times !== undefined) {
      price_won = price_won.times(step.times);
      trace.push({ step: 'times', by: step.times, after: price_won });
    } else if (step.times_index !== undefined) {
      const { factor, index } = indexFactor(step.times_index, useDay, of);
      price_won = price_won.times(factor);
      trace.push({ step: 'times', by: factor, index, after: price_won });
    } else if (step.plus !== undefined) {
      price_won = price_won.plus(step.plus);
      trace.push({ step: 'plus', by: step.plus, after: price_won });
    } else if (step.round !== undefined) {
      price_won = roundTo(price_won, step.round);
      trace.push({ step: 'round', by: step.round.to, after: price_won });
    }
  }
  return { price_won: Exact.most(price_won, Exact.zero), trace };
}

function indexFactor(
  name: string,
  useDay: DateText,
  { tariff, billed_on, index_values }: PriceCase,
): { factor: Exact; index: NonNullable<UnitPriceTrace['index']> } {
  const index = tariff.indices[name];
  if (index === undefined) throw new Error(`a loaded tariff has no index ${name}`);
  const month = monthOf(index.month_of === 'billing' ? billed_on : useDay);
  const given = index_values !== undefined && Object.hasOwn(index_values, name) ? index_values[name] : undefined;
  const value = given ?? listedValue(index.values, month, index.holds);
  if (value === undefined) throw noPrice('index_without_value', { index: name, month });
  if (index.bands === undefined) return { factor: value, index: { name, month, measured: null } };
  const band = index.bands.find(({ up_to }) => up_to === undefined || value.compare(up_to) <= 0);
  if (band === undefined) throw noPrice('index_without_band', { index: name, value: String(value) });
  return { factor: band.value, index: { name, month, measured: value } };
}

function listedValue(values: Readonly<Record<string, Exact>>, month: string, holds: boolean): Exact | undefined {
  if (!holds) return Object.hasOwn(values, month) ? values[month] : undefined;
  let since = '';
  for (const from of Object.keys(values)) if (from <= month && from > since) since = from;
  return values[since];
}
