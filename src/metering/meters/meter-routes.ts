// The meters and the quarantine over HTTP, for signed-in staff.

import type { preHandlerAsyncHookHandler } from 'fastify';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { resolutions } from '../readings/interval-boundaries.ts';
import type { UseService } from '../readings/use-service.ts';
import { meterStates } from './meter-state.ts';
import type { MetersService } from './meters-service.ts';

const TAGS = ['meters'];
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().max(512).optional();
const instant = z.iso.datetime({ offset: true });
const meterId = z.object({ id: z.string().regex(/^[1-9]\d{0,8}$/) });

const meter = z.object({
  id: z.string(),
  serial: z.string(),
  model: z.string(),
  format: z.string().nullable(),
  service_point: z.string().nullable(),
  zone: z.string().nullable(),
  bore_mm: z.int(),
  state: z.enum(meterStates),
  last_register_l: z.int().nullable(),
  last_measured_at: instant.nullable(),
  flags: z.array(z.string()),
});

const useAnswer = z.object({
  time_zone: z.string(),
  resolution: z.enum(resolutions),
  intervals: z.array(
    z.object({
      ...{ start: instant, end: instant, use_l: z.int().nullable() },
      estimated_l: z.int().optional().describe('How much of it is estimated; absent where all was measured'),
    }),
  ),
});

type MeterAnswer = z.infer<typeof meter>;
type MeterRow = Awaited<ReturnType<MetersService['listMeters']>>['meters'][number];

export function meterRoutes(meters: MetersService, use: UseService, requireStaff: preHandlerAsyncHookHandler): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/meters',
      {
        schema: {
          summary: 'List meters by serial, with their state and last reading',
          tags: TAGS,
          querystring: z.object({
            cursor,
            limit,
            search: z.string().min(1).max(64).optional(),
            state: z.enum(meterStates).optional(),
          }),
          response: {
            200: z.object({
              meters: z.array(meter),
              next_cursor: z.string().nullable(),
              totals: z.object({ ok: z.int(), silent: z.int(), alarm: z.int(), never: z.int() }),
            }),
          },
        },
      },
      async (request) => {
        const { cursor, search, state, limit } = request.query;
        const page = await meters.listMeters({ limit, ...withoutAbsent({ cursor, search, state }) });
        return { ...page, meters: page.meters.map(meterAnswer) };
      },
    );

    server.get(
      '/api/utility/meters/:id',
      {
        schema: {
          summary: 'One meter',
          tags: TAGS,
          params: meterId,
          response: {
            200: meter.extend({
              usage_class: z.string().nullable(),
              installed_at: instant.nullable(),
              readings_today: z.int(),
              conflicts: z.int(),
            }),
          },
        },
      },
      async (request) => {
        const found = await meters.getMeter(Number(request.params.id));
        return {
          ...meterAnswer(found),
          usage_class: found.usage_class,
          installed_at: isoOrNull(found.installed_at_ms),
          readings_today: found.readings_today,
          conflicts: found.conflicts,
        };
      },
    );

    server.get(
      '/api/utility/meters/:id/use',
      {
        schema: {
          summary: 'What went through a meter, by the hour or the day of the utility’s time zone',
          tags: TAGS,
          params: meterId,
          querystring: z.object({ resolution: z.enum(resolutions).default('day'), from: instant, to: instant }),
          response: { 200: useAnswer },
        },
      },
      async (request) => {
        const { resolution, from, to } = request.query;
        const id = Number(request.params.id);
        await meters.getMeter(id);
        const intervals = await use.useOf({ of: { meterId: id }, from_ms: toMs(from), to_ms: toMs(to), resolution });
        return {
          time_zone: use.timeZone,
          resolution,
          intervals: intervals.map(({ start_ms, end_ms, use_l, estimated_l }) => ({
            start: isoInstant(start_ms),
            end: isoInstant(end_ms),
            use_l,
            ...(estimated_l === undefined ? {} : { estimated_l }),
          })),
        };
      },
    );

    server.get(
      '/api/utility/quarantine',
      {
        schema: {
          summary: 'Uplinks that could not become readings, newest first',
          tags: TAGS,
          querystring: z.object({ cursor, limit }),
          response: {
            200: z.object({
              items: z.array(
                z.object({
                  id: z.string(),
                  received_at: instant,
                  device_id: z.string().nullable(),
                  format: z.string(),
                  problem: z.object({ code: z.string(), detail: z.string() }),
                  payload_hex: z.string(),
                }),
              ),
              next_cursor: z.string().nullable(),
              total: z.int(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor, limit } = request.query;
        const page = await meters.listQuarantine({ limit, ...withoutAbsent({ cursor }) });
        return {
          ...page,
          items: page.items.map((item) => ({
            id: String(item.uplink_id),
            received_at: isoInstant(item.received_at_ms),
            device_id: item.device_id,
            format: item.format,
            problem: { code: item.code, detail: item.detail },
            payload_hex: item.payload.toString('hex'),
          })),
        };
      },
    );
  };
}

function meterAnswer(row: MeterRow): MeterAnswer {
  return {
    id: String(row.meter_id),
    serial: row.serial,
    model: row.model,
    format: row.format,
    service_point: row.service_point,
    zone: row.zone,
    bore_mm: row.bore_mm,
    state: row.state,
    last_register_l: row.last_register_l,
    last_measured_at: isoOrNull(row.last_measured_at_ms),
    flags: row.flags,
  };
}

function isoOrNull(at_ms: number | null): string | null {
  return at_ms === null ? null : isoInstant(at_ms);
}

function toMs(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds;
}

type WithoutAbsent<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what was not asked for. */
function withoutAbsent<T extends object>(given: T): WithoutAbsent<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as WithoutAbsent<T>;
}
