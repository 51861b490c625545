// Zones and their balances over HTTP, for signed-in staff.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import type { ZoneBalance } from './zone-balance.ts';
import type { BalanceOfPeriod, ZoneSummary, ZonesService } from './zone-balance-service.ts';
import { balanceLimits } from './zone-balance-service.ts';

const TAGS = ['zones'];
const limitTo = (most: number) => z.coerce.number().int().min(1).max(most).default(most);
/** An id, or a day: where the next page begins. */
const cursor = z.string().min(1).max(64).optional();
const date = z.iso.date();
const ofZone = z.object({ id: z.string().min(1).max(64) });
const litres = z.int().nullable();

const balance = z.object({
  inlets: z.int(),
  hours: z.int(),
  bridged_hours: z
    .int()
    .describe('Hours in which an inlet told nothing, though its register is known before and after'),
  missing_hours: z.int().describe('Hours whose inflow is not known'),
  known_inflow_l: litres,
  meter_hours: z.int(),
  estimated_meter_hours: z.int(),
  missing_meter_hours: z.int().describe('Hours of meters whose use is not known'),
  system_input_l: litres.describe('Null where any hour is missing'),
  billed_metered_l: z.int(),
  unbilled_metered_l: z.int(),
  authorised_consumption_l: litres.describe('Null, as what follows from it, where any hour of a meter is missing'),
  water_losses_l: litres,
  water_losses_at_most_l: litres.describe('What is not known of use could only make it less'),
  non_revenue_water_l: litres,
  non_revenue_share: z.number().nullable(),
  night_flow_l_per_s: z.number().nullable(),
});

const zone = z.object({
  zone_id: z.string(),
  name: z.string(),
  parent_zone_id: z.string().nullable(),
  places: z.int(),
  inlets: z.int(),
  yesterday: balance.nullable(),
  month: balance.nullable().describe('Of the last 30 days, as far as they are known'),
  nights_l_per_s: z.array(z.number().nullable()),
});

export function zoneRoutes(zones: ZonesService, requireStaff: preHandlerAsyncHookHandler): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/zones',
      {
        schema: {
          summary: 'List zones by id, each with the balance of yesterday and of the last 30 days',
          tags: TAGS,
          querystring: z.object({ cursor, limit: limitTo(balanceLimits.zonesAtOnce) }),
          response: {
            200: z.object({ time_zone: z.string(), zones: z.array(zone), next_cursor: z.string().nullable() }),
          },
        },
      },
      async (request) => {
        const { cursor = null, limit } = request.query;
        const page = await zones.listZones({ after: cursor, limit });
        return { time_zone: zones.timeZone, zones: page.zones.map(zoneAnswer), next_cursor: page.next };
      },
    );

    server.get(
      '/api/utility/zones/:id',
      {
        schema: {
          summary: 'One zone, with what its nights say of leakage',
          tags: TAGS,
          params: ofZone,
          response: {
            200: zone.extend({
              time_zone: z.string(),
              first_day: date.nullable(),
              leakage_l_per_s_a_year: z.number().nullable().describe('How the night flow of the last year moves'),
            }),
          },
        },
      },
      async (request) => {
        const found = await zones.getZone(request.params.id);
        const { first_day, leakage_l_per_s_a_year } = found;
        return { time_zone: zones.timeZone, ...zoneAnswer(found), first_day, leakage_l_per_s_a_year };
      },
    );

    server.get(
      '/api/utility/zones/:id/balance',
      {
        schema: {
          summary: 'Balances of a zone by the day or the month, in the terms of the IWA, as far as days are over',
          tags: TAGS,
          params: ofZone,
          querystring: z
            .object({
              by: z.enum(['day', 'month']).default('day'),
              from: date,
              until: date,
              cursor: date.optional(),
              limit: z.coerce.number().int().min(1).max(balanceLimits.daysAtOnce).optional(),
            })
            .refine(({ from, until }) => from <= until, 'from is after until'),
          response: {
            200: z.object({
              time_zone: z.string(),
              balances: z.array(balance.extend({ period: z.string() })),
              next_cursor: date.nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { by, from, until, cursor, limit } = request.query;
        const most = by === 'day' ? balanceLimits.daysAtOnce : balanceLimits.monthsAtOnce;
        const page = await zones.balances(request.params.id, {
          ...{ by, until, from: cursor ?? from, limit: Math.min(limit ?? most, most) },
        });
        return { time_zone: zones.timeZone, balances: page.balances.map(periodAnswer), next_cursor: page.next };
      },
    );

    server.get(
      '/api/utility/zones/:id/places',
      {
        schema: {
          summary: 'The places that lie in a zone, or in one below it, by id',
          tags: TAGS,
          params: ofZone,
          querystring: z.object({ cursor, limit: limitTo(balanceLimits.placesAtOnce) }),
          response: {
            200: z.object({
              places: z.array(
                z.object({
                  service_point_id: z.string(),
                  zone_id: z.string(),
                  usage_class: z.string(),
                  purpose: z.string(),
                  meter: z.object({ id: z.string(), serial: z.string() }).nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor = null, limit } = request.query;
        const page = await zones.listPlaces(request.params.id, { after: cursor, limit });
        const places = page.places.map(({ meter_id, serial, ...place }) => ({
          ...place,
          meter: meter_id === null || serial === null ? null : { id: String(meter_id), serial },
        }));
        return { places, next_cursor: page.next };
      },
    );
  };
}

function zoneAnswer({ yesterday, month, ...zone }: ZoneSummary) {
  const { zone_id, name, parent_zone_id, places, inlets, nights_l_per_s } = zone;
  return {
    ...{ zone_id, name, parent_zone_id, places, inlets, nights_l_per_s },
    yesterday: yesterday && balanceAnswer(yesterday),
    month: month && balanceAnswer(month),
  };
}

function periodAnswer(of: BalanceOfPeriod) {
  return { period: of.period, ...balanceAnswer(of) };
}

function balanceAnswer(of: ZoneBalance) {
  return {
    inlets: of.inlets,
    hours: of.hours,
    bridged_hours: of.bridged_hours,
    missing_hours: of.missing_hours,
    known_inflow_l: of.known_inflow_l,
    meter_hours: of.meter_hours,
    estimated_meter_hours: of.estimated_meter_hours,
    missing_meter_hours: of.missing_meter_hours,
    system_input_l: of.missing_hours === 0 ? of.known_inflow_l : null,
    billed_metered_l: of.billed_metered_l,
    unbilled_metered_l: of.unbilled_metered_l,
    authorised_consumption_l: of.balance?.authorised_consumption_l ?? null,
    water_losses_l: of.balance?.water_losses_l ?? null,
    water_losses_at_most_l: of.water_losses_at_most_l,
    non_revenue_water_l: of.balance?.non_revenue_water_l ?? null,
    non_revenue_share: of.balance?.non_revenue_share ?? null,
    night_flow_l_per_s: of.night_flow_l_per_s,
  };
}
