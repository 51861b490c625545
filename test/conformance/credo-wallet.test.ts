// An independent wallet, Credo's, takes our credentials by either grant and answers our verifiers.
import { calculateJwkThumbprint, decodeJwt, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { certificateRequest } from '../../src/identity/trust/certificate-request.ts';
import { readIssuerCertificate } from '../../src/identity/trust/issuer-certificate.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { testAuthority } from '../support/certificates.ts';
import { certifyIssuer } from '../support/certified-issuer.ts';
import { cityClient, residentMapping, ScriptedBrowser, startCityProvider } from '../support/city-provider.ts';
import { type CredoRecord, type CredoWallet, findCredo } from '../support/credo.ts';
import { portalHouse } from '../support/portal-house.ts';
import { keyPair } from '../support/test-wallet.ts';

const credo = await findCredo();
const attester = 'https://wallet-provider.example';
const redirectUri = 'https://wallet.example/back';
const attesterKey = await keyPair();
const providerPort = await freePort(0);
const { kty, crv, x, y } = attesterKey.jwk as { kty: 'EC'; crv: 'P-256'; x: string; y: string };
const house = await portalHouse(createLogger('silent'), {
  wallets: {
    providers: [{ issuer: attester, keys: [{ kty, crv, x, y }], roots: [], redirectUris: [redirectUri] }],
    clients: [],
  },
  cityProvider: {
    issuer: `http://localhost:${providerPort}`,
    clientId: cityClient.id,
    clientSecret: cityClient.secret,
    scope: 'openid profile address',
    mapping: residentMapping,
  },
});
await startCityProvider({ port: providerPort, redirectUri: `${house.publicUrl}/oauth/signed-in` });

/** What the city's wallet provider says of an instance of its wallet. */
function attest(jwk: object): Promise<string> {
  return new SignJWT({ cnf: { jwk } })
    .setProtectedHeader({ alg: 'ES256', typ: 'oauth-client-attestation+jwt' })
    .setIssuer(attester)
    .setSubject('credo')
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(attesterKey.privateKey);
}

/** The payloads that the issuer signed, one a copy. */
function copiesOf({ credentialInstances }: CredoRecord) {
  return credentialInstances.map((instance) => {
    const { compactSdJwtVc } = instance as { compactSdJwtVc: string };
    return decodeJwt<{ cnf: { jwk: JWK }; status: { status_list: { uri: string; idx: number } } }>(
      compactSdJwtVc.split('~')[0] ?? '',
    );
  });
}

async function expectUnlinkable(record: CredoRecord | undefined): Promise<void> {
  const copies = record === undefined ? [] : copiesOf(record);
  expect(copies.length).toBeGreaterThan(1);
  const keys = await Promise.all(copies.map(({ cnf }) => calculateJwkThumbprint(cnf.jwk)));
  expect(new Set(keys).size).toBe(copies.length);
  // Their lists are several: in another one an index may come again.
  const places = copies.map(({ status: { status_list } }) => `${status_list.uri} ${status_list.idx}`);
  expect(new Set(places).size).toBe(copies.length);
}

describe.skipIf(credo === null)('the wallet of Credo', () => {
  let wallet: CredoWallet;
  beforeAll(async () => {
    // A wallet knows the roots of the verifiers' certificates beforehand.
    const trustedCertificates = house.identity.verifierAnchors;
    if (credo !== null) wallet = await credo.credoWallet({ resolverUrl: house.publicUrl, trustedCertificates });
    await house.meter('23165017');
  });
  afterAll(() => wallet?.close());

  /** As a clerk does it: the office sees one credential, however many copies the wallet holds. */
  async function revoke(reference: string): Promise<void> {
    const issued = await house.identity.credentials.listIssued({ reference });
    expect(issued).toHaveLength(1);
    await house.identity.credentials.revokeCredential(issued[0]?.id ?? '', 'moved away');
  }

  async function signIn(by = wallet) {
    const browser = house.browser();
    const asked = (await browser.post('/api/portal/sign-in', { mode: 'cross_device' })).json();
    const answer = await by.answer(asked.authorization_request);
    const { credentials = [] } = await house.identity.requests.presentationState(asked.request_id, 'portal');
    const trace = credentials.flatMap((shown) => shown.trace);
    const failed = trace.filter(({ outcome }) => outcome === 'failed').map(({ reason }) => reason);
    return {
      answer,
      failed,
      page: (await browser.post(`/api/portal/sign-in/${asked.request_id}/complete`, {})).json(),
    };
  }

  test('receives a batch by pre-authorized code, presents it, and is refused after revocation', async () => {
    const place = 'sp-23165017';
    const offer = await house.offers.offerWaterAccount('test', place, { role: 'occupant', from: '2026-01-01' });
    const [record] = await wallet.takeOffer(offer.offer_uri, offer.tx_code);
    await expectUnlinkable(record);

    expect(await signIn()).toMatchObject({
      ...{ answer: { satisfied: true, status: 200 }, page: { state: 'signed_in' }, failed: [] },
    });
    await revoke(place);
    // Whichever copy it shows.
    for (let copy = 0; copy < 3; copy += 1) {
      const again = await signIn();
      expect(again.failed).toEqual(['CREDENTIAL_REVOKED']);
      expect(again.page).not.toMatchObject({ state: 'signed_in' });
    }
  });

  test('receives a batch by authorization code, presents it, and is refused after revocation', async () => {
    const { verifiers, requests, offers } = house.identity;
    const claims = ['address_district'];
    await verifiers.registerVerifier(
      'library',
      {
        name: { ko: '시립 도서관', en: 'City library' },
        purpose: { ko: '대출증을 만듭니다.', en: 'To make a library card.' },
        keeps: { ko: '보관하지 않습니다.', en: 'Not kept.' },
        may_ask: [{ type: 'resident', claims }],
        ...{ return_origins: [], certificate: null, own_client: null },
      },
      'operator',
    );
    const ask = async () => {
      const asked = await requests.createPresentationRequest({
        verifier: 'library',
        credentials: [{ type: 'resident', claims: claims.map((name) => ({ name })) }],
        mode: 'cross_device',
      });
      const answer = await wallet.answer(asked.authorization_request);
      return { answer, found: await requests.presentationState(asked.request_id, 'library') };
    };

    const offer = await offers.createSignInOffer({ type: 'resident', reference: 'kim' });
    const browser = new ScriptedBrowser();
    const [record] = await wallet.takeOfferSigningIn(offer.offer_uri, { id: 'credo', redirectUri, attest }, (address) =>
      browser.signIn(address, 'kim', redirectUri),
    );
    await expectUnlinkable(record);

    expect(await ask()).toMatchObject({ answer: { satisfied: true, status: 200 }, found: { state: 'verified' } });
    await revoke('kim');
    expect((await ask()).found.state).toBe('refused');
  });

  test('receives mdocs by pre-authorized code, presents one, and is refused after revocation [ISO/IEC 18013-5]', async () => {
    const { issuer, verifierAnchors, requests, verifiers, offers } = house.identity;
    // The library of Credo asks for a country in the authority's name. Source: ISO/IEC 18013-5:2021, table B.3
    const authority = await testAuthority('City authority, C=KR');
    await certifyIssuer(issuer, { publicUrl: house.publicUrl, now_ms: house.clock.now_ms(), authority });
    const root = authority.cert.replace(/-----[^-]+-----|\s/g, '');
    if (credo === null) return;
    const trustedCertificates = [...verifierAnchors, root];
    const knowing = await credo.credoWallet({ resolverUrl: house.publicUrl, trustedCertificates });
    onTestFinished(async () => {
      issuer.certificate = null;
      await knowing.close();
    });
    await verifiers.registerVerifier(
      'kiosk',
      {
        name: { ko: '발권기', en: 'Ticket machine' },
        purpose: { ko: '나이를 확인합니다.', en: 'To check the age.' },
        keeps: { ko: '보관하지 않습니다.', en: 'Not kept.' },
        may_ask: [{ type: 'resident', claims: ['age_over_19', 'birth_date'] }],
        ...{ return_origins: [], certificate: null, own_client: null },
      },
      'operator',
    );
    const ask = async () => {
      const asked = await requests.createPresentationRequest({
        verifier: 'kiosk',
        credentials: [
          { type: 'resident', format: 'mso_mdoc', claims: [{ name: 'age_over_19' }, { name: 'birth_date' }] },
        ],
        mode: 'cross_device',
      });
      const answer = await knowing.answer(asked.authorization_request);
      return { answer, id: asked.request_id, found: await requests.presentationState(asked.request_id, 'kiosk') };
    };

    const offer = await offers.createOffer({
      ...{ type: 'resident', reference: 'lee', formats: ['mso_mdoc'] },
      claims: { family_name: '이', given_name: '나루', birth_date: '1990-05-17', address_district: '해운대구' },
    });
    const [record] = await knowing.takeOffer(offer.offer_uri, offer.tx_code);
    expect(record?.credentialInstances.length).toBeGreaterThan(1);
    const copies = record?.credentialInstances as { issuerSignedBase64Url: string; kmsKeyId: string }[];
    expect(new Set(copies.map(({ kmsKeyId }) => kmsKeyId)).size).toBe(copies.length);

    const { answer, id, found } = await ask();
    expect({ answer, found }).toMatchObject({
      ...{ answer: { satisfied: true, status: 200 }, found: { state: 'verified' } },
    });
    expect(await requests.collectPresentation(id, 'kiosk')).toMatchObject({
      credentials: [{ type: 'resident', claims: { age_over_19: true, birth_date: '1990-05-17' } }],
    });
    await revoke('lee');
    const again = await ask();
    const failed = again.found.credentials?.[0]?.trace.filter(({ outcome }) => outcome === 'failed');
    expect(failed?.map(({ reason }) => reason)).toEqual(['CREDENTIAL_REVOKED']);
  });

  test('takes a credential that brings its certificates where it trusts their authority, and only there [HAIP 6.1.1]', async () => {
    const { issuer, verifierAnchors } = house.identity;
    const [authority, serial] = [await testAuthority('City authority'), '23165018'];
    const request = await certificateRequest({ did: issuer.did, publicUrl: house.publicUrl, key: issuer.keys.p256 });
    const about = { issuer, known: [], publicUrl: house.publicUrl, what: 'issuer.pem', now_ms: house.clock.now_ms() };
    issuer.certificate = readIssuerCertificate(await authority.certify(request), about).certificate;
    const root = authority.cert.replace(/-----[^-]+-----|\s/g, '');
    await house.meter(serial);
    const offered = (place: string) =>
      house.offers.offerWaterAccount('test', place, { role: 'occupant', from: '2026-01-01' });

    const unknowing = await offered('sp-23165017');
    await expect(wallet.takeOffer(unknowing.offer_uri, unknowing.tx_code)).rejects.toThrow();

    if (credo === null) return;
    const trustedCertificates = [...verifierAnchors, root];
    const knowing = await credo.credoWallet({ resolverUrl: house.publicUrl, trustedCertificates });
    onTestFinished(async () => {
      issuer.certificate = null;
      await knowing.close();
    });
    const offer = await offered(`sp-${serial}`);
    const [record] = await knowing.takeOffer(offer.offer_uri, offer.tx_code);
    await expectUnlinkable(record);
    expect(await signIn(knowing)).toMatchObject({
      ...{ answer: { satisfied: true, status: 200 }, page: { state: 'signed_in' }, failed: [] },
    });
    await revoke(`sp-${serial}`);
    expect((await signIn(knowing)).failed).toEqual(['CREDENTIAL_REVOKED']);
  });
});
