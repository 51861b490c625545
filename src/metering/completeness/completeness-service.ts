// Answers how complete readings are: rates by day, zone and model, and which meters miss which hours, and where they were lost.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { LocalDays } from '../readings/local-days.ts';
import {
  type IncompleteRow,
  listIncomplete,
  listLedger,
  listReadRates,
  type RatesBy,
  type ReadRateRow,
} from './read-rate-store.ts';

export const completenessLimits = { ratesAtOnce: 20_000, metersAtOnce: 200, longestSpan_days: 400 } as const;

/** Days from one to another, both included. */
interface DaySpan {
  from: string;
  until: string;
}

export interface CompletenessService {
  /** @throws SPAN_TOO_LONG */
  readRates(
    wanted: DaySpan & { by: RatesBy; zoneId: string | null; after: string | null; limit: number },
  ): Promise<{ rates: ReadRateRow[]; next: string | null }>;
  /** Meters with an expected hour of the day missing. */
  incompleteMeters(wanted: {
    day: string;
    zoneId: string | null;
    after: number;
    limit: number;
  }): Promise<{ meters: IncompleteRow[]; next: number | null }>;
  /** @throws SPAN_TOO_LONG */
  ledgerOf(meterId: number, span: DaySpan): Promise<{ day: string; service_point_id: string; hours: string }[]>;
}

export function createCompletenessService(pool: Pool, days: LocalDays): CompletenessService {
  const keyOf = ({ zone_id, day, model }: ReadRateRow) =>
    [zone_id, day, model].filter((part) => part !== null).join(' ');

  function held<Span extends DaySpan>(span: Span): Span {
    const most_ms = completenessLimits.longestSpan_days * 86_400_000;
    if (days.on(span.until).start_ms - days.on(span.from).start_ms > most_ms)
      throw problem('SPAN_TOO_LONG', `ask for at most ${completenessLimits.longestSpan_days} days`);
    return span;
  }

  return {
    readRates: async ({ limit, ...wanted }) => {
      const found = await listReadRates(pool, { ...held(wanted), limit: limit + 1 });
      const rates = found.slice(0, limit);
      const last = found.length > limit ? rates.at(-1) : undefined;
      return { rates, next: last === undefined ? null : keyOf(last) };
    },
    incompleteMeters: async ({ limit, ...wanted }) => {
      const { end_ms } = days.on(wanted.day);
      const found = await listIncomplete(pool, { ...wanted, end_ms, limit: limit + 1 });
      const meters = found.slice(0, limit);
      return { meters, next: found.length > limit ? (meters.at(-1)?.install_id ?? null) : null };
    },
    ledgerOf: (meterId, span) => listLedger(pool, meterId, held(span)),
  };
}

/** Hours of the whole city's day, by what became of them. */
export async function hoursOfDay(pool: Pool, day: string): Promise<[became: string, hours: number][]> {
  const whole = { by: 'day', from: day, until: day, zoneId: null, after: null, limit: 1 } as const;
  const [{ arrived, late, lost_meter, lost_radio, lost_broker, lost_decode, lost_clock, lost_validation } = nothing] =
    await listReadRates(pool, whole);
  return Object.entries({
    ...{ arrived, late, lost_meter, lost_radio, lost_broker, lost_decode, lost_clock, lost_validation },
  });
}

const nothing = {
  ...{ arrived: 0, late: 0, lost_meter: 0, lost_radio: 0, lost_broker: 0, lost_decode: 0, lost_clock: 0 },
  lost_validation: 0,
};
