// Asking for and receiving presentations over OpenID4VP 1.0, with headless wallets over real HTTP.

import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { type PresentationOrder, presentationLimits } from '../../../src/identity/presenting/presentation-request.ts';
import { sweepIdentity } from '../../../src/identity/sweep-service.ts';
import { presentCredential } from '../../../web/wallet/core/held-credential.ts';
import { identityCity, signInClaims, signInPurpose, waterAccountClaims } from '../../support/identity-city.ts';
import { askedIn, formOf, post, requestObject } from '../../support/presented-answer.ts';

const city = await identityCity();
const { publicUrl, pool, clock, requests } = city;

beforeEach(() => {
  clock.ahead_ms = 0;
});

test('on the same device the wallet comes back with a code, and the verdict can be collected once with it', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('same_device');
  expect(await requests.presentationState(request_id, 'portal')).toEqual({ state: 'waiting', mode: 'same_device' });
  const { redirect_to, request } = await citizen.present(authorization_request);
  expect(request.requested[0]?.matches[0]?.claims.map(({ name }) => name)).toEqual(['service_point', 'role', 'from']);

  const page = new URL(redirect_to ?? '');
  expect(page.origin).toBe(publicUrl);
  expect(page.searchParams.get('request_id')).toBe(request_id);
  const code = page.searchParams.get('response_code') ?? '';
  expect(await requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'verified' });
  await expect(requests.collectPresentation(request_id, 'portal')).rejects.toMatchObject({
    code: 'RESPONSE_CODE_WRONG',
  });
  await expect(requests.collectPresentation(request_id, 'portal', `${code}x`)).rejects.toMatchObject({
    code: 'RESPONSE_CODE_WRONG',
  });
  const outcome = await requests.collectPresentation(request_id, 'portal', code);
  const verdict = outcome.credentials[0];
  const { usage_class: _kept, ...shown } = waterAccountClaims;
  expect(outcome.verified).toBe(true);
  expect(verdict).toMatchObject({ query_id: 'water_account', verified: true, type: 'water-account' });
  expect(verdict?.claims).toEqual(shown);
  expect(verdict?.trace.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  await expect(requests.collectPresentation(request_id, 'portal', code)).rejects.toMatchObject({
    code: 'PRESENTATION_NOT_READY',
  });
});

test('across devices the asking page sees the answer by polling, and the wallet is sent nowhere', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('cross_device');
  expect((await citizen.present(authorization_request)).redirect_to).toBeNull();
  const state = await requests.presentationState(request_id, 'portal');
  expect(state.state).toBe('verified');
  expect(state.credentials?.[0]?.trace.map(({ step }) => step)).toContain('holder');
  expect(JSON.stringify(state)).not.toContain(waterAccountClaims.service_point);
  expect((await requests.collectPresentation(request_id, 'portal')).credentials[0]?.claims.service_point).toBe(
    'SP-0001',
  );
});

test('an optional claim is shown when the credential has it', async () => {
  const citizen = city.citizen();
  const offer = await city.offerWaterAccount({ ...waterAccountClaims, until: '2030-01-01' });
  await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  const { request_id, authorization_request } = await city.signIn('cross_device');
  await citizen.present(authorization_request);
  expect((await requests.collectPresentation(request_id, 'portal')).credentials[0]?.claims.until).toBe('2030-01-01');
});

test('after the verdict was collected, its trace stays and its claims are gone', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('cross_device');
  await citizen.present(authorization_request);
  await requests.collectPresentation(request_id, 'portal');
  expect(await requests.presentationState(request_id, 'portal')).toMatchObject({
    state: 'verified',
    credentials: [{ trace: expect.any(Array) }],
  });
  const { rows } = await pool.query(
    'SELECT row_to_json(r)::text AS row FROM identity.presentation_requests r WHERE id = $1',
    [request_id],
  );
  expect(rows[0].row).not.toContain('SP-0001');
});

