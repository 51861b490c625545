// Credentials by signing in: what is kept of a person and for how long, whose browser it was, and what the wallet holds.
import { Oauth2Client } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { authorizationLimits } from '../../../src/identity/issuing/authorization-request.ts';
import { mapClaims } from '../../../src/identity/issuing/claim-mapping.ts';
import { grantLimits } from '../../../src/identity/issuing/grant.ts';
import { openidCallbacks, signEs256 } from '../../../src/identity/openid-callbacks.ts';
import { sweepIdentity } from '../../../src/identity/sweep-service.ts';
import { people, residentMapping, ScriptedBrowser } from '../../support/city-provider.ts';
import { redirectUri, signInCity } from '../../support/sign-in-city.ts';
import { keyPair } from '../../support/test-wallet.ts';

const city = await signInCity();
const { publicUrl, pool, clock } = city;

afterEach(async () => {
  clock.ahead_ms = 0;
  await pool.query('DELETE FROM identity.grants');
});

/** Source: OpenID4VCI 1.0, 8.3.1.2: the token holds, what it stands for is over. */
const usedUp = { status: 400, body: { error: 'credential_request_denied' } };
const claimsKept = async () =>
  (await pool.query('SELECT claims FROM identity.granted_credentials WHERE claims IS NOT NULL')).rows;

test('a wallet built on the protocol library goes the whole way by itself', async () => {
  const dpopKey = await keyPair();
  const holder = await keyPair();
  const callbacks = openidCallbacks({
    fetch,
    signJwt: async (signer, { header, payload }) => {
      const key = signer.method === 'jwk' && signer.publicJwk.x === dpopKey.jwk.x ? dpopKey : holder;
      return { jwt: await signEs256(header, payload, key.privateKey), signerJwk: { kty: 'EC', ...key.jwk } };
    },
  });
  const client = new Openid4vciClient({
    callbacks: {
      ...callbacks,
      clientAuthentication: ({ body }) => void Object.assign(body, { client_id: 'registered-wallet' }),
    },
  });
  const issuerMetadata = await client.resolveIssuerMetadata(publicUrl);
  const dpop = { signer: { method: 'jwk' as const, alg: 'ES256', publicJwk: { kty: 'EC', ...dpopKey.jwk } } };
  const [authorizationServerMetadata] = issuerMetadata.authorizationServers;
  if (authorizationServerMetadata === undefined) throw new Error('no authorization server');
  const oauth = new Oauth2Client({
    callbacks: {
      ...callbacks,
      clientAuthentication: ({ body }) => void Object.assign(body, { client_id: 'registered-wallet' }),
    },
  });
  const { authorizationRequestUrl, pkce } = await oauth.createAuthorizationRequestUrl({
    ...{ authorizationServerMetadata, clientId: 'registered-wallet', redirectUri, scope: 'resident', dpop },
  });
  const back = await new ScriptedBrowser().signIn(authorizationRequestUrl, 'kim', redirectUri);
  const token = await oauth.retrieveAuthorizationCodeAccessToken({
    ...{ authorizationServerMetadata, redirectUri, dpop },
    authorizationCode: String(new URL(back).searchParams.get('code')),
    pkceCodeVerifier: String(pkce?.codeVerifier),
  });
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
  const { jwt } = await client.createCredentialRequestJwtProof({
    ...{ issuerMetadata, credentialConfigurationId: 'resident', nonce },
    signer: { method: 'jwk', alg: 'ES256', publicJwk: { kty: 'EC', ...holder.jwk } },
  });
  const { credentialResponse } = await client.retrieveCredentials({
    ...{ issuerMetadata, credentialConfigurationId: 'resident', proofs: { jwt: [jwt] } },
    accessToken: token.accessTokenResponse.access_token,
    ...(token.dpop === undefined ? {} : { dpop: token.dpop }),
  });
  const [issued] = credentialResponse.credentials as { credential: string }[];
  const [signed = '', ...disclosures] = String(issued?.credential).split('~');
  const shown = Object.fromEntries(
    disclosures
      .filter((disclosure) => disclosure !== '')
      .map((disclosure) => (JSON.parse(Buffer.from(disclosure, 'base64url').toString()) as unknown[]).slice(1)),
  );
  expect(shown).toMatchObject({
    given_name: '나루',
    birth_date: '1990-05-17',
    address_district: '부산광역시 해운대구',
  });
  expect(decodeJwt(signed).vct).toBe(`${publicUrl}/vct/resident`);
});

