// A meter's registers, and what a meter or a place used, as pages and as files: for staff and for programs of the operator.
import type { FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import { sendCsv, wantsCsv } from '../../platform/http/csv-reply.ts';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { resolutions } from '../readings/interval-boundaries.ts';
import type { UseQuestion, UseService } from '../readings/use-service.ts';
import { exportLimits } from './export-limits.ts';
import { csvOf, readingsTable, useTable } from './export-tables.ts';
import { nextLink } from './next-link.ts';
import type { ReadingExportService } from './reading-export-service.ts';

const tags = ['exports'];
const instant = z.iso.datetime({ offset: true });
const meterId = z.object({ id: z.string().regex(/^[1-9]\d{0,8}$/) });
const placeId = z.object({ place: z.string().min(1).max(64) });
const span = z.object({ from: instant, to: instant });
const ordered = ({ from, to }: z.infer<typeof span>) => Date.parse(from) < Date.parse(to);
const unordered = '`from` must lie before `to`';
const wantedReadings = span
  .extend({
    cursor: z.string().max(512).optional(),
    limit: z.coerce.number().int().min(1).max(exportLimits.mostOnPage).default(exportLimits.page),
  })
  .refine(ordered, unordered);
const wantedUse = span.extend({ resolution: z.enum(resolutions).default('day') }).refine(ordered, unordered);
const asCsv = ', as CSV';

export interface ReadingExportRoutesOptions {
  exports: ReadingExportService;
  use: UseService;
  /** @throws METER_UNKNOWN */
  requireMeter(meterId: number): Promise<unknown>;
  /** @throws SERVICE_POINT_UNKNOWN */
  requirePlace(servicePointId: string): Promise<unknown>;
  requireKeeper: preHandlerAsyncHookHandler;
}

export function readingExportRoutes(options: ReadingExportRoutesOptions): Routes {
  const { exports, use, requireMeter, requirePlace, requireKeeper } = options;
  type Span = z.infer<typeof span>;

  async function sendReadings(reply: FastifyReply, id: string, { from, to }: Span, forPeople: boolean) {
    await requireMeter(Number(id));
    const of = { meterId: Number(id), from_ms: Date.parse(from), to_ms: Date.parse(to) };
    return sendCsv(reply, `readings-${id}.csv`, csvOf(readingsTable, exports.allReadings(of)), forPeople);
  }

  async function useOf(of: UseQuestion['of'], { from, to, resolution }: z.infer<typeof wantedUse>) {
    if ('meterId' in of) await requireMeter(of.meterId);
    else await requirePlace(of.servicePointId);
    return use.useOf({ of, from_ms: Date.parse(from), to_ms: Date.parse(to), resolution });
  }

  async function sendUse(
    reply: FastifyReply,
    of: UseQuestion['of'],
    wanted: z.infer<typeof wantedUse>,
    forPeople: boolean,
  ) {
    const intervals = await useOf(of, wanted);
    return sendCsv(reply, `use-by-${wanted.resolution}.csv`, csvOf(useTable, [intervals]), forPeople);
  }

  return async (server) => {
    server.addHook('preHandler', requireKeeper);
    server.addHook('onSend', async (_request: FastifyRequest, reply) => void reply.header('vary', 'Accept'));

    server.get(
      '/api/utility/meters/:id/readings',
      {
        schema: {
          summary:
            'The registers that a meter told, as it told them, oldest first; CSV (Accept: text/csv) is not paged',
          ...{ tags, params: meterId, querystring: wantedReadings, produces: ['application/json', 'text/csv'] },
          response: {
            200: z.object({
              readings: z.array(
                z.object({
                  ...{ measured_at: instant, register_l: z.int(), received_at: instant },
                  clock: z
                    .enum(['absolute', 'local', 'received'])
                    .describe("The device's instant, its time without a zone, or that of the receipt"),
                  flags: z.array(z.string()),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request, reply) => {
        const { from, to, cursor = null, limit } = request.query;
        if (wantsCsv(request.headers.accept)) return sendReadings(reply, request.params.id, { from, to }, false);
        const id = Number(request.params.id);
        await requireMeter(id);
        const of = { meterId: id, from_ms: Date.parse(from), to_ms: Date.parse(to) };
        const { readings, next_cursor } = await exports.readings(of, cursor, limit);
        if (next_cursor !== null) reply.header('link', nextLink(request.url, next_cursor));
        return {
          readings: readings.map(({ measured_ms, received_ms, register_l, clock, flags }) => ({
            ...{ measured_at: isoInstant(measured_ms), register_l, received_at: isoInstant(received_ms) },
            ...{ clock: clock as 'absolute', flags },
          })),
          next_cursor,
        };
      },
    );

    server.get(
      '/api/utility/meters/:id/readings.csv',
      {
        schema: {
          summary: `The registers that a meter told${asCsv}`,
          ...{ tags, params: meterId, querystring: span.refine(ordered, unordered), produces: ['text/csv'] },
        },
      },
      (request, reply) => sendReadings(reply, request.params.id, request.query, true),
    );

    server.get(
      '/api/utility/meters/:id/use.csv',
      {
        schema: {
          summary: `What went through a meter, by the hour or the day${asCsv}`,
          ...{ tags, params: meterId, querystring: wantedUse, produces: ['text/csv'] },
        },
      },
      (request, reply) => sendUse(reply, { meterId: Number(request.params.id) }, request.query, true),
    );

    server.get(
      '/api/utility/service-points/:place/use',
      {
        schema: {
          summary: 'What a place used, whichever meter stood there, by the hour or the day of the utility’s time zone',
          ...{ tags, params: placeId, querystring: wantedUse, produces: ['application/json', 'text/csv'] },
          response: {
            200: z.object({
              time_zone: z.string(),
              resolution: z.enum(resolutions),
              intervals: z.array(
                z.object({
                  ...{ start: instant, end: instant, use_l: z.int().nullable() },
                  estimated_l: z
                    .int()
                    .optional()
                    .describe('How much of it is estimated; absent where all was measured'),
                }),
              ),
            }),
          },
        },
      },
      async (request, reply) => {
        const of = { servicePointId: request.params.place };
        if (wantsCsv(request.headers.accept)) return sendUse(reply, of, request.query, false);
        const intervals = await useOf(of, request.query);
        return {
          ...{ time_zone: use.timeZone, resolution: request.query.resolution },
          intervals: intervals.map(({ start_ms, end_ms, use_l, estimated_l }) => ({
            ...{ start: isoInstant(start_ms), end: isoInstant(end_ms), use_l },
            ...(estimated_l === undefined ? {} : { estimated_l }),
          })),
        };
      },
    );

    server.get(
      '/api/utility/service-points/:place/use.csv',
      {
        schema: {
          summary: `What a place used${asCsv}`,
          ...{ tags, params: placeId, querystring: wantedUse, produces: ['text/csv'] },
        },
      },
      (request, reply) => sendUse(reply, { servicePointId: request.params.place }, request.query, true),
    );
  };
}
