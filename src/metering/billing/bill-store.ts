// The SQL of bills: what a batch of them needs to know, and how they are kept. No statement changes a bill.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { ProvenPredicate } from './bill.ts';
import type { BillDocument } from './bill-document.ts';
import type { RunTerms } from './bill-terms.ts';
import type { DateText } from './billing-dates.ts';
import { CHARGED_EXCEPTIONS } from './exception-store.ts';
import { groupedBy } from './grouped-by.ts';
import type { Period, UsePart } from './period-use.ts';
import type { ExceptionStretch } from './place-exceptions.ts';

export interface EarlierBill extends Period {
  service_point_id: string;
  number: string;
}

/** Bills of these places for any day of the period. */
export async function listBillsWithin(
  from: Queryable,
  servicePointIds: readonly string[],
  { use_from, use_until }: Period,
): Promise<EarlierBill[]> {
  const { rows } = await from.query<EarlierBill>({
    name: 'billing-list-bills-within',
    text: `SELECT service_point_id, number, use_from::text, use_until::text FROM metering.bill
            WHERE service_point_id = ANY($1::text[]) AND use_from < $3::date AND use_until > $2::date`,
    values: [servicePointIds, use_from, use_until],
  });
  return rows;
}

/** What the newest bill of each place left in its favour; none where that is nothing. */
export async function listCredits(from: Queryable, servicePointIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await from.query<{ service_point_id: string; credit_left_won: number }>({
    name: 'billing-list-credits',
    text: `SELECT place.service_point_id, newest.credit_left_won
             FROM unnest($1::text[]) AS place (service_point_id)
            CROSS JOIN LATERAL (SELECT credit_left_won FROM metering.bill b
                                 WHERE b.service_point_id = place.service_point_id ORDER BY bill_id DESC LIMIT 1) newest
            WHERE newest.credit_left_won > 0`,
    values: [servicePointIds],
  });
  return new Map(rows.map((row) => [row.service_point_id, row.credit_left_won]));
}

/** What was proven for these places on any day of the period. */
export async function listPredicates(
  from: Queryable,
  servicePointIds: readonly string[],
  { use_from, use_until }: Period,
): Promise<Map<string, ProvenPredicate[]>> {
  const { rows } = await from.query<ProvenPredicate & { service_point_id: string }>({
    name: 'billing-list-predicates',
    text: `SELECT service_point_id, name, from_day::text AS from, until_day::text AS until FROM metering.proven_predicate
            WHERE service_point_id = ANY($1::text[]) AND from_day < $3::date AND (until_day IS NULL OR until_day > $2::date)
            ORDER BY service_point_id, name, from_day`,
    values: [servicePointIds, use_from, use_until],
  });
  return groupedBy(rows, (row) => row.service_point_id);
}

interface VersionUse {
  version: number;
  volume_l: number;
  parts: UsePart[];
}

/** A bill of whose period another use, or other exceptions, may be known than were charged at last. */
export interface DueCorrection {
  service_point_id: string;
  bill_id: number;
  document: BillDocument;
  charged: VersionUse;
  charged_exceptions: ExceptionStretch[];
  known: VersionUse;
}

/** Oldest bill first. */
export async function listDueCorrections(
  from: Queryable,
  servicePointIds: readonly string[],
): Promise<Map<string, DueCorrection[]>> {
  const version = (name: string) =>
    `json_build_object('version', ${name}.version, 'volume_l', ${name}.volume_l, 'parts', ${name}.parts)`;
  const { rows } = await from.query<DueCorrection>({
    name: 'billing-list-due-corrections',
    text: `
      SELECT d.service_point_id, b.bill_id, b.document, ${version('charged')} AS charged, ${version('known')} AS known,
             ${CHARGED_EXCEPTIONS} AS charged_exceptions
        FROM metering.correction_due d JOIN metering.bill b ON b.bill_id = d.corrected_bill_id
       CROSS JOIN LATERAL (
         SELECT coalesce(max(version_after), b.version) AS version FROM metering.bill_correction c
          WHERE c.corrected_bill_id = b.bill_id) last
        JOIN metering.volume_version charged
          ON (charged.service_point_id, charged.use_from, charged.use_until) = (b.service_point_id, b.use_from, b.use_until)
         AND charged.version = last.version
       CROSS JOIN LATERAL (
         SELECT * FROM metering.volume_version v
          WHERE (v.service_point_id, v.use_from, v.use_until) = (b.service_point_id, b.use_from, b.use_until)
          ORDER BY v.version DESC LIMIT 1) known
       WHERE d.service_point_id = ANY($1::text[])
       ORDER BY b.bill_id`,
    values: [servicePointIds],
  });
  return groupedBy(rows, (row) => row.service_point_id);
}