test('of twenty who collect at once, one gets the claims', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('cross_device');
  await citizen.present(authorization_request);
  const collected = await Promise.allSettled(
    Array.from({ length: 20 }, () => requests.collectPresentation(request_id, 'portal')),
  );
  expect(collected.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('the wallet logs what was shared with whom, without the values', async () => {
  const citizen = await accountHolder();
  await citizen.present((await city.signIn('cross_device')).authorization_request);
  const shared = await citizen.wallet.listShared();
  expect(shared).toMatchObject([
    { verifier_name: { en: 'Naru water portal' }, purpose: signInPurpose, claims: ['service_point', 'role', 'from'] },
  ]);
  expect(JSON.stringify(shared)).not.toContain('SP-0001');
});

test('the request object is signed by the DID in the client id and meant for any wallet [OID4VP 5.8, 5.9.3]', async () => {
  const { authorization_request } = await city.signIn('cross_device', { client: 'decentralized_identifier' });
  const jwt = await requestObject(authorization_request);
  expect(decodeProtectedHeader(jwt)).toMatchObject({
    typ: 'oauth-authz-req+jwt',
    alg: 'ES256',
    kid: city.issuer.p256MultikeyId,
  });
  expect(decodeJwt(jwt)).toMatchObject({
    aud: 'https://self-issued.me/v2',
    client_id: `decentralized_identifier:${city.issuer.did}`,
    response_type: 'vp_token',
    response_mode: 'direct_post.jwt',
  });
});

test('a wallet that posts a nonce gets it back inside the signed request [OID4VP 5.10]', async () => {
  const { authorization_request } = await city.signIn('cross_device');
  const answer = await fetch(new URL(authorization_request).searchParams.get('request_uri') ?? '', {
    method: 'POST',
    body: new URLSearchParams({ wallet_nonce: 'from-the-wallet', wallet_metadata: '{}' }),
  });
  expect(answer.headers.get('content-type')).toContain('application/oauth-authz-req+jwt');
  expect(decodeJwt(await answer.text()).wallet_nonce).toBe('from-the-wallet');
});

test('what is in the link and the QR code does not let anybody collect the answer', async () => {
  const { request_id, authorization_request } = await city.signIn('cross_device');
  expect(authorization_request).not.toContain(request_id);
  expect(await requestObject(authorization_request)).not.toContain(request_id);
});

test('a person who declines ends the request', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('cross_device');
  await citizen.wallet.declinePresentationRequest(await citizen.wallet.parsePresentationRequest(authorization_request));
  expect(await requests.presentationState(request_id, 'portal')).toEqual({ state: 'refused', mode: 'cross_device' });
  await expect(requests.collectPresentation(request_id, 'portal')).rejects.toMatchObject({
    code: 'PRESENTATION_DECLINED',
  });
});

test('nobody who lacks the state can decline for the person', async () => {
  const sent = await presentation();
  for (const form of [{ error: 'access_denied' }, { error: 'access_denied', state: 'guessed' }]) {
    expect(await post(sent.asked.response_uri, form as Record<string, string>)).toMatchObject({ status: 400 });
  }
  expect(await send(sent)).toMatchObject({ status: 200 });
});

describe('an answer is refused', () => {
  test('with the reason, when the credential was revoked', async () => {
    const citizen = await accountHolder('SP-REVOKED');
    const [issued] = await city.issuing.listIssued({ reference: 'SP-REVOKED' });
    await city.issuing.revokeCredential(issued?.id ?? '', 'moved away');
    const { request_id, authorization_request } = await city.signIn('cross_device');
    await expect(citizen.present(authorization_request)).rejects.toMatchObject({
      code: 'VERIFIER_REFUSED',
      because: 'CREDENTIAL_REVOKED',
    });
    const state = await requests.presentationState(request_id, 'portal');
    expect(state.state).toBe('refused');
    expect(state.credentials?.[0]?.trace.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      step: 'status',
      reason: 'CREDENTIAL_REVOKED',
    });
    expect(await requests.collectPresentation(request_id, 'portal')).toMatchObject({
      verified: false,
      credentials: [{ claims: {} }],
    });
    expect(await requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'refused' });
  });

  test('on one device at the page that asked, to which the wallet goes on', async () => {
    const citizen = await accountHolder('SP-REVOKED-HERE');
    const [issued] = await city.issuing.listIssued({ reference: 'SP-REVOKED-HERE' });
    await city.issuing.revokeCredential(issued?.id ?? '', 'moved away');
    const { request_id, authorization_request } = await city.signIn('same_device');
    const { redirect_to } = await citizen.present(authorization_request);
    expect(new URL(redirect_to ?? '').searchParams.get('request_id')).toBe(request_id);
    expect(await requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'refused' });
    expect(await requests.collectPresentation(request_id, 'portal')).toMatchObject({
      verified: false,
      credentials: [{ claims: {} }],
    });
  });

  test('when it is sent again', async () => {
    const sent = await presentation();
    expect(await send(sent)).toMatchObject({ status: 200 });
    expect(await send(sent)).toMatchObject({ status: 400, error: 'invalid_request' });
  });

  test('but for one, when it is sent twenty times at once', async () => {
    const sent = await presentation();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(sent)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('when it was made for another request (its nonce is that one’s)', async () => {
    const [first, second] = [await presentation(), await presentation()];
    expect(await send(second, { vp_token: first.answer.vp_token })).toMatchObject({
      status: 400,
      error_description: 'HOLDER_NONCE_WRONG',
    });
  });

  test('when it carries the state of another request, which leaves this one open', async () => {
    const [first, second] = [await presentation(), await presentation()];
    expect(await send(second, { state: first.answer.state })).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(await send(second)).toMatchObject({ status: 200 });
  });

  test('when it was made for another verifier', async () => {
    const sent = await presentation({ audience: 'decentralized_identifier:did:web:elsewhere.example' });
    expect(await send(sent)).toMatchObject({ error_description: 'HOLDER_AUDIENCE_WRONG' });
  });

  test('when it is signed with a key that the credential is not bound to', async () => {
    const other = await accountHolder();
    const [key] = await other.store.list('keys');
    const sent = await presentation({ ...(key && { key }) });
    expect(await send(sent)).toMatchObject({ error_description: 'HOLDER_SIGNATURE_INVALID' });
  });

  test('when it holds back a claim that was asked for, which leaves the request open', async () => {
    const sent = await presentation({ claims: ['service_point', 'role'] });
    expect(await send(sent)).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(await requests.presentationState(sent.requestId, 'portal')).toMatchObject({ state: 'waiting' });
  });

  test('when it comes under another id than the question had, or with two presentations', async () => {
    const sent = await presentation();
    const [compact] = sent.answer.vp_token.water_account;
    const tokens = [{ other: [compact] }, { water_account: [compact, compact] }, { water_account: [] }, 'text'];
    for (const vp_token of tokens) {
      expect(await send(sent, { vp_token })).toMatchObject({ status: 400, error: 'invalid_request' });
    }
    expect(await send(sent)).toMatchObject({ status: 200 });
  });

  test('when the request has expired, and its claims go at the next sweep', async () => {
    const sent = await presentation();
    const late = await presentation();
    await send(late);
    clock.ahead_ms = presentationLimits.requestLifetime_s * 1_000 + 5_000;
    expect(await send(sent)).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(await requests.presentationState(sent.requestId, 'portal')).toMatchObject({ state: 'expired' });
    await expect(requests.collectPresentation(late.requestId, 'portal')).rejects.toMatchObject({
      code: 'PRESENTATION_NOT_READY',
    });
    await sweepIdentity(city.pool, city.clock);
    const { rows } = await pool.query('SELECT verdict FROM identity.presentation_requests WHERE id = $1', [
      late.requestId,
    ]);
    expect(rows).toEqual([{ verdict: null }]);
    clock.ahead_ms *= 3;
    await sweepIdentity(city.pool, city.clock);
    await expect(requests.presentationState(late.requestId, 'portal')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('claims that a wallet shows beyond the question are not kept', async () => {
  const sent = await presentation({ claims: ['service_point', 'role', 'from', 'usage_class'] });
  expect(await send(sent)).toMatchObject({ status: 200 });
  expect((await requests.collectPresentation(sent.requestId, 'portal')).credentials[0]?.claims).not.toHaveProperty(
    'usage_class',
  );
});

describe('asking is refused', () => {
  const account = { type: 'water-account', claims: signInClaims };
  const order = {
    verifier: 'portal',
    credentials: [account],
    purpose: signInPurpose,
    mode: 'cross_device' as const,
  };
  const asking = (claims: { name: string }[], type = 'water-account') => ({ credentials: [{ type, claims }] });
  test.each([
    ['for a claim outside the registration', asking([{ name: 'usage_class' }]), 'VERIFIER_ASKS_TOO_MUCH'],
    ['for a type outside the registration', asking([{ name: 'birth_date' }], 'resident'), 'VERIFIER_ASKS_TOO_MUCH'],
    ['by a verifier nobody registered', { verifier: 'shop' }, 'VERIFIER_UNKNOWN'],
    ['for a type that does not exist', asking([{ name: 'name' }], 'passport'), 'CREDENTIAL_TYPE_UNKNOWN'],
    ['for no credential', { credentials: [] }, 'REQUEST_INVALID'],
    ['for no claim', asking([]), 'REQUEST_INVALID'],
    ['for the same claim twice', asking([{ name: 'role' }, { name: 'role' }]), 'REQUEST_INVALID'],
    ['for two credentials under one id', { credentials: [account, account] }, 'REQUEST_INVALID'],
    ['for a set of what is not asked for', { sets: [{ options: [['resident']] }] }, 'REQUEST_INVALID'],
    [
      'for a signature by a credential that an answer may leave out',
      {
        sets: [{ options: [['water_account']], required: false }],
        transactions: [{ title: signInPurpose, text: signInPurpose }],
      },
      'REQUEST_INVALID',
    ],
    [
      'with a page of somebody else to return to',
      { mode: 'same_device', return_url: 'https://evil.example/' },
      'REQUEST_INVALID',
    ],
    ['on the same device with no page to return to', { mode: 'same_device' }, 'REQUEST_INVALID'],
  ] as const)('%s', async (_why, change, code) => {
    await expect(
      requests.createPresentationRequest({ ...order, ...change } as PresentationOrder),
    ).rejects.toMatchObject({ code });
  });
});

async function accountHolder(reference = 'SP-0001') {
  const citizen = city.citizen();
  const offer = await city.offers.createOffer({ type: 'water-account', claims: waterAccountClaims, reference });
  await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  return citizen;
}

/** A citizen's answer to a new cross-device request, made but not sent; `changes` go into what the holder signs. */
async function presentation(
  changes: { claims?: string[]; audience?: string; key?: Parameters<typeof presentCredential>[2] } = {},
) {
  const citizen = await accountHolder();
  const { request_id: requestId, authorization_request } = await city.signIn('cross_device');
  const asked = await askedIn(authorization_request);
  const [credential] = await citizen.store.list('credentials');
  const [key] = await citizen.store.list('keys');
  if (credential === undefined || key === undefined) throw new Error('the citizen holds a credential');
  const compact = await presentCredential(
    credential.compact,
    changes.claims ?? ['service_point', 'role', 'from'],
    changes.key ?? key,
    { audience: changes.audience ?? asked.client_id, nonce: asked.nonce, now_ms: clock.now_ms() },
  );
  return { requestId, asked, answer: { vp_token: { water_account: [compact] }, state: asked.state } };
}

async function send(
  { asked, answer }: Pick<Awaited<ReturnType<typeof presentation>>, 'asked' | 'answer'>,
  changes: Record<string, unknown> = {},
) {
  return post(asked.response_uri, await formOf(asked, { ...answer, ...changes }));
}
