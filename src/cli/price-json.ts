// A priced bill as JSON: whole won are numbers, everything that may have decimals is text, so that nothing is rounded again.
import { Exact } from '../metering/billing/exact.ts';
import type { PriceRequest } from '../metering/billing/price-request.ts';
import type { PricedBill, PricedComponent, PricedRow } from '../metering/billing/priced-bill.ts';
import type { RoundingTrace } from '../metering/billing/rounding.ts';
import type { Tariff } from '../metering/billing/tariff.ts';

/** `amount_won` is a number where it is whole, and text where a component is kept exact for a later one. */
export function priceJson(tariff: Tariff, request: PriceRequest, bill: PricedBill) {
  return {
    tariff: { id: tariff.id, name: tariff.name, verified: tariff.verified, sources: tariff.sources },
    verified: bill.verified,
    request: written({ ...request, volume_m3: Exact.ratio(BigInt(request.volume_l), 1_000n) }),
    components: bill.components.map(componentJson),
    superseded: bill.superseded,
    rounding: bill.total.rounding.map(roundingJson),
    exact_won: String(bill.total.exact_won),
    total_won: bill.total.amount_won,
  };
}

function componentJson({ id, name, kind, rows, exact_won, rounding, amount_won }: PricedComponent) {
  return {
    id,
    name,
    kind,
    amount_won: amount_won.isWhole() ? Number(amount_won.numerator) : String(amount_won),
    exact_won: String(exact_won),
    rounding: rounding.map(roundingJson),
    rows: rows.map(rowJson),
  };
}

function rowJson(one: PricedRow) {
  const steps = one.unit_price_steps.map((step) => written({ ...step }));
  return { ...written({ ...one }), unit_price_steps: steps };
}

function roundingJson(trace: RoundingTrace) {
  return written({ ...trace });
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
