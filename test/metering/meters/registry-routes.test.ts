// The registry over HTTP: lists read in by staff, dry, wrong, half-way and again; places found; a place's whole history.
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import { createRegistryReading } from '../../../src/metering/meters/registry-reading-service.ts';
import { registryRoutes } from '../../../src/metering/meters/registry-routes.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const clock = { time_ms: Date.UTC(2026, 5, 1), now_ms: () => clock.time_ms };
let signedIn = true;
let server: FastifyInstance;

beforeAll(async () => {
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost',
    title: 'test',
    version: '0',
    routes: [
      registryRoutes({
        reading: createRegistryReading(pool, clock),
        importList: (list, file, given) => importRegistry({ pool, clock }, list, file, given),
        actorOf: () => Buffer.from('a session'),
        requireStaff: async () => {
          if (!signedIn) throw problem('NOT_SIGNED_IN');
        },
      }),
    ],
  });
});
afterAll(() => server.close());

const get = async (url: string) => (await server.inject(url)).json();
const send = async (list: string, body: string, dryRun = false) =>
  (
    await server.inject({
      ...{ method: 'POST', url: `/api/utility/registry/${list}?dry_run=${dryRun}`, body },
      headers: { 'content-type': 'text/csv' },
    })
  ).json();

const zones = 'zone_id,zone_name\nz-a,해운대 1\nz-b,해운대 2\n';
const heading = 'service_point,from_at,zone_id,usage_class,households,purpose\n';

describe('a list sent by staff', () => {
  test('is only checked in a dry run, and then read in', async () => {
    expect(await send('zones', zones, true)).toEqual({ rows: 2, before: 0 });
    expect((await pool.query('SELECT FROM metering.zone')).rowCount).toBe(0);
    expect(await send('zones', zones)).toEqual({ rows: 2, before: 0 });
    expect((await pool.query('SELECT FROM metering.zone')).rowCount).toBe(2);
  });

  test('is refused by line and column', async () => {
    expect(await send('places', `${heading}sp-1,2025-01-01T00:00:00Z,z-9,domestic,,\n`)).toMatchObject({
      ...{ status: 400, code: 'REGISTRY_LIST_INVALID' },
      problems: [{ line: 2, column: 'zone_id' }],
    });
    expect(await send('nonsense', zones)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });

  test('shows how far it came, and goes on there when it is sent again', async () => {
    const rows = Array.from(
      { length: 2_500 },
      (_, n) => `p-${n},2025-01-01T00:00:00Z,${n === 2_400 ? 'z-c' : 'z-a'},bath,,`,
    );
    const file = `${heading}${rows.join('\n')}\n`;
    clock.time_ms += 1_000;
    expect(await send('places', file)).toMatchObject({ problems: [{ line: 2_402 }] });
    const { imports, lists } = await get('/api/utility/registry/imports');
    expect(imports[0]).toMatchObject({ list: 'places', rows_done: 2_000, rows_all: 2_500 });
    expect(lists[0]).toEqual({ list: 'zones', needed: ['zone_id', 'zone_name'], wanted: ['parent_zone_id'] });
    await send('zones', 'zone_id,zone_name\nz-c,C\n');
    expect(await send('places', file)).toEqual({ rows: 2_500, before: 2_000 });
  });
});

describe('the registry', () => {
  test('finds places by id and serial, in pages', async () => {
    await send(
      'installs',
      'service_point,meter_serial,meter_model,bore_mm,dials,from_at,opening_register_l\np-7,55500,M,15,5,2025-01-01T00:00:00Z,3\n',
    );
    const first = await get('/api/utility/registry/places?search=p-7&limit=3');
    expect(first.places.map((place: { service_point_id: string }) => place.service_point_id)).toEqual([
      'p-7',
      'p-70',
      'p-700',
    ]);
    expect(first.next_cursor).toBe('p-700');
    const found = await get('/api/utility/registry/places?search=5550');
    expect(found.places).toEqual([
      {
        ...{ service_point_id: 'p-7', zone_id: 'z-a', zone_name: '해운대 1', usage_class: 'bath', households: 1 },
        ...{ purpose: 'billed', meter: { id: expect.any(String), serial: '55500' } },
      },
    ]);
    expect((await get('/api/utility/registry/places?search=%25')).places).toEqual([]);
  });

  test('tells all that held of a place: corrections, moves, meters with their registers, inlets', async () => {
    clock.time_ms += 1_000;
    await send(
      'places',
      `${heading}p-7,2025-01-01T00:00:00Z,z-a,general,2,\np-7,2026-03-01T00:00:00Z,z-b,general,2,\n`,
    );
    await send(
      'installs',
      'service_point,meter_serial,meter_model,bore_mm,dials,from_at,opening_register_l\np-7,55501,M,20,5,2026-02-01T00:00:00Z,0\n',
    );
    await send('inlets', 'zone_id,service_point,from_at,direction\nz-b,p-7,2026-01-01T00:00:00Z,out\n');
    const history = await get('/api/utility/registry/places/p-7');
    expect(
      history.versions.map((one: Record<string, unknown>) => [
        one.from_at,
        one.zone_id,
        one.usage_class,
        one.is_replaced,
      ]),
    ).toEqual([
      ['2026-03-01T00:00:00Z', 'z-b', 'general', false],
      ['2025-01-01T00:00:00Z', 'z-a', 'general', false],
      ['2025-01-01T00:00:00Z', 'z-a', 'bath', true],
    ]);
    expect(history.installs).toMatchObject([
      { meter: { serial: '55501', bore_mm: 20 }, until_at: null, opening_register_l: 0 },
      { meter: { serial: '55500' }, until_at: '2026-02-01T00:00:00Z', opening_register_l: 3, closing_register_l: null },
    ]);
    expect(history.inlets).toMatchObject([{ zone_id: 'z-b', direction: 'out', until_at: null }]);
    expect(await get('/api/utility/registry/places/nowhere')).toMatchObject({ code: 'SERVICE_POINT_UNKNOWN' });
  });

  test('is for staff alone', async () => {
    signedIn = false;
    expect(await send('zones', zones)).toMatchObject({ status: 401 });
    for (const path of ['imports', 'places', 'places/p-7'])
      expect(await get(`/api/utility/registry/${path}`)).toMatchObject({ status: 401, code: 'NOT_SIGNED_IN' });
    signedIn = true;
  });
});