describe('what is kept of a person', () => {
  test('is what the mapping names and nothing else the provider says', () => {
    const said = people.kim ?? {};
    const given = { ...said, phone_number: '010-0000-0000', resident_number: '900517-1234567' };
    expect(Object.keys(mapClaims(residentMapping, 'resident', given, clock.now_ms()))).toEqual(
      Object.keys(residentMapping.resident),
    );
    expect(() =>
      mapClaims(residentMapping, 'resident', { ...said, birthdate: '17.5.1990' }, clock.now_ms()),
    ).toThrowError(expect.objectContaining({ code: 'CLAIMS_INVALID' }));
    expect(() => mapClaims(residentMapping, 'resident', {}, clock.now_ms())).toThrowError(
      expect.objectContaining({ code: 'CLAIMS_INVALID' }),
    );
  });

  test('goes with a code that nobody redeems', async () => {
    await (await city.attestedWallet()).codeFor('kim');
    expect(await claimsKept()).not.toEqual([]);
    clock.ahead_ms = authorizationLimits.codeLifetime_s * 1_000 + 1;
    await sweepIdentity(pool, clock);
    expect(await claimsKept()).toEqual([]);
  });

  test('goes within the hour where the wallet never asks for the credential, whose token is then of no use', async () => {
    const wallet = await city.attestedWallet();
    const token = await wallet.token(await wallet.codeFor('kim'));
    clock.ahead_ms = grantLimits.claimsLifetime_s * 1_000 + 1;
    await sweepIdentity(pool, clock);
    expect(await claimsKept()).toEqual([]);
    const again = await wallet.refresh(token.body.refresh_token);
    expect(again).toMatchObject({ status: 200 });
    expect(await wallet.credential(String(again.body.access_token))).toMatchObject(usedUp);
  });

  test('goes ten minutes after the first credential', async () => {
    const wallet = await city.attestedWallet();
    const token = String((await wallet.token(await wallet.codeFor('kim'))).body.access_token);
    expect((await wallet.credential(token)).status).toBe(200);
    expect(await claimsKept()).not.toEqual([]);
    clock.ahead_ms = grantLimits.claimsAfterIssue_s * 1_000 + 1;
    await sweepIdentity(pool, clock);
    expect(await claimsKept()).toEqual([]);
  });

  test('goes with the last credential that the sign-in is good for', async () => {
    const wallet = await city.attestedWallet();
    const token = String((await wallet.token(await wallet.codeFor('kim'))).body.access_token);
    await pool.query('UPDATE identity.granted_credentials SET credentials_left = 1 WHERE claims IS NOT NULL');
    expect((await wallet.credential(token)).status).toBe(200);
    expect(await claimsKept()).toEqual([]);
    expect(await wallet.credential(token)).toMatchObject(usedUp);
  });

  test('is found again by the office under a pseudonym, the same for each time', async () => {
    const references = new Set<string>();
    for (let times = 0; times < 2; times += 1) {
      const wallet = await city.attestedWallet();
      await wallet.token(await wallet.codeFor('kim'));
    }
    const { rows } = await pool.query('SELECT reference FROM identity.grants');
    for (const { reference } of rows) references.add(reference);
    expect(references.size).toBe(1);
    expect([...references][0]).toMatch(/^[\w-]{43}$/);
  });

  test('holds no code, token, handle or state as it was sent', async () => {
    const wallet = await city.attestedWallet();
    const pushed = await wallet.push({ state: 'state-of-the-wallet' });
    const code = await wallet.codeFor('kim');
    const token = await wallet.token(code);
    const tables = ['grants', 'access_tokens', 'refresh_tokens', 'authorization_codes', 'authorization_requests'];
    for (const table of tables) {
      const { rows } = await pool.query(`SELECT row_to_json(t)::text AS row FROM identity.${table} t`);
      expect(rows.length).toBeGreaterThan(0);
      for (const secret of [code, token.body.access_token, token.body.refresh_token, pushed.body.request_uri]) {
        expect(rows.map(({ row }) => row).join()).not.toContain(String(secret));
      }
    }
  });
});

