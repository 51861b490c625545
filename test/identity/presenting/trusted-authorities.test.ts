// A verifier that takes only what certain authorities certified: asked in DCQL, matched by the wallet, checked again at the end.
// Source: OpenID4VP 1.0, 6.1.1; HAIP 1.0, 5.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { WantedAuthority } from '../../../src/identity/presenting/presentation-request.ts';
import { authorityKeyIds } from '../../../src/identity/trust/authority-key-ids.ts';
import { certificateRequest } from '../../../src/identity/trust/certificate-request.ts';
import { readIssuerCertificate } from '../../../src/identity/trust/issuer-certificate.ts';
import { testAuthority } from '../../support/certificates.ts';
import { heldAccount } from '../../support/held-account.ts';
import { identityCity } from '../../support/identity-city.ts';
import { askedIn, requestObject } from '../../support/presented-answer.ts';
import { es256Key } from '../../support/signed-jwt.ts';

const city = await identityCity();
const { issuer, publicUrl, requests } = city;
const authority = await testAuthority('City authority');
const der = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');

let certificate: typeof issuer.certificate;
let keyId = '';
beforeAll(async () => {
  const own = await authority.certify(await certificateRequest({ did: issuer.did, publicUrl, key: issuer.keys.p256 }));
  const about = { issuer, known: [], publicUrl, what: 'issuer.pem', now_ms: city.clock.now_ms() };
  certificate = readIssuerCertificate(own, about).certificate;
  [keyId = ''] = authorityKeyIds([der(own)]);
});

async function citizen(certified: boolean) {
  issuer.certificate = certified ? certificate : null;
  const wallet = city.citizen();
  const offer = await city.offerWaterAccount();
  await wallet.takeOffer(offer.offer_uri, offer.tx_code);
  issuer.certificate = null;
  return wallet;
}

const ask = (...trusted_authorities: WantedAuthority[]) =>
  requests.createPresentationRequest({
    ...{ verifier: 'portal', mode: 'cross_device' },
    credentials: [{ type: 'water-account', claims: [{ name: 'service_point' }], trusted_authorities }],
  });
const stranger = Buffer.alloc(20, 7).toString('base64url');

describe('asking for what an authority certified', () => {
  test('is said in the question, and the wallet shows what fits it [OID4VP 6.1.1.1]', async () => {
    const holder = await citizen(true);
    const { request_id, authorization_request } = await ask({ type: 'aki', values: [stranger, keyId] });
    expect(decodeJwt(await requestObject(authorization_request))).toMatchObject({
      dcql_query: { credentials: [{ trusted_authorities: [{ type: 'aki', values: [stranger, keyId] }] }] },
    });
    await holder.present(authorization_request);
    expect(await requests.collectPresentation(request_id, 'portal')).toMatchObject({
      verified: true,
      credentials: [{ claims: { service_point: 'SP-0001' } }],
    });
  });

  test('is not answered by the wallet with what another authority certified, or none [OID4VP 6.4.1]', async () => {
    const [certified, bare] = [await citizen(true), await citizen(false)];
    const other = (await ask({ type: 'aki', values: [stranger] })).authorization_request;
    await expect(certified.present(other)).rejects.toMatchObject({ code: 'NOTHING_TO_SHOW' });
    const own = (await ask({ type: 'aki', values: [keyId] })).authorization_request;
    await expect(bare.present(own)).rejects.toMatchObject({ code: 'NOTHING_TO_SHOW' });
  });

  test('is checked again: what a wallet shows all the same is refused, with the reason', async () => {
    const account = await heldAccount(city);
    const { request_id, authorization_request } = await ask({ type: 'aki', values: [keyId] });
    expect(await account.answer(await askedIn(authorization_request))).toMatchObject({
      ...{ status: 400, error: 'access_denied', error_description: 'AUTHORITY_NOT_ASKED' },
    });
    expect(await requests.presentationState(request_id, 'portal')).toMatchObject({ state: 'refused' });
  });

  test.each([
    ['a federation', { type: 'openid_federation', values: ['https://trust.example'] }],
    ['a trusted list', { type: 'etsi_tl', values: ['https://lists.example/tl.xml'] }],
    ['something else', { type: 'rumour', values: ['good'] }],
  ])('of %s is refused, because nothing here follows it', async (_what, wanted) => {
    await expect(ask(wanted)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      detail: expect.stringMatching(/only `aki`/),
    });
    await expect(ask({ type: 'aki', values: [keyId] }, wanted)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test.each(['', 'a/b+', 'x=='])('by %j, which is no key identifier, is refused', async (value) => {
    await expect(ask({ type: 'aki', values: [value] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

test('a key identifier is read of every certificate, and of none that cannot be read', async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = es256Key(key.privateKey);
  const request = await certificateRequest({ did: 'did:web:a.example', publicUrl: 'https://a.example', key: own });
  const [one, two] = [await authority.certify(request), await (await testAuthority('Another')).certify(request)];
  const found = authorityKeyIds([der(one), der(two)]);
  expect(found).toEqual([keyId, expect.stringMatching(/^[\w-]{27}$/)]);
  expect(found[1]).not.toBe(keyId);
  for (const x5c of [undefined, 'text', [1], ['AAAA'], [der(one), '!']]) expect(authorityKeyIds(x5c)).toEqual([]);
  expect(authorityKeyIds([der(authority.cert)])).toEqual([]);
});
