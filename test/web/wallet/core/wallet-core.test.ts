// The wallet's side of the protocols: its own DID, and what it refuses to follow, to believe and to answer.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeEach, expect, test } from 'vitest';
import { identityCity, waterAccountClaims } from '../../../support/identity-city.ts';
import { signedJwt } from '../../../support/signed-jwt.ts';

const city = await identityCity();
const { publicUrl, clock } = city;

beforeEach(() => {
  clock.ahead_ms = 0;
});

test('makes its did:webvh with a key that cannot be read out, once, and registers it', async () => {
  const { wallet, store } = city.citizen();
  const own = await wallet.did.ensure();
  expect(own.did).toMatch(/^did:webvh:[^:]+:localhost%3A\d+:people:[0-9a-f]{32}$/);
  expect(await wallet.did.ensure()).toEqual(own);
  const resolved = await (await fetch(`${publicUrl}/1.0/identifiers/${encodeURIComponent(own.did)}`)).json();
  expect(resolved.didDocument.id).toBe(own.did);
  const key = await store.get('keys', own.update_key_id);
  expect(key).toMatchObject({ purpose: 'did-update', algorithm: 'EdDSA' });
  expect(key?.privateKey.extractable).toBe(false);
});

test('shows for whom, why and for how long before it shares anything, and what stays behind', async () => {
  const citizen = await accountHolder();
  const { authorization_request } = await city.signIn('cross_device');
  const request = await citizen.wallet.parsePresentationRequest(authorization_request);
  expect(request).toMatchObject({
    verifier: city.identity.chain.hash,
    signs: [],
    verifier_name: { ko: '나루 수도 포털' },
    purpose: { en: 'To see my water meter.' },
    keeps: { en: 'Kept only while you are signed in.' },
  });
  const [match] = request.requested[0]?.matches ?? [];
  expect(match?.claims).toMatchObject([
    { name: 'service_point', label: { ko: '수용가 번호', en: 'Service point' }, value: 'SP-0001' },
    { name: 'role' },
    { name: 'from' },
  ]);
  expect(match?.kept_back).toEqual([{ ko: '업종', en: 'Usage class' }]);
});

test('shows the credential that the person chose among several', async () => {
  const citizen = await accountHolder();
  const second = await city.offerWaterAccount({ ...waterAccountClaims, service_point: 'SP-0002' });
  const [taken] = await citizen.takeOffer(second.offer_uri, second.tx_code);
  const { request_id, authorization_request } = await city.signIn('cross_device');
  const request = await citizen.wallet.parsePresentationRequest(authorization_request);
  expect(request.requested[0]?.matches).toHaveLength(2);
  await citizen.wallet.answerPresentationRequest(request, { water_account: taken?.id ?? '' });
  expect((await city.requests.collectPresentation(request_id, 'portal')).credentials[0]?.claims.service_point).toBe(
    'SP-0002',
  );
});

test('forgets a credential together with its key', async () => {
  const citizen = await accountHolder();
  const [held] = await citizen.wallet.listCredentials();
  await citizen.wallet.forgetCredential(held?.id ?? '');
  expect(await citizen.wallet.listCredentials()).toEqual([]);
  expect(await citizen.store.list('keys')).toEqual([]);
});

test('says so when it holds nothing that is asked for', async () => {
  const { authorization_request } = await city.signIn('cross_device');
  await expect(city.citizen().wallet.parsePresentationRequest(authorization_request)).rejects.toMatchObject({
    code: 'NOTHING_TO_SHOW',
    because: 'water-account',
    text: { ko: '요청한 증명서가 지갑에 없습니다.' },
  });
});

test('says so when a request was already answered', async () => {
  const citizen = await accountHolder();
  const { authorization_request } = await city.signIn('cross_device');
  await citizen.present(authorization_request);
  await expect(citizen.present(authorization_request)).rejects.toMatchObject({ code: 'REQUEST_GONE' });
});

test.each([
  ['nothing at all', '', 'REQUEST_UNREADABLE'],
  ['another kind of link', 'https://example.com/', 'REQUEST_UNREADABLE'],
  [
    'an unsigned request',
    `openid4vp://?${new URLSearchParams({
      client_id: 'redirect_uri:https://evil.example/answer',
      response_uri: 'https://evil.example/answer',
      response_type: 'vp_token',
      nonce: 'n',
    })}`,
    'REQUEST_UNSIGNED',
  ],
  [
    'a request kept elsewhere',
    `openid4vp://?${new URLSearchParams({ client_id: 'x', request_uri: 'http://169.254.169.254/' })}`,
    'REQUEST_FROM_ELSEWHERE',
  ],
])('does not follow %s', async (_what, uri, code) => {
  const citizen = await accountHolder();
  await expect(citizen.wallet.parsePresentationRequest(uri)).rejects.toMatchObject({ code });
});

test.each([
  ['nothing at all', '', 'OFFER_UNREADABLE'],
  [
    'an offer kept elsewhere',
    `openid-credential-offer://?${new URLSearchParams({ credential_offer_uri: 'http://169.254.169.254/' })}`,
    'OFFER_FROM_ELSEWHERE',
  ],
  [
    'an offer of another issuer',
    `openid-credential-offer://?${new URLSearchParams({
      credential_offer: JSON.stringify({
        credential_issuer: 'https://evil.example',
        credential_configuration_ids: ['water-account'],
        grants: { 'urn:ietf:params:oauth:grant-type:pre-authorized_code': { 'pre-authorized_code': 'x' } },
      }),
    })}`,
    'OFFER_FROM_ELSEWHERE',
  ],
])('does not take %s', async (_what, uri, code) => {
  await expect(city.citizen().wallet.resolveOffer(uri)).rejects.toMatchObject({ code });
});

