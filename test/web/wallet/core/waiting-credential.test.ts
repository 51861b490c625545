// Credentials that an office has yet to approve: the wallet waits, over days, and takes them when they are there.
import { beforeEach, expect, test } from 'vitest';
import { grantLimits } from '../../../../src/identity/issuing/grant.ts';
import { identityCity, waterAccountClaims } from '../../../support/identity-city.ts';

const city = await identityCity();
const { clock } = city;

beforeEach(() => {
  clock.ahead_ms = 0;
});

/** A citizen whose wallet took an offer that nobody has approved yet. `asked`: requests to the deferred endpoint. */
async function whoWaits() {
  const asked = { times: 0 };
  const citizen = city.citizen(async (input, init) => {
    if (String(input).endsWith('/openid4vci/deferred')) asked.times += 1;
    return fetch(input, init);
  });
  const order = { type: 'water-account', claims: waterAccountClaims, reference: 'SP-WAITS', needs_approval: true };
  const offer = await city.offers.createOffer(order);
  expect(await citizen.takeOffer(offer.offer_uri, offer.tx_code)).toEqual([]);
  return { ...citizen, offerId: offer.offer_id, asked };
}

test('waits for an approval, asks no oftener than the issuer wants, and then has the credential [OID4VCI 9]', async () => {
  const { wallet, store, offerId, asked } = await whoWaits();
  expect(await wallet.listWaiting()).toMatchObject([{ type_name: { en: 'Water account' }, ended: false }]);
  expect(await wallet.listCredentials()).toEqual([]);

  expect(await wallet.fetchWaiting()).toBe(0);
  expect(asked.times).toBe(0);
  clock.ahead_ms += 61_000;
  expect(await wallet.fetchWaiting()).toBe(0);
  expect(await wallet.fetchWaiting()).toBe(0);
  const before = asked.times;
  expect(before).toBeGreaterThan(0);

  await city.approvals.approveOffer(offerId);
  clock.ahead_ms += 61_000;
  expect(await wallet.fetchWaiting()).toBe(1);
  expect(await wallet.listCredentials()).toMatchObject([{ type: 'water-account' }]);
  expect(await wallet.listWaiting()).toEqual([]);
  // The key of the tokens is gone with what waited.
  const [held] = await store.list('credentials');
  expect((await store.list('keys')).map(({ id }) => id)).toEqual([held?.key_id]);
});

test('waits longer than its access token lives, and signs in with what it then holds', async () => {
  const citizen = await whoWaits();
  for (const hour of [1, 20]) {
    clock.ahead_ms = hour * 3_600_000;
    expect(await citizen.wallet.fetchWaiting()).toBe(0);
  }
  await city.approvals.approveOffer(citizen.offerId);
  clock.ahead_ms = 40 * 3_600_000;
  expect(await citizen.wallet.fetchWaiting()).toBe(1);
  const { request_id, authorization_request } = await city.signIn('cross_device');
  await citizen.present(authorization_request);
  expect(await city.requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'verified' });
});

test('says that it is over where the office refuses, and asks no more', async () => {
  const { wallet, store, offerId, asked } = await whoWaits();
  await city.approvals.refuseOffer(offerId);
  clock.ahead_ms += 61_000;
  expect(await wallet.fetchWaiting()).toBe(0);
  const [waiting] = await wallet.listWaiting();
  expect(waiting).toMatchObject({ ended: true });
  const before = asked.times;
  clock.ahead_ms += 3_600_000;
  await wallet.fetchWaiting();
  expect(asked.times).toBe(before);
  await wallet.forgetWaiting(waiting?.id ?? '');
  expect(await wallet.listWaiting()).toEqual([]);
  expect(await store.list('keys')).toEqual([]);
});

test('says that it is over where nobody approved for as long as the grant lives', async () => {
  const { wallet } = await whoWaits();
  clock.ahead_ms = (grantLimits.grantLifetime_s + 60) * 1_000;
  expect(await wallet.fetchWaiting()).toBe(0);
  expect(await wallet.listWaiting()).toMatchObject([{ ended: true }]);
});

test('goes on waiting where the service is away', async () => {
  let away = false;
  const citizen = city.citizen(async (input, init) => {
    if (away) throw new TypeError('fetch failed');
    return fetch(input, init);
  });
  const order = { type: 'water-account', claims: waterAccountClaims, reference: 'SP-WAITS', needs_approval: true };
  const offer = await city.offers.createOffer(order);
  await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  away = true;
  clock.ahead_ms += 61_000;
  expect(await citizen.wallet.fetchWaiting()).toBe(0);
  expect(await citizen.wallet.listWaiting()).toMatchObject([{ ended: false }]);
  away = false;
  await city.approvals.approveOffer(offer.offer_id);
  expect(await citizen.wallet.fetchWaiting()).toBe(1);
});
