// What clerks do at the console: come in by a link, make offers, list and revoke; and that nobody else can.
import { beforeEach, describe, expect, test } from 'vitest';
import { staffLimits } from '../../src/portal/staff-service.ts';
import { portalHouse } from '../support/portal-house.ts';

const house = await portalHouse();
const { clock, pool, staff } = house;
await house.meter('1');
const offer = { type: 'water-account', claims: { role: 'owner', from: '2026-03-01' } };
const offers = '/api/utility/service-points/sp-1/offers';

beforeEach(() => {
  clock.ahead_ms = 0;
});

describe('the link into the console', () => {
  test('is made for the first start only', async () => {
    const first = await staff.firstStaffLink();
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(await staff.firstStaffLink()).toBeNull();
  });

  test('lets one browser in, once, also of ten at the same time', async () => {
    const token = await staff.createStaffLink();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => house.browser().post('/api/utility/sign-in', { token })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 204)).toHaveLength(1);
    const late = await house.browser().post('/api/utility/sign-in', { token });
    expect([late.statusCode, late.json().code]).toEqual([401, 'STAFF_LINK_SPENT']);
  });

  test('expires after a day', async () => {
    const token = await staff.createStaffLink();
    clock.ahead_ms = staffLimits.linkLifetime_ms + 1_000;
    expect((await house.browser().post('/api/utility/sign-in', { token })).json().code).toBe('STAFF_LINK_SPENT');
  });

  test('cannot be guessed at: the eleventh try of a minute is refused, whatever it says', async () => {
    const guesser = house.browser();
    const right = await staff.createStaffLink();
    for (let tries = 0; tries < 10; tries += 1) {
      expect((await guesser.post('/api/utility/sign-in', { token: `guess-${tries}` })).statusCode).toBe(401);
    }
    const eleventh = await guesser.post('/api/utility/sign-in', { token: right });
    expect([eleventh.statusCode, eleventh.json().code]).toEqual([429, 'TOO_MANY_REQUESTS']);
    expect((await house.browser().post('/api/utility/sign-in', { token: right })).statusCode).toBe(204);
  });

  test('is kept only as a hash, and so is the session', async () => {
    const token = await staff.createStaffLink();
    const { rows: links } = await pool.query('SELECT row_to_json(l)::text AS row FROM portal.staff_link l');
    expect(links.some(({ row }) => row.includes(token))).toBe(false);
    const page = await house.clerk();
    const cookie = page.cookies.get('naru_staff') ?? '';
    expect(cookie).toMatch(/^[\w-]{43}$/);
    const { rows } = await pool.query('SELECT row_to_json(s)::text AS row FROM portal.staff_session s');
    expect(rows.some(({ row }) => row.includes(cookie))).toBe(false);
  });
});

describe("a clerk's session", () => {
  test('has a cookie for this site only, out of reach of scripts', async () => {
    const answer = await house.browser().post('/api/utility/sign-in', { token: await staff.createStaffLink() });
    expect(String(answer.headers['set-cookie'])).toMatch(
      /^naru_staff=[\w-]{43}; Max-Age=43200; Path=\/api; HttpOnly; SameSite=Strict$/,
    );
  });

  test('ends with its time, and at once when signed out', async () => {
    const page = await house.clerk();
    expect((await page.get('/api/utility/me')).json()).toEqual({ role: 'clerk', duty: 'administrator', zones: [] });
    clock.ahead_ms = staffLimits.sessionLifetime_ms + 1_000;
    expect((await page.get('/api/utility/me')).statusCode).toBe(401);
    clock.ahead_ms = 0;
    const cookie = page.cookies.get('naru_staff') ?? '';
    await page.post('/api/utility/sign-out');
    page.cookies.set('naru_staff', cookie);
    expect((await page.get('/api/utility/me')).json().code).toBe('NOT_SIGNED_IN');
  });

  test.each([
    ['GET', '/api/utility/me'],
    ['GET', '/api/utility/meters'],
    ['GET', '/api/utility/meters/1'],
    ['GET', '/api/utility/quarantine'],
    ['GET', '/api/utility/service-points/sp-1/credentials'],
    ['POST', offers],
    ['POST', '/api/utility/credentials/x/revoke'],
  ] as const)('is needed for %s %s', async (method, url) => {
    const page = house.browser();
    page.cookies.set('naru_staff', 'A'.repeat(43));
    const payload = url === offers ? offer : { reason: 'x' };
    const answer = method === 'GET' ? await page.get(url) : await page.post(url, payload);
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
  });

  test.each(['cross-site', 'same-site'])('does not act for a page that is %s', async (site) => {
    const page = await house.clerk();
    const forged = await page.post(offers, offer, { 'sec-fetch-site': site });
    expect([forged.statusCode, forged.json().code]).toEqual([403, 'CROSS_SITE_REFUSED']);
  });
});

