// The SQL of stored use: a row a day, replaced where it differs.
import type { Queryable } from '../../platform/postgres/database.ts';
import { mostDaysARow } from './changed-days-store.ts';
import type { UseDay } from './use-days.ts';

/** All of an install's days from one to another are as given; those not given go. */
export interface ReplacedDays {
  install_id: number;
  from: string;
  to: string;
  days: readonly UseDay[];
}

/**
 * To be called by the holder of the use job's lock: the days that changed go into the queue of them with it, whose order
 * rests on that lock.
 *
 * @returns days written and days removed
 */
export async function replaceUseDays(to: Queryable, replaced: readonly ReplacedDays[]): Promise<number> {
  const days = replaced.flatMap((one) => one.days);
  const { rows } = await to.query<{ days: number }>({
    name: 'metering-replace-use-days',
    text: `
      WITH given AS MATERIALIZED (
        SELECT install_id, day, told_hours, hours_l::int[] AS hours_l
          FROM unnest($1::int[], $2::date[], $3::int[], $4::text[]) AS given (install_id, day, told_hours, hours_l)),
      written AS (
        INSERT INTO metering.use_day (install_id, day, told_hours, hours_l)
        SELECT given.* FROM given LEFT JOIN metering.use_day stored USING (install_id, day)
         WHERE (stored.told_hours, stored.hours_l) IS DISTINCT FROM (given.told_hours, given.hours_l)
        ON CONFLICT (install_id, day) DO UPDATE SET told_hours = EXCLUDED.told_hours, hours_l = EXCLUDED.hours_l
        RETURNING install_id, day),
      removed AS (
        DELETE FROM metering.use_day stored
         USING unnest($5::int[], $6::date[], $7::date[]) AS span (install_id, from_day, to_day)
         WHERE stored.install_id = span.install_id AND stored.day BETWEEN span.from_day AND span.to_day
           AND NOT EXISTS (SELECT FROM given WHERE given.install_id = stored.install_id AND given.day = stored.day)
        RETURNING stored.install_id, stored.day),
      changed AS (
        SELECT install_id, day, (row_number() OVER (ORDER BY install_id, day) - 1) / ${mostDaysARow} AS part
          FROM (SELECT * FROM written UNION ALL SELECT * FROM removed) either)
      INSERT INTO metering.use_day_changed (install_ids, days)
      SELECT array_agg(install_id ORDER BY install_id, day), array_agg(day ORDER BY install_id, day)
        FROM changed GROUP BY part ORDER BY part
      RETURNING cardinality(days) AS days`,
    values: [
      days.map((one) => one.install_id),
      days.map((one) => one.day),
      days.map((one) => one.told_hours),
      days.map((one) => `{${one.hours_l.map((use_l) => use_l ?? 'NULL').join()}}`),
      replaced.map((one) => one.install_id),
      replaced.map((one) => one.from),
      replaced.map((one) => one.to),
    ],
  });
  return rows.reduce((total, row) => total + row.days, 0);
}

/** The stored days of installs, by install and day. */
export async function listUseDays(
  from: Queryable,
  installIds: readonly number[],
  span: { from: string; to: string } = { from: '-infinity', to: 'infinity' },
): Promise<UseDay[]> {
  const { rows } = await from.query<UseDay>({
    name: 'metering-list-use-days',
    text: `SELECT install_id, day::text AS day, told_hours, hours_l FROM metering.use_day
            WHERE install_id = ANY($1::int[]) AND day BETWEEN $2::date AND $3::date ORDER BY install_id, day`,
    values: [installIds, span.from, span.to],
  });
  return rows;
}

/** The stored days of installs, each over days of its own, both ends included. */
export async function listUseDaysOver(
  from: Queryable,
  spans: readonly { install_id: number; from: string; to: string }[],
): Promise<UseDay[]> {
  const { rows } = await from.query<UseDay>({
    name: 'metering-list-use-days-over',
    text: `SELECT u.install_id, u.day::text AS day, u.told_hours, u.hours_l
             FROM unnest($1::int[], $2::date[], $3::date[]) AS given (install_id, from_day, to_day)
             JOIN metering.use_day u ON u.install_id = given.install_id AND u.day BETWEEN given.from_day AND given.to_day`,
    values: [spans.map((one) => one.install_id), spans.map((one) => one.from), spans.map((one) => one.to)],
  });
  return rows;
}
