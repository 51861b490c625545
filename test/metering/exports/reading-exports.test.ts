// Registers and use given out: every reading once, the same in every form, and to nobody without a credential.
import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, test } from 'vitest';
import { readingExportRoutes } from '../../../src/metering/exports/reading-export-routes.ts';
import { createReadingExportService } from '../../../src/metering/exports/reading-export-service.ts';
import { createMetersService } from '../../../src/metering/meters/meters-service.ts';
import { createUseService } from '../../../src/metering/readings/use-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { packAll } from '../../support/pack-all.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const meters = createMetersService(pool, house.at.clock, 'Asia/Seoul');
const token = 'token-of-the-operator';
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    readingExportRoutes({
      exports: createReadingExportService(pool),
      use: createUseService(pool, 'Asia/Seoul'),
      ...{ requireMeter: meters.getMeter, requirePlace: meters.getServicePoint, requireKeeper: operatorGuard(token) },
    }),
  ],
});
afterAll(() => server.close());
await house.provision([house.place('1'), house.place('2')]);
const told = house.daily('1', '2026-03-01', '2026-03-12', 100, 30);
await house.tell(told);
const { rows } = await pool.query<{ meter_id: number }>(`SELECT meter_id FROM metering.meter WHERE serial = '1'`);
const meter = `/api/utility/meters/${rows[0]?.meter_id}`;
const place = '/api/utility/service-points/sp-1';
const span = 'from=2026-03-01T00:00:00%2B09:00&to=2026-03-12T00:00:00%2B09:00';

const get = (url: string, accept = 'application/json') =>
  server.inject({ url, headers: { authorization: `Bearer ${token}`, accept } });
const table = async (url: string, accept = '*/*') =>
  parse((await get(url, accept)).body, { columns: true, bom: true }) as Record<string, string>[];

describe('registers given out', () => {
  test('come in pages that miss nothing and repeat nothing, each with a link to the next [RFC 8288 3]', async () => {
    const seen: number[] = [];
    let next: string | null = `${meter}/readings?${span}&limit=4`;
    let pages = 0;
    while (next !== null) {
      const answer = await get(next);
      const { readings, next_cursor } = answer.json();
      seen.push(...readings.map((reading: { register_l: number }) => reading.register_l));
      const link = /^<(.+)>; rel="next"$/.exec(String(answer.headers.link))?.[1] ?? null;
      expect(link !== null).toBe(next_cursor !== null);
      [next, pages] = [link, pages + 1];
    }
    // Of the first instant on, and before the last.
    expect(seen).toEqual(told.slice(0, -1).map(({ register_l }) => register_l));
    expect(pages).toBe(3);
  });

  test('are the same as CSV, by its own address or by what is accepted', async () => {
    const { readings } = (await get(`${meter}/readings?${span}`)).json();
    expect(readings[0]).toEqual({
      ...{ measured_at: '2026-02-28T15:00:00Z', register_l: 100, clock: 'absolute', flags: [] },
      received_at: expect.stringMatching(/^2026-06-/),
    });
    const lines = readings.map((one: { register_l: number; flags: string[] }) => ({
      ...one,
      ...{ register_l: String(one.register_l), flags: one.flags.join(' ') },
    }));
    expect(await table(`${meter}/readings?${span}`, 'text/csv')).toEqual(lines);
    expect(await table(`${meter}/readings.csv?${span}`)).toEqual(lines);
  });

  test('are the same when they have been packed', async () => {
    const hourly = Array.from({ length: 48 }, (_, hour) => ({
      ...{ serial: '2', register_l: hour * 9 },
      at: `2026-03-0${hour < 24 ? 5 : 6}T${String(hour % 24).padStart(2, '0')}:00`,
    }));
    await house.tell(hourly);
    const { rows: ids } = await pool.query(`SELECT meter_id FROM metering.meter WHERE serial = '2'`);
    const other = `/api/utility/meters/${ids[0]?.meter_id}`;
    const asked = [`${other}/readings?${span}&limit=7`, `${other}/readings.csv?${span}`, `${other}/use.csv?${span}`];
    const before = await Promise.all(asked.map(async (url) => (await get(url)).body));
    // Of three days of UTC.
    expect(await packAll(pool, house.at.clock)).toBe(48);
    expect(await Promise.all(asked.map(async (url) => (await get(url)).body))).toEqual(before);
    expect((await get(asked[0] ?? '')).json().readings).toHaveLength(7);
  });

  test.each([
    [`${meter}/readings?${span}&cursor=bm9uZQ`, 'REQUEST_INVALID'],
    [`${meter}/readings?${span}&limit=10001`, 'REQUEST_INVALID'],
    [`${meter}/readings?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z`, 'REQUEST_INVALID'],
    [`/api/utility/meters/999999/readings?${span}`, 'METER_UNKNOWN'],
    [`/api/utility/meters/999999/readings.csv?${span}`, 'METER_UNKNOWN'],
    [`/api/utility/service-points/nowhere/use?${span}`, 'SERVICE_POINT_UNKNOWN'],
    [`${place}/use?resolution=hour&from=2020-01-01T00:00:00Z&to=2026-03-01T00:00:00Z`, 'SPAN_TOO_LONG'],
    [`${place}/use.csv?resolution=hour&from=2020-01-01T00:00:00Z&to=2026-03-01T00:00:00Z`, 'SPAN_TOO_LONG'],
  ])('are refused with a reason: %s', async (url, code) => {
    expect((await get(url)).json().code).toBe(code);
  });

  test.each([`${meter}/readings`, `${meter}/readings.csv`, `${meter}/use.csv`, `${place}/use`, `${place}/use.csv`])(
    'are given to nobody without the credential: %s',
    async (url) => {
      const answer = await server.inject({ url: `${url}?${span}`, headers: { authorization: 'Bearer another' } });
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
    },
  );
});

describe('use given out', () => {
  test('is told of a place by the day or the hour, as JSON and as CSV', async () => {
    const { intervals, time_zone } = (await get(`${place}/use?${span}`)).json();
    expect([time_zone, intervals.length]).toEqual(['Asia/Seoul', 11]);
    const lines = intervals.map((one: { start: string; end: string; use_l: number }) => ({
      ...{ start: one.start, end: one.end, use_l: String(one.use_l), estimated_l: '0' },
    }));
    expect(lines[0]).toMatchObject({ start: '2026-02-28T15:00:00Z', use_l: '30' });
    expect(await table(`${place}/use?${span}`, 'text/csv')).toEqual(lines);
    expect(await table(`${place}/use.csv?${span}`)).toEqual(lines);
    expect(await table(`${meter}/use.csv?${span}`)).toEqual(lines);
    expect(await table(`${place}/use.csv?${span}&resolution=hour`)).toHaveLength(11 * 24);
  });

  test('stands empty where it is not known', async () => {
    const later = 'from=2026-03-11T00:00:00%2B09:00&to=2026-03-14T00:00:00%2B09:00';
    expect((await table(`${place}/use.csv?${later}`)).map((line) => [line.use_l, line.estimated_l])).toEqual([
      ...[
        ['30', '0'],
        ['', ''],
        ['', ''],
      ],
    ]);
  });
});
