// A bill: a period's use priced, what was proven for it, and corrections of earlier bills as lines; it never changes one.
import { type DateText, dayBefore } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { wrongRequest } from './price-faults.ts';
import type { ChangedTerms, MeasuredUse, PlaceTerms, PriceRequest } from './price-request.ts';
import { priceUse } from './price-use.ts';
import type { PricedBill } from './priced-bill.ts';
import type { Tariff } from './tariff.ts';

/** A version of the use of a period: a late reading or an edit makes a new one. */
export interface UseVersion {
  version: string;
  volume_l: number;
  measured?: readonly MeasuredUse[];
}

/** Metering knows of a proof that it was there from a day until another; not who proved it, nor with what. */
export interface ProvenPredicate {
  name: string;
  from: DateText;
  /** The first day that it no longer counts; null while it goes on. */
  until: DateText | null;
}

/** What is known of the meter and its period beside the use and the proofs. */
export type BillTerms = Omit<PriceRequest, 'volume_l' | 'measured' | 'proven'>;

/** A period as it was last charged, and the use and the place's own terms that are known of it now. */
export interface Correction {
  /** The bill that charged it first. */
  bill: string;
  tariff: Tariff;
  charged: { request: PriceRequest; version: string };
  known: UseVersion & { terms: PlaceTerms & { changes?: readonly ChangedTerms[] } };
}

export interface CorrectionLine {
  bill: string;
  version_before: string;
  version_after: string;
  /** null: the difference that rounding the total makes. */
  component: string | null;
  amount_won: Exact;
}

export interface Bill {
  number: string;
  tariff: string;
  version: string;
  request: PriceRequest;
  priced: PricedBill;
  corrections: CorrectionLine[];
  /** What earlier bills left in the customer's favour, taken off here. */
  credit_won: number;
  payable_won: number;
  /** What is left in the customer's favour for the next bill. */
  credit_left_won: number;
}

/**
 * Composes a bill; the same input gives the same bill.
 * @param credit_won not negative: credit_left_won of the bill before
 * @throws PRICE_REQUEST_INVALID, TARIFF_NO_PRICE as pricing does
 */
export function composeBill(
  tariff: Tariff,
  given: {
    number: string;
    terms: BillTerms;
    use: UseVersion;
    predicates: readonly ProvenPredicate[];
    corrections: readonly Correction[];
    credit_won: number;
  },
): Bill {
  const { number, terms, use, credit_won } = given;
  if (!Number.isSafeInteger(credit_won) || credit_won < 0) throw wrongRequest('credit_not_whole');
  const request = { ...terms, ...useIn(use), proven: provenFor(terms, given.predicates) };
  const priced = priceUse(tariff, request);
  const corrections = given.corrections.flatMap(correctionLines);
  const corrected = Exact.sum(corrections.map(({ amount_won }) => amount_won));
  const due_won = priced.total.amount_won + Number(corrected.numerator) - credit_won;
  return {
    number,
    tariff: tariff.id,
    version: use.version,
    request,
    priced,
    corrections,
    credit_won,
    payable_won: Math.max(due_won, 0),
    credit_left_won: Math.max(-due_won, 0),
  };
}

/** A proof counts for a bill if it is there on the last day of use. */
function provenFor({ use_until }: BillTerms, predicates: readonly ProvenPredicate[]): string[] {
  const lastDay = dayBefore(use_until);
  const counting = predicates.filter(({ from, until }) => from <= lastDay && (until === null || lastDay < until));
  return [...new Set(counting.map(({ name }) => name))].sort();
}

/**
 * Prices the period again as it was charged, with the use and terms known now: the same tariff, date of billing and proofs.
 * The lines add up to the difference of the two totals, in whole won.
 */
function correctionLines({ bill, tariff, charged, known }: Correction): CorrectionLine[] {
  const before = priceUse(tariff, charged.request);
  const after = priceUse(tariff, { ...withoutUseAndTerms(charged.request), ...known.terms, ...useIn(known) });
  const amounts = new Map<string | null, Exact>();
  const add = (component: string | null, amount: Exact) => {
    amounts.set(component, (amounts.get(component) ?? Exact.zero).plus(amount));
  };
  for (const { id, amount_won } of after.components) add(id, amount_won);
  for (const { id, amount_won } of before.components) add(id, amount_won.negated());
  add(null, roundingOfTotal(after).minus(roundingOfTotal(before)));
  return [...amounts]
    .filter(([, amount_won]) => amount_won.sign() !== 0)
    .map(([component, amount_won]) => ({
      bill,
      version_before: charged.version,
      version_after: known.version,
      component,
      amount_won,
    }));
}

/** A request as far as the use and the place's own terms do not make it. */
export function withoutUseAndTerms(request: PriceRequest): Omit<PriceRequest, 'volume_l'> {
  const { volume_l: _volume, measured: _measured, ...asked } = request;
  const { without: _without, class_of: _classes, counts: _counts, changes: _changes, ...rest } = asked;
  return rest;
}

function roundingOfTotal({ total }: PricedBill): Exact {
  return Exact.whole(total.amount_won).minus(total.exact_won);
}

function useIn({ volume_l, measured }: UseVersion): Pick<PriceRequest, 'volume_l' | 'measured'> {
  return measured === undefined ? { volume_l } : { volume_l, measured };
}
