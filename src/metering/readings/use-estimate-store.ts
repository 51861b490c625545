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

/** Each as the next version of its day. The caller holds the installs. */
export async function insertEstimates(to: Queryable, estimates: readonly NewEstimate[]): Promise<void> {
  for (const one of estimates) {
    await to.query(
      `INSERT INTO metering.use_estimate
         (install_id, day, version, hours_l, method, method_version, evidence, made_at, actor, rule, reason)
       SELECT $1, $2::date, coalesce(max(version), 0) + 1, $3::int[], $4, $5, $6, to_timestamp($7::float8 / 1000), $8, $9, $10
         FROM metering.use_estimate WHERE install_id = $1 AND day = $2::date`,
      [
        ...[one.install_id, one.day, one.hours_l, one.method, one.method_version, one.evidence, one.made_ms],
        ...[one.actor, one.rule, one.reason],
      ],
    );
  }
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
