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

/** To the nearest of this many litres, so that what is of no weight changes nothing. */
const ROUNDED_TO_l = 10;

/**
 * Works the figures out from stored use, of each place whose whole day is known.
 *
 * @param wanted with the instant at which each day begins
 * @returns those that are other than they were
 */
export async function putPeerUse(
  to: Queryable,
  wanted: readonly (PeerDay & { start_ms: number })[],
): Promise<PeerDay[]> {
  const { rows } = await to.query<PeerDay>({
    name: 'metering-put-peer-use',
    text: `INSERT INTO metering.peer_use AS stored (zone_id, usage_class, day, places, median_l)
           SELECT wanted.zone_id, wanted.usage_class, wanted.day, peers.places, peers.median_l
             FROM unnest($1::text[], $2::text[], $3::date[], $4::float8[]) AS wanted (zone_id, usage_class, day, start_ms)
            CROSS JOIN LATERAL (
              SELECT count(*)::int AS places,
                     coalesce(round(percentile_disc(0.5) WITHIN GROUP (ORDER BY total.use_l) / ${ROUNDED_TO_l}.0)
                              * ${ROUNDED_TO_l}, 0)::int AS median_l
                FROM (SELECT DISTINCT service_point_id FROM metering.service_point_version v
                       WHERE v.zone_id = wanted.zone_id) place
                JOIN LATERAL (SELECT zone_id, usage_class, purpose FROM metering.service_point_version v
                               WHERE v.service_point_id = place.service_point_id
                                 AND v.from_at <= to_timestamp(wanted.start_ms / 1000)
                               ORDER BY from_at DESC, recorded_at DESC LIMIT 1) held ON true
                JOIN metering.install i ON i.service_point_id = place.service_point_id
                JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = wanted.day
               CROSS JOIN LATERAL (SELECT sum(use_l) AS use_l FROM unnest(u.hours_l) use_l) total
               WHERE held.zone_id = wanted.zone_id AND held.usage_class = wanted.usage_class AND held.purpose <> 'inlet'
                 AND array_position(u.hours_l, NULL) IS NULL) peers
           ON CONFLICT (zone_id, usage_class, day) DO UPDATE SET places = EXCLUDED.places, median_l = EXCLUDED.median_l
            WHERE (stored.places, stored.median_l) IS DISTINCT FROM (EXCLUDED.places, EXCLUDED.median_l)
           RETURNING zone_id, usage_class, day::text AS day`,
    values: [
      wanted.map((one) => one.zone_id),
      wanted.map((one) => one.usage_class),
      wanted.map((one) => one.day),
      wanted.map((one) => one.start_ms),
    ],
  });
  return rows;
}

/** Makes these days due for all who are held against the figures. */
export async function makePeersDue(to: Queryable, changed: readonly PeerDay[]): Promise<void> {
  if (changed.length === 0) return;
  await to.query(
    `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
     SELECT array_agg(u.install_id), array_agg(u.day), array_agg(u.day), true
       FROM unnest($1::text[], $2::date[]) AS changed (zone_id, day)
       JOIN (SELECT DISTINCT zone_id, service_point_id FROM metering.service_point_version) v USING (zone_id)
       JOIN metering.install i USING (service_point_id)
       JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = changed.day
      GROUP BY changed.zone_id, changed.day`,
    [changed.map((one) => one.zone_id), changed.map((one) => one.day)],
  );
}
