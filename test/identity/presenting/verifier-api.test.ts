// A third party's counter over HTTP: registered by the operator, asking with its own token, collecting once; several
// credentials, alternatives, texts to sign, unsigned requests and the Digital Credentials API.
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { heldAccount } from '../../support/held-account.ts';
import { identityCity, operatorToken } from '../../support/identity-city.ts';
import { type Asked, askedIn, formOf, post } from '../../support/presented-answer.ts';

const city = await identityCity();
const { publicUrl, pool } = city;
const counter = 'https://library.example';
const registration = {
  name: { ko: '시립 도서관', en: 'City library' },
  purpose: { ko: '회원 카드를 만듭니다.', en: 'To make a member card.' },
  keeps: { ko: '보관하지 않습니다.', en: 'Nothing is kept.' },
  may_ask: [
    { type: 'resident', claims: ['age_over_19', 'address_district'] },
    { type: 'water-account', claims: ['service_point', 'role'] },
  ],
  return_origins: [counter],
};
const resident = { type: 'resident', claims: [{ name: 'age_over_19', values: [true] }] };
const account = { type: 'water-account', claims: [{ name: 'role' }] };
const contract = {
  title: { ko: '대출 약관', en: 'Lending terms' },
  text: { ko: '책을 제때 돌려줍니다.', en: 'I return books in time.' },
};
let token = '';

