// What was proven for a place, written by the portal and read by bill runs: days and a name, and nothing of who or how.
import type { Queryable } from '../../platform/postgres/database.ts';

export interface ProvenPeriod {
  servicePoint: string;
  predicate: string;
  /** Days, YYYY-MM-DD; `until` is the first that no longer counts. */
  from: string;
  until: string;
  recordedAt: Date;
}

/** Of one first day the last word counts; a proof that was never good for a day is none. */
export async function recordProven(within: Queryable, proven: ProvenPeriod): Promise<void> {
  const { servicePoint, predicate, from, until, recordedAt } = proven;
  if (until <= from) {
    await within.query(
      'DELETE FROM metering.proven_predicate WHERE service_point_id = $1 AND name = $2 AND from_day = $3',
      [servicePoint, predicate, from],
    );
    return;
  }
  await within.query(
    `INSERT INTO metering.proven_predicate (service_point_id, name, from_day, until_day, recorded_at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (service_point_id, name, from_day)
     DO UPDATE SET until_day = EXCLUDED.until_day, recorded_at = EXCLUDED.recorded_at`,
    [servicePoint, predicate, from, until, recordedAt],
  );
}

/** The tariff by which the place is billed, that of the newest run that went over it, and its class; null before the first. */
export async function findTariffAt(
  from: Queryable,
  servicePoint: string,
): Promise<{ tariff_id: string; content: string; usage_class: string } | null> {
  const { rows } = await from.query<{ tariff_id: string; content: string; usage_class: string }>(
    `WITH RECURSIVE around AS (
       SELECT zone_id FROM metering.service_point WHERE service_point_id = $1
       UNION SELECT z.parent_zone_id FROM metering.zone z JOIN around USING (zone_id) WHERE z.parent_zone_id IS NOT NULL)
     SELECT t.tariff_id, t.content, p.usage_class
       FROM metering.bill_run r JOIN metering.tariff_text t ON t.sha256 = r.tariff_sha256
       JOIN metering.service_point p ON p.service_point_id = $1
      WHERE r.zone_id IS NULL OR r.zone_id IN (SELECT zone_id FROM around) ORDER BY r.run_id DESC LIMIT 1`,
    [servicePoint],
  );
  return rows[0] ?? null;
}
