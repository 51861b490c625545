// Registering devices over HTTP: for programs with the operator's token, and the same said twice is said once.
import { afterAll, describe, expect, test } from 'vitest';
import { deviceRoutes } from '../../../src/metering/meters/device-routes.ts';
import type { FleetEntry, ProvisionedDevice } from '../../../src/metering/meters/fleet-entry.ts';
import { provisionList } from '../../../src/metering/meters/provision-csv-service.ts';
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
      provisionList: (file, dryRun, keep) => provisionList(pool, file, { dryRun, keep, provisionFleet: provision }),
      requireOperator: operatorGuard(token),
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

  test('refuses an empty list and one of more than a thousand', async () => {
    expect((await register([])).statusCode).toBe(400);
    expect((await register(Array.from({ length: 1_001 }, () => device))).statusCode).toBe(400);
  });
});
