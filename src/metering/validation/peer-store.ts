// The SQL of what places of a class in a zone used on a day: the figure that a place's day is held against.
import type { Queryable } from '../../platform/postgres/database.ts';

export interface PeerDay {
  zone_id: string;
  usage_class: string;
  /** ISO 8601 */
  day: string;
}

export interface PeerUse extends PeerDay {
  places: number;
  median_l: number;
}

export async function listPeerUse(from: Queryable, wanted: readonly PeerDay[]): Promise<PeerUse[]> {
  const { rows } = await from.query<PeerUse>({
    name: 'metering-list-peer-use',
    text: `SELECT zone_id, usage_class, day::text AS day, places, median_l
             FROM unnest($1::text[], $2::text[], $3::date[]) AS wanted (zone_id, usage_class, day)
             JOIN metering.peer_use USING (zone_id, usage_class, day)`,
    values: [wanted.map((one) => one.zone_id), wanted.map((one) => one.usage_class), wanted.map((one) => one.day)],
  });
  return rows;
}

/** To be called with what is taken out of the queue. Figures that nobody was held against yet are worked out when they are. */
export async function markPeersDue(to: Queryable, changed: readonly PeerDay[]): Promise<void> {
  if (changed.length === 0) return;
  await to.query({
    name: 'metering-mark-peers-due',
    text: `UPDATE metering.peer_use p SET is_due = true
             FROM unnest($1::text[], $2::text[], $3::date[]) AS changed (zone_id, usage_class, day)
            WHERE p.zone_id = changed.zone_id AND p.usage_class = changed.usage_class AND p.day = changed.day AND NOT p.is_due`,
    values: [changed.map((one) => one.zone_id), changed.map((one) => one.usage_class), changed.map((one) => one.day)],
  });
}

/** The first of what is to be worked out again, no longer marked so. @returns as they are now */
export async function takePeersDue(from: Queryable, limit: number): Promise<PeerUse[]> {
  const { rows } = await from.query<PeerUse>(
    `UPDATE metering.peer_use SET is_due = false
      WHERE (zone_id, usage_class, day) IN (SELECT zone_id, usage_class, day FROM metering.peer_use WHERE is_due
                                             ORDER BY day, zone_id, usage_class LIMIT $1)
      RETURNING zone_id, usage_class, day::text AS day, places, median_l`,
    [limit],
  );
  return rows;
}

/** To the nearest of this many litres, so that what is of no weight changes nothing. */
const ROUNDED_TO_l = 10;

/**
 * Works the figures out from stored use, of each place whose whole day is known; how many these are, rounded down to the
 * first digit.
 *
 * @param wanted with the instant at which each day begins
 * @returns those that are other than they were
 */
export async function putPeerUse(
  to: Queryable,
  wanted: readonly (PeerDay & { start_ms: number })[],
): Promise<PeerUse[]> {
  if (wanted.length === 0) return [];
  const { rows } = await to.query<PeerUse>({
    name: 'metering-put-peer-use',
    // All at once: by zone, the planner may read every install for each.
    text: `INSERT INTO metering.peer_use AS stored (zone_id, usage_class, day, places, median_l)
           SELECT wanted.zone_id, wanted.usage_class, wanted.day,
                  trunc(count(total.use_l), 1 - length(count(total.use_l)::text))::int AS places,
                  coalesce(round(percentile_disc(0.5) WITHIN GROUP (ORDER BY total.use_l) / ${ROUNDED_TO_l}.0)
                           * ${ROUNDED_TO_l}, 0)::int AS median_l
             FROM unnest($1::text[], $2::text[], $3::date[], $4::float8[]) AS wanted (zone_id, usage_class, day, start_ms)
             LEFT JOIN (metering.service_point_version held JOIN metering.install i USING (service_point_id))
               ON held.zone_id = wanted.zone_id AND held.usage_class = wanted.usage_class AND held.purpose <> 'inlet'
              AND held.from_at <= to_timestamp(wanted.start_ms / 1000)
              AND NOT EXISTS (SELECT FROM metering.service_point_version newer
                               WHERE newer.service_point_id = held.service_point_id
                                 AND newer.from_at <= to_timestamp(wanted.start_ms / 1000)
                                 AND (newer.from_at, newer.recorded_at) > (held.from_at, held.recorded_at))
             LEFT JOIN LATERAL (
               SELECT sum(hour_l) AS use_l FROM metering.use_day u, unnest(u.hours_l) AS hour_l
                WHERE u.install_id = i.install_id AND u.day = wanted.day
               HAVING count(*) = count(hour_l)) total ON true
            GROUP BY wanted.zone_id, wanted.usage_class, wanted.day
           ON CONFLICT (zone_id, usage_class, day) DO UPDATE SET places = EXCLUDED.places, median_l = EXCLUDED.median_l
            WHERE (stored.places, stored.median_l) IS DISTINCT FROM (EXCLUDED.places, EXCLUDED.median_l)
           RETURNING zone_id, usage_class, day::text AS day, places, median_l`,
    values: [
      wanted.map((one) => one.zone_id),
      wanted.map((one) => one.usage_class),
      wanted.map((one) => one.day),
      wanted.map((one) => one.start_ms),
    ],
  });
  return rows;
}

/** Whom other figures may matter to: whoever used more than this, and whoever was found to have by a rule. */
export interface SwayedByPeers extends PeerDay {
  above_l: number;
}

/** Makes these days due for all whom it may matter to, whichever class they are of. */
export async function makePeersDue(to: Queryable, swayed: readonly SwayedByPeers[], rule: string): Promise<void> {
  if (swayed.length === 0) return;
  await to.query({
    name: 'metering-make-peers-due',
    text: `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
           SELECT array_agg(u.install_id), array_agg(u.day), array_agg(u.day), true
             FROM unnest($1::text[], $2::date[], $3::float8[]) AS swayed (zone_id, day, above_l)
             JOIN (SELECT DISTINCT zone_id, service_point_id FROM metering.service_point_version) v USING (zone_id)
             JOIN metering.install i USING (service_point_id)
             JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = swayed.day
            WHERE (SELECT sum(use_l) FROM unnest(u.hours_l) use_l) > swayed.above_l
               OR EXISTS (SELECT FROM metering.finding f
                           WHERE f.install_id = i.install_id AND f.rule = $4 AND f.day = swayed.day AND f.state <> 'closed')
            GROUP BY swayed.zone_id, swayed.day`,
    values: [swayed.map((one) => one.zone_id), swayed.map((one) => one.day), swayed.map((one) => one.above_l), rule],
  });
}
