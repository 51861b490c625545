// The SQL of what days are judged by: which are due, what was used before them and by others, and whose registers need a look.
import type { Queryable } from '../../platform/postgres/database.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** False while another copy judges: its transaction holds the lock to its end. */
export async function holdValidation(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.validation')) AS held`,
  );
  return rows[0]?.held === true;
}

/** Days of an install to be judged, both ends included. */
export interface JudgedSpan {
  install_id: number;
  /** ISO 8601 */
  from: string;
  to: string;
}

/**
 * Where more than `rows` rows are due, puts them together: one span an install and sort, in rows of neighbouring installs, so
 * that each is judged once.
 */
export async function gatherDueSpans(to: Queryable, rows: number, installsARow: number): Promise<void> {
  await to.query(
    `WITH taken AS (
       DELETE FROM metering.validation_due WHERE (SELECT count(*) FROM metering.validation_due) > $1
       RETURNING install_ids, from_days, to_days, is_use_same),
     spans AS (
       SELECT install_id, is_use_same, min(from_day) AS from_day, max(to_day) AS to_day,
              (dense_rank() OVER (ORDER BY install_id) - 1) / $2::int AS part
         FROM taken, unnest(install_ids, from_days, to_days) AS due (install_id, from_day, to_day)
        GROUP BY install_id, is_use_same)
     INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
     SELECT array_agg(install_id), array_agg(from_day), array_agg(to_day), is_use_same
       FROM spans GROUP BY part, is_use_same ORDER BY part, is_use_same`,
    [rows, installsARow],
  );
}

/** Takes the oldest due days away; where the transaction fails they are there again. @returns a span or more an install */
export async function takeDue(
  from: Queryable,
  rows: number,
): Promise<{ rows: number; spans: (JudgedSpan & { isUseSame: boolean })[] }> {
  const taken = await from.query<{ due_ids: number; install_id: number; from: string; to: string; same: boolean }>(
    `WITH taken AS (
       DELETE FROM metering.validation_due
        WHERE due_id IN (SELECT due_id FROM metering.validation_due ORDER BY due_id LIMIT $1) RETURNING *)
     SELECT (SELECT count(*) FROM taken) AS due_ids, install_id, min(from_day)::text AS from, max(to_day)::text AS to,
            is_use_same AS same
       FROM taken, unnest(install_ids, from_days, to_days) AS due (install_id, from_day, to_day)
      GROUP BY install_id, is_use_same ORDER BY install_id`,
    [rows],
  );
  return {
    rows: taken.rows[0]?.due_ids ?? 0,
    spans: taken.rows.map(({ install_id, from: first, to, same }) => ({
      install_id,
      from: first,
      to,
      isUseSame: same,
    })),
  };
}

/** Takes days up for judging: each install that stands on the last of them. Set to the day before, where nothing was yet. */
export async function setJudgedUntil(to: Queryable, day: string): Promise<void> {
  await to.query(
    `INSERT INTO metering.validation_progress (judged_until) VALUES ($1::date)
     ON CONFLICT (single) DO UPDATE SET judged_until = EXCLUDED.judged_until`,
    [day],
  );
}

