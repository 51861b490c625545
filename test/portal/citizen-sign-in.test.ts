// Signing in to the portal by showing a credential, with headless wallets over real HTTP.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { cookieOptions } from '../../src/portal/cookies.ts';
import { signInLimits } from '../../src/portal/sign-in-service.ts';
import { portalHouse } from '../support/portal-house.ts';

const house = await portalHouse();
const { clock, pool, publicUrl } = house;
await house.meter('1');
const { wallet } = await house.household('1', { from: '2026-01-01' });

beforeEach(() => {
  clock.ahead_ms = 0;
});

async function portalRows(): Promise<string> {
  const { rows } = await pool.query<{ table_name: string }>(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = 'portal'`,
  );
  expect(rows.length).toBeGreaterThan(4);
  const all = await Promise.all(
    rows.map(({ table_name }) => pool.query(`SELECT row_to_json(t)::text AS row FROM portal.${table_name} t`)),
  );
  return JSON.stringify(all.map((result) => result.rows));
}

describe('signing in', () => {
  test('across devices: waits, sees the answer, and opens a session', async () => {
    const page = house.browser();
    const begun = (await page.post('/api/portal/sign-in', { mode: 'cross_device' })).json();
    expect(begun.wallet_link).toBe(
      `http://localhost:8081/#/present?request=${encodeURIComponent(begun.authorization_request)}`,
    );
    expect((await page.get(`/api/portal/sign-in/${begun.request_id}`)).json()).toEqual({ state: 'waiting' });
    const early = await page.post(`/api/portal/sign-in/${begun.request_id}/complete`, {});
    expect([early.statusCode, early.json().code]).toEqual([409, 'PRESENTATION_NOT_READY']);
    await wallet.present(begun.authorization_request);
    const seen = (await page.get(`/api/portal/sign-in/${begun.request_id}`)).json();
    expect(seen).toMatchObject({ state: 'verified', trace: expect.any(Array) });
    expect((await page.get('/api/portal/me')).statusCode).toBe(401);
    const done = await page.post(`/api/portal/sign-in/${begun.request_id}/complete`, {});
    expect([done.statusCode, done.json()]).toEqual([200, { state: 'signed_in' }]);
    expect((await page.get('/api/portal/me')).json()).toMatchObject({
      service_point: 'sp-1',
      role: 'occupant',
      from: '2026-01-01',
      until: null,
    });
  });

  test('on one device: only with the code the wallet came back with', async () => {
    const { complete, code } = await house.signInWith(wallet, 'same_device');
    expect(code).toMatch(/^[\w-]{43}$/);
    for (const wrong of [null, `${code}x`]) {
      const refused = await complete(wrong);
      expect([refused.statusCode, refused.json().code]).toEqual([403, 'RESPONSE_CODE_WRONG']);
    }
    expect((await complete()).statusCode).toBe(200);
  });

  test('belongs to the browser that began it: to every other it does not exist', async () => {
    const { request_id, complete } = await house.signInWith(wallet);
    const other = house.browser();
    await other.post('/api/portal/sign-in', { mode: 'cross_device' });
    for (const stranger of [other, house.browser()]) {
      expect((await stranger.get(`/api/portal/sign-in/${request_id}`)).statusCode).toBe(404);
      const taken = await stranger.post(`/api/portal/sign-in/${request_id}/complete`, {});
      expect([taken.statusCode, taken.json().code]).toEqual([404, 'NOT_FOUND']);
      expect((await stranger.get('/api/portal/me')).statusCode).toBe(401);
    }
    expect((await complete()).statusCode).toBe(200);
  });

  test('is completed once, also by ten at the same time', async () => {
    const { complete } = await house.signInWith(wallet);
    const answers = await Promise.all(Array.from({ length: 10 }, () => complete()));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode >= 500)).toHaveLength(0);
    expect((await complete()).statusCode).not.toBe(200);
  });

  test('that the person declines ends in a refusal and no session', async () => {
    const page = house.browser();
    const begun = (await page.post('/api/portal/sign-in', { mode: 'cross_device' })).json();
    await wallet.wallet.declinePresentationRequest(
      await wallet.wallet.parsePresentationRequest(begun.authorization_request),
    );
    expect((await page.get(`/api/portal/sign-in/${begun.request_id}`)).json().state).toBe('refused');
    const refused = await page.post(`/api/portal/sign-in/${begun.request_id}/complete`, {});
    expect(refused.statusCode).toBe(403);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect((await page.get('/api/portal/me')).statusCode).toBe(401);
  });

  test('that takes too long is over, and can be begun again', async () => {
    const page = house.browser();
    const begun = (await page.post('/api/portal/sign-in', { mode: 'cross_device' })).json();
    clock.ahead_ms = signInLimits.signInLifetime_ms + 1_000;
    expect((await page.get(`/api/portal/sign-in/${begun.request_id}`)).statusCode).toBe(404);
    await expect(wallet.present(begun.authorization_request)).rejects.toThrow();
  });

  test('with a wallet that holds no water account is not possible', async () => {
    const stranger = createCitizenWallet({ serviceUrl: publicUrl, now_ms: clock.now_ms });
    await expect(house.signInWith(stranger)).rejects.toThrow();
  });

  test('refuses a page of another site, whatever its cookies', async () => {
    const { page, request_id } = await house.signInWith(wallet);
    const forged = await page.post(
      `/api/portal/sign-in/${request_id}/complete`,
      {},
      { 'sec-fetch-site': 'cross-site' },
    );
    expect([forged.statusCode, forged.json().code]).toEqual([403, 'CROSS_SITE_REFUSED']);
  });
});