export interface NewBill {
  service_point_id: string;
  number: string;
  version: number;
  payable_won: number;
  credit_left_won: number;
  /** Canonical JSON. */
  document: string;
  document_sha256: Buffer;
}

/** @returns the bills' ids by place */
export async function insertBills(
  to: Queryable,
  run: RunTerms & { run_id: number; tariff: string },
  bills: readonly NewBill[],
  now_ms: number,
): Promise<Map<string, number>> {
  const { rows } = await to.query<{ service_point_id: string; bill_id: number }>({
    name: 'billing-insert-bills',
    text: `
      INSERT INTO metering.bill
             (run_id, use_from, use_until, billed_on, due_on, tariff, created_at, service_point_id, number, version,
              payable_won, credit_left_won, document, document_sha256)
      SELECT $1, $2::date, $3::date, $4::date, $5::date, $6, to_timestamp($7::float8 / 1000), service_point_id, number,
             version, payable_won, credit_left_won, document::json, document_sha256
        FROM unnest($8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[], $13::text[], $14::bytea[])
          AS given (service_point_id, number, version, payable_won, credit_left_won, document, document_sha256)
      RETURNING service_point_id, bill_id`,
    values: [
      ...[run.run_id, run.use_from, run.use_until, run.billed_on, run.due_on, run.tariff, now_ms],
      bills.map((bill) => bill.service_point_id),
      bills.map((bill) => bill.number),
      bills.map((bill) => bill.version),
      bills.map((bill) => bill.payable_won),
      bills.map((bill) => bill.credit_left_won),
      bills.map((bill) => bill.document),
      bills.map((bill) => bill.document_sha256),
    ],
  });
  return new Map(rows.map((row) => [row.service_point_id, row.bill_id]));
}

export interface NewCorrection {
  bill_id: number;
  corrected_bill_id: number;
  version_before: number;
  version_after: number;
  amount_won: number;
  /** null: as they were charged before. */
  exceptions_after: readonly ExceptionStretch[] | null;
}

/** Charged by a bill, a correction is no longer due. */
export async function insertCorrections(to: Queryable, corrections: readonly NewCorrection[]): Promise<void> {
  const corrected = corrections.map((one) => one.corrected_bill_id);
  await to.query({
    name: 'billing-insert-corrections',
    text: `WITH no_longer_due AS (DELETE FROM metering.correction_due WHERE corrected_bill_id = ANY($2::bigint[]))
           INSERT INTO metering.bill_correction
                  (bill_id, corrected_bill_id, version_before, version_after, amount_won, exceptions_after)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::bigint[], $6::jsonb[])`,
    values: [
      corrections.map((one) => one.bill_id),
      corrected,
      corrections.map((one) => one.version_before),
      corrections.map((one) => one.version_after),
      corrections.map((one) => one.amount_won),
      corrections.map(({ exceptions_after }) => (exceptions_after === null ? null : JSON.stringify(exceptions_after))),
    ],
  });
}

/** Places and periods of bills whose days of use changed. */
export async function listBillsOfDays(
  from: Queryable,
  changed: readonly { install_id: number; day: DateText }[],
): Promise<(Period & { service_point_id: string; bill_id: number })[]> {
  const { rows } = await from.query<Period & { service_point_id: string; bill_id: number }>(
    `SELECT DISTINCT b.bill_id, b.service_point_id, b.use_from::text, b.use_until::text
       FROM unnest($1::int[], $2::date[]) AS changed (install_id, day)
       JOIN metering.install i USING (install_id)
       JOIN metering.bill b ON b.service_point_id = i.service_point_id AND day >= b.use_from AND day < b.use_until
      ORDER BY b.bill_id`,
    [changed.map(({ install_id }) => install_id), changed.map(({ day }) => day)],
  );
  return rows;
}

/** Of the bills, those of whose period another version is the newest than was charged at last. @returns how many are due */
export async function markDueCorrections(to: Queryable, billIds: readonly number[], now_ms: number): Promise<number> {
  const { rowCount } = await to.query(
    `INSERT INTO metering.correction_due (corrected_bill_id, service_point_id, since)
     SELECT b.bill_id, b.service_point_id, to_timestamp($2::float8 / 1000) FROM metering.bill b
      WHERE b.bill_id = ANY($1::bigint[])
        AND (SELECT max(v.version) FROM metering.volume_version v
              WHERE (v.service_point_id, v.use_from, v.use_until) = (b.service_point_id, b.use_from, b.use_until))
          > coalesce((SELECT max(version_after) FROM metering.bill_correction c WHERE c.corrected_bill_id = b.bill_id),
                     b.version)
     ON CONFLICT DO NOTHING`,
    [billIds, now_ms],
  );
  return rowCount ?? 0;
}