/** Makes a day due for every install that stood somewhere in it. */
export async function makeDayDue(
  to: Queryable,
  day: { date: string; start_ms: number; end_ms: number },
  installsARow: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.validation_due (install_ids, from_days, to_days, is_use_same)
     SELECT array_agg(install_id), array_agg($1::date), array_agg($1::date), true
       FROM (SELECT install_id, (row_number() OVER (ORDER BY install_id) - 1) / $4::int AS part FROM metering.install
              WHERE from_at < to_timestamp($3::float8 / 1000)
                AND (until_at IS NULL OR until_at > to_timestamp($2::float8 / 1000))) standing
      GROUP BY part ORDER BY part`,
    [day.date, day.start_ms, day.end_ms, installsARow],
  );
}

/**
 * The stored days of installs over spans, one after another as `yyyy-mm-dd{litres,…}`. One text an install, and summed up by
 * whoever reads it: a row a day, or a sum a day, would cost the database several times as much.
 */
export async function listHoursText(from: Queryable, spans: readonly JudgedSpan[]): Promise<Map<number, string>> {
  const { rows } = await from.query<{ install_id: number; hours: string }>({
    name: 'metering-list-hours-text',
    text: `SELECT given.install_id, stored.hours
             FROM unnest($1::int[], $2::date[], $3::date[]) AS given (install_id, from_day, to_day)
            CROSS JOIN LATERAL (
              SELECT string_agg(u.day::text || u.hours_l::text, '') AS hours FROM metering.use_day u
               WHERE u.install_id = given.install_id AND u.day BETWEEN given.from_day AND given.to_day) stored
            WHERE stored.hours IS NOT NULL`,
    values: [spans.map((one) => one.install_id), spans.map((one) => one.from), spans.map((one) => one.to)],
  });
  return new Map(rows.map((row) => [row.install_id, row.hours]));
}

export interface RegisterSpan {
  meterId: number;
  from_ms: number;
  to_ms: number;
  most_l_per_h: number;
}

/**
 * Which of the spans hold a register that doesn't go plainly forward from the one told before it: lower, faster than the
 * pipe carries, or another one for the same instant. Whoever was edited is among them.
 *
 * @param shortestStep_h steps are held to last at least so long
 * @returns indices of `spans`
 */
export async function listRoughSpans(
  from: Queryable,
  spans: readonly RegisterSpan[],
  shortestStep_h: number,
): Promise<number[]> {
  const { rows } = await from.query<{ place: number }>({
    name: 'metering-list-rough-spans',
    text: `SELECT (place - 1)::int AS place
             FROM unnest($1::int[], $2::float8[], $3::float8[], $4::float8[]) WITH ORDINALITY
                  AS given (meter_id, from_ms, to_ms, most_l_per_h, place)
            CROSS JOIN LATERAL (SELECT to_timestamp(from_ms / 1000) AS from_at, to_timestamp(to_ms / 1000) AS to_at) span
            CROSS JOIN LATERAL (
              SELECT coalesce((SELECT measured_at FROM metering.reading
                                WHERE meter_id = given.meter_id AND measured_at < span.from_at
                                ORDER BY measured_at DESC LIMIT 1), span.from_at) AS since) previous
            WHERE EXISTS (SELECT FROM metering.reading_edit e WHERE e.meter_id = given.meter_id)
               OR EXISTS (
                 SELECT FROM (
                   SELECT register_l - lag(register_l) OVER told AS step_l,
                          extract(epoch FROM measured_at - lag(measured_at) OVER told)::float8 / 3600 AS hours
                     FROM (SELECT measured_at, register_l FROM metering.reading
                            WHERE meter_id = given.meter_id AND measured_at BETWEEN previous.since AND span.to_at
                           UNION ALL
                           SELECT measured_at, register_l FROM metering.reading_conflict
                            WHERE meter_id = given.meter_id AND measured_at BETWEEN previous.since AND span.to_at) registers
                   WINDOW told AS (ORDER BY measured_at, register_l)) steps
                  WHERE step_l < 0 OR hours = 0 OR step_l > given.most_l_per_h * greatest(hours, $5::float8))`,
    values: [
      spans.map((one) => one.meterId),
      spans.map((one) => one.from_ms),
      spans.map((one) => one.to_ms),
      spans.map((one) => one.most_l_per_h),
      shortestStep_h,
    ],
  });
  return rows.map((row) => row.place);
}

export interface MisdatedRow {
  meter_id: number;
  received_ms: number;
  measured_ms: number;
}

/** Readings with a clock that can't be right, of these meters, received within the span; oldest first. */
export async function listMisdated(
  from: Queryable,
  meterIds: readonly number[],
  span: { from_ms: number; to_ms: number },
): Promise<MisdatedRow[]> {
  const { rows } = await from.query<MisdatedRow>({
    name: 'metering-list-misdated',
    text: `SELECT meter_id, ${ms('received_at')} AS received_ms, ${ms('measured_at')} AS measured_ms
             FROM metering.misdated_reading
            WHERE meter_id = ANY($1::int[])
              AND received_at BETWEEN to_timestamp($2::float8 / 1000) AND to_timestamp($3::float8 / 1000)
            ORDER BY meter_id, received_at, measured_at`,
    values: [meterIds, span.from_ms, span.to_ms],
  });
  return rows;
}
