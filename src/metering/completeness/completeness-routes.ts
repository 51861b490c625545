// Read rates and the completeness ledger over HTTP, for signed-in staff.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { type CompletenessService, completenessLimits } from './completeness-service.ts';

const TAGS = ['zones'];
const date = z.iso.date();
const zoneId = z.string().min(1).max(64).optional();
const count = z.int();

const rate = z.object({
  day: date.nullable(),
  zone_id: z.string().nullable(),
  model: z.string().nullable(),
  meters: count.describe('On an average day'),
  expected: count.describe('Hours in which a register was expected'),
  arrived: count.describe('Of them in time'),
  late: count.describe('Of them more than a day after they were measured'),
  estimated: count.describe('Of those lost, hours that were estimated'),
  lost_meter: count.describe('The device spoke, and told no register of the hour'),
  lost_radio: count.describe('Nothing came from the device'),
  lost_broker: count.describe('The broker held the device back, or refused what it sent'),
  lost_decode: count.describe('What came could not be decoded'),
  lost_clock: count.describe('The device’s clock could not be right'),
  lost_validation: count.describe('A register came that does not count'),
});

export function completenessRoutes(
  completeness: CompletenessService,
  requireStaff: preHandlerAsyncHookHandler,
): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/read-rates',
      {
        schema: {
          summary: 'How many of the expected hours arrived, and where the others were lost, by day, zone or model',
          tags: TAGS,
          querystring: z
            .object({
              by: z.enum(['day', 'zone', 'model', 'zone_day']),
              from: date,
              until: date,
              zone: zoneId,
              cursor: z.string().max(160).optional(),
              limit: z.coerce
                .number()
                .int()
                .min(1)
                .max(completenessLimits.ratesAtOnce)
                .default(completenessLimits.ratesAtOnce),
            })
            .refine(({ from, until }) => from <= until, 'from is after until'),
          response: { 200: z.object({ rates: z.array(rate), next_cursor: z.string().nullable() }) },
        },
      },
      async (request) => {
        const { by, from, until, zone, cursor, limit } = request.query;
        const page = await completeness.readRates({
          ...{ by, from, until, limit, zoneId: zone ?? null, after: cursor ?? null },
        });
        return { rates: page.rates, next_cursor: page.next };
      },
    );

    server.get(
      '/api/utility/incomplete-meters',
      {
        schema: {
          summary: 'Meters of which an expected hour of the day is missing, a letter for each hour',
          tags: TAGS,
          querystring: z.object({
            day: date,
            zone: zoneId,
            cursor: z.coerce.number().int().min(0).default(0),
            limit: z.coerce.number().int().min(1).max(completenessLimits.metersAtOnce).default(50),
          }),
          response: {
            200: z.object({
              meters: z.array(
                z.object({
                  meter: z.object({ id: z.string(), serial: z.string(), model: z.string() }),
                  service_point_id: z.string(),
                  zone_id: z.string(),
                  hours: z
                    .string()
                    .describe(
                      'A arrived, L late, - not expected; missing: M meter, R radio, B broker, D decode, C clock, V validation; in small where estimated',
                    ),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { day, zone, cursor, limit } = request.query;
        const page = await completeness.incompleteMeters({ day, zoneId: zone ?? null, after: cursor, limit });
        return {
          meters: page.meters.map(({ meter_id, serial, model, service_point_id, zone_id, hours }) => ({
            meter: { id: String(meter_id), serial, model },
            ...{ service_point_id, zone_id, hours },
          })),
          next_cursor: page.next === null ? null : String(page.next),
        };
      },
    );

    server.get(
      '/api/utility/meters/:id/completeness',
      {
        schema: {
          summary: 'What became of each expected hour of a meter, a letter for each hour of a local day',
          tags: TAGS,
          params: z.object({ id: z.string().regex(/^[1-9]\d{0,8}$/) }),
          querystring: z.object({ from: date, until: date }),
          response: {
            200: z.object({
              days: z.array(z.object({ day: date, service_point_id: z.string(), hours: z.string() })),
            }),
          },
        },
      },
      async (request) => ({ days: await completeness.ledgerOf(Number(request.params.id), request.query) }),
    );
  };
}
