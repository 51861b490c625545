// Claim codes and device credentials over HTTP, with the log at its most talkative: it holds no code, secret or key.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeMetering } from '../../../src/compose-metering.ts';
import { createDeviceAuthority } from '../../../src/metering/meters/device-authority-service.ts';
import { authorityKeyFile } from '../../../src/metering/meters/device-ca-port.ts';
import { readClaimCode } from '../../../src/metering/meters/device-claim.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { certificateRequest } from '../../support/certificates.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf } from '../../support/test-intake.ts';
import { type DeviceBrokerUnderTest, deviceBroker, testTls } from '../../support/watched-broker-fixture.ts';

const database = await testDatabase();
const { pool } = database;
const clock = { ahead_ms: 0, now_ms: () => Date.now() + clock.ahead_ms };
const lines: string[] = [];
const logger = createLogger(
  'trace',
  new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) }),
);
const dataDirectory = mkdtempSync(join(tmpdir(), 'naru-claims-'));
const operatorToken = 'the-token-of-the-operator-in-tests';
const metering = composeMetering({
  publicUrl: 'http://localhost',
  ...{ pool, clock, random: systemRandom, timeZone: 'Asia/Seoul', dataDirectory },
  secret: 'the-key-of-the-devices-in-tests',
  requireOperator: operatorGuard(operatorToken),
  // A clerk is who says so in a cookie.
  requireStaff: async (request) => {
    if (request.cookies.clerk === undefined) throw problem('NOT_SIGNED_IN');
  },
  actorOf: (request) => (request.cookies.clerk === undefined ? null : Buffer.alloc(32, request.cookies.clerk)),
});
const server = await createHttpServer({
  ...{ logger, publicUrl: 'http://localhost', title: 'test', version: '0', routes: metering.routes },
});
afterAll(async () => {
  await server.close();
  rmSync(dataDirectory, { recursive: true, force: true });
});
let broker: DeviceBrokerUnderTest;

beforeAll(async () => {
  const authority = createDeviceAuthority({
    ...{ pool, clock, random: systemRandom, keyFile: authorityKeyFile(dataDirectory) },
  });
  const certificate = await authority.createAuthority('device CA');
  const fleet = Array.from({ length: 9 }, (_, n) => fleetEntry(`dev-${n + 1}`, String(n + 1)));
  broker = await deviceBroker(database, fleet, { clock, logger, tls: await testTls(certificate, null) });
});

let callers = 0;
/** From an address of its own unless one is given, so that only the test that means it meets the limit. */
async function post(url: string, payload: object, who: { clerk?: string; remoteAddress?: string } = {}) {
  callers += 1;
  const { clerk, remoteAddress = `10.1.${callers >> 8}.${callers & 255}` } = who;
  return server.inject({
    ...{ method: 'POST', url, payload, remoteAddress },
    ...(clerk !== undefined && { cookies: { clerk } }),
  });
}
const newCode = async (deviceId: string, lifetime_h = 72) =>
  (await post(`/api/utility/devices/${deviceId}/claim-codes`, { lifetime_h }, { clerk: 'a' })).json().code as string;
const claim = (code: string, more: object = {}) => post('/api/devices/claim', { code, ...more });

