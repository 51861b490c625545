// The SQL of the completeness ledger: what is known of a meter's day, and the ledger's rows.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { ChangedDay } from '../readings/changed-days-store.ts';
import { type LossSigns, ledgerLimits } from './ledger-day.ts';

/** An install and a local day of it, from the beginning of the day to its end. */
export interface AskedDay extends ChangedDay {
  start_ms: number;
  end_ms: number;
}

export interface FactRow {
  place: number;
  from_ms: number;
  until_ms: number | null;
  told_counts: number[];
  counted: number;
  in_time: number;
  late: number;
}

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

const ASKED = `unnest($1::int[], $2::date[], $3::float8[], $4::float8[]) WITH ORDINALITY
               AS asked (install_id, day, start_ms, end_ms, place)
          JOIN metering.install i USING (install_id)
         CROSS JOIN LATERAL (SELECT to_timestamp(start_ms / 1000) AS start_at, to_timestamp(end_ms / 1000) AS end_at) of_day`;

const askedValues = (asked: readonly AskedDay[]) => [
  asked.map((one) => one.install_id),
  asked.map((one) => one.day),
  asked.map((one) => one.start_ms),
  asked.map((one) => one.end_ms),
];

/**
 * What is known of each day's hours, by its place in the question; those on which the meter did not stand there are absent.
 *
 * @param last the last day that is over: what later ones tell is not learned from yet
 */
export async function listLedgerFacts(
  from: Queryable,
  asked: readonly AskedDay[],
  last: string,
): Promise<Map<number, FactRow>> {
  const { rows } = await from.query<FactRow>({
    name: 'metering-list-ledger-facts',
    text: `
      SELECT place::int - 1 AS place, ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms,
             coalesce(learned.told_counts, '{}') AS told_counts, coalesce(u.told_hours, 0) AS counted,
             coalesce(came.in_time, 0) AS in_time, coalesce(came.late, 0) AS late
        FROM ${ASKED}
        LEFT JOIN metering.use_day u ON u.install_id = asked.install_id AND u.day = asked.day
       CROSS JOIN LATERAL (
         SELECT array_agg(told) AS told_counts
           FROM (SELECT bit_count(told_hours::bit(32))::int AS told FROM metering.use_day l
                  WHERE l.install_id = asked.install_id AND l.day <= least(asked.day + 1, $5::date) AND l.told_hours <> 0
                  ORDER BY l.day DESC LIMIT ${ledgerLimits.learnedFromDays}) days) learned
       CROSS JOIN LATERAL (
         SELECT bit_or(hour) FILTER (WHERE NOT is_late) AS in_time, bit_or(hour) FILTER (WHERE is_late) AS late
           FROM (SELECT 1 << floor(extract(epoch FROM measured_at - start_at) / 3600)::int AS hour,
                        received_at > measured_at + interval '${ledgerLimits.lateAfter_ms} milliseconds' AS is_late
                   FROM metering.readings(i.meter_id, greatest(start_at, i.from_at), least(end_at, i.until_at))
                  WHERE measured_at < least(end_at, i.until_at)) readings) came
       WHERE i.from_at < end_at AND (i.until_at IS NULL OR i.until_at > start_at)`,
    values: [...askedValues(asked), last],
  });
  return new Map(rows.map((row) => [row.place, row]));
}

interface SignsRow {
  place: number;
  receipts_ms: number[] | null;
  readings: number[] | null;
  misdated_ms: number[] | null;
  undecoded_ms: number[] | null;
  refused_from_ms: number[] | null;
  refused_to_ms: number[] | null;
  estimated: number | null;
}

/** What came, was refused or failed around each of the days, by its place in the question. */
export async function listLossSigns(from: Queryable, asked: readonly AskedDay[]): Promise<Map<number, LossSigns>> {
  const around = `interval '${ledgerLimits.around_ms} milliseconds'`;
  const { rows } = await from.query<SignsRow>({
    name: 'metering-list-loss-signs',
    text: `
      SELECT place::int - 1 AS place, came.*, misdated.*, undecoded.*, refused.*, guessed.*
        FROM ${ASKED}
       CROSS JOIN LATERAL (
         SELECT array_agg(at_ms ORDER BY at_ms) AS receipts_ms, array_agg(readings ORDER BY at_ms) AS readings
           FROM (SELECT ${ms('min(received_at)')} AS at_ms, count(*)::int AS readings
                   FROM (SELECT uplink_id, received_at
                           FROM metering.readings(i.meter_id, start_at - ${around}, end_at + ${around})
                         UNION ALL
                         SELECT uplink_id, received_at FROM metering.reading_conflict c
                          WHERE c.meter_id = i.meter_id AND c.measured_at BETWEEN start_at - ${around} AND end_at + ${around}) told
                  GROUP BY uplink_id) reports) came
       CROSS JOIN LATERAL (
         SELECT array_agg(${ms('received_at')}) AS misdated_ms FROM metering.misdated_reading m
          WHERE m.meter_id = i.meter_id AND m.received_at BETWEEN start_at AND end_at + ${around}) misdated
       CROSS JOIN LATERAL (
         SELECT array_agg(${ms('q.received_at')}) AS undecoded_ms
           FROM metering.radio_install r JOIN metering.quarantine q USING (device_no)
          WHERE r.meter_id = i.meter_id AND q.received_at BETWEEN start_at AND end_at + ${around}
            AND r.from_at <= q.received_at AND (r.until_at IS NULL OR r.until_at > q.received_at)) undecoded
       CROSS JOIN LATERAL (
         SELECT array_agg(${ms('e.first_at')} ORDER BY e.event_id) AS refused_from_ms,
                array_agg(${ms('e.last_at')} ORDER BY e.event_id) AS refused_to_ms
           FROM metering.radio_install r JOIN metering.device_event e USING (device_no)
          WHERE r.meter_id = i.meter_id AND e.kind IN ('flood', 'trespass')
            AND e.first_at < end_at + ${around} AND e.last_at > start_at
            AND r.from_at <= e.last_at AND (r.until_at IS NULL OR r.until_at > e.first_at)) refused
       CROSS JOIN LATERAL (
         SELECT bit_or(1 << (hour::int - 1)) AS estimated
           FROM (SELECT hours_l FROM metering.use_estimate e
                  WHERE e.install_id = asked.install_id AND e.day = asked.day ORDER BY version DESC LIMIT 1) newest,
                unnest(hours_l) WITH ORDINALITY AS guess (use_l, hour)
          WHERE use_l IS NOT NULL) guessed`,
    values: askedValues(asked),
  });
  return new Map(
    rows.map((row) => [
      row.place,
      {
        receipts: (row.receipts_ms ?? []).map((at_ms, index) => ({ at_ms, readings: row.readings?.[index] ?? 1 })),
        misdated_ms: row.misdated_ms ?? [],
        undecoded_ms: row.undecoded_ms ?? [],
        refused: (row.refused_from_ms ?? []).map((from_ms, index) => ({
          ...{ from_ms, to_ms: row.refused_to_ms?.[index] ?? from_ms },
        })),
        estimated: row.estimated ?? 0,
      },
    ]),
  );
}