async function call(method: string, path: string, bearer: string, body?: unknown) {
  const answer = await fetch(`${publicUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

async function ask(order: object) {
  const { status, body } = await call('POST', '/api/verifier/requests', token, { mode: 'cross_device', ...order });
  expect(body).toMatchObject({ request_id: expect.any(String) });
  expect(status).toBe(200);
  return body as { request_id: string; authorization_request: string };
}

const collect = (id: string, body = {}) => call('POST', `/api/verifier/requests/${id}/collect`, token, body);

async function citizen(types: ('resident' | 'water-account')[]) {
  const wallet = city.citizen();
  for (const type of types) {
    const claims =
      type === 'resident'
        ? {
            ...{ family_name: '홍', given_name: '길동', birth_date: '1990-01-01', address_district: '중구' },
          }
        : { service_point: 'SP-0001', usage_class: 'domestic', role: 'owner', from: '2024-01-01' };
    const offer = await city.offers.createOffer({ type, claims, reference: 'SP-0001' });
    await wallet.takeOffer(offer.offer_uri, offer.tx_code);
  }
  return wallet;
}

beforeAll(async () => {
  expect((await call('PUT', '/api/verifiers/library', operatorToken, registration)).body).toEqual({
    verifier: 'library',
    changed: true,
  });
  token = (await call('POST', '/api/verifiers/library/token', operatorToken)).body.token;
});

describe('registering', () => {
  test('is for the operator alone', async () => {
    expect((await call('PUT', '/api/verifiers/shop', 'guessed', registration)).status).toBe(401);
    expect((await call('GET', '/api/verifiers', token)).status).toBe(401);
  });

  test('said again changes nothing, and every change is in the audit', async () => {
    expect((await call('PUT', '/api/verifiers/library', operatorToken, registration)).body.changed).toBe(false);
    const { rows } = await pool.query(
      'SELECT actor, action FROM identity.verifier_audit WHERE verifier = $1 ORDER BY id',
      ['library'],
    );
    expect(rows).toEqual([
      { actor: 'operator', action: 'registered' },
      { actor: 'operator', action: 'token made' },
    ]);
  });

  test('keeps no token that could be used, and lists none', async () => {
    const { rows } = await pool.query('SELECT row_to_json(v)::text AS row FROM identity.verifier v');
    expect(JSON.stringify(rows)).not.toContain(token);
    const { body } = await call('GET', '/api/verifiers', operatorToken);
    expect(body.verifiers).toMatchObject([
      { id: 'library', has_token: true },
      { id: 'portal', has_token: false },
      { id: 'portal-reductions', has_token: false },
      { id: 'utility-console', has_token: false },
    ]);
  });

  test.each([
    ['a type that there is not', { may_ask: [{ type: 'passport', claims: ['name'] }] }],
    ['a claim that there is not', { may_ask: [{ type: 'resident', claims: ['resident_registration_number'] }] }],
    ['a page instead of an origin', { return_origins: ['https://library.example/back'] }],
    ['a certificate that is none', { certificate: 'garbage' }],
    ['a name in one language', { name: { ko: '도서관' } }],
  ])('is refused with %s', async (_what, change) => {
    const { status, body } = await call('PUT', '/api/verifiers/shop', operatorToken, { ...registration, ...change });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'REQUEST_INVALID' });
  });

  test('ended, its token opens nothing and its open requests cannot be answered', async () => {
    await call('PUT', '/api/verifiers/closing', operatorToken, registration);
    const { token: its } = (await call('POST', '/api/verifiers/closing/token', operatorToken)).body;
    const order = { mode: 'cross_device', credentials: [account] };
    const { body } = await call('POST', '/api/verifier/requests', its, order);
    const request = await askedIn(body.authorization_request);
    expect((await call('DELETE', '/api/verifiers/closing', operatorToken)).status).toBe(204);
    expect((await call('POST', '/api/verifier/requests', its, order)).status).toBe(401);
    expect(await (await heldAccount(city)).answer(request)).toMatchObject({ status: 400, error: 'invalid_request' });
  });
});

test('a counter asks, sees the answer, and collects the claims once, with the trace in words', async () => {
  const { request_id, authorization_request } = await ask({ credentials: [resident] });
  await (await citizen(['resident'])).present(authorization_request);
  const state = await call('GET', `/api/verifier/requests/${request_id}`, token);
  expect(state.body).toMatchObject({ state: 'verified', credentials: [{ query_id: 'resident', verified: true }] });
  expect(state.body.credentials[0].trace_text.ko).toContain('발급 기관의 서명: 통과. 발급 기관의 서명이 맞습니다.');
  expect(JSON.stringify(state.body)).not.toContain('age_over_19');
  expect((await collect(request_id)).body).toMatchObject({
    verified: true,
    credentials: [{ claims: { age_over_19: true }, holder: expect.stringMatching(/^[\w-]{43}$/) }],
  });
  expect((await collect(request_id)).body.code).toBe('PRESENTATION_NOT_READY');
});

test('another verifier sees nothing of it, and cannot collect it', async () => {
  const { request_id, authorization_request } = await ask({ credentials: [account] });
  await (await citizen(['water-account'])).present(authorization_request);
  await expect(city.requests.presentationState(request_id, 'portal')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(city.requests.collectPresentation(request_id, 'portal')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await collect(request_id)).status).toBe(200);
});

test('on one device the person goes back to a registered page, and to no other', async () => {
  const order = { mode: 'same_device', credentials: [account] };
  const { request_id, authorization_request } = await ask({ ...order, return_url: `${counter}/back` });
  const sent = await (await heldAccount(city)).answer(await askedIn(authorization_request));
  const back = new URL(sent.redirect_uri ?? '');
  expect(back.origin).toBe(counter);
  expect((await collect(request_id)).body.code).toBe('RESPONSE_CODE_WRONG');
  expect((await collect(request_id, { response_code: back.searchParams.get('response_code') })).status).toBe(200);
  const evil = { ...order, return_url: 'https://evil.example/' };
  expect((await call('POST', '/api/verifier/requests', token, evil)).body.code).toBe('REQUEST_INVALID');
});

describe('several credentials', () => {
  test('are asked for together, and the wallet shows one of each [OID4VP 6.4.2]', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [resident, account] });
    await (await citizen(['resident', 'water-account'])).present(authorization_request);
    expect((await collect(request_id)).body.credentials).toMatchObject([
      { query_id: 'resident', claims: { age_over_19: true } },
      { query_id: 'water_account', claims: { role: 'owner' } },
    ]);
  });

  test.each([
    [['resident', 'water-account'], 'resident'],
    [['water-account'], 'water_account'],
  ] as const)('of two alternatives a wallet that holds %j shows %s [OID4VP 6.2]', async (held, shown) => {
    const sets = [{ options: [['resident'], ['water_account']] }];
    const { request_id, authorization_request } = await ask({ credentials: [resident, account], sets });
    await (await citizen([...held])).present(authorization_request);
    const { credentials } = (await collect(request_id)).body;
    expect(credentials.map(({ query_id }: { query_id: string }) => query_id)).toEqual([shown]);
  });

  test('with one of them missing leave the request open', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [resident, account] });
    const request = await askedIn(authorization_request);
    expect(await (await heldAccount(city)).answer(request)).toMatchObject({ status: 400, error: 'invalid_request' });
    expect((await call('GET', `/api/verifier/requests/${request_id}`, token)).body.state).toBe('waiting');
  });

  test('several of one type answer where that was asked, each with its own verdict [OID4VP 6.1]', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [{ ...account, multiple: true }] });
    const request = await askedIn(authorization_request);
    const [first, second] = [await heldAccount(city), await heldAccount(city)];
    const vp_token = { water_account: [await first.bind(request), await second.bind(request)] };
    const form = await formOf(request, { vp_token, state: request.state });
    expect(await post(request.response_uri, form)).toEqual({ status: 200 });
    const { credentials } = (await collect(request_id)).body;
    expect(new Set(credentials.map(({ holder }: { holder: string }) => holder)).size).toBe(2);
  });
});

describe('a text to be signed', () => {
  test('is shown whole by the wallet and signed with the presentation [OID4VP 8.4, B.3.3]', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [account], transactions: [contract] });
    const { request } = await (await citizen(['water-account'])).present(authorization_request);
    expect(request.signs).toMatchObject([{ query_id: 'water_account', ...contract }]);
    const [{ trace }] = (await collect(request_id)).body.credentials;
    expect(trace.find(({ step }: { step: string }) => step === 'holder')).toMatchObject({
      outcome: 'passed',
      data: { signed_texts: 1 },
    });
  });

  test.each([
    ['is not signed', {}, 'HOLDER_TRANSACTION_UNSIGNED'],
    ['is another one', { transaction_data_hashes: ['A'.repeat(43)] }, 'HOLDER_TRANSACTION_UNSIGNED'],
    [
      'is hashed in another way',
      { transaction_data_hashes: ['A'.repeat(43)], transaction_data_hashes_alg: 'sha-512' },
      'HOLDER_TRANSACTION_UNSIGNED',
    ],
  ])('makes the answer fail where it %s', async (_what, binding, reason) => {
    const { authorization_request } = await ask({ credentials: [account], transactions: [contract] });
    const answer = await (await heldAccount(city)).answer(await askedIn(authorization_request), binding as object);
    expect(answer).toMatchObject({ status: 400, error_description: reason });
  });

  test('that nobody asked for is refused', async () => {
    const { authorization_request } = await ask({ credentials: [account] });
    const binding = { transaction_data_hashes: ['A'.repeat(43)] } as object;
    expect(await (await heldAccount(city)).answer(await askedIn(authorization_request), binding)).toMatchObject({
      error_description: 'HOLDER_TRANSACTION_UNASKED',
    });
  });
});

describe('a wallet that can do less', () => {
  test('answers in the clear where that was asked [OID4VP 8.2]', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [account], encrypted: false });
    const request = await askedIn(authorization_request);
    expect(request.client_metadata).not.toHaveProperty('jwks');
    expect(await (await heldAccount(city)).answer(request)).toEqual({ status: 200 });
    expect((await collect(request_id)).status).toBe(200);
  });

  test('is asked unsigned under redirect_uri, which our own wallet refuses [OID4VP 5.9.3]', async () => {
    const { request_id, authorization_request } = await ask({ credentials: [account], client: 'redirect_uri' });
    const parameters = Object.fromEntries(new URL(authorization_request).searchParams);
    expect(parameters.client_id).toBe(`redirect_uri:${parameters.response_uri}`);
    const request = {
      ...parameters,
      client_metadata: JSON.parse(parameters.client_metadata ?? '{}'),
    } as unknown as Asked;
    const wallet = await citizen(['water-account']);
    await expect(wallet.present(authorization_request)).rejects.toMatchObject({ code: 'REQUEST_UNSIGNED' });
    expect(await (await heldAccount(city)).answer(request)).toEqual({ status: 200 });
    expect((await collect(request_id)).status).toBe(200);
  });
});

describe('the Digital Credentials API', () => {
  async function askBrowser(order: object = {}) {
    const whole = { credentials: [account], origin: counter, ...order };
    const { body } = await call('POST', '/api/verifier/browser-requests', token, whole);
    const { protocol, data } = body.digital_credential_request;
    const request = (data.request === undefined ? data : decodeJwt(data.request)) as Asked & Record<string, unknown>;
    return { ...body, protocol, request } as {
      request_id: string;
      response_uri: string;
      protocol: string;
      request: Asked & Record<string, unknown>;
    };
  }

  async function answer(asked: Awaited<ReturnType<typeof askBrowser>>, audience: string) {
    const held = await heldAccount(city);
    const vp_token = { water_account: [await held.bind({ client_id: audience, nonce: asked.request.nonce })] };
    const response = await fetch(asked.response_uri, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(await formOf(asked.request, { vp_token })),
    });
    return { status: response.status, ...((await response.json()) as { error_description?: string }) };
  }

  test('is asked signed, for its own page alone, and bound to that page’s origin [OID4VP A.2, A.4]', async () => {
    const asked = await askBrowser();
    expect(asked.protocol).toBe('openid4vp-v1-signed');
    expect(asked.request).toMatchObject({
      response_mode: 'dc_api.jwt',
      expected_origins: [counter],
      client_id: `x509_hash:${city.identity.chain.hash}`,
    });
    for (const name of ['response_uri', 'redirect_uri', 'state']) expect(asked.request).not.toHaveProperty(name);
    expect(await answer(asked, `origin:${counter}`)).toEqual({ status: 200 });
    expect((await collect(asked.request_id)).body.verified).toBe(true);
  });

  test('is asked unsigned with no client id [OID4VP A.2]', async () => {
    const asked = await askBrowser({ signed: false, encrypted: false });
    expect(asked.protocol).toBe('openid4vp-v1-unsigned');
    expect(asked.request).toMatchObject({ response_mode: 'dc_api' });
    expect(asked.request).not.toHaveProperty('client_id');
    const held = await heldAccount(city);
    const binding = { client_id: `origin:${counter}`, nonce: asked.request.nonce };
    const body = JSON.stringify({ vp_token: { water_account: [await held.bind(binding)] } });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(asked.response_uri, { method: 'POST', headers, body })).status).toBe(200);
  });

  test.each(['https://evil.example', 'https://evil.example/?https://library.example'])(
    'refuses an answer that was made for %s',
    async (origin) => {
      expect(await answer(await askBrowser(), `origin:${origin}`)).toMatchObject({
        status: 400,
        error_description: 'HOLDER_AUDIENCE_WRONG',
      });
    },
  );

  test('refuses one made for the client id, as it would be by direct_post', async () => {
    const asked = await askBrowser();
    expect(await answer(asked, asked.request.client_id)).toMatchObject({ error_description: 'HOLDER_AUDIENCE_WRONG' });
  });

  test('takes no form from a wallet, and its request is at no request_uri', async () => {
    const asked = await askBrowser();
    expect(await post(asked.response_uri, { vp_token: '{}' })).toMatchObject({ status: 400 });
    expect((await fetch(asked.response_uri.replace('/responses/', '/requests/'))).status).toBe(404);
  });

  test('is not asked for a page that is not registered', async () => {
    const order = { credentials: [account], origin: 'https://evil.example' };
    expect((await call('POST', '/api/verifier/browser-requests', token, order)).body.code).toBe('REQUEST_INVALID');
  });
});
