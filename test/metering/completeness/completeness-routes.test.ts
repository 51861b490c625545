// Read rates and the ledger over HTTP: behind the staff's sign-in, with plain refusals.
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completenessRoutes } from '../../../src/metering/completeness/completeness-routes.ts';
import { createCompletenessService, hoursOfDay } from '../../../src/metering/completeness/completeness-service.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let signedIn = true;
let server: FastifyInstance;

beforeAll(async () => {
  await pool.query(`
    INSERT INTO metering.zone VALUES ('z', '구역');
    INSERT INTO metering.service_point VALUES ('sp', 'z', 'domestic');
    INSERT INTO metering.service_point_version VALUES ('sp', '2026-01-01', now(), 'z', 'domestic', 1, 'billed');
    INSERT INTO metering.meter (serial, model, bore_mm, dials) VALUES ('1', 'M', 15, 5);
    INSERT INTO metering.install (service_point_id, meter_id, from_at) SELECT 'sp', meter_id, '2026-01-01' FROM metering.meter;
    INSERT INTO metering.completeness_day SELECT install_id, '2026-03-01', 'AAAAAALLRRMMBBDDCCVVrr--' FROM metering.install;
    INSERT INTO metering.read_rate_day VALUES ('2026-03-01', 'z', 'M', 1, 22, 6, 2, 2, 2, 4, 2, 2, 2, 2)`);
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost',
    title: 'test',
    version: '0',
    routes: [
      completenessRoutes(createCompletenessService(pool, new LocalDays('Asia/Seoul')), async () => {
        if (!signedIn) throw problem('NOT_SIGNED_IN');
      }),
    ],
  });
});
afterAll(() => server.close());

const get = async (url: string) => (await server.inject(url)).json();
const day = 'from=2026-03-01&until=2026-03-01';

describe('completeness over HTTP', () => {
  test('tells rates with where hours were lost', async () => {
    const { rates, next_cursor } = await get(`/api/utility/read-rates?by=zone_day&${day}`);
    expect(next_cursor).toBeNull();
    expect(rates).toEqual([
      {
        ...{ day: '2026-03-01', zone_id: 'z', model: null, meters: 1, expected: 22, arrived: 6, late: 2, estimated: 2 },
        ...{ lost_meter: 2, lost_radio: 4, lost_broker: 2, lost_decode: 2, lost_clock: 2, lost_validation: 2 },
      },
    ]);
  });

  test('tells the meters of a day and zone that miss hours, and the ledger of a meter', async () => {
    const { meters } = await get('/api/utility/incomplete-meters?day=2026-03-01&zone=z');
    expect(meters).toMatchObject([{ meter: { serial: '1' }, hours: 'AAAAAALLRRMMBBDDCCVVrr--' }]);
    const { days } = await get(`/api/utility/meters/${meters[0].meter.id}/completeness?${day}`);
    expect(days).toEqual([{ day: '2026-03-01', service_point_id: 'sp', hours: 'AAAAAALLRRMMBBDDCCVVrr--' }]);
  });

  test('gives the gauge the hours of a day, and nothing but zeros of a day without any', async () => {
    expect(Object.fromEntries(await hoursOfDay(pool, '2026-03-01'))).toMatchObject({ arrived: 6, lost_radio: 4 });
    expect((await hoursOfDay(pool, '2026-03-02')).every(([, hours]) => hours === 0)).toBe(true);
  });

  test.each([
    ['read-rates?by=day&from=2026-03-02&until=2026-03-01', 'REQUEST_INVALID'],
    ['read-rates?by=street&from=2026-03-01&until=2026-03-01', 'REQUEST_INVALID'],
    ['read-rates?by=day&from=2020-03-01&until=2026-03-01', 'SPAN_TOO_LONG'],
    ['incomplete-meters?day=yesterday', 'REQUEST_INVALID'],
    ['meters/1/completeness?from=2020-03-01&until=2026-03-01', 'SPAN_TOO_LONG'],
  ])('refuses %s', async (query, code) => {
    expect(await get(`/api/utility/${query}`)).toMatchObject({ status: 400, code });
  });

  test('is for staff alone', async () => {
    signedIn = false;
    for (const path of [`read-rates?by=day&${day}`, 'incomplete-meters?day=2026-03-01', `meters/1/completeness?${day}`])
      expect(await get(`/api/utility/${path}`)).toMatchObject({ status: 401, code: 'NOT_SIGNED_IN' });
    signedIn = true;
  });
});
