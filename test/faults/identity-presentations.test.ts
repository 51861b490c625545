// What is done to presentations: answers replayed on two copies of the service, relayed, forged, and asking for too much.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { City, type Instance } from '../support/city.ts';
import { heldAccount } from '../support/held-account.ts';
import { identityCity } from '../support/identity-city.ts';
import { askedIn, formOf, post } from '../support/presented-answer.ts';

const ANSWERS_AT_ONCE = 40;

describe('36: an answer with its key-binding JWT replayed, on two copies of the service on one database', () => {
  const operator = 'the-token-of-the-operator-of-two-copies';
  let city: City;
  let copies: [Instance, Instance];

  beforeAll(async () => {
    city = await City.open();
    const settings = { NARU_ROLES: 'api', NARU_OPERATOR_TOKEN: operator };
    copies = [
      await city.start({ ...settings, NARU_ROLES: 'api,worker' }),
      await city.start({ ...settings, HTTP_PORT: String(await freePort(0)) }),
    ];
  });
  afterAll(() => city?.close());

  async function call(copy: Instance, method: string, path: string, bearer: string, body?: object) {
    const answer = await fetch(`${copy.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    return { status: answer.status, body: await answer.json() };
  }

  test('is accepted once, its verdict collected once, and a request served by one copy is answered at the other', async () => {
    const [first, second] = copies;
    await call(first, 'PUT', '/api/verifiers/library', operator, {
      name: { ko: '도서관', en: 'Library' },
      purpose: { ko: '회원 확인', en: 'Membership' },
      keeps: { ko: '보관하지 않습니다.', en: 'Nothing is kept.' },
      may_ask: [{ type: 'water-account', claims: ['role'] }],
    });
    const { token } = (await call(second, 'POST', '/api/verifiers/library/token', operator)).body;
    const order = { mode: 'cross_device', credentials: [{ type: 'water-account', claims: [{ name: 'role' }] }] };
    const { request_id, authorization_request } = (await call(first, 'POST', '/api/verifier/requests', token, order))
      .body;
    const elsewhere = (uri: string, copy: Instance) => `${copy.url}${new URL(uri).pathname}`;
    const requestUri = new URL(authorization_request).searchParams.get('request_uri') ?? '';
    expect((await fetch(elsewhere(requestUri, second))).status).toBe(200);

    // A presentation that verifies ill ends a request as one that verifies well does: exactly one answer is taken up.
    const asked = await askedIn(authorization_request);
    const answer = { vp_token: { water_account: ['eyJhbGciOiJub25lIn0.e30.~'] }, state: asked.state };
    const form = await formOf(asked, answer);
    const sent = await Promise.all(
      Array.from({ length: ANSWERS_AT_ONCE }, (_, n) =>
        post(elsewhere(asked.response_uri, copies[n % 2] as Instance), form),
      ),
    );
    expect(sent.filter(({ error }) => error === 'access_denied')).toHaveLength(1);
    expect(sent.filter(({ error }) => error === 'invalid_request')).toHaveLength(ANSWERS_AT_ONCE - 1);
    for (const copy of copies) {
      const state = await call(copy, 'POST', `/api/verifier/requests/${request_id}/collect`, token);
      expect(state.body).toMatchObject({ verified: false });
      expect((await fetch(elsewhere(requestUri, copy))).status).toBe(404);
    }
  });
});

describe('one service', async () => {
  const city = await identityCity();

  test('36: of forty copies of a good answer, one is accepted and its claims are collected once', async () => {
    const { request_id, authorization_request } = await city.signIn('cross_device');
    const asked = await askedIn(authorization_request);
    const held = await heldAccount(city);
    const answer = { vp_token: { water_account: [await held.bind(asked)] }, state: asked.state };
    const form = await formOf(asked, answer);
    const sent = await Promise.all(Array.from({ length: ANSWERS_AT_ONCE }, () => post(asked.response_uri, form)));
    expect(sent.filter(({ status }) => status === 200)).toHaveLength(1);
    const collected = await Promise.allSettled(
      Array.from({ length: 10 }, () => city.requests.collectPresentation(request_id, 'portal')),
    );
    expect(collected.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('36: a key-binding JWT made for one request is worthless for the next', async () => {
    const held = await heldAccount(city);
    const first = await askedIn((await city.signIn('cross_device')).authorization_request);
    const presentation = await held.bind(first);
    expect(await held.answer(first)).toMatchObject({ status: 200 });
    const second = await askedIn((await city.signIn('cross_device')).authorization_request);
    const answer = { vp_token: { water_account: [presentation] }, state: second.state };
    expect(await post(second.response_uri, await formOf(second, answer))).toMatchObject({
      error_description: 'HOLDER_NONCE_WRONG',
    });
  });

  test('41: who relays a link to somebody else gets nothing: the verdict is for the session that asked', async () => {
    const { request_id, authorization_request } = await city.signIn('cross_device');
    const asked = await askedIn(authorization_request);
    expect(await (await heldAccount(city)).answer(asked)).toEqual({ status: 200 });
    // All that a relay sees is the link and the request behind it: neither holds what collects the answer.
    const seen = `${authorization_request} ${JSON.stringify(asked)}`;
    expect(seen).not.toContain(request_id);
    await expect(city.requests.collectPresentation(request_id, 'library')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await city.requests.collectPresentation(request_id, 'portal')).verified).toBe(true);
  });

  test('41: on one device the code goes to the browser that the wallet opens, and nobody without it collects', async () => {
    const { request_id, authorization_request } = await city.signIn('same_device');
    const { redirect_uri } = await (await heldAccount(city)).answer(await askedIn(authorization_request));
    await expect(city.requests.collectPresentation(request_id, 'portal')).rejects.toMatchObject({
      code: 'RESPONSE_CODE_WRONG',
    });
    const code = new URL(redirect_uri ?? '').searchParams.get('response_code') ?? '';
    expect((await city.requests.collectPresentation(request_id, 'portal', code)).verified).toBe(true);
  });

  const encode = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  test.each([
    ['an extra one', (sdJwt: string) => `${sdJwt}${encode(['salt', 'role', 'owner'])}~`, 'DISCLOSURE_UNKNOWN'],
    ['one twice', (sdJwt: string) => `${sdJwt}${sdJwt.split('~')[1]}~`, 'DISCLOSURE_DUPLICATE'],
    [
      'one forged in place of another',
      (sdJwt: string) =>
        [sdJwt.split('~')[0], encode(['salt', 'role', 'owner']), ...sdJwt.split('~').slice(2)].join('~'),
      'DISCLOSURE_UNKNOWN',
    ],
    ['one that is no disclosure', (sdJwt: string) => `${sdJwt}AAAA~`, 'DISCLOSURE_MALFORMED'],
  ])('42: of disclosures, %s is refused', async (_what, change, reason) => {
    const held = await heldAccount(city);
    const asked = await askedIn((await city.signIn('cross_device')).authorization_request);
    expect(await held.answer(asked, {}, change(held.credential))).toMatchObject({
      status: 400,
      error_description: reason,
    });
  });

  test('42: a presentation with no key binding is refused', async () => {
    const { credential } = await heldAccount(city);
    const asked = await askedIn((await city.signIn('cross_device')).authorization_request);
    const form = await formOf(asked, { vp_token: { water_account: [credential] }, state: asked.state });
    expect(await post(asked.response_uri, form)).toMatchObject({ error_description: 'HOLDER_PROOF_MISSING' });
  });

  test('43: a verifier that asks for more than it registered is refused by the service', async () => {
    const order = { verifier: 'portal', mode: 'cross_device' as const };
    const asking = (type: string, name: string) =>
      city.requests.createPresentationRequest({ ...order, credentials: [{ type, claims: [{ name }] }] });
    await expect(asking('water-account', 'usage_class')).rejects.toMatchObject({ code: 'VERIFIER_ASKS_TOO_MUCH' });
    await expect(asking('resident', 'birth_date')).rejects.toMatchObject({ code: 'VERIFIER_ASKS_TOO_MUCH' });
  });

  test('43: and by the wallet, where the registration was narrowed after the request was made', async () => {
    const { citizen, request } = await askedAccountHolder();
    const [portal] = (await city.verifiers.listVerifiers()).filter(({ id }) => id === 'portal');
    if (portal === undefined) throw new Error('the portal is registered');
    const { id, has_token: _token, ended: _ended, ...registration } = portal;
    const narrow = { ...registration, may_ask: [{ type: 'water-account', claims: ['role'] }] };
    await city.verifiers.registerVerifier(id, narrow, 'operator');
    await expect(citizen.present(request)).rejects.toMatchObject({
      code: 'REQUEST_ASKS_TOO_MUCH',
      because: 'service_point, from, until',
    });
    await city.verifiers.registerOwnVerifiers();
    expect((await citizen.present(request)).redirect_to).toBeNull();
  });

  test('43: the wallet answers nobody whose registration has ended', async () => {
    const { citizen, request } = await askedAccountHolder();
    await city.verifiers.endVerifier('portal', 'operator');
    await expect(citizen.present(request)).rejects.toMatchObject({ code: 'REQUEST_GONE' });
    await city.verifiers.registerOwnVerifiers();
  });

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://localhost:1/',
    'file:///etc/passwd',
    'http://user@localhost.evil.example/',
  ])('40: a wallet fetches no request from %s', async (request_uri) => {
    const asked: string[] = [];
    const wallet = createCitizenWallet({
      serviceUrl: city.publicUrl,
      now_ms: city.clock.now_ms,
      fetch: async (input, init) => {
        asked.push(String(input));
        return fetch(input, init);
      },
    });
    const link = `openid4vp://?${new URLSearchParams({ client_id: 'x509_hash:x', request_uri })}`;
    await expect(wallet.present(link)).rejects.toMatchObject({ code: 'REQUEST_FROM_ELSEWHERE' });
    // But for the city's own list of those who may ask.
    expect(asked.filter((address) => !address.startsWith(`${city.publicUrl}/`))).toEqual([]);
  });

  test.each(['https://evil.example/', 'javascript:alert(1)', `${city.publicUrl}.evil.example/`, '//evil.example/'])(
    '40: nobody is sent back to %s',
    async (return_url) => {
      const credentials = [{ type: 'water-account', claims: [{ name: 'role' }] }];
      const order = { verifier: 'portal', mode: 'same_device' as const, credentials, return_url };
      await expect(city.requests.createPresentationRequest(order)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    },
  );

  async function askedAccountHolder() {
    const citizen = city.citizen();
    const offer = await city.offerWaterAccount();
    await citizen.takeOffer(offer.offer_uri, offer.tx_code);
    return { citizen, request: (await city.signIn('cross_device')).authorization_request };
  }
});