describe('coming back from the provider', () => {
  test('is for the browser that went there: another one gets a page, and the code is made for nobody', async () => {
    const wallet = await city.attestedWallet();
    const victim = new ScriptedBrowser();
    const address = wallet.authorizeUrl((await wallet.push()).body.request_uri);
    const returning = await victim.signIn(address, 'kim', `${publicUrl}/oauth/signed-in`);
    const shown = await new ScriptedBrowser().open(returning);
    expect([shown.status, shown.headers.get('location')]).toEqual([400, null]);
    const own = await victim.open(returning);
    expect(own.headers.get('location')).toMatch(/^https:\/\/wallet\.example\/cb\?code=/);
    const again = await victim.open(returning);
    expect([again.status, again.headers.get('location')]).toEqual([400, null]);
  });

  test('with an answer that the provider did not give leads to the wallet with an error, not with a code', async () => {
    const wallet = await city.attestedWallet();
    const browser = new ScriptedBrowser();
    const address = wallet.authorizeUrl((await wallet.push()).body.request_uri);
    const returning = new URL(await browser.signIn(address, 'kim', `${publicUrl}/oauth/signed-in`));
    returning.searchParams.set('code', 'made-up');
    const answer = await browser.open(returning.href);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.searchParams.get('error')).toBe('server_error');
    expect(location.searchParams.has('code')).toBe(false);
  });

  test('after a quarter of an hour is too late', async () => {
    const wallet = await city.attestedWallet();
    const browser = new ScriptedBrowser();
    const address = wallet.authorizeUrl((await wallet.push()).body.request_uri);
    const returning = await browser.signIn(address, 'kim', `${publicUrl}/oauth/signed-in`);
    clock.ahead_ms = authorizationLimits.signInLifetime_s * 1_000 + 1;
    expect((await browser.open(returning)).status).toBe(400);
  });
});

describe('an offer by signing in', () => {
  test('is refused for a credential that cannot be had so, and carries no claims', async () => {
    await expect(city.offers.createSignInOffer({ type: 'water-account', reference: 'x' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    const offer = await city.offers.createSignInOffer({ type: 'resident', reference: 'desk-3' });
    const uri = new URL(offer.offer_uri).searchParams.get('credential_offer_uri') ?? '';
    expect(await (await fetch(uri)).json()).toEqual({
      credential_issuer: publicUrl,
      credential_configuration_ids: ['resident'],
      grants: { authorization_code: { issuer_state: expect.stringMatching(/^[\w-]{43}$/) } },
    });
  });

  test('goes into the record of the issue by its own reference', async () => {
    const offer = await city.offers.createSignInOffer({ type: 'resident', reference: 'desk-4' });
    const uri = new URL(offer.offer_uri).searchParams.get('credential_offer_uri') ?? '';
    const { grants } = await (await fetch(uri)).json();
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim', { issuer_state: grants.authorization_code.issuer_state });
    await wallet.credential(String((await wallet.token(code)).body.access_token));
    expect(await city.issuing.listIssued({ reference: 'desk-4' })).toHaveLength(1);
  });
});

test('a Bearer token is given to nobody where the service wants every token bound to a key [HAIP 4]', async () => {
  const wallet = await city.attestedWallet();
  const offer = await city.offerWaterAccount();
  const uri = new URL(offer.offer_uri).searchParams.get('credential_offer_uri') ?? '';
  const { grants } = await (await fetch(uri)).json();
  const [grant] = Object.values(grants) as Record<string, string>[];
  const code = String(grant?.['pre-authorized_code']);
  expect(await wallet.redeem(code, offer.tx_code, { dpop: false })).toMatchObject({
    status: 400,
    body: { error: 'invalid_dpop_proof' },
  });
  const token = await wallet.redeem(code, offer.tx_code);
  expect(token).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  const asked = { credential_configuration_id: 'water-account' };
  expect((await wallet.credential(String(token.body.access_token), asked)).status).toBe(200);
});
