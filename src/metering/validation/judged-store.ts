// The SQL of what days are judged by: which are due, what was used before them and by others, and whose registers need a look.
import { instantsOf, integersOf } from '../../platform/postgres/binary-reader.ts';
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
}

/** What a meter told over a span and last before it, in order. */
export interface ToldSpan {
  /** The index of the span that was asked for. */
  place: number;
  instants: Float64Array;
  registers: Float64Array;
  /** Something was edited or contradicts: a closer look is needed, whatever the registers are. */
  isDisputed: boolean;
}

/** Registers come as two arrays a span in binary form: to compare each with the one before it costs the server more. */
export async function listToldSpans(from: Queryable, spans: readonly RegisterSpan[]): Promise<ToldSpan[]> {
  const { rows } = await from.query<{
    place: number;
    instants: Buffer | null;
    registers: Buffer | null;
    disputed: boolean;
  }>({
    name: 'metering-list-told-spans',
    text: `SELECT (place - 1)::int AS place, array_send(told.instants) AS instants, array_send(told.registers) AS registers,
                  EXISTS (SELECT FROM metering.reading_edit e WHERE e.meter_id = given.meter_id)
                    OR EXISTS (SELECT FROM metering.reading_conflict c
                                WHERE c.meter_id = given.meter_id AND c.measured_at BETWEEN previous.since AND span.to_at) AS disputed
             FROM unnest($1::int[], $2::float8[], $3::float8[]) WITH ORDINALITY AS given (meter_id, from_ms, to_ms, place)
            CROSS JOIN LATERAL (SELECT to_timestamp(from_ms / 1000) AS from_at, to_timestamp(to_ms / 1000) AS to_at) span
            CROSS JOIN LATERAL (
              SELECT coalesce((SELECT measured_at FROM metering.readings_before(given.meter_id, span.from_at, 1)),
                              span.from_at) AS since) previous
            CROSS JOIN LATERAL (
              SELECT array_agg(measured_at) AS instants, array_agg(register_l) AS registers
                FROM (SELECT measured_at, register_l FROM metering.readings(given.meter_id, previous.since, span.to_at)
                       ORDER BY measured_at) stored) told`,
    values: [spans.map((one) => one.meterId), spans.map((one) => one.from_ms), spans.map((one) => one.to_ms)],
  });
  return rows.map(({ place, instants, registers, disputed }) => ({
    ...{ place, isDisputed: disputed, instants: instantsOf(instants), registers: integersOf(registers) },
  }));
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