test('takes what it can hold of an offer in several formats, and says what it leaves', async () => {
  const citizen = city.citizen();
  const offer = await offerIn(['dc+sd-jwt', 'eddsa-rdfc-2022']);
  const preview = await citizen.wallet.resolveOffer(offer.offer_uri);
  const name = { ko: '수도 계정', en: 'Water account' };
  expect(preview.types).toEqual([{ id: 'water-account', name }]);
  expect(preview.left).toEqual([{ id: 'water-account.eddsa-rdfc-2022', name }]);
  await citizen.wallet.acceptOffer(preview, offer.tx_code);
  expect(await citizen.wallet.listCredentials()).toMatchObject([{ type: 'water-account' }]);
});

test('an offer in no format that it holds is refused before a code is asked for', async () => {
  const { offer_uri } = await offerIn(['eddsa-rdfc-2022']);
  await expect(city.citizen().wallet.resolveOffer(offer_uri)).rejects.toMatchObject({
    code: 'OFFER_UNREADABLE',
    because: 'no format that this wallet holds',
  });
});

test.each([
  ['signed by somebody else', {}, true, 'REQUEST_SIGNATURE_WRONG'],
  ['that sends the answer elsewhere', { response_uri: 'http://localhost:1/answer' }, false, 'REQUEST_FROM_ELSEWHERE'],
  [
    'of a DID that is not the service’s',
    { client_id: 'decentralized_identifier:did:web:evil.example' },
    true,
    'REQUEST_SIGNATURE_WRONG',
  ],
  ['that has expired', { exp: 1_000 }, false, 'REQUEST_UNREADABLE'],
])('does not answer a request %s', async (_what, changes, strangerSigns, code) => {
  const citizen = await accountHolder();
  const { authorization_request } = await city.signIn('cross_device', { client: 'decentralized_identifier' });
  const link = new URL(authorization_request);
  const original = await (await fetch(link.searchParams.get('request_uri') ?? '')).text();
  const payload: Record<string, unknown> = { ...decodeJwt(original), ...changes };
  const { alg, kid, typ } = decodeProtectedHeader(original) as { alg: string; kid: string; typ: string };
  const did = payload.client_id as string;
  const forged = await signedJwt(
    { alg, typ, kid: 'client_id' in changes ? `${did.slice(did.indexOf(':') + 1)}#p256` : kid },
    payload,
    strangerSigns ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : city.issuer.keys.p256,
  );
  const uri = `openid4vp://?${new URLSearchParams({ client_id: did, request: forged })}`;
  await expect(citizen.wallet.parsePresentationRequest(uri)).rejects.toMatchObject({ code });
});

test('answers a sound request that comes by value', async () => {
  const citizen = await accountHolder();
  const { request_id, authorization_request } = await city.signIn('cross_device');
  const link = new URL(authorization_request);
  const request = await (await fetch(link.searchParams.get('request_uri') ?? '')).text();
  const client_id = link.searchParams.get('client_id') ?? '';
  await citizen.present(`openid4vp://?${new URLSearchParams({ client_id, request })}`);
  expect(await city.requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'verified' });
});

test.each([
  ['bound to another key', (held: string, _fresh: string) => held],
  ['whose content was changed', (_held: string, fresh: string) => changed(fresh)],
  ['that is no credential', () => 'garbage'],
])('does not keep what the issuer sends when it is something %s', async (_what, replace) => {
  const [held] = await (await accountHolder()).store.list('credentials');
  const citizen = city.citizen(async (input, init) => {
    const answer = await fetch(input, init);
    if (!String(input).endsWith('/openid4vci/credential')) return answer;
    const { credentials } = (await answer.json()) as { credentials: [{ credential: string }] };
    return Response.json({ credentials: [{ credential: replace(held?.compact ?? '', credentials[0].credential) }] });
  });
  const offer = await city.offerWaterAccount();
  await expect(citizen.takeOffer(offer.offer_uri, offer.tx_code)).rejects.toMatchObject({
    code: 'CREDENTIAL_UNREADABLE',
  });
  expect(await citizen.store.list('credentials')).toEqual([]);
});

test('says that the service is away, rather than that anything is wrong', async () => {
  const offer = await city.offerWaterAccount();
  const citizen = city.citizen(async () => {
    throw new TypeError('fetch failed');
  });
  await expect(citizen.takeOffer(offer.offer_uri, offer.tx_code)).rejects.toMatchObject({ code: 'SERVICE_AWAY' });
});

function offerIn(formats: string[]) {
  return city.offers.createOffer({ type: 'water-account', claims: waterAccountClaims, reference: 'SP-0001', formats });
}

async function accountHolder() {
  const citizen = city.citizen();
  const offer = await city.offerWaterAccount();
  await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  return citizen;
}

/** The same credential with its expiry moved, under the old signature. */
function changed(compact: string): string {
  const [jwt = '', ...disclosures] = compact.split('~');
  const [header, payload = '', signature] = jwt.split('.');
  const content = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const later = Buffer.from(JSON.stringify({ ...content, exp: content.exp + 1 })).toString('base64url');
  return [[header, later, signature].join('.'), ...disclosures].join('~');
}
