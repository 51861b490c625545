// Composes the bills of a batch of places: what is known of each put together, priced, and written as it will be kept.
import { createHash } from 'node:crypto';
import { faultOfProblem } from '../../platform/fault-problems.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { Problem } from '../../platform/problem.ts';
import { type Correction, composeBill } from './bill.ts';
import { billDocument, type CorrectedBill, type KeptTariff, requestOf } from './bill-document.ts';
import { type BillRun, type HeldPlace, listTariffTexts } from './bill-run-store.ts';
import { type DueCorrection, listCredits, listDueCorrections, listPredicates, type NewBill } from './bill-store.ts';
import { type BilledPlace, billNumber, termsOf, useVersion } from './bill-terms.ts';
import { canonicalJson } from './canonical-json.ts';
import type { KnownUse } from './keep-volume-versions-service.ts';
import { readTariff } from './read-tariff.ts';

export interface ComposedBill extends NewBill {
  corrections: { corrected_bill_id: number; version_before: number; version_after: number; amount_won: number }[];
}

/** @returns a bill of each place, or why the tariff has no price for it */
export async function composeBills(
  from: Queryable,
  run: BillRun,
  billable: readonly { place: BilledPlace; use: KnownUse }[],
): Promise<{ bills: ComposedBill[]; held: HeldPlace[] }> {
  const ids = billable.map(({ place }) => place.service_point_id);
  const credits = await listCredits(from, ids);
  const predicates = await listPredicates(from, ids, run);
  const due = await listDueCorrections(from, ids);
  const tariffs = await tariffsOf(from, run, [...due.values()].flat());
  const bills: ComposedBill[] = [];
  const held: HeldPlace[] = [];
  for (const { place, use } of billable) {
    const { service_point_id } = place;
    try {
      bills.push(
        composeOne(run, tariffs, place, use, {
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
  known: { predicates: Parameters<typeof composeBill>[1]['predicates']; due: DueCorrection[]; credit_won: number },
): ComposedBill {
  const { service_point_id } = place;
  const tariffOf = (sha256: string) => {
    const tariff = tariffs.get(sha256);
    if (tariff === undefined) throw new Error(`tariff ${sha256} is not kept`);
    return tariff;
  };
  const tariff = tariffOf(run.tariff_sha256);
  const corrections = known.due.map((one) => ({ ...one, tariff: tariffOf(one.document.tariff.sha256) }));
  const bill = composeBill(tariff.tariff, {
    number: billNumber(run, service_point_id),
    terms: termsOf(run, place, use.bore_mm),
    use: useVersion(tariff.tariff, run, use),
    predicates: known.predicates,
    corrections: corrections.map(correctionOf),
    credit_won: known.credit_won,
  });
  const document = billDocument(bill, {
    ...{ service_point: service_point_id, due_on: run.due_on, tariff, estimated_l: use.estimated_l },
    corrected: corrections.map(correctedBill),
  });
  const text = canonicalJson(document);
  return {
    ...{ service_point_id, number: bill.number, version: use.version },
    ...{ payable_won: bill.payable_won, credit_left_won: bill.credit_left_won },
    ...{ document: text, document_sha256: createHash('sha256').update(text, 'utf8').digest() },
    corrections: corrections.map(({ bill_id, charged, known: { version } }, at) => ({
      ...{ corrected_bill_id: bill_id, version_before: charged.version, version_after: version },
      amount_won: document.corrections[at]?.amount_won ?? 0,
    })),
  };
}

type TariffedCorrection = DueCorrection & { tariff: KeptTariff };

/** The bill's own request, with the version of use that it, or a correction of it, charged last. */
function correctionOf({ document, charged, known, tariff: { tariff } }: TariffedCorrection): Correction {
  const { measured: _first, ...request } = requestOf(document);
  const { version, ...use } = useVersion(tariff, document, charged);
  return {
    bill: document.number,
    tariff,
    charged: { request: { ...request, ...use }, version },
    known: useVersion(tariff, document, known),
  };
}

function correctedBill({ document, charged, known, tariff }: TariffedCorrection): CorrectedBill {
  return {
    ...{ bill: document.number, tariff, version_before: charged.version, version_after: known.version },
    ...{ volume_before_l: charged.volume_l, volume_after_l: known.volume_l },
  };
}

function isUnpriced(error: unknown): error is Problem {
  return error instanceof Problem && (error.code === 'TARIFF_NO_PRICE' || error.code === 'PRICE_REQUEST_INVALID');
}
