// The SQL by which a copy outside the service keeps up with days of use: what was stored, what changed since, and the days
// themselves as they are now.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { ChangedDay } from '../readings/changed-days-store.ts';
import type { StoredDay } from './exported-day.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** The newest change that there was, whether it is still kept or not. */
export async function lastChange(from: Queryable): Promise<number> {
  const { rows } = await from.query<{ last_id: number }>(
    `SELECT greatest((SELECT max(changed_id) FROM metering.use_day_changed), last_id) AS last_id FROM metering.use_day_trimmed`,
  );
  return rows[0]?.last_id ?? 0;
}

/** Which days are copied. */
export interface CopiedDays {
  /** Of places that lie in it now, or in one below it; null: all. */
  zone: string | null;
  /** The first day; null: from the beginning. */
  since: string | null;
}

const UNDER = (zone: string) => `under (zone_id) AS (
             SELECT ${zone}::text UNION SELECT z.zone_id FROM under JOIN metering.zone z ON z.parent_zone_id = under.zone_id)`;

/** Installs looked at in one step: the days of so many are sorted for it. */
const INSTALLS_AT_ONCE = 50;

/**
 * Days of which anything is stored, measured or estimated, by install and day after the given one.
 * @returns `next`: what the next step goes on after; null where there is nothing more
 */
export async function listStoredDays(
  from: Queryable,
  { zone, since }: CopiedDays,
  after: ChangedDay,
  limit: number,
): Promise<{ days: ChangedDay[]; next: ChangedDay | null }> {
  const { rows } = await from.query<{ installs: number; last_install: number | null; days: ChangedDay[] }>({
    name: 'exports-list-stored-days',
    text: `WITH RECURSIVE ${UNDER('$4')},
           looked AS MATERIALIZED (
             SELECT install_id FROM metering.install JOIN metering.service_point p USING (service_point_id)
              WHERE install_id >= $1::int AND ($4::text IS NULL OR p.zone_id IN (SELECT zone_id FROM under))
              ORDER BY install_id LIMIT ${INSTALLS_AT_ONCE}),
           stored AS (
             SELECT install_id, day FROM looked JOIN metering.use_day USING (install_id)
              WHERE (install_id, day) > ($1::int, $2::date) AND day >= $5::date
              UNION
             SELECT install_id, day FROM looked JOIN metering.use_estimate USING (install_id)
              WHERE (install_id, day) > ($1::int, $2::date) AND day >= $5::date)
           SELECT (SELECT count(*)::int FROM looked) AS installs, (SELECT max(install_id) FROM looked) AS last_install,
                  coalesce((SELECT json_agg(one) FROM (SELECT install_id, day::text AS day FROM stored
                                                        ORDER BY install_id, day LIMIT $3) one), '[]') AS days`,
    values: [after.install_id, after.day, limit, zone, since ?? '-infinity'],
  });
  const { installs = 0, last_install = null, days = [] } = rows[0] ?? {};
  if (days.length === limit) return { days, next: days.at(-1) ?? null };
  const isLast = installs < INSTALLS_AT_ONCE || last_install === null;
  return { days, next: isLast ? null : { install_id: last_install, day: 'infinity' } };
}

/** Rows of the queue looked at for one page. */
const QUEUE_ROWS = 100;

export interface ChangesAfter {
  /** Each once. */
  days: ChangedDay[];
  /** The last change that these are of; what was asked after where there is none. */
  last_id: number;
  /** Whether what came after the given change was partly taken away: the copy can't be brought up from there. */
  lost: boolean;
}

/**
 * What changed after one change and up to another. Ids become visible in their order. Source: changed-days-store.ts,
 * followChangedDays
 *
 * @param limit days after which no further row of the queue is taken
 */
export async function listChangesAfter(
  from: Queryable,
  span: { after_id: number; until_id: number },
  limit: number,
): Promise<ChangesAfter> {
  const { rows } = await from.query<{ last_id: number | null; lost: boolean; installs: number[]; days: string[] }>({
    name: 'exports-list-changes-after',
    text: `WITH next AS (
             SELECT changed_id, install_ids, days,
                    sum(cardinality(days)) OVER (ORDER BY changed_id) - cardinality(days) AS days_before
               FROM (SELECT * FROM metering.use_day_changed WHERE changed_id > $1 AND changed_id <= $2
                      ORDER BY changed_id LIMIT ${QUEUE_ROWS}) queued),
           taken AS MATERIALIZED (SELECT changed_id, install_ids, days FROM next WHERE days_before < $3),
           told AS (SELECT DISTINCT install_id, day FROM taken, unnest(install_ids, days) AS changed (install_id, day))
           SELECT (SELECT max(changed_id) FROM taken) AS last_id, $1 < t.last_id AS lost,
                  ARRAY(SELECT install_id FROM told ORDER BY install_id, day) AS installs,
                  ARRAY(SELECT day::text FROM told ORDER BY install_id, day) AS days
             FROM metering.use_day_trimmed t`,
    values: [span.after_id, span.until_id, limit],
  });
  const { last_id = null, lost = false, installs = [], days = [] } = rows[0] ?? {};
  return {
    days: installs.map((install_id, index) => ({ install_id, day: days[index] ?? '' })),
    ...{ last_id: last_id ?? span.after_id, lost },
  };
}

/** Of these days those that are copied, as they are now, also where nothing is stored any more; by install and day. */
export async function findDays(
  from: Queryable,
  wanted: readonly ChangedDay[],
  { zone, since }: CopiedDays,
): Promise<StoredDay[]> {
  const { rows } = await from.query<StoredDay>({
    name: 'exports-find-days',
    text: `WITH RECURSIVE ${UNDER('$3')}
           SELECT i.install_id, i.service_point_id, p.zone_id, m.meter_id, m.serial, m.model, w.day::text AS day,
                  ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms, u.hours_l,
                  CASE WHEN e.method <> 'withdrawn' THEN e.hours_l END AS estimated_l
             FROM unnest($1::int[], $2::date[]) AS w (install_id, day)
             JOIN metering.install i USING (install_id)
             JOIN metering.service_point p USING (service_point_id)
             JOIN metering.meter m USING (meter_id)
             LEFT JOIN metering.use_day u ON u.install_id = w.install_id AND u.day = w.day
             LEFT JOIN LATERAL (
               SELECT hours_l, method FROM metering.use_estimate
                WHERE install_id = w.install_id AND day = w.day ORDER BY version DESC LIMIT 1) e ON true
            WHERE ($3::text IS NULL OR p.zone_id IN (SELECT zone_id FROM under)) AND w.day >= $4::date
            ORDER BY i.install_id, w.day`,
    values: [wanted.map((one) => one.install_id), wanted.map((one) => one.day), zone, since ?? '-infinity'],
  });
  return rows;
}

export async function isZone(from: Queryable, zone: string): Promise<boolean> {
  return (await from.query('SELECT FROM metering.zone WHERE zone_id = $1', [zone])).rowCount === 1;
}
