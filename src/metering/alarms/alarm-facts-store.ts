// The SQL that reads what alarms are judged from, for many meters at once.
import { instantsOf } from '../../platform/postgres/binary-reader.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Span } from './alarm-kind.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;
const at = (expression: string) => `to_timestamp(${expression} / 1000)`;

export interface JudgedInstall {
  install_id: number;
  service_point_id: string;
  zone_id: string;
  usage_class: string;
  meter_id: number;
  bore_mm: number;
  from_ms: number;
  until_ms: number | null;
  judged_ms: number;
}

export async function listJudgedInstalls(from: Queryable, installIds: readonly number[]): Promise<JudgedInstall[]> {
  const { rows } = await from.query<JudgedInstall>({
    name: 'alarms-list-installs',
    text: `SELECT i.install_id, i.service_point_id, p.zone_id, p.usage_class, i.meter_id, m.bore_mm,
                  ${ms('i.from_at')} AS from_ms, ${ms('i.until_at')} AS until_ms, ${ms('j.judged_at')} AS judged_ms
             FROM metering.install i JOIN metering.service_point p USING (service_point_id)
             JOIN metering.meter m USING (meter_id) JOIN metering.alarm_judged j USING (install_id)
            WHERE i.install_id = ANY($1::int[]) ORDER BY i.install_id`,
    values: [installIds],
  });
  return rows;
}

/** A meter at a place, and from when on facts are wanted. */
export interface FactsQuestion {
  install: JudgedInstall;
  facts_ms: number;
  /** The local day of that instant. */
  facts_day: string;
  to_ms: number;
}

export interface StoredDay {
  install_id: number;
  day: string;
  told_hours: number;
  hours_l: (number | null)[];
}

/** Stored use by install and day. Hours come as one text: an array's is slow to take apart. */
export async function listDaysSince(from: Queryable, questions: readonly FactsQuestion[]): Promise<StoredDay[]> {
  const { rows } = await from.query<Omit<StoredDay, 'hours_l'> & { hours: string }>({
    name: 'alarms-list-days',
    text: `SELECT d.install_id, d.day::text AS day, d.told_hours, array_to_string(d.hours_l, ',', '') AS hours
             FROM unnest($1::int[], $2::date[]) AS given (install_id, from_day)
             JOIN metering.use_day d ON d.install_id = given.install_id AND d.day >= given.from_day
            ORDER BY d.install_id, d.day`,
    values: [questions.map(({ install }) => install.install_id), questions.map(({ facts_day }) => facts_day)],
  });
  return rows.map(({ hours, ...row }) => ({
    ...row,
    hours_l: hours.split(',').map((use_l) => (use_l === '' ? null : Number(use_l))),
  }));
}

const GIVEN = `unnest($1::int[], $2::int[], $3::float8[], $4::float8[]) AS given (install_id, meter_id, from_ms, to_ms)`;

function spansOf(questions: readonly FactsQuestion[]) {
  return [
    questions.map(({ install }) => install.install_id),
    questions.map(({ install }) => install.meter_id),
    questions.map(({ install, facts_ms }) => Math.max(facts_ms, install.from_ms)),
    questions.map(({ install, to_ms }) => Math.min(to_ms, install.until_ms ?? to_ms)),
  ];
}

/** When a meter told, in no order, and the flags of those instants that have some. */
export interface ToldInstants {
  install_id: number;
  instants: Float64Array;
  flagged: ReadonlyMap<number, readonly string[]>;
}

/** All that the meters told, as an array of bytes each: a row a reading would cost the server several times as much. */
export async function listTold(from: Queryable, questions: readonly FactsQuestion[]): Promise<ToldInstants[]> {
  const { rows } = await from.query<{ install_id: number; instants: Buffer | null; flagged: string | null }>({
    name: 'alarms-list-told',
    text: `
      SELECT given.install_id, array_send(told.instants) AS instants, told.flagged
        FROM ${GIVEN}
       CROSS JOIN LATERAL (
         SELECT array_agg(measured_at) AS instants,
                string_agg(concat_ws(':', ${ms('measured_at')}::bigint, array_to_string(flags, '+')), ',')
                  FILTER (WHERE flags <> '{}') AS flagged
           FROM metering.readings(given.meter_id, ${at('given.from_ms')}, ${at('given.to_ms')})) told`,
    values: spansOf(questions),
  });
  return rows.map(({ install_id, instants, flagged }) => ({
    ...{ install_id, instants: instantsOf(instants) },
    flagged: new Map(
      flagged?.split(',').map((part) => {
        const [at_ms = '', flags = ''] = part.split(':');
        return [Number(at_ms), flags.split('+')];
      }),
    ),
  }));
}

export interface Oddity extends Span {
  install_id: number;
  what: 'conflict' | 'misdated' | 'clone';
}

/** Contradictions, impossible clocks and clones of the meters, ascending. */
export async function listOddities(from: Queryable, questions: readonly FactsQuestion[]): Promise<Oddity[]> {
  const { rows } = await from.query<Oddity>({
    name: 'alarms-list-oddities',
    text: `
      SELECT given.install_id, odd.what, ${ms('odd.from_at')} AS from_ms, ${ms('odd.to_at')} AS to_ms
        FROM ${GIVEN}
       CROSS JOIN LATERAL (
         SELECT DISTINCT 'conflict' AS what, measured_at AS from_at, measured_at AS to_at FROM metering.reading_conflict
          WHERE meter_id = given.meter_id AND measured_at BETWEEN ${at('given.from_ms')} AND ${at('given.to_ms')}
         UNION ALL
         SELECT DISTINCT 'misdated', received_at, received_at FROM metering.misdated_reading
          WHERE meter_id = given.meter_id AND received_at BETWEEN ${at('given.from_ms')} AND ${at('given.to_ms')}
         UNION ALL
         SELECT 'clone', e.first_at, e.last_at FROM metering.radio_install r JOIN metering.device_event e USING (device_no)
          WHERE r.meter_id = given.meter_id AND e.kind = 'clone' AND e.first_at >= r.from_at
            AND e.first_at < coalesce(r.until_at, 'infinity')
            AND e.last_at >= ${at('given.from_ms')} AND e.first_at <= ${at('given.to_ms')}) odd
       ORDER BY given.install_id, odd.from_at, odd.to_at`,
    values: spansOf(questions),
  });
  return rows;
}

export interface WatchRow extends Span {
  service_point_id: string;
  watch_id: string;
  /** Else it is what is watched. */
  is_away: boolean;
}

/** What is watched, and absences from it. */
export async function listWatches(from: Queryable, servicePoints: readonly string[]): Promise<WatchRow[]> {
  const { rows } = await from.query<WatchRow>({
    name: 'alarms-list-watches',
    text: `
      SELECT w.service_point_id, w.watch_id, false AS is_away, ${ms('w.from_at')} AS from_ms,
             coalesce(${ms('w.until_at')}, 'infinity') AS to_ms
        FROM metering.watch w WHERE w.service_point_id = ANY($1::text[])
       UNION ALL
      SELECT w.service_point_id, w.watch_id, true, ${ms('a.from_at')}, ${ms('a.until_at')}
        FROM metering.watch w JOIN metering.watch_away a USING (watch_id) WHERE w.service_point_id = ANY($1::text[])`,
    values: [servicePoints],
  });
  return rows;
}
