// A priced bill as JSON: whole won are numbers, everything that may have decimals is text, so that nothing is rounded again.
import { Exact } from './exact.ts';
import type { PriceRequest } from './price-request.ts';
import type { PricedBill, PricedComponent, PricedRow } from './priced-bill.ts';
import type { RoundingTrace } from './rounding.ts';
import type { Tariff } from './tariff.ts';

export function priceJson(tariff: Tariff, request: PriceRequest, bill: PricedBill) {
  return {
    tariff: { id: tariff.id, name: tariff.name, verified: tariff.verified, sources: tariff.sources },
    request: written({ ...request, volume_m3: Exact.ratio(BigInt(request.volume_l), 1_000n) }),
    ...pricedJson(bill),
  };
}

/** What a priced bill comes to, and how. */
export function pricedJson({ components, superseded, total, verified }: PricedBill) {
  return {
    verified,
    components: components.map(componentJson),
    superseded,
    rounding: total.rounding.map(roundingJson),
    exact_won: String(total.exact_won),
    total_won: total.amount_won,
  };
}

/** A number where it is whole, and text where a component is kept exact for a later one. */
export function wonJson(amount: Exact): number | string {
  return amount.isWhole() ? Number(amount.numerator) : String(amount);
}

function componentJson({ id, name, kind, rows, exact_won, rounding, amount_won }: PricedComponent) {
  return {
    id,
    name,
    kind,
    amount_won: wonJson(amount_won),
    exact_won: String(exact_won),
    rounding: rounding.map(roundingJson),
    rows: rows.map(rowJson),
  };
}

function rowJson({ unit_price_steps, ...one }: PricedRow) {
  return {
    ...one,
    over_m3: textOrNull(one.over_m3),
    up_to_m3: textOrNull(one.up_to_m3),
    volume_m3: textOrNull(one.volume_m3),
    unit_price_won: textOrNull(one.unit_price_won),
    amount_won: String(one.amount_won),
    unit_price_steps: unit_price_steps.map(({ step, by, index, after }) => ({
      step,
      by: String(by),
      ...(index !== undefined && { index: { ...index, measured: textOrNull(index.measured) } }),
      after: String(after),
    })),
  };
}

function roundingJson({ before, after, to, ...trace }: RoundingTrace) {
  return { ...trace, to: String(to), before: String(before), after: String(after) };
}

function textOrNull(value: Exact | null): string | null {
  return value === null ? null : String(value);
}

/** Exact numbers as text, one level and the objects below it. */
function written(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (member instanceof Exact) return [key, String(member)];
      const isRecord = typeof member === 'object' && member !== null && !Array.isArray(member);
      return [key, isRecord ? written(member) : member];
    }),
  );
}
