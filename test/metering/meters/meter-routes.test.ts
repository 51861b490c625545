import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { meterRoutes } from '../../../src/metering/meters/meter-routes.ts';
import { createMetersService } from '../../../src/metering/meters/meters-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { createUseService } from '../../../src/metering/readings/use-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, senml, type TestIntake, testIntake, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const HOUR = 3_600_000;
/** 10:00 in Seoul on 1 March 2026. */
const now_ms = Date.UTC(2026, 2, 1, 1);
const clock = { now_ms: () => now_ms };
const meters = createMetersService(pool, clock, 'Asia/Seoul');
const use = createUseService(pool, 'Asia/Seoul');
const always = { from_ms: 0, to_ms: now_ms };
let signedIn = true;
let server: FastifyInstance;
let it: TestIntake;

beforeAll(async () => {
  const fleet = ['100', '101', '102', '103'].map((serial) => fleetEntry(`dev-${serial}`, serial));
  it = await testIntake(pool, fleet, clock);
  const send = async (serial: string, payload: string) => {
    const client = await it.connect(`dev-${serial}`);
    await client.publishAsync(`naru/v1/up/dev-${serial}/senml-json`, payload, { qos: 1 });
    await client.endAsync();
  };
  await send('100', senml('100', 1_000, now_ms - 3 * HOUR));
  await send('100', senml('100', 1_090, now_ms));
  await send('101', senml('101', 500, now_ms).replace(']', ',{"n":"leak","vb":true}]'));
  await send('102', senml('102', 7, now_ms - 30 * HOUR));
  await pool.query(
    `UPDATE metering.reading SET received_at = measured_at
      WHERE meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '102')`,
  );
  await send('103', 'garbage');
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost',
    title: 'test',
    version: '0',
    routes: [
      meterRoutes(meters, use, async () => {
        if (!signedIn) throw problem('NOT_SIGNED_IN');
      }),
    ],
  });
});
afterAll(() => server.close());

const get = async (url: string) => (await server.inject(url)).json();

