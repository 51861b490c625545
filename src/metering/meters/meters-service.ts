// The registry as staff and the portal ask it: which meters there are and how they do, and which one stands where.
import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { alarmFlags } from '../readings/alarm-flags.ts';
import { readCursor, writeCursor } from './list-cursor.ts';
import type { MeterState } from './meter-state.ts';
import {
  countConflicts,
  countMeterStates,
  countQuarantine,
  countReadings,
  findMeterRow,
  findServicePoint,
  listMeterRows,
  listQuarantine,
  type MeterRow,
  type QuarantineRow,
  type ServicePointRow,
} from './meters-store.ts';

export interface MeterPage {
  meters: MeterRow[];
  next_cursor: string | null;
  totals: Record<MeterState, number>;
}

export interface MetersService {
  /** @throws REQUEST_INVALID for a cursor that is none */
  listMeters(wanted: { cursor?: string; search?: string; state?: MeterState; limit: number }): Promise<MeterPage>;
  /** @throws METER_UNKNOWN */
  getMeter(meterId: number): Promise<MeterRow & { readings_today: number; conflicts: number }>;
  /** @throws SERVICE_POINT_UNKNOWN */
  getServicePoint(id: string): Promise<ServicePointRow>;
  /** The meter that stands at the place now, or stood there at the instant; null where none does. @throws SERVICE_POINT_UNKNOWN */
  meterAtServicePoint(id: string, at_ms?: number): Promise<MeterRow | null>;
  /** @throws REQUEST_INVALID for a cursor that is none */
  listQuarantine(wanted: { cursor?: string; limit: number }): Promise<{
    items: QuarantineRow[];
    next_cursor: string | null;
    total: number;
  }>;
}

export function createMetersService(pool: Pool, clock: Clock, timeZone: string): MetersService {
  const rule = () => ({ now_ms: clock.now_ms(), alarmFlags });

  async function getServicePoint(id: string, at_ms: number): Promise<ServicePointRow> {
    const found = await findServicePoint(pool, id, at_ms);
    if (found === null) throw problem('SERVICE_POINT_UNKNOWN');
    return found;
  }

  return {
    listMeters: async ({ cursor, search, state, limit }) => {
      const mark = markOf(cursor);
      const after = mark === null ? null : { serial: String(mark.first), meterId: mark.second };
      const [rows, totals] = await Promise.all([
        listMeterRows(pool, rule(), { after, search: search ?? null, state: state ?? null, limit: limit + 1 }),
        countMeterStates(pool, rule()),
      ]);
      const meters = rows.slice(0, limit);
      const last = rows.length > limit ? meters.at(-1) : undefined;
      return {
        meters,
        next_cursor: last === undefined ? null : writeCursor(last.serial, last.meter_id),
        totals: { ok: 0, silent: 0, alarm: 0, never: 0, ...totals },
      };
    },
    getMeter: async (meterId) => {
      const today = Temporal.Instant.fromEpochMilliseconds(clock.now_ms()).toZonedDateTimeISO(timeZone).startOfDay();
      const [meter, readings_today, conflicts] = await Promise.all([
        findMeterRow(pool, rule(), meterId),
        countReadings(pool, meterId, today.epochMilliseconds, today.add({ days: 1 }).epochMilliseconds),
        countConflicts(pool, meterId),
      ]);
      if (meter === null) throw problem('METER_UNKNOWN');
      return { ...meter, readings_today, conflicts };
    },
    getServicePoint: (id) => getServicePoint(id, clock.now_ms()),
    meterAtServicePoint: async (id, at_ms) => {
      const { meter_id } = await getServicePoint(id, at_ms ?? clock.now_ms());
      return meter_id === null ? null : findMeterRow(pool, rule(), meter_id);
    },
    listQuarantine: async ({ cursor, limit }) => {
      const mark = markOf(cursor);
      const before = mark === null ? null : { received_at_ms: Number(mark.first), uplinkId: mark.second };
      const [rows, total] = await Promise.all([listQuarantine(pool, before, limit + 1), countQuarantine(pool)]);
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      return {
        items,
        next_cursor: last === undefined ? null : writeCursor(last.received_at_ms, last.uplink_id),
        total,
      };
    },
  };
}

function markOf(cursor: string | undefined): ReturnType<typeof readCursor> {
  if (cursor === undefined) return null;
  const mark = readCursor(cursor);
  if (mark === null) throw problem('REQUEST_INVALID', 'cursor: not a cursor of this list; start without one');
  return mark;
}