describe('offers and credentials of a service point', () => {
  test('offers, lists once taken, revokes, and leaves a trail of who did what', async () => {
    const page = await house.clerk();
    const made = await page.post(offers, offer);
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({
      offer_uri: expect.stringMatching(/^openid-credential-offer:\/\//),
      wallet_link: `http://localhost:8081/#/offer?uri=${encodeURIComponent(made.json().offer_uri)}`,
      tx_code: expect.stringMatching(/^\d+$/),
    });
    const { credentialId } = await house.household('1', { from: '2026-03-01' });
    const list = async () => (await page.get('/api/utility/service-points/sp-1/credentials')).json().credentials;
    expect(await list()).toMatchObject([{ id: credentialId, type: 'water-account', state: 'valid', revoked_at: null }]);
    const revoke = `/api/utility/credentials/${credentialId}/revoke`;
    expect((await page.post(revoke, { reason: '   ' })).statusCode).toBe(400);
    expect((await page.post(revoke, { reason: 'moved out' })).statusCode).toBe(204);
    expect(await list()).toMatchObject([{ state: 'revoked', reason: 'moved out', revoked_at: expect.any(String) }]);
    const { rows } = await pool.query(
      `SELECT action, service_point, credential_id FROM portal.audit
        WHERE actor = sha256($1::text::bytea) ORDER BY id`,
      [page.cookies.get('naru_staff')],
    );
    expect(rows).toEqual([
      { action: 'signed_in', service_point: null, credential_id: null },
      { action: 'offer_made', service_point: 'sp-1', credential_id: null },
      { action: 'credential_revoked', service_point: null, credential_id: credentialId },
    ]);
  });

  test('refuses what it cannot offer, and writes nothing into the trail', async () => {
    const page = await house.clerk();
    const trail = async () => (await pool.query('SELECT FROM portal.audit')).rowCount;
    const before = await trail();
    const unknown = await page.post('/api/utility/service-points/nowhere/offers', offer);
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'SERVICE_POINT_UNKNOWN']);
    const refused = async (claims: object) => {
      const answer = await page.post(offers, { ...offer, claims });
      expect(answer.statusCode).toBe(400);
      return answer.json().detail;
    };
    expect(await refused({ role: 'owner', from: '2026-03-02', until: '2026-03-01' })).toMatch(/^body\/claims\/until/);
    expect(await refused({ role: 'owner', from: '2026-02-30' })).toMatch(/^body\/claims\/from/);
    expect(await refused({ role: 'king', from: '2026-03-01' })).toMatch(/^body\/claims\/role/);
    const absent = await page.post('/api/utility/credentials/00000000-0000-4000-8000-000000000000/revoke', {
      reason: 'x',
    });
    expect([absent.statusCode, absent.json().code]).toEqual([404, 'CREDENTIAL_UNKNOWN']);
    const garbled = await page.post('/api/utility/credentials/not-an-id/revoke', { reason: 'x' });
    expect([garbled.statusCode, garbled.json().code]).toEqual([404, 'CREDENTIAL_UNKNOWN']);
    expect(await trail()).toBe(before);
  });
});
