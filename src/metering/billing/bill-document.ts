// A bill as it is kept, shown and hashed: JSON that says what was charged, for what, by which tariff line and version of use.
import type { Bill } from './bill.ts';
import type { DateText } from './billing-dates.ts';
import { Exact } from './exact.ts';
import { type ExceptionStretch, requestTerms } from './place-exceptions.ts';
import type { MeasuredUse, PriceRequest } from './price-request.ts';
import { pricedJson, wonJson } from './priced-json.ts';
import type { Tariff } from './tariff.ts';

/** A tariff as it was read in, which its hash names for good. */
export interface KeptTariff {
  tariff: Tariff;
  /** Hex of SHA-256 of the file's text. */
  sha256: string;
}

/** An earlier bill whose use is known otherwise by now, and by which tariff it was charged. */
export interface CorrectedBill {
  bill: string;
  tariff: KeptTariff;
  version_before: number;
  version_after: number;
  volume_before_l: number;
  volume_after_l: number;
  /** Where the place's exceptions are known otherwise too. */
  exceptions: { before: readonly ExceptionStretch[]; after: readonly ExceptionStretch[] } | null;
}

type Names = Record<string, { ko: string; en: string }>;

/** What the place has otherwise than the tariff says by itself, with the names of what it is about. */
export interface ExceptionsJson {
  stretches: ExceptionStretch[];
  component_names: Names;
  count_names: Names;
  class_names: Names;
}

export interface BillCorrectionJson {
  bill: string;
  tariff: { id: string; sha256: string };
  version_before: number;
  version_after: number;
  volume_before_l: number;
  volume_after_l: number;
  /** Absent where they are as before; null: none. */
  exceptions?: { before: ExceptionsJson | null; after: ExceptionsJson | null };
  /** A component of null is the difference that rounding the total makes. */
  lines: { component: string | null; name: { ko: string; en: string } | null; amount_won: number | string }[];
  amount_won: number;
}

export interface BillDocument extends ReturnType<typeof pricedJson> {
  naru_bill: 1;
  number: string;
  service_point: string;
  use_from: DateText;
  /** The first day after. */
  use_until: DateText;
  billed_on: DateText;
  due_on: DateText;
  currency: Tariff['currency'];
  tariff: { id: string; name: { ko: string; en: string }; sha256: string };
  use: { version: number; volume_l: number; estimated_l: number };
  /** What was priced beside the use: with the tariff and the use it gives the same won again. */
  terms: {
    class: string;
    class_name: { ko: string; en: string };
    /** Of every class that a row is of. */
    class_names: Record<string, { ko: string; en: string }>;
    bore_mm: number | null;
    households: number | null;
    months: string;
    proven: string[];
    measured: MeasuredUse[] | null;
    /** Absent where the place has none. */
    exceptions?: ExceptionsJson;
  };
  corrections: BillCorrectionJson[];
  credit_won: number;
  payable_won: number;
  credit_left_won: number;
}

export function billDocument(
  bill: Bill,
  of: {
    service_point: string;
    due_on: DateText;
    tariff: KeptTariff;
    estimated_l: number;
    exceptions: readonly ExceptionStretch[];
    corrected: readonly CorrectedBill[];
  },
): BillDocument {
  const { request } = bill;
  const { tariff, sha256 } = of.tariff;
  const exceptions = exceptionsJson(tariff, of.exceptions);
  return {
    naru_bill: 1,
    number: bill.number,
    service_point: of.service_point,
    use_from: request.use_from,
    use_until: request.use_until,
    billed_on: request.billed_on,
    due_on: of.due_on,
    currency: tariff.currency,
    tariff: { id: tariff.id, name: tariff.name, sha256 },
    use: { version: Number(bill.version), volume_l: request.volume_l, estimated_l: of.estimated_l },
    terms: {
      class: request.class,
      class_name: className(tariff, request.class),
      class_names: Object.fromEntries(classesOf(bill).map((name) => [name, className(tariff, name)])),
      bore_mm: request.bore_mm,
      households: request.households ?? null,
      months: String(request.months ?? Exact.one),
      proven: [...(request.proven ?? [])],
      measured: request.measured === undefined ? null : [...request.measured],
      ...(exceptions !== null && { exceptions }),
    },
    ...pricedJson(bill.priced),
    corrections: of.corrected.map((one) => correctionJson(bill, one)),
    credit_won: bill.credit_won,
    payable_won: bill.payable_won,
    credit_left_won: bill.credit_left_won,
  };
}

function classesOf({ request, priced }: Bill): string[] {
  const ofRows = priced.components.flatMap(({ rows }) => rows.flatMap((row) => row.class ?? []));
  return [...new Set([request.class, ...ofRows])];
}

function className({ classes }: Tariff, name: string): { ko: string; en: string } {
  return classes[name] ?? { ko: name, en: name };
}

/** null where there are none. */
function exceptionsJson(tariff: Tariff, stretches: readonly ExceptionStretch[]): ExceptionsJson | null {
  if (stretches.length === 0) return null;
  const components = new Set(stretches.flatMap(({ without, class_of }) => [...without, ...Object.keys(class_of)]));
  const counts = new Set(stretches.flatMap((one) => Object.keys(one.counts)));
  const classes = new Set(stretches.flatMap(({ class_of }) => Object.values(class_of)));
  const named = (ids: Iterable<string>, nameOf: (id: string) => { ko: string; en: string } | undefined) =>
    Object.fromEntries([...ids].map((id) => [id, nameOf(id) ?? { ko: id, en: id }]));
  return {
    stretches: [...stretches],
    component_names: named(components, (id) => tariff.components.find((one) => one.id === id)?.name),
    count_names: named(counts, (id) => tariff.counts[id]?.name),
    class_names: named(classes, (id) => tariff.classes[id]),
  };
}

function correctionJson(
  { corrections }: Bill,
  { tariff, exceptions, ...corrected }: CorrectedBill,
): BillCorrectionJson {
  const lines = corrections.filter(({ bill }) => bill === corrected.bill);
  const names = new Map(tariff.tariff.components.map(({ id, name }) => [id, name]));
  return {
    ...corrected,
    tariff: { id: tariff.tariff.id, sha256: tariff.sha256 },
    ...(exceptions !== null && {
      exceptions: {
        before: exceptionsJson(tariff.tariff, exceptions.before),
        after: exceptionsJson(tariff.tariff, exceptions.after),
      },
    }),
    lines: lines.map(({ component, amount_won }) => ({
      component,
      name: component === null ? null : (names.get(component) ?? null),
      amount_won: wonJson(amount_won),
    })),
    amount_won: Number(Exact.sum(lines.map(({ amount_won }) => amount_won)).numerator),
  };
}

/** What the bill priced, with the use it charged: `priceUse` with its tariff gives the bill's components again. */
export function requestOf({ terms, use, use_from, use_until, billed_on }: BillDocument): PriceRequest {
  const months = Exact.parse(terms.months);
  if (months === null) throw new Error('a kept bill has months that are no number');
  return {
    class: terms.class,
    bore_mm: terms.bore_mm,
    volume_l: use.volume_l,
    use_from,
    use_until,
    billed_on,
    months,
    proven: terms.proven,
    ...(terms.households !== null && { households: terms.households }),
    ...(terms.measured !== null && { measured: terms.measured }),
    ...requestTerms(terms.exceptions?.stretches ?? []),
  };
}
