// An independent wallet, Credo's, takes our credentials and answers our verifier.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CredoWallet, findCredo } from '../support/credo.ts';
import { portalHouse } from '../support/portal-house.ts';

const credo = await findCredo();
const house = await portalHouse();
const place = 'sp-23165017';

describe.skipIf(credo === null)('the wallet of Credo', () => {
  let wallet: CredoWallet;
  beforeAll(async () => {
    if (credo !== null) {
      const trustedCertificates = house.identity.verifierAnchors;
      wallet = await credo.credoWallet({ resolverUrl: house.publicUrl, trustedCertificates });
    }
    await house.meter('23165017');
  });
  afterAll(() => wallet?.close());

  async function signIn(): Promise<{
    answer: Awaited<ReturnType<CredoWallet['answer']>>;
    page: unknown;
    trace: string[];
  }> {
    const browser = house.browser();
    const asked = (await browser.post('/api/portal/sign-in', { mode: 'cross_device' })).json();
    const answer = await wallet.answer(asked.authorization_request);
    const { credentials } = await house.identity.requests.presentationState(asked.request_id, 'portal');
    const trace = credentials?.[0]?.trace;
    const failed = (trace ?? []).filter(({ outcome }) => outcome === 'failed').map(({ reason }) => reason);
    const page = (await browser.post(`/api/portal/sign-in/${asked.request_id}/complete`, {})).json();
    return { answer, page, trace: failed };
  }

  test('receives a credential by pre-authorized code, presents it, and is refused after revocation', async () => {
    const offer = await house.offers.offerWaterAccount('test', place, { role: 'occupant', from: '2026-01-01' });
    const [record] = await wallet.takeOffer(offer.offer_uri, offer.tx_code);
    expect(record?.credentialInstances.length).toBeGreaterThan(0);

    const first = await signIn();
    expect(first).toMatchObject({ answer: { satisfied: true, status: 200 }, page: { state: 'signed_in' }, trace: [] });

    for (const { id } of await house.offers.credentialsOf(place)) {
      await house.identity.credentials.revokeCredential(id, 'moved away');
    }
    const second = await signIn();
    expect(second.trace).toEqual(['CREDENTIAL_REVOKED']);
    expect(second.page).not.toMatchObject({ state: 'signed_in' });
  });
});
