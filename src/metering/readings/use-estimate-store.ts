// The SQL of estimates of use: versions of a day, only ever added to, the newest holds.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { EstimateMethod } from './estimate-method.ts';
import type { Decider } from './reading-edits.ts';

/** A local day of an install: litres of each hour that is estimated, null for the others. */
export interface EstimatedDay {
  install_id: number;
  /** ISO 8601 */
  day: string;
  hours_l: (number | null)[];
}

export interface EstimateInForce extends EstimatedDay {
  method: EstimateMethod;
  method_version: number;
}

/** The estimates that hold of these installs, by install and day; days whose estimate was withdrawn are left out. */
export async function listEstimates(
  from: Queryable,
  installIds: readonly number[],
  span: { from: string; to: string },
): Promise<EstimateInForce[]> {
  const { rows } = await from.query<EstimateInForce>({
    name: 'metering-list-estimates',
    text: `SELECT install_id, day::text AS day, hours_l, method, method_version FROM metering.use_estimate_in_force
            WHERE install_id = ANY($1::int[]) AND day BETWEEN $2::date AND $3::date AND method <> 'withdrawn'
            ORDER BY install_id, day`,
    values: [installIds, span.from, span.to],
  });
  return rows;
}

export interface NewEstimate extends EstimatedDay, Decider {
  method: EstimateMethod;
  method_version: number;
  /** What it was worked out from, in numbers. */
  evidence: Readonly<Record<string, number | string | null>>;
  made_ms: number;
  reason: string;
}

/** Each as the next version of its day; at most one a day. The caller holds the installs. */
export async function insertEstimates(to: Queryable, estimates: readonly NewEstimate[]): Promise<void> {
  if (estimates.length === 0) return;
  const columnOf = <T>(of: (one: NewEstimate) => T) => estimates.map(of);
  await to.query({
    name: 'metering-insert-estimates',
    text: `INSERT INTO metering.use_estimate
             (install_id, day, version, hours_l, method, method_version, evidence, made_at, actor, rule, reason)
           SELECT install_id, day,
                  (SELECT coalesce(max(version), 0) + 1 FROM metering.use_estimate earlier
                    WHERE earlier.install_id = given.install_id AND earlier.day = given.day),
                  hours_l::int[], method, method_version, evidence::jsonb, to_timestamp(made_ms / 1000), actor, rule, reason
             FROM unnest($1::int[], $2::date[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::float8[], $8::bytea[],
                         $9::text[], $10::text[])
                  AS given (install_id, day, hours_l, method, method_version, evidence, made_ms, actor, rule, reason)`,
    values: [
      columnOf((one) => one.install_id),
      columnOf((one) => one.day),
      columnOf((one) => `{${one.hours_l.map((use_l) => use_l ?? 'NULL').join()}}`),
      columnOf((one) => one.method),
      columnOf((one) => one.method_version),
      columnOf((one) => JSON.stringify(one.evidence)),
      columnOf((one) => one.made_ms),
      columnOf((one) => one.actor),
      columnOf((one) => one.rule),
      columnOf((one) => one.reason),
    ],
  });
}

export interface EstimateVersion extends EstimatedDay {
  version: number;
  method: EstimateMethod;
  method_version: number;
  evidence: Record<string, number | string | null>;
  made_at: Date;
  actor: Buffer | null;
  rule: string | null;
  reason: string;
}

/** Every version of the days, newest first. */
export async function listEstimateVersions(
  from: Queryable,
  installId: number,
  span: { from: string; to: string },
  limit: number,
): Promise<EstimateVersion[]> {
  const { rows } = await from.query<EstimateVersion>(
    `SELECT install_id, day::text AS day, version, hours_l, method, method_version, evidence, made_at, actor, rule, reason
       FROM metering.use_estimate WHERE install_id = $1 AND day BETWEEN $2::date AND $3::date
      ORDER BY made_at DESC, day DESC, version DESC LIMIT $4`,
    [installId, span.from, span.to, limit],
  );
  return rows;
}

/** Days of an install, both ends included. */
interface InstallDays {
  install_id: number;
  from: string;
  to: string;
}

/** What stands last of a day, be it withdrawn, and by whom it was decided: not who took it back because it was measured. */
export interface StandingEstimate extends EstimateInForce {
  /** The rule that decided; null: a person or a program of the operator did. */
  decided_by: string | null;
}

const newestOfDays = `
  FROM unnest($1::int[], $2::date[], $3::date[]) AS given (install_id, from_day, to_day)
 CROSS JOIN LATERAL (
   SELECT DISTINCT ON (day) day, hours_l, method, method_version FROM metering.use_estimate
    WHERE install_id = given.install_id AND day BETWEEN given.from_day AND given.to_day
    ORDER BY day, version DESC) newest`;
const valuesOf = (spans: readonly InstallDays[]) => [
  spans.map((one) => one.install_id),
  spans.map((one) => one.from),
  spans.map((one) => one.to),
];

/** @param withdrawnBy the rule that takes back what was measured after all */
export async function listStandingEstimates(
  from: Queryable,
  spans: readonly InstallDays[],
  withdrawnBy: string,
): Promise<StandingEstimate[]> {
  const { rows } = await from.query<StandingEstimate>({
    name: 'metering-list-standing-estimates',
    text: `SELECT install_id, day::text AS day, hours_l, method, method_version,
                  (SELECT rule FROM metering.use_estimate decided
                    WHERE decided.install_id = given.install_id AND decided.day = newest.day
                      AND decided.rule IS DISTINCT FROM $4
                    ORDER BY version DESC LIMIT 1) AS decided_by
             ${newestOfDays}`,
    values: [...valuesOf(spans), withdrawnBy],
  });
  return rows;
}

/** Estimates that hold of days of which an estimated hour is measured by now, with what is measured of them. */
export async function listMeasuredEstimates(
  from: Queryable,
  spans: readonly InstallDays[],
): Promise<(EstimateInForce & { told: (number | null)[] })[]> {
  const { rows } = await from.query<EstimateInForce & { told: (number | null)[] }>({
    name: 'metering-list-measured-estimates',
    text: `SELECT install_id, day::text AS day, newest.hours_l, method, method_version, u.hours_l AS told
             ${newestOfDays}
             JOIN metering.use_day u USING (install_id, day)
            WHERE method <> 'withdrawn'
              AND EXISTS (SELECT FROM unnest(newest.hours_l, u.hours_l) AS hour (estimated_l, told_l)
                           WHERE estimated_l IS NOT NULL AND told_l IS NOT NULL)
            ORDER BY install_id, day`,
    values: valuesOf(spans),
  });
  return rows;
}
