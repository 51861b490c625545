// The middle of what homes alike used, in PostgreSQL: of the same zone and class, and never of so few that one could be told.
import type { Queryable } from '../../platform/postgres/database.ts';

export const alikeLimits = {
  /** Fewer homes than this say too much about each. */
  homes: 20,
  /** Homes looked at: more would not move the middle by anything that matters. */
  sampled: 500,
  /** The middle is told no finer than this, so that it cannot be one home's own figure. */
  grain_l: 100,
} as const;

export interface AlikeUse {
  median_l: number;
  homes: number;
}

/**
 * Other homes' use from a local day until another, of those of which every hour is known.
 * @returns null where they are fewer than `alikeLimits.homes`
 */
export async function findAlikeUse(
  from: Queryable,
  servicePointId: string,
  { from: firstDay, until }: { from: string; until: string },
): Promise<AlikeUse | null> {
  const { rows } = await from.query<{ median_l: number | null; homes: number }>(
    `WITH alike AS (
       SELECT other.service_point_id FROM metering.service_point mine
         JOIN metering.service_point other USING (zone_id, usage_class)
        WHERE mine.service_point_id = $1 AND other.service_point_id <> $1
        ORDER BY md5(other.service_point_id) LIMIT $4),
     used AS (
       SELECT i.service_point_id, sum((SELECT sum(hour_l) FROM unnest(u.hours_l) AS hour_l)) AS use_l
         FROM alike JOIN metering.install i USING (service_point_id) JOIN metering.use_day u USING (install_id)
        WHERE u.day >= $2::date AND u.day < $3::date
        GROUP BY i.service_point_id
       HAVING count(DISTINCT u.day) = $3::date - $2::date AND bool_and(array_position(u.hours_l, NULL) IS NULL))
     SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY use_l::float8) AS median_l, count(*) AS homes FROM used`,
    [servicePointId, firstDay, until, alikeLimits.sampled],
  );
  const [found] = rows;
  if (found === undefined || found.median_l === null || found.homes < alikeLimits.homes) return null;
  return { median_l: Math.round(found.median_l / alikeLimits.grain_l) * alikeLimits.grain_l, homes: found.homes };
}
