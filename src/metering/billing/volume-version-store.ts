// The SQL of what is known of a period's use, version by version.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Period, PeriodUse } from './period-use.ts';

/**
 * Makes a version for each place of which something else is known than its newest version says, or nothing yet.
 * @returns the newest version of each
 */
export async function keepVersions(
  to: Queryable,
  { use_from, use_until }: Period,
  known: ReadonlyMap<string, PeriodUse>,
  now_ms: number,
): Promise<Map<string, number>> {
  const uses = [...known.values()];
  const { rows } = await to.query<{ service_point_id: string; version: number }>({
    name: 'billing-keep-versions',
    text: `
      WITH given AS (
        SELECT * FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::jsonb[])
                   AS given (service_point_id, volume_l, estimated_l, parts)),
      compared AS (
        SELECT given.*, coalesce(newest.version, 0) AS newest,
               (newest.volume_l, newest.estimated_l, newest.parts)
                 IS NOT DISTINCT FROM (given.volume_l, given.estimated_l, given.parts) AS same
          FROM given
          LEFT JOIN LATERAL (
            SELECT * FROM metering.volume_version kept
             WHERE kept.service_point_id = given.service_point_id AND use_from = $1::date AND use_until = $2::date
             ORDER BY version DESC LIMIT 1) newest ON true),
      made AS (
        INSERT INTO metering.volume_version
               (service_point_id, use_from, use_until, version, volume_l, estimated_l, parts, computed_at)
        SELECT service_point_id, $1::date, $2::date, newest + 1, volume_l, estimated_l, parts,
               to_timestamp($7::float8 / 1000)
          FROM compared WHERE NOT same)
      SELECT service_point_id, newest + (NOT same)::int AS version FROM compared`,
    values: [
      use_from,
      use_until,
      [...known.keys()],
      uses.map((use) => use.volume_l),
      uses.map((use) => use.estimated_l),
      uses.map((use) => JSON.stringify(use.parts)),
      now_ms,
    ],
  });
  return new Map(rows.map((row) => [row.service_point_id, row.version]));
}
