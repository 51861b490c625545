// The copies of a credential in the wallet: all that the issuer gives, each shown once, and what is said when few are left.
import { expect, test } from 'vitest';
import { credentialLimits } from '../../../../src/identity/issuing/credential-request.ts';
import { identityCity, waterAccountClaims } from '../../../support/identity-city.ts';

const city = await identityCity();

/** A citizen with a water account, and what the wallet has sent as its holder's proofs. */
async function holderOf(copies: number, fetchWith: typeof globalThis.fetch = fetch) {
  const citizen = city.citizen(fetchWith, copies);
  const { offer_uri, tx_code } = await city.offerWaterAccount();
  const [held] = await citizen.takeOffer(offer_uri, tx_code);
  if (held === undefined) throw new Error('nothing was taken');
  const show = async () => {
    const { authorization_request } = await city.signIn('cross_device');
    await citizen.present(authorization_request);
  };
  return { ...citizen, held, show };
}

test('takes as many copies as the issuer gives at once, each for a key of its own [OID4VCI 8.2, 13.6.1]', async () => {
  const { held, store } = await holderOf(100);
  expect(held.copies).toHaveLength(credentialLimits.batchSize - 1);
  const keyIds = [held.key_id, ...(held.copies ?? []).map(({ key_id }) => key_id)];
  expect(new Set(keyIds).size).toBe(credentialLimits.batchSize);
  expect((await store.list('keys')).map(({ id }) => id).sort()).toEqual(keyIds.sort());
});

test('shows each copy once, and forgets its key [RFC 9901 10.1]', async () => {
  const { held, store, show, wallet } = await holderOf(3);
  const before = [held.compact, ...(held.copies ?? []).map(({ compact }) => compact)];
  const inHand = async () => (await store.list('credentials'))[0];
  for (const left of [2, 1]) {
    await show();
    expect(await inHand()).toMatchObject({ id: held.id, compact: before[3 - left] });
    expect(await store.list('keys')).toHaveLength(left);
    expect(await wallet.listCredentials()).toMatchObject([{ copies_left: left, copies_few: true }]);
  }
});

test('keeps the last copy for the need, and says that it was seen', async () => {
  const { show, wallet, store, held } = await holderOf(2);
  for (const _time of [1, 2, 3]) await show();
  expect(await wallet.listCredentials()).toMatchObject([{ id: held.id, copies_left: 0, copies_few: true }]);
  expect(await store.list('keys')).toHaveLength(1);
});

test('uses up a copy also where the answer does not come through: somebody may have seen it', async () => {
  const { held, wallet, store, show } = await holderOf(2, (input, init) =>
    String(input).includes('/response') ? Promise.reject(new TypeError('no network')) : fetch(input, init),
  );
  await expect(show()).rejects.toMatchObject({ code: 'SERVICE_AWAY' });
  expect((await store.list('credentials'))[0]?.compact).toBe(held.copies?.[0]?.compact);
  expect(await wallet.listCredentials()).toMatchObject([{ copies_left: 1 }]);
});

test('does not use up what the person does not show', async () => {
  const { held, wallet, store } = await holderOf(2);
  const { authorization_request } = await city.signIn('cross_device');
  await wallet.declinePresentationRequest(await wallet.parsePresentationRequest(authorization_request));
  expect(await store.list('credentials')).toEqual([held]);
});

test('waits for copies as for one, and forgets them with all their keys', async () => {
  const citizen = city.citizen(undefined, 3);
  const order = { type: 'water-account', claims: waterAccountClaims, reference: 'SP-COPIES', needs_approval: true };
  const { offer_id, offer_uri, tx_code } = await city.offers.createOffer(order);
  expect(await citizen.takeOffer(offer_uri, tx_code)).toEqual([]);
  await city.approvals.approveOffer(offer_id);
  city.clock.ahead_ms += 61_000;
  expect(await citizen.wallet.fetchWaiting()).toBe(1);
  const [held] = await citizen.store.list('credentials');
  expect(held?.copies).toHaveLength(2);
  expect(await citizen.store.list('keys')).toHaveLength(3);
  await citizen.wallet.forgetCredential(held?.id ?? '');
  expect(await citizen.store.list('keys')).toEqual([]);
});

test('refuses copies that are not for the keys it proved, or of which two are for one', async () => {
  const doubled: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!String(input).endsWith('/openid4vci/credential') || !answer.ok) return answer;
    const body = (await answer.json()) as { credentials: unknown[] };
    return Response.json({ ...body, credentials: [body.credentials[0], body.credentials[0]] });
  };
  await expect(holderOf(2, doubled)).rejects.toMatchObject({ code: 'CREDENTIAL_UNREADABLE' });
});
