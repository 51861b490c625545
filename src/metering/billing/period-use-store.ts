// The SQL that reads what a batch of places used over local days: their installs, and their days added up.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { DateText } from './billing-dates.ts';
import { groupedBy } from './grouped-by.ts';
import { dayKey, type HourlyLitres, type Period, type PlaceInstall, type ToldDay } from './period-use.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** @returns by place, oldest first; a place where no meter ever stood is absent */
export async function listInstallsAt(
  from: Queryable,
  servicePointIds: readonly string[],
): Promise<Map<string, PlaceInstall[]>> {
  const { rows } = await from.query<PlaceInstall & { service_point_id: string }>({
    name: 'billing-list-installs-at',
    text: `SELECT service_point_id, install_id, meter_id, bore_mm, ${ms('from_at')} AS from_ms, ${ms('until_at')} AS until_ms
             FROM metering.install JOIN metering.meter USING (meter_id)
            WHERE service_point_id = ANY($1::text[]) ORDER BY service_point_id, from_at`,
    values: [servicePointIds],
  });
  return groupedBy(rows, (row) => row.service_point_id);
}

interface ToldRow {
  install_id: number;
  days: string;
  litres: string;
  gappy: Record<DateText, HourlyLitres> | null;
}

/** Stored use of installs over the period: days as two texts an install, for a row a day would cost ten times as much. */
export async function listToldDays(
  from: Queryable,
  installIds: readonly number[],
  { use_from, use_until }: Period,
): Promise<Map<string, ToldDay>> {
  const { rows } = await from.query<ToldRow>({
    name: 'billing-list-told-days',
    text: `SELECT install_id, string_agg(day::text, ',' ORDER BY day) AS days,
                  string_agg((SELECT coalesce(sum(use_l), 0) FROM unnest(hours_l) AS use_l)::text, ',' ORDER BY day) AS litres,
                  json_object_agg(day, hours_l) FILTER (WHERE array_position(hours_l, NULL) IS NOT NULL) AS gappy
             FROM metering.use_day
            WHERE install_id = ANY($1::int[]) AND day >= $2::date AND day < $3::date
            GROUP BY install_id`,
    values: [installIds, use_from, use_until],
  });
  const told = new Map<string, ToldDay>();
  for (const { install_id, days, litres, gappy } of rows) {
    const litresOf = litres.split(',');
    for (const [at, day] of days.split(',').entries()) {
      told.set(dayKey(install_id, day), { told_l: Number(litresOf[at]), gappy: gappy?.[day] ?? null });
    }
  }
  return told;
}
