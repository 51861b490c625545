// The SQL of bill runs: starting one, what is next of it, how far it is, and which places it held.
import type { CodedFault } from '../../platform/fault-texts.ts';
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { BilledPlace, RunTerms } from './bill-terms.ts';
import type { UntoldReason } from './period-use.ts';

/** True for the one copy that makes bills and versions of use; to the end of its transaction. */
export async function holdBilling(transaction: Transaction): Promise<boolean> {
  const { rows } = await transaction.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.billing')) AS held`,
  );
  return rows[0]?.held === true;
}

export interface TariffText {
  sha256: Buffer;
  tariff_id: string;
  content: string;
}

export async function keepTariffText(to: Queryable, { sha256, tariff_id, content }: TariffText, now_ms: number) {
  await to.query(
    `INSERT INTO metering.tariff_text (sha256, tariff_id, content, recorded_at)
     VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [sha256, tariff_id, content, now_ms],
  );
}

/** @returns by the hex of the hash */
export async function listTariffTexts(from: Queryable, hashes: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await from.query<{ sha256: string; content: string }>(
    `SELECT encode(sha256, 'hex') AS sha256, content FROM metering.tariff_text
      WHERE sha256 IN (SELECT decode(hex, 'hex') FROM unnest($1::text[]) AS hex)`,
    [hashes],
  );
  return new Map(rows.map(({ sha256, content }) => [sha256, content]));
}

export interface NewBillRun extends RunTerms {
  tariff_sha256: Buffer;
  zone_id: string | null;
  started_by: Buffer | null;
}

export interface BillRun extends RunTerms {
  run_id: number;
  tariff: string;
  tariff_sha256: string;
  zone_id: string | null;
  /** waiting: until the readings that were there when it was started are worked off. */
  state: 'waiting' | 'running' | 'done';
  /** What there was to bill when it was started. */
  places: number;
  billed: number;
  billed_before: number;
  held: number;
  started_at_ms: number;
  finished_at_ms: number | null;
}

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

const RUN = `run_id, t.tariff_id AS tariff, encode(r.tariff_sha256, 'hex') AS tariff_sha256, use_from::text, use_until::text,
             billed_on::text, due_on::text, months, zone_id, state, places, billed, billed_before, held,
             ${ms('started_at')} AS started_at_ms, ${ms('finished_at')} AS finished_at_ms`;
const RUNS = 'metering.bill_run r JOIN metering.tariff_text t ON t.sha256 = r.tariff_sha256';

/** The zone and those that lie in it, however deep; null: all. Of $n. */
const zonesWithin = (zone: string) => `
  within AS (
    SELECT zone_id FROM metering.zone WHERE ${zone}::text IS NULL OR zone_id = ${zone}
    UNION
    SELECT z.zone_id FROM metering.zone z JOIN within ON z.parent_zone_id = within.zone_id)`;

/** A place's facts at the period's end where it is billed and a meter stood there within the period. */
const billedFacts = (place: string, from_ms: string, until_ms: string) => `
  SELECT v.usage_class, v.households FROM (
    SELECT * FROM metering.service_point_version
     WHERE service_point_id = ${place} AND from_at < to_timestamp(${until_ms}::float8 / 1000)
     ORDER BY from_at DESC, recorded_at DESC LIMIT 1) v
   WHERE v.purpose = 'billed' AND v.zone_id IN (SELECT zone_id FROM within)
     AND EXISTS (SELECT FROM metering.install i
                  WHERE i.service_point_id = ${place} AND i.from_at < to_timestamp(${until_ms}::float8 / 1000)
                    AND (i.until_at IS NULL OR i.until_at > to_timestamp(${from_ms}::float8 / 1000)))`;

export async function insertBillRun(
  to: Queryable,
  run: NewBillRun,
  { from_ms, until_ms, now_ms }: { from_ms: number; until_ms: number; now_ms: number },
): Promise<number> {
  const { rows } = await to.query<{ run_id: number }>(
    `WITH RECURSIVE ${zonesWithin('$7')}
     INSERT INTO metering.bill_run
            (tariff_sha256, use_from, use_until, billed_on, due_on, months, zone_id, state, after_touched_id, places,
             started_at, started_by)
     SELECT $1, $2, $3, $4, $5, $6, $7, 'waiting', (SELECT coalesce(max(touched_id), 0) FROM metering.touched),
            (SELECT count(*) FROM metering.service_point p
              CROSS JOIN LATERAL (${billedFacts('p.service_point_id', '$8', '$9')}) facts),
            to_timestamp($10::float8 / 1000), $11
     RETURNING run_id`,
    [
      ...[run.tariff_sha256, run.use_from, run.use_until, run.billed_on, run.due_on, run.months, run.zone_id],
      ...[from_ms, until_ms, now_ms, run.started_by],
    ],
  );
  const run_id = rows[0]?.run_id;
  if (run_id === undefined) throw new Error('a run that was written has no number');
  return run_id;
}

export async function zoneExists(from: Queryable, zoneId: string): Promise<boolean> {
  const { rowCount } = await from.query('SELECT FROM metering.zone WHERE zone_id = $1', [zoneId]);
  return rowCount === 1;
}

/** The oldest run that has something left to do and needs to wait for nothing. */
export async function nextBillRun(from: Queryable): Promise<BillRun | null> {
  const { rows } = await from.query<BillRun>(
    `SELECT ${RUN} FROM ${RUNS}
      WHERE state <> 'done' AND NOT EXISTS (SELECT FROM metering.touched WHERE touched_id <= r.after_touched_id)
      ORDER BY run_id LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** Whether a run waits to begin. */
export async function hasWaitingRun(from: Queryable): Promise<boolean> {
  const { rowCount } = await from.query(`SELECT 1 FROM metering.bill_run WHERE state = 'waiting' LIMIT 1`);
  return (rowCount ?? 0) > 0;
}

/** The run's next places by name; `last` is null where there are no more. */
export async function nextPlaces(
  from: Queryable,
  { run_id, zone_id }: BillRun,
  { from_ms, until_ms }: { from_ms: number; until_ms: number },
  limit: number,
): Promise<{ places: BilledPlace[]; last: string | null }> {
  const { rows } = await from.query<{ service_point_id: string; usage_class: string | null; households: number }>({
    name: 'billing-next-places',
    text: `WITH RECURSIVE ${zonesWithin('$5')},
           next AS (
             SELECT service_point_id FROM metering.service_point
              WHERE service_point_id > (SELECT after_service_point_id FROM metering.bill_run WHERE run_id = $1)
              ORDER BY service_point_id LIMIT $4)
           SELECT next.service_point_id, facts.usage_class, facts.households
             FROM next LEFT JOIN LATERAL (${billedFacts('next.service_point_id', '$2', '$3')}) facts ON true
            ORDER BY next.service_point_id`,
    values: [run_id, from_ms, until_ms, limit, zone_id],
  });
  const places = rows.flatMap(({ usage_class, ...row }) => (usage_class === null ? [] : [{ ...row, usage_class }]));
  return { places, last: rows.length < limit ? null : (rows.at(-1)?.service_point_id ?? null) };
}

export type HeldReason = UntoldReason | 'overlaps_bill' | 'no_price' | 'unknown_exception';

export interface HeldPlace {
  service_point_id: string;
  reason: HeldReason;
  /** The English sentence of `fault`. */
  detail: string;
  /** Of `heldFaults`; null where a run held the place before there were codes. */
  fault: CodedFault | null;
}

export async function insertHeld(to: Queryable, run_id: number, held: readonly HeldPlace[]): Promise<void> {
  await to.query({
    name: 'billing-insert-held',
    text: `INSERT INTO metering.bill_held (run_id, service_point_id, reason, detail, fault)
           SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[])`,
    values: [
      run_id,
      held.map((place) => place.service_point_id),
      held.map((place) => place.reason),
      held.map((place) => place.detail),
      held.map((place) => place.fault && JSON.stringify(place.fault)),
    ],
  });
}

/** @param progress what came of the places up to and with `last`; null: the run is through */
export async function moveBillRun(
  to: Queryable,
  run_id: number,
  progress: { billed: number; billed_before: number; held: number; last: string | null },
  now_ms: number,
): Promise<void> {
  await to.query({
    name: 'billing-move-run',
    text: `UPDATE metering.bill_run
              SET billed = billed + $2, billed_before = billed_before + $3, held = held + $4,
                  after_service_point_id = coalesce($5, after_service_point_id),
                  state = CASE WHEN $5::text IS NULL THEN 'done' ELSE 'running' END,
                  finished_at = CASE WHEN $5::text IS NULL THEN to_timestamp($6::float8 / 1000) END
            WHERE run_id = $1`,
    values: [run_id, progress.billed, progress.billed_before, progress.held, progress.last, now_ms],
  });
}

export async function findBillRun(from: Queryable, run_id: number): Promise<BillRun | null> {
  const { rows } = await from.query<BillRun>(`SELECT ${RUN} FROM ${RUNS} WHERE run_id = $1`, [run_id]);
  return rows[0] ?? null;
}

/** Newest first. */
export async function listBillRuns(from: Queryable, before: number | null, limit: number): Promise<BillRun[]> {
  const { rows } = await from.query<BillRun>(
    `SELECT ${RUN} FROM ${RUNS} WHERE $1::int IS NULL OR run_id < $1 ORDER BY run_id DESC LIMIT $2`,
    [before, limit],
  );
  return rows;
}

/** By place; with the bill that a later run made of it by now. */
export async function listHeld(
  from: Queryable,
  run_id: number,
  after: string,
  limit: number,
): Promise<(HeldPlace & { bill_id: number | null })[]> {
  const { rows } = await from.query<HeldPlace & { bill_id: number | null }>(
    `SELECT h.service_point_id, h.reason, h.detail, h.fault, b.bill_id
       FROM metering.bill_held h JOIN metering.bill_run r USING (run_id)
       LEFT JOIN metering.bill b ON b.service_point_id = h.service_point_id AND b.use_from = r.use_from
                                AND b.use_until = r.use_until
      WHERE h.run_id = $1 AND h.service_point_id > $2 ORDER BY h.service_point_id LIMIT $3`,
    [run_id, after, limit],
  );
  return rows;
}
