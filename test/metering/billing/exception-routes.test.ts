// Exceptions of a place over HTTP: entered by staff, kept with who and why, refused where the tariff in force has none such.
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exceptionRoutes } from '../../../src/metering/billing/exception-routes.ts';
import { createExceptionsService } from '../../../src/metering/billing/exceptions-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const session = Buffer.alloc(32, 7);
let signedIn = true;
let server: FastifyInstance;

beforeAll(async () => {
  server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
    routes: [
      exceptionRoutes({
        exceptions: createExceptionsService(pool, house.at.clock),
        actorOf: () => session,
        requireStaff: async () => {
          if (!signedIn) throw problem('NOT_SIGNED_IN');
        },
      }),
    ],
  });
  await house.provision([house.place('1'), house.place('2')]);
});
afterAll(() => server.close());

const urlOf = (place: string) => `/api/utility/registry/places/${place}/exceptions`;
const get = async (place = 'sp-1') => (await server.inject(urlOf(place))).json();
const post = (payload: object, place = 'sp-1') => server.inject({ method: 'POST', url: urlOf(place), payload });
const entry = { kind: 'without', name: 'sewer', from: '2026-03-01', value: 'yes', reason: '정화조' };

test('there is nothing to choose from before the first run, and then what its tariff has', async () => {
  expect(await get()).toEqual({ entered: [], choices: null });
  await house.start({});
  const { choices } = await get();
  expect(choices).toMatchObject({
    tariff: { id: 'gimhae-current' },
    optional: [{ id: 'sewer', name: { ko: '하수도 요금', en: 'Sewer' } }],
    classed: [{ id: 'water' }, { id: 'sewer' }, { id: 'bore' }, { id: 'levy' }],
    classes: [{ id: 'domestic' }, { id: 'general' }],
    counts: [],
  });
});

test('what is entered is kept with its reason, and what is entered for the same day stands before it', async () => {
  const first = await post(entry);
  expect([first.statusCode, first.json()]).toEqual([201, { is_news: true }]);
  expect((await post({ ...entry, reason: 'again' })).json()).toEqual({ is_news: false });
  expect((await post({ ...entry, value: null, reason: '잘못 적음' })).json()).toEqual({ is_news: true });
  const { entered } = await get();
  const told = { kind: 'without', name: 'sewer', from: '2026-03-01', by_program: false };
  const at = { recorded_at: expect.any(String) };
  expect(entered).toEqual([
    { ...told, ...at, value: null, reason: '잘못 적음', is_replaced: false },
    { ...told, ...at, value: 'yes', reason: '정화조', is_replaced: true },
  ]);
  const { rows } = await pool.query('SELECT DISTINCT recorded_by FROM metering.place_exception');
  expect(rows).toEqual([{ recorded_by: session }]);
  expect((await get('sp-2')).entered).toEqual([]);
});

test.each([
  [
    { name: 'sewr' },
    'EXCEPTION_INVALID',
    "without: there is no component 'sewr'; there are water, sewer, bore, levy, by the tariff 'gimhae-current'; what a tariff to come",
  ],
  [{ name: 'water' }, 'EXCEPTION_INVALID', "without: every meter has 'water'"],
  [{ name: 'Sewer' }, 'EXCEPTION_INVALID', 'name: is not a name of a tariff'],
  [{ value: 'no' }, 'EXCEPTION_INVALID', 'value: is neither yes nor -'],
  [
    { kind: 'class_of', value: 'farm' },
    'EXCEPTION_INVALID',
    "class_of: there is no class 'farm'; classes are domestic, general",
  ],
  [{ kind: 'count', name: 'persons', value: '3' }, 'EXCEPTION_INVALID', "counts: there is no count 'persons'"],
  [
    { kind: 'count', name: 'households', value: '3' },
    'EXCEPTION_INVALID',
    'name: is no count of its own: households stand',
  ],
  [{ from: '2026-02-30' }, 'REQUEST_INVALID', 'from'],
  [{ reason: ' ' }, 'REQUEST_INVALID', 'reason'],
  [{ kind: 'free' }, 'REQUEST_INVALID', 'kind'],
])('%o is refused and nothing is entered', async (given, code, said) => {
  const before = (await get()).entered;
  const refused = await post({ ...entry, ...given });
  expect(refused.statusCode).toBe(400);
  expect(refused.json().code).toBe(code);
  expect(refused.json().detail).toContain(said);
  expect((await get()).entered).toEqual(before);
});

test('what the tariff in force does not have can still be ended', async () => {
  expect((await post({ ...entry, name: 'sewr', value: null, reason: '끝' })).statusCode).toBe(201);
});

test('is for staff alone, and of places that there are', async () => {
  expect((await server.inject(urlOf('nowhere'))).json()).toMatchObject({ code: 'SERVICE_POINT_UNKNOWN' });
  expect((await post(entry, 'nowhere')).json()).toMatchObject({ status: 404, code: 'SERVICE_POINT_UNKNOWN' });
  signedIn = false;
  expect((await server.inject(urlOf('sp-1'))).statusCode).toBe(401);
  expect((await post(entry)).statusCode).toBe(401);
  signedIn = true;
});
