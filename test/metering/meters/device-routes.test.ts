// Registering devices over HTTP: for programs with the operator's token, and the same said twice is said once.
import { afterAll, describe, expect, test } from 'vitest';
import { deviceRoutes } from '../../../src/metering/meters/device-routes.ts';
import type { FleetEntry, ProvisionedDevice } from '../../../src/metering/meters/fleet-entry.ts';
import { completeList, provisionList } from '../../../src/metering/meters/provision-csv-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const token = 'the-token-of-the-operator-in-tests';
const provision = (
  entries: readonly FleetEntry[],
  beforeCommit?: (provisioned: readonly ProvisionedDevice[]) => Promise<void>,
) => provisionFleet(pool, systemRandom, entries, testSecrets, beforeCommit);
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    deviceRoutes({
      provisionFleet: provision,
      provisionList: (file, dryRun, actor, keep) =>
        provisionList(pool, file, { dryRun, keep, provisionFleet: provision, by: { at: new Date(), actor } }),
      completeList: (file) => completeList(pool, systemRandom, file),
      ...{ requireOperator: operatorGuard(token), requireKeeper: operatorGuard(token), actorOf: () => null },
    }),
  ],
});
afterAll(() => server.close());

const device = {
  device_id: 'dev-1',
  formats: ['senml+json'],
  meter: { serial: '1', model: 'test', bore_mm: 15, dials: 5 },
  service_point: { id: 'sp-1', zone_id: 'z', zone_name: 'Zone', usage_class: 'domestic' },
  installed_at: '2026-03-01T09:00:00+09:00',
};
const register = (devices: unknown, authorization = `Bearer ${token}`) =>
  server.inject({ method: 'POST', url: '/api/utility/devices', payload: { devices }, headers: { authorization } });
const count = async () => (await pool.query('SELECT FROM metering.device')).rowCount;

describe('registering devices', () => {
  test('gives a secret once; said again it changes nothing', async () => {
    const first = await register([device]);
    expect(first.json()).toEqual({ devices: [{ device_id: 'dev-1', secret: expect.stringMatching(/^[\w-]{43}$/) }] });
    const again = await register([device]);
    expect(again.json()).toEqual({ devices: [{ device_id: 'dev-1', secret: null }] });
    expect(await count()).toBe(1);
    const { rows } = await pool.query('SELECT from_at, until_at FROM metering.install');
    expect(rows).toEqual([{ from_at: new Date('2026-03-01T00:00:00Z'), until_at: null }]);
  });

  test('is refused without the token, with nothing registered', async () => {
    const before = await count();
    for (const authorization of ['', 'Bearer wrong']) {
      const refused = await register([{ ...device, device_id: 'dev-2' }], authorization);
      expect([refused.statusCode, refused.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
    }
    expect(await count()).toBe(before);
  });

  test.each([
    ['/1/device_id', { device_id: 'no spaces' }],
    ['/1/formats', { formats: [] }],
    ['/1/secret', { secret: 'short' }],
    ['/1/meter/bore_mm', { meter: { ...device.meter, bore_mm: 'wide' } }],
    ['/1/service_point/usage_class', { service_point: { ...device.service_point, usage_class: 'palace' } }],
    ['/1/installed_at', { installed_at: '2026-03-01' }],
  ])('says that %s is wrong, and registers none of the list', async (where, change) => {
    const before = await count();
    const refused = await register([
      { ...device, device_id: 'dev-3' },
      { ...device, ...change },
    ]);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().detail).toContain(`body/devices${where}`);
    expect(await count()).toBe(before);
  });

  test('as a list: completed with secrets first, and sent as often as it takes', async () => {
    const send = (path: string, payload: string, authorization = `Bearer ${token}`) =>
      server.inject({
        ...{ method: 'POST', url: `/api/utility/devices/csv${path}`, payload },
        headers: { authorization, 'content-type': 'text/csv' },
      });
    const heading =
      'device_id,formats,meter_serial,meter_model,bore_mm,dials,service_point,zone_id,zone_name,usage_class,installed_at';
    const line = (n: number) => `dev-${n},senml+json,${n},test,15,5,sp-${n},z,Zone,domestic,2026-03-01T09:00:00+09:00`;
    const file = [heading, line(70), line(71)].join('\n');
    expect((await send('/completed', file, '')).statusCode).toBe(401);
    expect((await send('', file, '')).statusCode).toBe(401);
    const before = await count();
    const completed = await send('/completed', file);
    expect(completed.json()).toMatchObject({ devices: 2, known: 0, made: 2 });
    expect(completed.headers['cache-control']).toBe('no-store');
    expect(await count()).toBe(before);
    const { list } = completed.json();
    expect((await send('', list)).json()).toEqual({ devices: 2, known: 0, secrets: [] });
    const kept = async () =>
      (await pool.query(`SELECT secret_hash FROM metering.device WHERE device_id LIKE 'dev-7_' ORDER BY 1`)).rows;
    const first = await kept();
    expect((await send('', list)).json()).toEqual({ devices: 2, known: 2, secrets: [] });
    expect(await kept()).toEqual(first);
    const wrong = await send('/completed', file.replace('15,5', '15,x'));
    expect([wrong.statusCode, wrong.json().code]).toEqual([400, 'PROVISIONING_INVALID']);
    expect(wrong.json().problems).toEqual([
      { line: 2, column: 'dials', code: 'not_whole_number', data: {}, problem: 'is not a whole number' },
    ]);
  });

  test('refuses an empty list and one of more than a thousand', async () => {
    expect((await register([])).statusCode).toBe(400);
    expect((await register(Array.from({ length: 1_001 }, () => device))).statusCode).toBe(400);
  });
});
