// Composes the bills of a batch of places: what is known of each put together, priced, and written as it will be kept.
import { createHash } from 'node:crypto';
import { faultOfProblem } from '../../platform/fault-problems.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { Problem } from '../../platform/problem.ts';
import { type Correction, composeBill, withoutUseAndTerms } from './bill.ts';
import { billDocument, type CorrectedBill, type KeptTariff, requestOf } from './bill-document.ts';
import { type BillRun, type HeldPlace, listTariffTexts } from './bill-run-store.ts';
import {
  type DueCorrection,
  listCredits,
  listDueCorrections,
  listPredicates,
  type NewBill,
  type NewCorrection,
} from './bill-store.ts';
import { type BilledPlace, billNumber, termsOf, useVersion } from './bill-terms.ts';
import { canonicalJson } from './canonical-json.ts';
import { listExceptions } from './exception-store.ts';
import type { KnownUse } from './keep-volume-versions-service.ts';
import {
  asDivided,
  chargeableWithin,
  type ExceptionStretch,
  exceptionFault,
  type PlaceException,
  requestTerms,
  sameStretches,
  stretchesWithin,
} from './place-exceptions.ts';
import { readTariff } from './read-tariff.ts';

export interface ComposedBill extends NewBill {
  corrections: Omit<NewCorrection, 'bill_id'>[];
}

/** @returns a bill of each place, or why the tariff has no price for it, or does not have what the place has otherwise */
export async function composeBills(
  from: Queryable,
  run: BillRun,
  billable: readonly { place: BilledPlace; use: KnownUse }[],
): Promise<{ bills: ComposedBill[]; held: HeldPlace[] }> {
  const ids = billable.map(({ place }) => place.service_point_id);
  const credits = await listCredits(from, ids);
  const predicates = await listPredicates(from, ids, run);
  const due = await listDueCorrections(from, ids);
  const exceptions = await listExceptions(from, ids);
  const tariffs = await tariffsOf(from, run, [...due.values()].flat());
  const bills: ComposedBill[] = [];
  const held: HeldPlace[] = [];
  for (const { place, use } of billable) {
    const { service_point_id } = place;
    const entered = exceptions.get(service_point_id) ?? [];
    const { tariff } = keptTariff(tariffs, run.tariff_sha256);
    const stretches = asDivided(tariff, stretchesWithin(entered, run));
    const fault = exceptionFault(tariff, stretches);
    if (fault !== null) {
      const told = { detail: `${fault.detail}; ${MEND}`, fault: faultOfProblem(fault) };
      held.push({ service_point_id, reason: 'unknown_exception', ...told });
      continue;
    }
    try {
      bills.push(
        composeOne(run, tariffs, place, use, {
          entered,
          exceptions: stretches,
          predicates: predicates.get(service_point_id) ?? [],
          due: due.get(service_point_id) ?? [],
          credit_won: credits.get(service_point_id) ?? 0,
        }),
      );
    } catch (error) {
      if (!isUnpriced(error)) throw error;
      held.push({ service_point_id, reason: 'no_price', detail: error.detail, fault: faultOfProblem(error) });
    }
  }
  return { bills, held };
}

const MEND = "correct the place's exception, or end it from the day on that this tariff holds";

/** The run's tariff and those by which bills to be corrected were charged, by hash. */
async function tariffsOf(
  from: Queryable,
  run: BillRun,
  due: readonly DueCorrection[],
): Promise<Map<string, KeptTariff>> {
  const hashes = new Set([run.tariff_sha256, ...due.map(({ document }) => document.tariff.sha256)]);
  const texts = await listTariffTexts(from, [...hashes]);
  return new Map([...texts].map(([sha256, text]) => [sha256, { sha256, tariff: readTariff(text, 'the kept tariff') }]));
}

