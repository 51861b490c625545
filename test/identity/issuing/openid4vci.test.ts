// Issuing over OpenID4VCI 1.0, from the office's offer to the credential in a wallet, over real HTTP.

import { generateKeyPairSync } from 'node:crypto';
import { type JWK, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { credentialTypes } from '../../../src/identity/credentials/credential-types.ts';
import { credentialLimits } from '../../../src/identity/issuing/credential-request.ts';
import { grantLimits } from '../../../src/identity/issuing/grant.ts';
import type { Offer } from '../../../src/identity/issuing/offer.ts';
import { offerLimits } from '../../../src/identity/issuing/offer.ts';
import { sweepIdentity } from '../../../src/identity/sweep-service.ts';
import { identityCity, waterAccountClaims } from '../../support/identity-city.ts';

const city = await identityCity();
const { publicUrl, pool, clock } = city;
const preAuthorized = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';

beforeEach(() => {
  clock.ahead_ms = 0;
});

test('a citizen takes what the office offers, and the wallet holds it bound to a key of its own', async () => {
  const citizen = city.citizen();
  const offer = await city.offerWaterAccount();
  const preview = await citizen.wallet.resolveOffer(offer.offer_uri);
  expect(preview).toMatchObject({
    issuer: publicUrl,
    issuer_name: { ko: '나루시', en: 'City of Naru' },
    types: [{ id: 'water-account', name: { ko: '수도 계정', en: 'Water account' } }],
    tx_code: { length: 6, input_mode: 'numeric' },
  });
  await citizen.wallet.acceptOffer(preview, offer.tx_code);
  const [held] = await citizen.wallet.listCredentials();
  expect(held?.type).toBe('water-account');
  expect(Object.fromEntries(held?.claims.map(({ name, value }) => [name, value]) ?? [])).toEqual(waterAccountClaims);
  expect(held?.claims[0]?.label).toEqual({ ko: '수용가 번호', en: 'Service point' });
  const keys = await citizen.store.list('keys');
  expect(keys.map(({ privateKey }) => privateKey.extractable)).toEqual([false]);
  expect(await city.issuing.listIssued({ reference: 'SP-0001' })).toMatchObject([{ state: 'valid' }]);
});

test('each credential is bound to a fresh key, so that two of them cannot be linked by it', async () => {
  const citizen = city.citizen();
  for (const offer of [await city.offerWaterAccount(), await city.offerWaterAccount()]) {
    await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  }
  const credentials = await citizen.store.list('credentials');
  expect(new Set(credentials.map(({ key_id }) => key_id)).size).toBe(2);
});

test('the claims of an offer are gone from the database once the wallet has its credential', async () => {
  const offer = await city.offerWaterAccount({ ...waterAccountClaims, service_point: 'SP-ERASED' });
  await city.citizen().takeOffer(offer.offer_uri, offer.tx_code);
  const left = await pool.query('SELECT 1 FROM identity.offers WHERE id = $1', [offer.offer_id]);
  expect(left.rowCount).toBe(0);
  const granted = await pool.query(
    "SELECT 1 FROM identity.granted_credentials WHERE claims->>'service_point' = 'SP-ERASED'",
  );
  expect(granted.rowCount).toBe(0);
});

test('the metadata says what is issued, in Korean and English [OID4VCI 12.2]', async () => {
  const metadata = await (await fetch(`${publicUrl}/.well-known/openid-credential-issuer`)).json();
  expect(metadata.credential_issuer).toBe(publicUrl);
  expect(Object.keys(metadata.credential_configurations_supported)).toEqual(
    expect.arrayContaining(credentialTypes.map(({ id }) => id)),
  );
  expect(metadata.credential_configurations_supported['water-account']).toMatchObject({
    format: 'dc+sd-jwt',
    vct: `${publicUrl}/vct/water-account`,
    proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256', 'EdDSA'] } },
  });
});

test('a resident credential is taken the same way', async () => {
  const offer = await city.offers.createOffer({
    type: 'resident',
    claims: {
      family_name: '김',
      given_name: '나루',
      birth_date: '1990-05-17',
      address_district: '부산광역시 해운대구',
    },
    reference: 'desk-1',
  });
  const citizen = city.citizen();
  await citizen.takeOffer(offer.offer_uri, offer.tx_code);
  const [held] = await citizen.wallet.listCredentials();
  expect(held?.type).toBe('resident');
  expect(held?.claims).toContainEqual(expect.objectContaining({ name: 'age_over_19', value: true }));
  expect(await city.issuing.listIssued({ reference: 'desk-1' })).toMatchObject([{ type: 'resident', state: 'valid' }]);
});

test('pages of another origin may call the endpoints, which are never cached', async () => {
  const answer = await fetch(`${publicUrl}/openid4vci/nonce`, {
    method: 'POST',
    headers: { origin: 'http://localhost:9999', 'sec-fetch-site': 'cross-site' },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

describe('an offer', () => {
  test('is refused for claims that are not of its type', async () => {
    await expect(city.offerWaterAccount({ ...waterAccountClaims, resident_number: '1' })).rejects.toMatchObject({
      code: 'CLAIMS_INVALID',
    });
  });

  test('is refused for an unknown type', async () => {
    const order = { type: 'passport', claims: {}, reference: 'x' };
    await expect(city.offers.createOffer(order)).rejects.toMatchObject({ code: 'CREDENTIAL_TYPE_UNKNOWN' });
  });

  test('keeps neither its link, its code nor its transaction code in the database', async () => {
    const offer = await city.offerWaterAccount();
    const { rows } = await pool.query('SELECT row_to_json(o)::text AS row FROM identity.offers o WHERE id = $1', [
      offer.offer_id,
    ]);
    const { code, handle } = await codeOf(offer);
    for (const secret of [code, handle, offer.tx_code]) {
      expect(rows[0].row).not.toContain(secret);
      expect(rows[0].row).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });

  test('ends after its lifetime, and the sweep erases its claims', async () => {
    const offer = await city.offerWaterAccount();
    clock.ahead_ms = offerLimits.offerLifetime_s * 1_000 + 1_000;
    await expect(city.citizen().takeOffer(offer.offer_uri, offer.tx_code)).rejects.toMatchObject({
      code: 'OFFER_GONE',
    });
    expect(await sweepIdentity(city.pool, city.clock)).toBeGreaterThan(0);
    const left = await pool.query('SELECT 1 FROM identity.offers WHERE id = $1', [offer.offer_id]);
    expect(left.rowCount).toBe(0);
  });

  test('survives four wrong transaction codes', async () => {
    const offer = await city.offerWaterAccount();
    const citizen = city.citizen();
    for (let tries = 1; tries < offerLimits.txCodeTries; tries += 1) {
      await expect(citizen.takeOffer(offer.offer_uri, wrong(offer.tx_code))).rejects.toMatchObject({
        code: 'TX_CODE_WRONG',
      });
    }
    expect(await citizen.takeOffer(offer.offer_uri, offer.tx_code)).toHaveLength(1);
  });

  test('is void after five wrong transaction codes, even for the right one', async () => {
    const offer = await city.offerWaterAccount();
    const { code } = await codeOf(offer);
    for (let tries = 0; tries < offerLimits.txCodeTries; tries += 1) {
      expect(await redeem(code, wrong(offer.tx_code))).toMatchObject({ status: 400, error: 'invalid_grant' });
    }
    expect(await redeem(code, offer.tx_code)).toMatchObject({ status: 400, error: 'invalid_grant' });
    await expect(city.citizen().takeOffer(offer.offer_uri, offer.tx_code)).rejects.toMatchObject({
      code: 'OFFER_GONE',
    });
    const left = await pool.query('SELECT 1 FROM identity.offers WHERE id = $1', [offer.offer_id]);
    expect(left.rowCount).toBe(0);
  });

  test('takes no more than five guesses when they come all at once', async () => {
    const offer = await city.offerWaterAccount();
    const { code } = await codeOf(offer);
    await Promise.all(Array.from({ length: 20 }, () => redeem(code, wrong(offer.tx_code))));
    expect(await redeem(code, offer.tx_code)).toMatchObject({ error: 'invalid_grant' });
  });

  test('redeemed by 50 at once gives exactly one token', async () => {
    const offer = await city.offerWaterAccount();
    const { code } = await codeOf(offer);
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(code, offer.tx_code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'invalid_grant')).toHaveLength(49);
  });

  test('without its transaction code is an invalid request and costs no try [OID4VCI 6.3]', async () => {
    const offer = await city.offerWaterAccount();
    const { code } = await codeOf(offer);
    for (let tries = 0; tries <= offerLimits.txCodeTries; tries += 1) {
      expect(await token({ grant_type: preAuthorized, 'pre-authorized_code': code })).toMatchObject({
        error: 'invalid_request',
      });
    }
    expect(await redeem(code, offer.tx_code)).toMatchObject({ status: 200 });
  });
});

describe('the token endpoint', () => {
  test('refuses other grants', async () => {
    expect(await token({ grant_type: 'password', username: 'x', password: 'y' })).toMatchObject({
      error: 'unsupported_grant_type',
    });
  });

  test('refuses a parameter that comes twice [RFC 6749 3.2]', async () => {
    const body = new URLSearchParams([
      ['grant_type', preAuthorized],
      ['grant_type', 'authorization_code'],
    ]);
    const answer = await fetch(`${publicUrl}/oauth/token`, { method: 'POST', body });
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });

  test('keeps to the characters that an error description may have [RFC 6749 5.2]', async () => {
    const { error, error_description } = await token({ grant_type: preAuthorized, resource: 'not "an" address\n가' });
    expect(error).toBe('invalid_request');
    expect(error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('answers a JSON body with an OAuth error, not with a problem', async () => {
    const answer = await fetch(`${publicUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[]',
    });
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
  });
});

describe('the credential endpoint', () => {
  test('issues for a sound proof', async () => {
    const { accessToken, proof } = await readyToRequest();
    expect(await credential(accessToken, await proof())).toMatchObject({ status: 200 });
  });

  test('issues what the offer is good for and no more, whatever comes at the same time', async () => {
    const { accessToken, proof } = await readyToRequest();
    const good = grantLimits.credentialsPerOffer;
    const proofs = await Promise.all(Array.from({ length: good + 3 }, () => proof()));
    const answers = await Promise.all(proofs.map((jwt) => credential(accessToken, jwt)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(good);
    expect(answers.filter(({ error }) => error === 'credential_request_denied')).toHaveLength(3);
  });

  test('refuses a nonce that was already spent [OID4VCI 8.2]', async () => {
    const first = await readyToRequest();
    const second = await readyToRequest();
    const nonce = await freshNonce();
    expect(await credential(first.accessToken, await first.proof({ nonce }))).toMatchObject({ status: 200 });
    expect(await credential(second.accessToken, await second.proof({ nonce }))).toMatchObject({
      error: 'invalid_nonce',
    });
    expect(await credential(second.accessToken, await second.proof())).toMatchObject({ status: 200 });
  });

  test('refuses a nonce that has expired', async () => {
    const { accessToken, proof } = await readyToRequest();
    const nonce = await freshNonce();
    clock.ahead_ms = credentialLimits.nonceLifetime_s * 1_000 + 1_000;
    expect(await credential(accessToken, await proof({ nonce, iat: now_s() }))).toMatchObject({
      error: 'invalid_nonce',
    });
  });

  test('refuses a nonce it never gave', async () => {
    const { accessToken, proof } = await readyToRequest();
    expect(await credential(accessToken, await proof({ nonce: 'made-up' }))).toMatchObject({ error: 'invalid_nonce' });
  });

  test.each([
    ['made for another issuer', { aud: 'https://other.example' }],
    ['made for several issuers', { aud: [publicUrl, 'https://other.example'] }],
    ['dated an hour ago', { iat: Math.floor(Date.now() / 1_000) - 3_600 }],
    ['dated in an hour', { iat: Math.floor(Date.now() / 1_000) + 3_600 }],
    ['of another type of token', { typ: 'JWT' }],
    ['whose header carries a private key', { withPrivateKey: true }],
    ['signed with another key than the one in its header', { otherSigner: true }],
    ['without a key in its header', { withoutKey: true }],
  ])('refuses a proof %s', async (_what, changes) => {
    const { accessToken, proof } = await readyToRequest();
    expect(await credential(accessToken, await proof(changes))).toMatchObject({ status: 400, error: 'invalid_proof' });
  });

  test('refuses a proof with alg none, and one with HS256 over the public key', async () => {
    const { accessToken, proof } = await readyToRequest();
    const [, payload] = (await proof()).split('.');
    const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
    const header = (alg: string) =>
      Buffer.from(JSON.stringify({ alg, typ: 'openid4vci-proof+jwt', jwk })).toString('base64url');
    const refused = { status: 400, error: 'invalid_proof' };
    expect(await credential(accessToken, `${header('none')}.${payload}.AAAA`)).toMatchObject(refused);
    const forged = await new SignJWT(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()))
      .setProtectedHeader({ alg: 'HS256', typ: 'openid4vci-proof+jwt', jwk })
      .sign(Buffer.from(JSON.stringify(jwk)));
    expect(await credential(accessToken, forged)).toMatchObject(refused);
  });

  test('refuses more proofs than a batch has, and none', async () => {
    const { accessToken, proof } = await readyToRequest();
    const many = await Promise.all(Array.from({ length: credentialLimits.batchSize + 1 }, () => proof()));
    expect(await request(accessToken, { proofs: { jwt: many } })).toMatchObject({ error: 'invalid_proof' });
    expect(await request(accessToken, { proofs: { jwt: [] } })).toMatchObject({ error: 'invalid_proof' });
    expect(await request(accessToken, {})).toMatchObject({ error: 'invalid_proof' });
  });

  test('refuses a credential that was not offered', async () => {
    const { accessToken, proof } = await readyToRequest();
    const body = { credential_configuration_id: 'resident', proofs: { jwt: [await proof()] } };
    expect(await request(accessToken, body)).toMatchObject({ error: 'unknown_credential_configuration' });
  });

  test('refuses a token it never gave, one that has expired, and none', async () => {
    const { accessToken, proof } = await readyToRequest();
    const jwt = await proof();
    expect(await credential('made-up', jwt)).toMatchObject({ status: 401, error: 'invalid_token' });
    const answer = await fetch(`${publicUrl}/openid4vci/credential`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    clock.ahead_ms = grantLimits.accessTokenLifetime_s * 1_000 + 1_000;
    expect(await credential(accessToken, jwt)).toMatchObject({ status: 401, error: 'invalid_token' });
  });

  test('keeps the offer, its claims and the nonce when issuing fails in the middle', async () => {
    const { accessToken, proof } = await readyToRequest();
    const jwt = await proof();
    await pool.query('ALTER TABLE identity.credential RENAME TO credential_away');
    try {
      expect(await credential(accessToken, jwt)).toMatchObject({ status: 500, error: 'server_error' });
    } finally {
      await pool.query('ALTER TABLE identity.credential_away RENAME TO credential');
    }
    expect(await credential(accessToken, jwt)).toMatchObject({ status: 200 });
  });
});

function wrong(txCode: string): string {
  return String((Number(txCode) + 1) % 1_000_000).padStart(6, '0');
}

function now_s(): number {
  return Math.floor(clock.now_ms() / 1_000);
}

async function codeOf(offer: Offer): Promise<{ code: string; handle: string }> {
  const uri = new URL(offer.offer_uri).searchParams.get('credential_offer_uri') ?? '';
  const { grants } = await (await fetch(uri)).json();
  return { code: grants[preAuthorized]['pre-authorized_code'], handle: uri.split('/').at(-1) ?? '' };
}

async function token(form: Record<string, string>) {
  const answer = await fetch(`${publicUrl}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, ...(await answer.json()) };
}

function redeem(code: string, txCode: string) {
  return token({ grant_type: preAuthorized, 'pre-authorized_code': code, tx_code: txCode });
}

async function freshNonce(): Promise<string> {
  return (await (await fetch(`${publicUrl}/openid4vci/nonce`, { method: 'POST' })).json()).c_nonce;
}

interface ProofChanges {
  nonce?: string;
  aud?: string | string[];
  iat?: number;
  typ?: string;
  withPrivateKey?: boolean;
  otherSigner?: boolean;
  withoutKey?: boolean;
}

/** A token for a water account, and a maker of proofs for it. */
async function readyToRequest() {
  const offer = await city.offerWaterAccount();
  const { code } = await codeOf(offer);
  const { access_token: accessToken } = await redeem(code, offer.tx_code);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const proof = async (changes: ProofChanges = {}) => {
    const jwk = (changes.withPrivateKey ? pair.privateKey : pair.publicKey).export({ format: 'jwk' }) as JWK;
    return new SignJWT({ nonce: changes.nonce ?? (await freshNonce()) })
      .setProtectedHeader({
        alg: 'ES256',
        typ: changes.typ ?? 'openid4vci-proof+jwt',
        ...(changes.withoutKey ? {} : { jwk }),
      })
      .setIssuedAt(changes.iat ?? now_s())
      .setAudience(changes.aud ?? publicUrl)
      .sign((changes.otherSigner ? stranger : pair).privateKey);
  };
  return { accessToken: accessToken as string, proof };
}

async function request(accessToken: string, body: Record<string, unknown>) {
  const answer = await fetch(`${publicUrl}/openid4vci/credential`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ credential_configuration_id: 'water-account', ...body }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

function credential(accessToken: string, jwt: string) {
  return request(accessToken, { proofs: { jwt: [jwt] } });
}
