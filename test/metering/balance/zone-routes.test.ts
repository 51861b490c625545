// Zones over HTTP: behind the staff's sign-in, in pages, with plain refusals.
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workOffZoneDay } from '../../../src/metering/balance/work-off-zones-service.ts';
import { createZonesService } from '../../../src/metering/balance/zone-balance-service.ts';
import { zoneRoutes } from '../../../src/metering/balance/zone-routes.ts';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { testDatabase } from '../../support/test-database.ts';
import { toldRegisters } from '../../support/told-registers.ts';

const { pool } = await testDatabase();
const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const begin_ms = days.on('2026-02-25').start_ms;
const clock = { now_ms: () => days.on('2026-03-10').start_ms + HOUR };
let signedIn = true;
let server: FastifyInstance;

beforeAll(async () => {
  const read = (list: 'zones' | 'places' | 'installs' | 'inlets', file: string) =>
    importRegistry({ pool, clock }, list, file, { dryRun: false });
  const from = new Date(begin_ms).toISOString();
  await read('zones', 'zone_id,zone_name,parent_zone_id\ntop,해운대,\nz-1,해운대 1,top\nz-2,해운대 2,top\n');
  await read(
    'places',
    `service_point,from_at,zone_id,usage_class,purpose\nin,${from},top,general,inlet\nsp-1,${from},z-1,domestic,\nsp-2,${from},z-2,bath,\n`,
  );
  await read(
    'installs',
    `service_point,meter_serial,meter_model,bore_mm,dials,from_at\nin,1,M,100,9,${from}\nsp-1,2,M,15,5,${from}\n`,
  );
  await read('inlets', `zone_id,service_point,from_at,direction\ntop,in,${from},in\n`);
  const store = await toldRegisters(pool, days);
  const { rows } = await pool.query<{ meter_id: number }>('SELECT meter_id FROM metering.meter ORDER BY serial');
  for (const [index, { meter_id }] of rows.entries()) {
    await store.tell(
      Array.from({ length: 13 * 24 + 1 }, (_, hour) => ({
        ...{ meterId: meter_id, at_ms: begin_ms + hour * HOUR, register_l: hour * (index === 0 ? 100 : 90) },
      })),
    );
  }
  await store.workOff();
  while ((await workOffZoneDay(pool, days, clock.now_ms()))?.zones !== 0);
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost',
    title: 'test',
    version: '0',
    routes: [
      zoneRoutes(createZonesService(pool, clock, days), async () => {
        if (!signedIn) throw problem('NOT_SIGNED_IN');
      }),
    ],
  });
});
afterAll(() => server.close());

const get = async (url: string) => (await server.inject(url)).json();

describe('zones over HTTP', () => {
  test('are listed with their nesting, and the balance of yesterday and of the days before', async () => {
    const { zones, time_zone, next_cursor } = await get('/api/utility/zones');
    expect([time_zone, next_cursor]).toEqual(['Asia/Seoul', null]);
    expect(zones.map((zone: Record<string, unknown>) => [zone.zone_id, zone.parent_zone_id, zone.places, zone.inlets])) //
      .toEqual([
        ['top', null, 2, 1],
        ['z-1', 'top', 1, 0],
        ['z-2', 'top', 1, 0],
      ]);
    expect(zones[0].yesterday).toMatchObject({
      ...{ system_input_l: 2_400, billed_metered_l: 2_160, water_losses_l: 240, non_revenue_share: 0.1 },
    });
    expect(zones[0].month).toMatchObject({ hours: 13 * 24, system_input_l: 13 * 2_400 });
    expect(zones[0].nights_l_per_s).toHaveLength(30);
    expect(zones[0].nights_l_per_s.filter((night: number | null) => night !== null)).toHaveLength(13);
    // Without an inlet nothing is known of what entered.
    expect(zones[1].yesterday).toMatchObject({ inlets: 0, missing_hours: 24, water_losses_at_most_l: null });
  });

  test('come in pages that miss nothing and repeat nothing', async () => {
    const first = await get('/api/utility/zones?limit=2');
    expect(first.next_cursor).toBe('z-1');
    const second = await get(`/api/utility/zones?limit=2&cursor=${first.next_cursor}`);
    expect(second.zones.map((zone: { zone_id: string }) => zone.zone_id)).toEqual(['z-2']);
    const places = await get('/api/utility/zones/top/places?limit=2');
    expect(places.places.map((place: { service_point_id: string }) => place.service_point_id)).toEqual(['in', 'sp-1']);
    const rest = await get(`/api/utility/zones/top/places?limit=2&cursor=${places.next_cursor}`);
    expect(rest).toMatchObject({ places: [{ service_point_id: 'sp-2', meter: null }], next_cursor: null });
  });

  test('tell the balance of days in pages, and of months', async () => {
    const path = '/api/utility/zones/top/balance?from=2026-02-25&until=2026-03-31';
    const first = await get(`${path}&limit=10`);
    expect(first.balances).toHaveLength(10);
    const rest = await get(`${path}&limit=10&cursor=${first.next_cursor}`);
    expect(rest.balances.map((day: { period: string }) => day.period)).toEqual([
      '2026-03-07',
      '2026-03-08',
      '2026-03-09',
    ]);
    expect(rest.next_cursor).toBeNull();
    const months = await get(`${path}&by=month`);
    expect(months.balances.map((month: { period: string; hours: number }) => [month.period, month.hours])).toEqual([
      ['2026-02', 96],
      ['2026-03', 216],
    ]);
  });

  test('say how the night flow moves, from a week of nights on', async () => {
    expect(await get('/api/utility/zones/top')).toMatchObject({ first_day: '2026-02-25', leakage_l_per_s_a_year: 0 });
    expect((await get('/api/utility/zones/z-1')).leakage_l_per_s_a_year).toBeNull();
  });

  test.each(['/api/utility/zones/nowhere', '/api/utility/zones/nowhere/places'])('refuse %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, code: 'ZONE_UNKNOWN' });
  });

  test.each([
    'from=2026-03-02&until=2026-03-01',
    'from=2026-3-2&until=2026-03-01',
    'until=2026-03-01',
    'by=year&from=2026-01-01&until=2026-03-01',
    'limit=0&from=2026-01-01&until=2026-03-01',
  ])('refuse a balance of %s', async (query) => {
    const answer = await get(`/api/utility/zones/top/balance?${query}`);
    expect(answer).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });

  test('are for staff alone', async () => {
    signedIn = false;
    for (const path of ['zones', 'zones/top', 'zones/top/places', 'zones/top/balance?from=2026-03-01&until=2026-03-02'])
      expect(await get(`/api/utility/${path}`)).toMatchObject({ status: 401, code: 'NOT_SIGNED_IN' });
    signedIn = true;
  });
});