function composeOne(
  run: BillRun,
  tariffs: ReadonlyMap<string, KeptTariff>,
  place: BilledPlace,
  use: KnownUse,
  known: {
    predicates: Parameters<typeof composeBill>[1]['predicates'];
    due: DueCorrection[];
    credit_won: number;
    /** All that was ever entered. */
    entered: readonly PlaceException[];
    /** Of the period. */
    exceptions: ExceptionStretch[];
  },
): ComposedBill {
  const { service_point_id } = place;
  const { exceptions } = known;
  const tariff = keptTariff(tariffs, run.tariff_sha256);
  const corrections = known.due.flatMap((one) => {
    const charged = keptTariff(tariffs, one.document.tariff.sha256);
    const known_exceptions = chargeableWithin(charged.tariff, known.entered, one.document);
    const correction = { ...one, tariff: charged, known_exceptions };
    return one.known.version > one.charged.version || hasOthers(correction) ? [correction] : [];
  });
  const bill = composeBill(tariff.tariff, {
    number: billNumber(run, service_point_id),
    terms: termsOf(run, place, use.bore_mm, exceptions),
    use: useVersion(tariff.tariff, run, use, exceptions),
    predicates: known.predicates,
    corrections: corrections.map(correctionOf),
    credit_won: known.credit_won,
  });
  const document = billDocument(bill, {
    ...{ service_point: service_point_id, due_on: run.due_on, tariff, estimated_l: use.estimated_l, exceptions },
    corrected: corrections.map(correctedBill),
  });
  const text = canonicalJson(document);
  return {
    ...{ service_point_id, number: bill.number, version: use.version },
    ...{ payable_won: bill.payable_won, credit_left_won: bill.credit_left_won },
    ...{ document: text, document_sha256: createHash('sha256').update(text, 'utf8').digest() },
    corrections: corrections.map((one, at) => ({
      ...{ corrected_bill_id: one.bill_id, version_before: one.charged.version, version_after: one.known.version },
      amount_won: document.corrections[at]?.amount_won ?? 0,
      exceptions_after: hasOthers(one) ? one.known_exceptions : null,
    })),
  };
}

function keptTariff(tariffs: ReadonlyMap<string, KeptTariff>, sha256: string): KeptTariff {
  const tariff = tariffs.get(sha256);
  if (tariff === undefined) throw new Error(`tariff ${sha256} is not kept`);
  return tariff;
}

type TariffedCorrection = DueCorrection & { tariff: KeptTariff; known_exceptions: ExceptionStretch[] };

function hasOthers({ charged_exceptions, known_exceptions }: TariffedCorrection): boolean {
  return !sameStretches(charged_exceptions, known_exceptions);
}

/** The bill's own request, with the version of use and the exceptions that it, or a correction of it, charged by last. */
function correctionOf(of: TariffedCorrection): Correction {
  const { document, charged, known, tariff } = of;
  const request = withoutUseAndTerms(requestOf(document));
  const { version, ...use } = useVersion(tariff.tariff, document, charged, of.charged_exceptions);
  return {
    bill: document.number,
    tariff: tariff.tariff,
    charged: { request: { ...request, ...requestTerms(of.charged_exceptions), ...use }, version },
    known: {
      ...useVersion(tariff.tariff, document, known, of.known_exceptions),
      terms: requestTerms(of.known_exceptions),
    },
  };
}

function correctedBill(of: TariffedCorrection): CorrectedBill {
  const { document, charged, known, tariff } = of;
  return {
    exceptions: hasOthers(of) ? { before: of.charged_exceptions, after: of.known_exceptions } : null,
    ...{ bill: document.number, tariff, version_before: charged.version, version_after: known.version },
    ...{ volume_before_l: charged.volume_l, volume_after_l: known.volume_l },
  };
}

function isUnpriced(error: unknown): error is Problem {
  return error instanceof Problem && (error.code === 'TARIFF_NO_PRICE' || error.code === 'PRICE_REQUEST_INVALID');
}
