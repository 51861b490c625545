// Answers how much water entered zones, was used there, and was lost, by the day and the month.
import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { leakageTrend } from './water-balance.ts';
import { lastDay } from './work-off-zones-service.ts';
import { type DayHours, dayBalance, sumOfBalances, type ZoneBalance, type ZoneDay } from './zone-balance.ts';
import {
  firstZoneDay,
  listZoneDays,
  listZonePlaces,
  listZones,
  type ZonePlaceRow,
  type ZoneRow,
} from './zone-balance-store.ts';

/** Days that the list of zones sums up, and whose nights it shows. */
const LIST_DAYS = 30;
/** Nights over which the trend of leakage is taken. */
const TREND_DAYS = 365;
/** Local hours between which people sleep. */
const NIGHT_h = { from: 2, to: 5 };

export const balanceLimits = { zonesAtOnce: 500, daysAtOnce: 400, monthsAtOnce: 36, placesAtOnce: 200 } as const;

export interface ZoneSummary extends ZoneRow {
  /** Of the last day that is over; null where nothing is known of it yet. */
  yesterday: ZoneBalance | null;
  month: ZoneBalance | null;
  /** Night flow of each of the last days, oldest first. */
  nights_l_per_s: (number | null)[];
}

export interface BalanceOfPeriod extends ZoneBalance {
  /** `2026-03-01`, or `2026-03` of a month. */
  period: string;
}

export interface ZonesService {
  readonly timeZone: string;
  /** Nested by `parent_zone_id`; by id. */
  listZones(wanted: { after: string | null; limit: number }): Promise<{ zones: ZoneSummary[]; next: string | null }>;
  /** With what its nights of the last year say of leakage. @throws ZONE_UNKNOWN */
  getZone(id: string): Promise<ZoneSummary & { first_day: string | null; leakage_l_per_s_a_year: number | null }>;
  /**
   * Of the days from one to another, both included, as far as they are over: each, or the months they lie in, as far as they
   * do. @throws ZONE_UNKNOWN
   */
  balances(
    id: string,
    wanted: { by: 'day' | 'month'; from: string; until: string; limit: number },
  ): Promise<{ balances: BalanceOfPeriod[]; next: string | null }>;
  /** @throws ZONE_UNKNOWN */
  listPlaces(
    id: string,
    wanted: { after: string | null; limit: number },
  ): Promise<{ places: ZonePlaceRow[]; next: string | null }>;
}

export function createZonesService(pool: Pool, clock: Clock, days: LocalDays): ZonesService {
  const yesterday = () => Temporal.PlainDate.from(lastDay(days, clock.now_ms()));

  function hoursOf(date: string): DayHours {
    const at = (hour: number) =>
      Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: days.timeZone, plainTime: { hour } }).epochMilliseconds;
    return { boundaries_ms: days.on(date).boundaries_ms, night: { from_ms: at(NIGHT_h.from), to_ms: at(NIGHT_h.to) } };
  }

  /** Nights are the same for every zone: a list asks for each a hundred times. */
  function balancesOf(rows: readonly ZoneDay[]): BalanceOfPeriod[] {
    const hours = new Map<string, DayHours>();
    return rows.map((row) => {
      const known = hours.get(row.day) ?? hoursOf(row.day);
      hours.set(row.day, known);
      return { period: row.day, ...dayBalance(row, known) };
    });
  }

  async function summaries(zones: readonly ZoneRow[]): Promise<ZoneSummary[]> {
    const last = yesterday();
    const span = { from: last.subtract({ days: LIST_DAYS - 1 }).toString(), until: last.toString() };
    const rows = await listZoneDays(
      pool,
      zones.map(({ zone_id }) => zone_id),
      span,
    );
    const byZone = groupedBy(rows, ({ zone_id }) => zone_id);
    const dates = Array.from({ length: LIST_DAYS }, (_, back) =>
      last.subtract({ days: LIST_DAYS - 1 - back }).toString(),
    );
    return zones.map((zone) => {
      const balances = balancesOf(byZone.get(zone.zone_id) ?? []);
      const byDay = new Map(balances.map((one) => [one.period, one]));
      return {
        ...zone,
        yesterday: byDay.get(span.until) ?? null,
        month: balances.length === 0 ? null : sumOfBalances(balances),
        nights_l_per_s: dates.map((date) => byDay.get(date)?.night_flow_l_per_s ?? null),
      };
    });
  }

  async function findZone(id: string): Promise<ZoneRow> {
    const [zone] = await listZones(pool, { id, after: null, limit: 1, now_ms: clock.now_ms() });
    if (zone === undefined) throw problem('ZONE_UNKNOWN');
    return zone;
  }

  return {
    timeZone: days.timeZone,
    listZones: async ({ after, limit }) => {
      const found = await listZones(pool, { id: null, after, limit: limit + 1, now_ms: clock.now_ms() });
      const zones = await summaries(found.slice(0, limit));
      return { zones, next: found.length > limit ? (zones.at(-1)?.zone_id ?? null) : null };
    },
    getZone: async (id) => {
      const zone = await findZone(id);
      const last = yesterday();
      const span = { from: last.subtract({ days: TREND_DAYS - 1 }).toString(), until: last.toString() };
      const [[summary], rows, first_day] = await Promise.all([
        summaries([zone]),
        listZoneDays(pool, [id], span),
        firstZoneDay(pool, id),
      ]);
      const nights = balancesOf(rows).map(({ period, night_flow_l_per_s }) => ({
        at_ms: days.on(period).start_ms,
        flow_l_per_s: night_flow_l_per_s,
      }));
      return { ...(summary as ZoneSummary), first_day, leakage_l_per_s_a_year: leakageTrend(nights) };
    },
    balances: async (id, { by, from, until, limit }) => {
      await findZone(id);
      const last = [until, yesterday().toString()].sort()[0] ?? until;
      const end = lastOfPage(from, last, by, limit);
      const daily = balancesOf(await listZoneDays(pool, [id], { from, until: end }));
      const next = end < last ? Temporal.PlainDate.from(end).add({ days: 1 }).toString() : null;
      if (by === 'day') return { balances: daily, next };
      const months = groupedBy(daily, ({ period }) => period.slice(0, 7));
      return { balances: [...months].map(([period, of]) => ({ period, ...sumOfBalances(of) })), next };
    },
    listPlaces: async (id, { after, limit }) => {
      await findZone(id);
      const found = await listZonePlaces(pool, id, { after, limit: limit + 1, at_ms: clock.now_ms() });
      const places = found.slice(0, limit);
      return { places, next: found.length > limit ? (places.at(-1)?.service_point_id ?? null) : null };
    },
  };
}

/** The last day of so many days, or of so many months begun. */
function lastOfPage(from: string, last: string, by: 'day' | 'month', limit: number): string {
  const first = Temporal.PlainDate.from(from);
  const end =
    by === 'day' ? first.add({ days: limit - 1 }) : first.with({ day: 1 }).add({ months: limit }).subtract({ days: 1 });
  return [end.toString(), last].sort()[0] ?? last;
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
