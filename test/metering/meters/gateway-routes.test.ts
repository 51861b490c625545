// Registering gateways and granting them devices over HTTP: for the operator's programs; staff may look.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayRoutes } from '../../../src/metering/meters/gateway-routes.ts';
import { createGatewaysService } from '../../../src/metering/meters/gateways-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const tokens = { operator: 'the-token-of-the-operator-in-tests', staff: 'the-token-that-stands-for-staff-in-tests' };
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    gatewayRoutes({
      gateways: createGatewaysService(pool, systemClock, systemRandom, testSecrets),
      requireOperator: operatorGuard(tokens.operator),
      requireStaff: operatorGuard(tokens.staff),
    }),
  ],
});
afterAll(() => server.close());
beforeAll(() => provisionFleet(pool, systemRandom, [fleetEntry('dev-1', '1'), fleetEntry('dev-2', '2')], testSecrets));

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
async function ask(
  method: Method,
  path: string,
  payload?: object,
  token = method === 'GET' ? tokens.staff : tokens.operator,
) {
  const response = await server.inject({
    ...{ method, url: `/api/utility/gateways${path}`, headers: { authorization: `Bearer ${token}` } },
    ...(payload && { payload }),
  });
  return { status: response.statusCode, body: response.body === '' ? null : response.json() };
}

const put = (id: string, body: object = { formats: ['wmbus'] }) => ask('PUT', `/${id}`, body);
const grant = (id: string, ...grants: { address: string; device_id: string }[]) =>
  ask('POST', `/${id}/grants`, { grants });
const eui = '0016c001f0000001';
const radio = 'KAM.76348799.1B.16';

describe('a gateway', () => {
  test('is given a secret once; said again it keeps it, and takes new formats', async () => {
    expect(await put('gw-1')).toEqual({
      status: 200,
      body: { gateway_id: 'gw-1', secret: expect.stringMatching(/^[\w-]{43}$/) },
    });
    expect(await put('gw-1', { formats: ['wmbus', 'ttn'] })).toEqual({
      status: 200,
      body: { gateway_id: 'gw-1', secret: null },
    });
    const { body } = await ask('GET', '');
    expect(body.gateways).toEqual([
      {
        ...{ gateway_id: 'gw-1', formats: ['wmbus', 'ttn'], grants: 0, revoked: false },
        registered_at: expect.any(String),
      },
    ]);
  });

  test.each([
    ['without a format', 'gw-2', { formats: [] }, 400, 'REQUEST_INVALID'],
    ['with a format of devices', 'gw-2', { formats: ['senml+json'] }, 400, 'REQUEST_INVALID'],
    ['with a short secret', 'gw-2', { formats: ['ttn'], secret: 'short' }, 400, 'REQUEST_INVALID'],
    ['with the id of a meter’s device', 'dev-1', { formats: ['ttn'] }, 409, 'CONFLICT'],
  ])('%s is refused', async (_how, id, body, status, code) => {
    expect(await put(id, body)).toMatchObject({ status, body: { code } });
    expect((await ask('GET', '')).body.gateways).toHaveLength(1);
  });

  test('is registered by the operator alone, and looked at by staff alone', async () => {
    expect((await ask('PUT', '/gw-2', { formats: ['ttn'] }, tokens.staff)).status).toBe(401);
    expect((await ask('POST', '/gw-1/grants', { grants: [{ address: eui, device_id: 'dev-1' }] }, 'x')).status).toBe(
      401,
    );
    expect((await ask('DELETE', `/gw-1/grants/${eui}`, undefined, tokens.staff)).status).toBe(401);
    expect((await ask('GET', '', undefined, tokens.operator)).status).toBe(401);
    expect((await ask('GET', '/gw-1/grants', undefined, '')).status).toBe(401);
  });
});

describe('grants', () => {
  test('are kept in one spelling, listed by pages, moved and withdrawn', async () => {
    const given = await grant(
      'gw-1',
      { address: eui.toUpperCase(), device_id: 'dev-1' },
      { address: radio.toLowerCase(), device_id: 'dev-2' },
    );
    expect(given).toEqual({ status: 204, body: null });
    const first = await ask('GET', '/gw-1/grants?limit=1');
    expect(first.body).toMatchObject({ grants: [{ address: eui, device_id: 'dev-1' }], next: eui });
    const second = await ask('GET', `/gw-1/grants?limit=1&after=${first.body.next}`);
    expect(second.body).toMatchObject({ grants: [{ address: radio, device_id: 'dev-2' }], next: null });
    await grant('gw-1', { address: eui, device_id: 'dev-2' });
    expect((await ask('GET', '/gw-1/grants')).body.grants[0]).toMatchObject({ address: eui, device_id: 'dev-2' });
    expect((await ask('DELETE', `/gw-1/grants/${radio}`)).status).toBe(204);
    expect(await ask('DELETE', `/gw-1/grants/${radio}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await ask('GET', '/gw-1/grants')).body.grants).toHaveLength(1);
  });

  test.each([
    ['to a gateway that is none', 'gw-9', eui, 'dev-1', 404, 'GATEWAY_UNKNOWN'],
    ['to a meter’s device', 'dev-2', eui, 'dev-1', 404, 'GATEWAY_UNKNOWN'],
    ['of a device that is none', 'gw-1', eui, 'dev-9', 400, 'REQUEST_INVALID'],
    ['of a gateway', 'gw-1', eui, 'gw-1', 400, 'REQUEST_INVALID'],
    ['by an address that is none', 'gw-1', '0016c001', 'dev-1', 400, 'REQUEST_INVALID'],
    ['by a wild card', 'gw-1', 'KAM.*.1B.16', 'dev-1', 400, 'REQUEST_INVALID'],
  ])('%s are refused', async (_how, id, address, device_id, status, code) => {
    const before = (await ask('GET', '/gw-1/grants')).body.grants;
    expect(await grant(id, { address: radio, device_id: 'dev-1' }, { address, device_id })).toMatchObject({
      status,
      body: { code },
    });
    expect((await ask('GET', '/gw-1/grants')).body.grants).toEqual(before);
  });
});