describe('a session', () => {
  test('ends by itself, and at once when signed out', async () => {
    const page = await house.signedIn(wallet);
    const copied = new Map(page.cookies);
    expect((await page.post('/api/portal/sign-out')).statusCode).toBe(204);
    for (const [name, value] of copied) page.cookies.set(name, value);
    expect((await page.get('/api/portal/me')).json().code).toBe('NOT_SIGNED_IN');

    const later = await house.signedIn(wallet);
    clock.ahead_ms = signInLimits.sessionLifetime_ms - 60_000;
    expect((await later.get('/api/portal/me')).statusCode).toBe(200);
    clock.ahead_ms = signInLimits.sessionLifetime_ms + 1_000;
    for (const path of ['me', 'meter']) expect((await later.get(`/api/portal/${path}`)).statusCode).toBe(401);
  });

  test('ends at once when its credential is revoked, and the next sign-in is refused with a trace that says why', async () => {
    await house.meter('2');
    const { wallet: other, credentialId } = await house.household('2', { from: '2026-01-01' });
    const page = await house.signedIn(other);
    await (await house.clerk()).post(`/api/utility/credentials/${credentialId}/revoke`, { reason: 'moved out' });
    for (const path of ['me', 'meter', 'use?resolution=day&from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z']) {
      const answer = await page.get(`/api/portal/${path}`);
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'CREDENTIAL_REVOKED']);
    }
    const { complete, page: second, request_id } = await house.signInWith(other);
    expect((await second.get(`/api/portal/sign-in/${request_id}`)).json().state).toBe('refused');
    const refused = await complete();
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'PRESENTATION_REFUSED']);
    expect(refused.json().trace).toContainEqual(
      expect.objectContaining({ step: 'status', outcome: 'failed', reason: 'CREDENTIAL_REVOKED' }),
    );
    expect((await second.get('/api/portal/me')).statusCode).toBe(401);
  });

  test('has a cookie that scripts cannot read, and none that leaves https', async () => {
    const page = house.browser();
    const { headers } = await page.post('/api/portal/sign-in', { mode: 'cross_device' });
    expect(String(headers['set-cookie'])).toMatch(
      /^naru_sign_in=[\w-]{43}; Max-Age=300; Path=\/api; HttpOnly; SameSite=Lax$/,
    );
    const { complete } = await house.signInWith(wallet);
    expect(String((await complete()).headers['set-cookie'])).toMatch(
      /naru_citizen=[\w-]{43}; Max-Age=1800; Path=\/api; HttpOnly; SameSite=Lax/,
    );
    expect(cookieOptions('http://localhost:8080', 1_000).secure).toBe(false);
    expect(cookieOptions('https://naru.example', 1_000).secure).toBe(true);
  });

  test('knows a holder again by one pseudonym, another by another, and keeps no claim but what opens the meter', async () => {
    await house.meter('3');
    const { wallet: third } = await house.household('3', { from: '2026-02-01', until: '2026-03-31' });
    const linksOf = async (servicePoint: string) =>
      (await pool.query('SELECT pseudonym FROM portal.link WHERE service_point = $1', [servicePoint])).rows.map(
        ({ pseudonym }) => pseudonym.toString('hex'),
      );
    await house.signedIn(third);
    await house.signedIn(third);
    await house.signedIn(wallet);
    const [mine, others] = [await linksOf('sp-3'), await linksOf('sp-1')];
    expect(mine).toHaveLength(1);
    expect(others).toHaveLength(1);
    expect(mine).not.toEqual(others);
    const kept = await portalRows();
    const keys = await third.store.list('keys');
    expect(keys.length).toBeGreaterThan(0);
    expect(kept.includes('sp-3')).toBe(true);
    const unwanted = ['domestic', 'usage_class', 'cnf', ...keys.map(({ id }) => id)];
    expect(unwanted.filter((word) => kept.includes(word))).toEqual([]);
    const dids = kept.replaceAll(house.identity.issuer.did, '').match(/did:\w+/g);
    expect(dids).toBeNull();
  });
});