describe('a claim code', () => {
  test('turns into a secret once, and what the device had before is no longer good', async () => {
    const code = await newCode('dev-1');
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    const claimed = (await claim(code.toLowerCase().replaceAll('-', ' '))).json();
    expect(claimed).toMatchObject({ device_id: 'dev-1', meter_serial: '1', certificate: null });
    expect((await broker.connect('dev-1', { password: claimed.secret })).connected).toBe(true);
    await expect(broker.connect('dev-1')).rejects.toMatchObject({ code: 4 });
    const again = await claim(code);
    expect([again.statusCode, again.json().code]).toEqual([403, 'CLAIM_REFUSED']);
  });

  test("turns into a certificate for the device's own key; then no secret lets it in", async () => {
    const request = await certificateRequest('dev-2');
    const claimed = (await claim(await newCode('dev-2'), { certificate_request: request.pem })).json();
    expect(new X509Certificate(claimed.certificate).verify(new X509Certificate(claimed.authority).publicKey)).toBe(
      true,
    );
    const held = { cert: claimed.certificate, key: request.key, serial: '' };
    expect((await broker.connectTls('dev-2', held)).connected).toBe(true);
    await expect(broker.connect('dev-2')).rejects.toMatchObject({ code: 4 });
  });

  test('whose request is refused stays good', async () => {
    const code = await newCode('dev-3');
    const refused = await claim(code, { certificate_request: (await certificateRequest('dev-4')).pem });
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'DEVICE_REQUEST_INVALID']);
    expect((await claim(code)).statusCode).toBe(200);
  });

  test('is void after its time, after another was made, and for a device that was revoked', async () => {
    const old = await newCode('dev-4', 1);
    clock.ahead_ms += 3_601_000;
    const replaced = await newCode('dev-4');
    const current = await newCode('dev-4');
    await post('/api/utility/devices/dev-5/revoke', { reason: 'x' }, { clerk: 'a' });
    for (const code of [old, replaced]) expect((await claim(code)).statusCode).toBe(403);
    expect((await claim(current)).statusCode).toBe(200);
    expect((await post('/api/utility/devices/dev-5/claim-codes', {}, { clerk: 'a' })).json().code).toBe(
      'DEVICE_REVOKED',
    );
  });

  test('that was guessed at five times is void, even for who knows it', async () => {
    const code = await newCode('dev-6');
    const wrong = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`;
    for (let n = 0; n < 5; n += 1) expect((await claim(wrong)).statusCode).toBe(403);
    expect((await claim(code)).statusCode).toBe(403);
    const { rows } = await pool.query('SELECT wrong_tries, used_at FROM metering.device_claim WHERE selector = $1', [
      readClaimCode(code)?.selector,
    ]);
    expect(rows).toEqual([{ wrong_tries: 5, used_at: null }]);
  });

  test('can be tried ten times a minute from one address', async () => {
    const tries: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const answer = await post('/api/devices/claim', { code: `GUESS-${n}` }, { remoteAddress: '203.0.113.9' });
      tries.push(answer.statusCode);
    }
    expect(tries).toEqual([...Array<number>(10).fill(403), 429]);
  });

  test('redeemed by ten at once is redeemed by one', async () => {
    const code = await newCode('dev-7');
    const answers = await Promise.all(Array.from({ length: 10 }, () => claim(code)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  });

  test.each(['', 'short', 'ABCDE-ABCDE-ABCDE-ABCD!', 'x'.repeat(64)])('%j is refused', async (code) => {
    expect([400, 403]).toContain((await claim(code)).statusCode);
  });
});

describe('the routes of devices', () => {
  test.each([
    ['GET', '/api/utility/devices'],
    ['GET', '/api/utility/devices/dev-8'],
    ['POST', '/api/utility/devices/dev-8/revoke'],
    ['POST', '/api/utility/devices/dev-8/rotate'],
    ['POST', '/api/utility/devices/dev-8/claim-codes'],
    ['POST', '/api/utility/devices/dev-8/commands'],
    ['GET', '/api/utility/device-events'],
    ['POST', '/api/utility/device-certificates/ab/revoke'],
    ['POST', '/api/utility/commands/1/approve'],
  ] as const)('%s %s is for staff and the operator', async (method, url) => {
    const payload = { reason: 'x', order: { kind: 'clock_set' } };
    const call = (headers: Record<string, string>) =>
      server.inject({ method, url, headers, ...(method === 'POST' && { payload }) });
    expect((await call({})).statusCode).toBe(401);
    expect((await call({ authorization: 'Bearer wrong' })).statusCode).toBe(401);
    expect((await call({ authorization: `Bearer ${operatorToken}` })).statusCode).not.toBe(401);
  });

  test('tell what a device may show, never with what', async () => {
    await post('/api/utility/devices/dev-9/rotate', { grace_s: 600 }, { clerk: 'a' });
    await post('/api/utility/devices/dev-9/pins', { spki_sha256: 'ab'.repeat(32) }, { clerk: 'a' });
    const answer = await server.inject({ url: '/api/utility/devices/dev-9', cookies: { clerk: 'a' } });
    expect(answer.json()).toMatchObject({
      ...{ device_id: 'dev-9', has_secret: true, former_secret_until: expect.any(String), revoked_at: null },
      pins: [{ spki_sha256: 'ab'.repeat(32) }],
      actions: [
        { action: 'pin_added', by_program: false },
        { action: 'secret_rotated', by_program: false },
      ],
    });
    const list = await server.inject({ url: '/api/utility/devices?limit=3&search=dev-', cookies: { clerk: 'a' } });
    expect(list.json().devices.map(({ device_id }: { device_id: string }) => device_id)).toEqual([
      'dev-1',
      'dev-2',
      'dev-3',
    ]);
    const next = await server.inject({
      url: `/api/utility/devices?limit=3&search=dev-&cursor=${list.json().next_cursor}`,
      cookies: { clerk: 'a' },
    });
    expect(next.json().devices[0].device_id).toBe('dev-4');
  });

  test('give a valve command that another clerk approves, not the same one', async () => {
    const order = { kind: 'valve', position: 'closed' };
    const given = await post('/api/utility/devices/dev-9/commands', { order }, { clerk: 'a' });
    expect(given.json()).toMatchObject({ state: 'proposed', order });
    const approve = (clerk: string) => post(`/api/utility/commands/${given.json().id}/approve`, {}, { clerk });
    expect((await approve('a')).json().code).toBe('COMMAND_NEEDS_ANOTHER');
    expect((await approve('b')).json()).toMatchObject({ state: 'queued' });
    const list = await server.inject({ url: '/api/utility/devices/dev-9/commands', cookies: { clerk: 'a' } });
    expect(list.json().commands).toHaveLength(1);
  });

  test("give the authority's papers to anybody", async () => {
    expect((await server.inject('/api/devices/authority.pem')).body).toContain('BEGIN CERTIFICATE');
    expect((await server.inject('/api/devices/revoked.pem')).body).toContain('BEGIN X509 CRL');
  });
});

test('neither the log nor the database holds a code, a secret or the key', async () => {
  const code = await newCode('dev-3');
  const { secret } = (await claim(code)).json();
  await server.inject({ method: 'POST', url: '/api/devices/claim', payload: `{"code":"${code}"` });
  // A database that refuses, and says what.
  await pool.query('ALTER TABLE metering.device_claim ADD CONSTRAINT nobody CHECK (used_at IS NULL) NOT VALID');
  const other = await newCode('dev-9');
  expect((await claim(other)).statusCode).toBe(500);
  const key = (await authorityKeyFile(dataDirectory).read())?.split('\n')[1] ?? '';
  const tables = ['device', 'device_claim', 'device_certificate', 'device_ca', 'staff_action'];
  const stored = await Promise.all(
    tables.map(async (table) => JSON.stringify((await pool.query(`SELECT t::text FROM metering.${table} t`)).rows)),
  );
  const kept = [...lines, ...stored].join('\n');
  expect(lines.join('')).toContain('request failed');
  for (const text of [code, code.replaceAll('-', ''), other, secret, secretOf('dev-3'), key]) {
    expect(text).toMatch(/^.{16,}$/);
    expect(kept).not.toContain(text);
  }
});
