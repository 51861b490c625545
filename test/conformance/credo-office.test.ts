// An independent office, Credo's: the city's wallet takes what it offers and answers what it asks, once it is registered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { type CredoOffice, findCredo } from '../support/credo.ts';
import { portalHouse } from '../support/portal-house.ts';

const credo = await findCredo();
const house = await portalHouse();

describe.skipIf(credo === null).each(['did', 'x5c'] as const)('the office of Credo, signing with %s', (signWith) => {
  const serial = signWith === 'did' ? '23165017' : '23165018';
  const query = {
    credentials: [
      {
        id: 'account',
        format: 'dc+sd-jwt',
        meta: { vct_values: [`${house.publicUrl}/vct/water-account`] },
        claims: [{ path: ['service_point'] }],
      },
    ],
  };
  let office: CredoOffice;
  let wallet: ReturnType<typeof createCitizenWallet>;

  beforeAll(async () => {
    if (credo === null) return;
    office = await credo.credoOffice({
      resolverUrl: house.publicUrl,
      port: await freePort(0),
      signWith,
      requireDpop: true,
    });
    await house.meter(serial);
    wallet = (await house.household(serial, { from: '2026-01-01' })).wallet;
  });
  afterAll(() => office?.close());

  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: { code?: string }) => error.code,
    );

  async function register(claims: string[]): Promise<void> {
    const clientId = new URL((await office.ask({ query })).uri).searchParams.get('client_id') ?? '';
    await house.identity.verifiers.registerVerifier(
      `library-${signWith}`,
      {
        name: { ko: '시립 도서관', en: 'City library' },
        purpose: { ko: '대출증을 만듭니다.', en: 'To make a library card.' },
        keeps: { ko: '보관하지 않습니다.', en: 'Not kept.' },
        may_ask: [{ type: 'water-account', claims }],
        return_origins: [],
        certificate: null,
        own_client: { client_id: clientId, origins: [new URL(office.issuerUrl).origin] },
      },
      'operator',
    );
  }

  test('is nobody to the wallet until the city has registered it', async () => {
    expect(await refusal(wallet.takeOffer((await office.offer()).uri, '1'))).toBe('OFFER_FROM_ELSEWHERE');
    expect(await refusal(wallet.present((await office.ask({ query })).uri))).toBe('REQUEST_FROM_ELSEWHERE');
  });

  test.each(['direct_post', 'direct_post.jwt'])('is shown a credential of the city by %s', async (responseMode) => {
    await register(['service_point']);
    const { uri, sessionId } = await office.ask({ query, responseMode });
    const { request } = await wallet.present(uri);
    expect(request.verifier_name).toEqual({ ko: '시립 도서관', en: 'City library' });
    const answer = await office.answerOf(sessionId);
    expect(answer).toMatchObject({ state: 'ResponseVerified' });
    expect(JSON.stringify(answer.presentations)).toContain(`sp-${serial}`);
    expect(JSON.stringify(answer.presentations)).not.toContain('occupant');
  });

  test('gets no more than it is registered for', async () => {
    await register(['role']);
    expect(await refusal(wallet.present((await office.ask({ query })).uri))).toBe('REQUEST_ASKS_TOO_MUCH');
  });

  test.each([
    ['aki', Buffer.alloc(20, 7).toString('base64url'), 'NOTHING_TO_SHOW'],
    ['openid_federation', 'https://trust.example', 'REQUEST_UNREADABLE'],
    ['etsi_tl', 'https://lists.example/tl.xml', 'REQUEST_UNREADABLE'],
  ])('is shown nothing where it takes only authorities by %s %s [OID4VP 6.1.1]', async (type, value, code) => {
    await register(['service_point']);
    const credentials = query.credentials.map((each) => ({
      ...each,
      trusted_authorities: [{ type, values: [value] }],
    }));
    expect(await refusal(wallet.present((await office.ask({ query: { credentials } })).uri))).toBe(code);
  });

  test('gives a credential that the wallet holds, under the name it is registered by', async () => {
    await register(['service_point']);
    const { uri, txCode } = await office.offer();
    const preview = await wallet.wallet.resolveOffer(uri);
    expect(preview).toMatchObject({ issuer: office.issuerUrl, issuer_name: { ko: '시립 도서관' } });
    const [held] = await wallet.wallet.acceptOffer(preview, txCode);
    expect(held).toMatchObject({ vct: office.vct, format: 'dc+sd-jwt' });
    const shown = (await wallet.wallet.listCredentials()).find(({ vct }) => vct === office.vct);
    expect(Object.fromEntries(shown?.claims.map(({ name, value }) => [name, value]) ?? [])).toEqual({
      card_number: 'L-1017',
      until: '2027-12-31',
    });
  });
});
