// What a utility copies into its own systems, night for night: days of use that changed, and bills. Every answer ends with
// the cursor to go on from, so that a copy never misses what was worked out anew.
import type { FastifyReply, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import { sendCsv, wantsCsv } from '../../platform/http/csv-reply.ts';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import type { BillExportService } from './bill-export-service.ts';
import type { ChangedUseService } from './changed-use-service.ts';
import { exportLimits } from './export-limits.ts';
import { billsTable, csvOf, useDaysTable, useHoursTable } from './export-tables.ts';
import type { ExportedDay } from './exported-day.ts';
import { nextLink } from './next-link.ts';

const tags = ['exports'];
const cursor = z.string().max(512).optional();
const limit = z.coerce.number().int().min(1).max(exportLimits.mostOnPage).default(exportLimits.page);
const changed = z.object({
  zone: z.string().min(1).max(64).optional().describe('Its own days and those of the zones below it'),
  since: z.iso.date().optional().describe('The first day that is copied'),
  by: z.enum(['day', 'hour']).default('day').describe('Whether the hours of each day are told too'),
  cursor: cursor.describe('Of the last answer; without it the copy begins, with everything'),
});
const copied = {
  next_cursor: z.string().describe('To be kept: the next copy goes on from here'),
  more: z.boolean().describe('Whether there is more to be had at once'),
};
const litres = z.int().nullable();

export interface CopyRoutesOptions {
  changes: ChangedUseService;
  bills: BillExportService;
  requireKeeper: preHandlerAsyncHookHandler;
}

export function copyRoutes({ changes, bills, requireKeeper }: CopyRoutesOptions): Routes {
  async function sendDays(reply: FastifyReply, wanted: z.infer<typeof changed>, forPeople: boolean) {
    const { days, next_cursor } = await changes.allChangedUse(copiedOf(wanted), wanted.cursor ?? null);
    const table = wanted.by === 'day' ? useDaysTable : useHoursTable;
    goOnFrom(reply, next_cursor);
    return sendCsv(reply, `use-by-${wanted.by}.csv`, csvOf(table, days), forPeople);
  }

  async function sendBills(reply: FastifyReply, cursor: string | undefined, forPeople: boolean) {
    const { bills: all, next_cursor } = await bills.allBills(cursor ?? null);
    goOnFrom(reply, next_cursor);
    return sendCsv(reply, 'bills.csv', csvOf(billsTable, all), forPeople);
  }

  return async (server) => {
    server.addHook('preHandler', requireKeeper);
    server.addHook('onSend', async (_request, reply) => void reply.header('vary', 'Accept'));

    server.get(
      '/api/utility/use-days',
      {
        schema: {
          summary:
            'Days of use that were written, changed or removed since the cursor, as they are now; CSV (Accept: text/csv) is not paged',
          ...{ tags, querystring: changed.extend({ limit }), produces: ['application/json', 'text/csv'] },
          response: {
            200: z.object({
              ...{ time_zone: z.string(), ...copied },
              days: z.array(
                z.object({
                  install_id: z
                    .string()
                    .describe('A meter for the time it stood at a place: with the day, what a row is known by'),
                  ...{ service_point: z.string(), zone: z.string() },
                  ...{ meter_id: z.string(), meter_serial: z.string(), meter_model: z.string() },
                  ...{ day: z.iso.date(), use_l: litres.describe('Null where any hour is not known') },
                  ...{ estimated_l: z.int(), unknown_hours: z.int() },
                  hours: z.array(z.object({ start: z.string(), use_l: litres, estimated: z.boolean() })).optional(),
                }),
              ),
            }),
          },
        },
      },
      async (request, reply) => {
        const { by, cursor = null, limit } = request.query;
        if (wantsCsv(request.headers.accept)) return sendDays(reply, request.query, false);
        const page = await changes.changedUse(copiedOf(request.query), cursor, limit);
        if (page.more) reply.header('link', nextLink(request.url, page.next_cursor));
        return { ...page, time_zone: changes.timeZone, days: page.days.map((day) => dayAnswer(day, by)) };
      },
    );

    server.get(
      '/api/utility/use-days.csv',
      {
        schema: {
          summary: 'Days of use that changed since the cursor, as CSV; the Link header has the cursor to go on from',
          ...{ tags, querystring: changed, produces: ['text/csv'] },
        },
      },
      (request, reply) => sendDays(reply, request.query, true),
    );

    server.get(
      '/api/utility/bills',
      {
        schema: {
          summary: 'All bills in the order in which they were made; CSV (Accept: text/csv) is not paged',
          ...{ tags, querystring: z.object({ cursor, limit }), produces: ['application/json', 'text/csv'] },
          response: {
            200: z.object({
              bills: z.array(
                z.object({
                  ...{ id: z.int(), number: z.string(), service_point: z.string(), run_id: z.int() },
                  ...{ use_from: z.string(), use_until: z.string(), billed_on: z.string(), due_on: z.string() },
                  ...{ tariff: z.string(), version: z.int(), volume_l: z.int() },
                  ...{ payable_won: z.int(), credit_left_won: z.int() },
                }),
              ),
              ...copied,
            }),
          },
        },
      },
      async (request, reply) => {
        const { cursor = null, limit } = request.query;
        if (wantsCsv(request.headers.accept)) return sendBills(reply, request.query.cursor, false);
        const page = await bills.bills(cursor, limit);
        if (page.more) reply.header('link', nextLink(request.url, page.next_cursor));
        return {
          ...page,
          bills: page.bills.map(({ bill_id, service_point_id, ...bill }) => ({
            ...{ id: bill_id, service_point: service_point_id, ...bill },
          })),
        };
      },
    );

    server.get(
      '/api/utility/bills.csv',
      {
        schema: {
          summary:
            'All bills in the order in which they were made, as CSV; the Link header has the cursor to go on from',
          ...{ tags, querystring: z.object({ cursor }), produces: ['text/csv'] },
        },
      },
      (request, reply) => sendBills(reply, request.query.cursor, true),
    );
  };
}

/** Of a file, whose reader goes on from there when it has read to the end: one that breaks off is not one. */
function goOnFrom(reply: FastifyReply, cursor: string): void {
  reply.header('link', nextLink(reply.request.url, cursor));
}

function copiedOf({ zone, since }: { zone?: string | undefined; since?: string | undefined }) {
  return { zone: zone ?? null, since: since ?? null };
}

function dayAnswer(day: ExportedDay, by: 'day' | 'hour') {
  const { install_id, service_point_id, zone_id, meter_id, serial, model, use_l, estimated_l, unknown_hours } = day;
  return {
    ...{ install_id: String(install_id), service_point: service_point_id, zone: zone_id },
    ...{ meter_id: String(meter_id), meter_serial: serial, meter_model: model },
    ...{ day: day.day, use_l, estimated_l, unknown_hours },
    ...(by === 'day'
      ? {}
      : {
          hours: day.hours.map(({ start_ms, use_l, is_estimated }) => ({
            ...{ start: isoInstant(start_ms), use_l, estimated: is_estimated },
          })),
        }),
  };
}
