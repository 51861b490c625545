// The SQL of places' exceptions: entered, read for a batch of bills in one statement, shown, and followed to earlier bills.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { DateText } from './billing-dates.ts';
import { groupedBy } from './grouped-by.ts';
import type { Period } from './period-use.ts';
import type { ExceptionStretch, PlaceException } from './place-exceptions.ts';

export interface GivenException extends PlaceException {
  service_point: string;
  reason: string | null;
}

/**
 * Enters what is news, and notes whose bills have to be looked at again for it.
 * @returns whether any was news: what is said again changes nothing
 */
export async function enterExceptions(
  to: Transaction,
  given: readonly GivenException[],
  by: { now_ms: number; actor: Buffer | null },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `WITH given AS (
       SELECT * FROM jsonb_to_recordset($1) AS r (service_point text, kind text, name text, "from" date, value text, reason text)),
     news AS (
       INSERT INTO metering.place_exception
              (service_point_id, kind, name, from_day, value, reason, recorded_at, recorded_by)
       SELECT service_point, kind, name, "from", value, reason, to_timestamp($2::float8 / 1000), $3 FROM given
        WHERE NOT EXISTS (
          SELECT FROM (SELECT e.value FROM metering.place_exception e
                        WHERE (e.service_point_id, e.kind, e.name, e.from_day)
                            = (given.service_point, given.kind, given.name, given."from")
                        ORDER BY e.exception_id DESC LIMIT 1) newest
           WHERE newest.value IS NOT DISTINCT FROM given.value)
       RETURNING service_point_id, from_day)
     INSERT INTO metering.place_exception_entered (service_point_id, from_day)
     SELECT DISTINCT service_point_id, from_day FROM news`,
    [JSON.stringify(given), by.now_ms, by.actor],
  );
  return (rowCount ?? 0) > 0;
}

/** @returns by place and day, what was corrected since left out; a place without any is absent */
export async function listExceptions(
  from: Queryable,
  servicePointIds: readonly string[],
): Promise<Map<string, PlaceException[]>> {
  const { rows } = await from.query<PlaceException & { service_point_id: string }>({
    name: 'billing-list-exceptions',
    text: `SELECT * FROM (
             SELECT DISTINCT ON (service_point_id, kind, name, from_day)
                    service_point_id, kind, name, from_day::text AS from, value
               FROM metering.place_exception WHERE service_point_id = ANY($1::text[])
              ORDER BY service_point_id, kind, name, from_day, exception_id DESC) newest
            ORDER BY service_point_id, newest.from`,
    values: [servicePointIds],
  });
  return groupedBy(rows, (row) => row.service_point_id);
}

export interface ExceptionRow extends PlaceException {
  reason: string | null;
  recorded_ms: number;
  by_program: boolean;
  /** A later entry for the same day holds instead. */
  is_replaced: boolean;
}

/** All that was ever entered of a place, the newest day first; null where there is no such place. */
export async function listExceptionHistory(from: Queryable, servicePointId: string): Promise<ExceptionRow[] | null> {
  const { rows } = await from.query<ExceptionRow & { kind: ExceptionRow['kind'] | null }>(
    `SELECT e.kind, e.name, e.from_day::text AS from, e.value, e.reason, e.recorded_by IS NULL AS by_program,
            round(extract(epoch FROM e.recorded_at) * 1000)::float8 AS recorded_ms,
            e.exception_id < max(e.exception_id) OVER (PARTITION BY e.kind, e.name, e.from_day) AS is_replaced
       FROM metering.service_point p LEFT JOIN metering.place_exception e USING (service_point_id)
      WHERE p.service_point_id = $1 ORDER BY e.from_day DESC, e.exception_id DESC`,
    [servicePointId],
  );
  if (rows.length === 0) return null;
  return rows.filter(({ kind }) => kind !== null);
}

/** By which exceptions bill b was charged at last: those of the newest correction that has others, or its own. */
export const CHARGED_EXCEPTIONS = `coalesce(
  (SELECT c.exceptions_after FROM metering.bill_correction c
    WHERE c.corrected_bill_id = b.bill_id AND c.exceptions_after IS NOT NULL ORDER BY c.bill_id DESC LIMIT 1),
  (b.document -> 'terms' -> 'exceptions' -> 'stretches')::jsonb, '[]')`;

/** Takes places whose bills from a day on have yet to be looked at, the first entered first. */
export async function takeEntered(
  from: Transaction,
  limit: number,
): Promise<{ service_point_id: string; from_day: DateText }[]> {
  const { rows } = await from.query<{ service_point_id: string; from_day: DateText }>({
    name: 'billing-take-entered',
    text: `DELETE FROM metering.place_exception_entered
            WHERE entered_id IN (SELECT entered_id FROM metering.place_exception_entered ORDER BY entered_id LIMIT $1)
           RETURNING service_point_id, from_day::text`,
    values: [limit],
  });
  return rows;
}

export interface ChargedBill extends Period {
  bill_id: number;
  service_point_id: string;
  tariff_sha256: string;
  exceptions: ExceptionStretch[];
}

/** Bills of these places for days from the entered ones on, as they were charged at last. */
export async function listBillsSince(
  from: Queryable,
  entered: readonly { service_point_id: string; from_day: DateText }[],
): Promise<ChargedBill[]> {
  const { rows } = await from.query<ChargedBill>(
    `SELECT b.bill_id, b.service_point_id, b.use_from::text, b.use_until::text,
            encode(r.tariff_sha256, 'hex') AS tariff_sha256, ${CHARGED_EXCEPTIONS} AS exceptions
       FROM (SELECT service_point_id, min(from_day) AS from_day
               FROM unnest($1::text[], $2::date[]) AS entered (service_point_id, from_day) GROUP BY 1) entered
       JOIN metering.bill b ON b.service_point_id = entered.service_point_id AND b.use_until > entered.from_day
       JOIN metering.bill_run r USING (run_id)`,
    [entered.map((one) => one.service_point_id), entered.map((one) => one.from_day)],
  );
  return rows;
}

/** @param others of which other exceptions are known than were charged @returns how many more are due than before */
export async function settleDueExceptions(
  to: Transaction,
  looked: { others: readonly number[]; same: readonly number[] },
  now_ms: number,
): Promise<number> {
  const { rowCount } = await to.query(
    `INSERT INTO metering.correction_due (corrected_bill_id, service_point_id, since)
     SELECT b.bill_id, b.service_point_id, to_timestamp($2::float8 / 1000) FROM metering.bill b
      WHERE b.bill_id = ANY($1::bigint[]) ON CONFLICT DO NOTHING`,
    [looked.others, now_ms],
  );
  // What was due for exceptions that were taken back since, and for nothing else.
  await to.query(
    `DELETE FROM metering.correction_due d USING metering.bill b
      WHERE d.corrected_bill_id = ANY($1::bigint[]) AND b.bill_id = d.corrected_bill_id
        AND (SELECT max(v.version) FROM metering.volume_version v
              WHERE (v.service_point_id, v.use_from, v.use_until) = (b.service_point_id, b.use_from, b.use_until))
          = coalesce((SELECT max(version_after) FROM metering.bill_correction c WHERE c.corrected_bill_id = b.bill_id),
                     b.version)`,
    [looked.same],
  );
  return rowCount ?? 0;
}