describe('the list of meters', () => {
  test('gives each its state and the totals of all', async () => {
    const { meters, totals, next_cursor } = await get('/api/utility/meters');
    expect(meters.map((meter: { serial: string; state: string }) => [meter.serial, meter.state])).toEqual([
      ['100', 'ok'],
      ['101', 'alarm'],
      ['102', 'silent'],
      ['103', 'never'],
    ]);
    expect(totals).toEqual({ ok: 1, alarm: 1, silent: 1, never: 1 });
    expect(next_cursor).toBeNull();
    expect(meters[1]).toMatchObject({
      model: 'test',
      format: 'senml+json',
      service_point: 'sp-101',
      zone: 'Zone 1',
      bore_mm: 15,
      last_register_l: 500,
      last_measured_at: '2026-03-01T01:00:00Z',
      flags: ['leak'],
    });
  });

  test('comes in pages that miss nothing and repeat nothing', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { meters: { serial: string }[]; next_cursor: string | null } = await get(
        `/api/utility/meters?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.meters.map((meter) => meter.serial));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(['100', '101', '102', '103']);
  });

  test('is searched by serial and service point, and filtered by state', async () => {
    const serials = async (query: string) =>
      (await get(`/api/utility/meters?${query}`)).meters.map((meter: { serial: string }) => meter.serial);
    expect(await serials('search=sp-10')).toHaveLength(4);
    expect(await serials('search=102')).toEqual(['102']);
    expect(await serials('search=%25')).toEqual([]);
    expect(await serials('state=alarm')).toEqual(['101']);
  });

  test.each(['cursor=x', 'limit=0', 'limit=1000', 'state=lost', `search=${'x'.repeat(65)}`])(
    'refuses %s',
    async (query) => {
      expect(await get(`/api/utility/meters?${query}`)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    },
  );

  test('is for staff', async () => {
    signedIn = false;
    const refused = await get('/api/utility/meters');
    signedIn = true;
    expect(refused.code).toBe('NOT_SIGNED_IN');
  });
});

describe('one meter', () => {
  const idOf = async (serial: string) => (await get(`/api/utility/meters?search=${serial}`)).meters[0].id;

  test('is told with its place and what came today', async () => {
    expect(await get(`/api/utility/meters/${await idOf('100')}`)).toMatchObject({
      serial: '100',
      usage_class: 'domestic',
      installed_at: '2026-01-01T00:00:00Z',
      readings_today: 2,
      conflicts: 0,
    });
  });

  test('has its use by the hour, in the zone of the utility', async () => {
    const id = await idOf('100');
    const span = 'from=2026-03-01T06:00:00%2B09:00&to=2026-03-01T10:00:00%2B09:00';
    expect(await get(`/api/utility/meters/${id}/use?resolution=hour&${span}`)).toEqual({
      time_zone: 'Asia/Seoul',
      resolution: 'hour',
      intervals: [
        { start: '2026-02-28T21:00:00Z', end: '2026-02-28T22:00:00Z', use_l: null },
        { start: '2026-02-28T22:00:00Z', end: '2026-02-28T23:00:00Z', use_l: 30 },
        { start: '2026-02-28T23:00:00Z', end: '2026-03-01T00:00:00Z', use_l: 30 },
        { start: '2026-03-01T00:00:00Z', end: '2026-03-01T01:00:00Z', use_l: 30 },
      ],
    });
  });

  test.each([
    ['/api/utility/meters/999999', 404],
    ['/api/utility/meters/1%20OR%201', 400],
    ['/api/utility/meters/99999999999', 400],
    ['/api/utility/meters/1/use?resolution=hour&from=yesterday&to=today', 400],
    ['/api/utility/meters/1/use?resolution=hour&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 400],
  ])('%s answers %i', async (url, status) => {
    expect(await get(url)).toMatchObject({ status });
  });
});

test('the quarantine shows the bytes and the reason', async () => {
  const { items, total, next_cursor } = await get('/api/utility/quarantine');
  expect({ total, next_cursor }).toEqual({ total: 1, next_cursor: null });
  expect(items).toMatchObject([
    {
      device_id: 'dev-103',
      format: 'senml+json',
      received_at: '2026-03-01T01:00:00Z',
      payload_hex: Buffer.from('garbage').toString('hex'),
      problem: { code: 'JSON_INVALID' },
    },
  ]);
});

describe('a service point', () => {
  test('knows its meter, its last reading and its last alarm', async () => {
    const meter = await meters.meterAtServicePoint('sp-101');
    expect(meter?.serial).toBe('101');
    expect(await use.lastReading(meter?.meter_id ?? 0, always)).toMatchObject({ register_l: 500, flags: ['leak'] });
    expect(await use.lastAlarm(meter?.meter_id ?? 0, always)).toEqual({ flag: 'leak', measured_at_ms: now_ms });
    expect(await use.lastReading(meter?.meter_id ?? 0, { from_ms: 0, to_ms: 1 })).toBeNull();
    expect(await use.lastAlarm(meter?.meter_id ?? 0, { from_ms: 0, to_ms: 1 })).toBeNull();
    await expect(meters.meterAtServicePoint('nowhere')).rejects.toMatchObject({ code: 'SERVICE_POINT_UNKNOWN' });
  });

  test('keeps its use over a change of meters, and its history', async () => {
    const swap_ms = now_ms - HOUR;
    await pool.query(
      `UPDATE metering.install SET until_at = to_timestamp($1::float8 / 1000), closing_register_l = 1070
        WHERE service_point_id = 'sp-100'`,
      [swap_ms],
    );
    const entry = fleetEntry('dev-100', '200');
    await provisionFleet(
      pool,
      systemRandom,
      [
        {
          ...entry,
          servicePoint: { ...entry.servicePoint, id: 'sp-100' },
          installedAt_ms: swap_ms,
          openingRegister_l: 0,
        },
      ],
      testSecrets,
    );
    const client = await it.connect('dev-100');
    await client.endAsync();
    await pool.query(
      `INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock)
       SELECT meter_id, to_timestamp($1::float8 / 1000), 25, now(), 0, 'absolute' FROM metering.meter WHERE serial = '200'`,
      [now_ms],
    );
    const intervals = await use.useOf({
      of: { servicePointId: 'sp-100' },
      from_ms: now_ms - 3 * HOUR,
      to_ms: now_ms,
      resolution: 'hour',
    });
    expect(intervals.map((interval) => interval.use_l)).toEqual([35, 35, 25]);
    expect((await meters.meterAtServicePoint('sp-100', swap_ms - 1))?.serial).toBe('100');
    expect((await meters.meterAtServicePoint('sp-100'))?.serial).toBe('200');
  });
});