export interface LedgerDay extends ChangedDay {
  /** Null where the meter did not stand there: then there is no row. */
  hours: string | null;
}

/** @returns the days that are others than they were */
export async function writeLedger(to: Transaction, ledger: readonly LedgerDay[]): Promise<ChangedDay[]> {
  const { rows } = await to.query<ChangedDay>({
    name: 'metering-write-ledger',
    text: `WITH given AS (SELECT * FROM unnest($1::int[], $2::date[], $3::text[]) AS given (install_id, day, hours)),
           gone AS (
             DELETE FROM metering.completeness_day known USING given
              WHERE given.hours IS NULL AND (known.install_id, known.day) = (given.install_id, given.day)
              RETURNING known.install_id, known.day),
           put AS (
             INSERT INTO metering.completeness_day AS known (install_id, day, hours)
             SELECT install_id, day, hours FROM given WHERE hours IS NOT NULL
             ON CONFLICT (install_id, day) DO UPDATE SET hours = EXCLUDED.hours WHERE known.hours <> EXCLUDED.hours
             RETURNING install_id, day)
           SELECT install_id, day::text AS day FROM gone UNION ALL SELECT install_id, day::text FROM put`,
    values: [ledger.map((one) => one.install_id), ledger.map((one) => one.day), ledger.map((one) => one.hours)],
  });
  return rows;
}

/**
 * The days whose ledger can be another because a day's use is: that day, the one before, and those after that learn from it
 * how often the meter tells.
 */
export async function listSwayedDays(
  from: Queryable,
  changed: readonly ChangedDay[],
  last: string,
): Promise<ChangedDay[]> {
  const { rows } = await from.query<ChangedDay>({
    name: 'metering-list-swayed-days',
    text: `SELECT DISTINCT install_id, day::date::text AS day
             FROM unnest($1::int[], $2::date[]) AS changed (install_id, changed_day)
            CROSS JOIN LATERAL (
              SELECT least($3::date, (SELECT l.day FROM metering.use_day l
                                       WHERE l.install_id = changed.install_id AND l.day > changed_day AND l.told_hours <> 0
                                       ORDER BY l.day OFFSET ${ledgerLimits.learnedFromDays - 1} LIMIT 1) - 2) AS until_day) learns
            CROSS JOIN LATERAL generate_series(changed_day - 1, greatest(until_day, least(changed_day, $3::date)),
                                               interval '1 day') AS day
            WHERE changed_day <= $3::date ORDER BY 1, 2`,
    values: [changed.map((one) => one.install_id), changed.map((one) => one.day), last],
  });
  return rows;
}

/** The next installs of the day by number. */
export async function listInstallsOfDay(
  from: Queryable,
  day: { start_ms: number; end_ms: number },
  after: number,
  limit: number,
): Promise<number[]> {
  const { rows } = await from.query<{ install_id: number }>(
    `SELECT install_id FROM metering.install
      WHERE install_id > $1 AND from_at < to_timestamp($3::float8 / 1000)
        AND (until_at IS NULL OR until_at > to_timestamp($2::float8 / 1000))
      ORDER BY install_id LIMIT $4`,
    [after, day.start_ms, day.end_ms, limit],
  );
  return rows.map((row) => row.install_id);
}

/** Days that are to be gone through for every install; those that are gone through already begin again. */
export async function beginSweeps(to: Transaction, days: readonly string[]): Promise<void> {
  await to.query(
    `INSERT INTO metering.completeness_sweep (day) SELECT day FROM unnest($1::date[]) AS day
     ON CONFLICT (day) DO UPDATE SET after_install_id = 0`,
    [days],
  );
}

/** The newest first: it is the one that people look at. */
export async function nextSweep(from: Queryable): Promise<{ day: string; after: number } | null> {
  const { rows } = await from.query<{ day: string; after: number }>(
    `SELECT day::text AS day, after_install_id AS after FROM metering.completeness_sweep ORDER BY day DESC LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** @param after null where the day is through */
export async function noteSweep(to: Transaction, day: string, after: number | null): Promise<void> {
  if (after === null) await to.query('DELETE FROM metering.completeness_sweep WHERE day = $1::date', [day]);
  else {
    await to.query('UPDATE metering.completeness_sweep SET after_install_id = $2 WHERE day = $1::date', [day, after]);
  }
}
