// The OpenID Foundation's test modules for verifiers, OpenID4VP 1.0 with HAIP 1.0: what each does to a verifier, done to ours
// over HTTP, and what must come of it. Modules of the suite's plan oid4vp-1final-verifier-haip-test-plan, for SD-JWT VC.
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { compactVerify, decodeJwt, decodeProtectedHeader, exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { heldAccount } from '../support/held-account.ts';
import { identityCity } from '../support/identity-city.ts';
import { askedIn, formOf, post, requestObject } from '../support/presented-answer.ts';

const city = await identityCity();
const YEAR_s = 365 * 86_400;
const now_s = () => Math.floor(city.clock.now_ms() / 1_000);

async function asked() {
  const { request_id, authorization_request: link } = await city.signIn('cross_device');
  return { request_id, link, ...(await askedIn(link)) };
}

describe('oid4vp-1final-verifier-happy-flow', () => {
  test.each(['A128GCM', 'A256GCM'])('takes an answer encrypted with %s [HAIP 5, OID4VP 8.3]', async (enc) => {
    const request = await asked();
    const answer = await (await heldAccount(city)).answer(request, {}, undefined, enc);
    expect(answer).toEqual({ status: 200 });
    expect(await city.requests.presentationState(request.request_id, 'portal')).toMatchObject({ state: 'verified' });
  });

  test('sends the browser back with a response code on one device [OID4VP 8.2, HAIP 5.1]', async () => {
    const { authorization_request } = await city.signIn('same_device');
    const { redirect_uri } = await (await heldAccount(city)).answer(await askedIn(authorization_request));
    expect(new URL(redirect_uri ?? '').searchParams.get('response_code')).toMatch(/^[\w-]{43}$/);
  });

  test('signs the request with the certificate that its client id hashes [OID4VP 5.9.3]', async () => {
    const { link } = await asked();
    const jwt = await requestObject(link);
    const { x5c = [], typ, alg } = decodeProtectedHeader(jwt);
    const [leaf] = x5c.map((text) => new X509Certificate(Buffer.from(text, 'base64')));
    expect({ typ, alg }).toEqual({ typ: 'oauth-authz-req+jwt', alg: 'ES256' });
    await compactVerify(jwt, leaf?.publicKey ?? Buffer.of());
    const hash = createHash('sha256')
      .update(leaf?.raw ?? '')
      .digest('base64url');
    expect(new URL(link).searchParams.get('client_id')).toBe(`x509_hash:${hash}`);
    expect(decodeJwt(jwt).client_id).toBe(`x509_hash:${hash}`);
  });

  test('brings no trust anchor and no self-signed certificate [HAIP 5]', async () => {
    const { x5c = [] } = decodeProtectedHeader(await requestObject((await asked()).link));
    const certificates = x5c.map((text) => new X509Certificate(Buffer.from(text, 'base64')));
    expect(certificates.length).toBeGreaterThan(0);
    for (const one of certificates) expect(one.checkIssued(one) && one.verify(one.publicKey)).toBe(false);
  });

  test('asks for vp_token by direct_post.jwt in DCQL, with no scope and no client_id_scheme [OID4VP 5.1, HAIP 5]', async () => {
    const payload = decodeJwt(await requestObject((await asked()).link));
    expect(payload).toMatchObject({
      response_type: 'vp_token',
      response_mode: 'direct_post.jwt',
      aud: 'https://self-issued.me/v2',
      dcql_query: { credentials: [{ format: 'dc+sd-jwt' }] },
    });
    for (const name of ['scope', 'client_id_scheme', 'redirect_uri', 'request', 'request_uri', 'sub']) {
      expect(payload).not.toHaveProperty(name);
    }
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeGreaterThan(0);
  });

  test('offers a key of its own for each request, with kid, and both encryptions [OID4VP 8.3, HAIP 5]', async () => {
    const [first, second] = [(await asked()).client_metadata, (await asked()).client_metadata];
    expect(first.encrypted_response_enc_values_supported).toEqual(['A128GCM', 'A256GCM']);
    const [key] = first.jwks?.keys ?? [];
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'enc', alg: 'ECDH-ES', kid: expect.any(String) });
    expect(key).not.toHaveProperty('d');
    expect(second.jwks?.keys[0]?.x).not.toBe(key?.x);
  });

  test('says which signatures it takes [OID4VP B.3.4]', async () => {
    expect((await asked()).client_metadata).toMatchObject({
      vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
    });
  });
});

test('oid4vp-1final-verifier-minimal-cnf-jwk: takes a credential whose cnf.jwk has the key’s members alone [RFC 7800 3.2]', async () => {
  const held = await heldAccount(city);
  const { cnf } = decodeJwt(held.credential.split('~')[0] ?? '') as { cnf: { jwk: object } };
  expect(Object.keys(cnf.jwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  expect(await held.answer(await asked())).toMatchObject({ status: 200 });
});

describe('oid4vp-1final-verifier-request-uri-method-post', () => {
  async function posted(form: Record<string, string>) {
    const { link, client_id } = await asked();
    const parameters = new URL(link).searchParams;
    expect(parameters.get('request_uri_method')).toBe('post');
    const uri = parameters.get('request_uri') ?? '';
    const answer = await fetch(uri, { method: 'POST', body: new URLSearchParams(form) });
    return { answer, client_id };
  }

  test('signs the wallet’s nonce into the request it serves [OID4VP 5.10]', async () => {
    const { answer, client_id } = await posted({ wallet_nonce: 'qPmxiNFCR3QTm19POc8u' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/oauth-authz-req+jwt');
    expect(decodeJwt(await answer.text())).toMatchObject({ wallet_nonce: 'qPmxiNFCR3QTm19POc8u', client_id });
  });

  test('offers of the encryptions those that the wallet knows [OID4VP 5.10]', async () => {
    const wallet_metadata = JSON.stringify({ authorization_encryption_enc_values_supported: ['A256GCM'] });
    const { answer } = await posted({ wallet_nonce: 'n', wallet_metadata });
    expect(decodeJwt(await answer.text())).toMatchObject({
      client_metadata: { encrypted_response_enc_values_supported: ['A256GCM'] },
    });
  });

  test('refuses wallet metadata that is none', async () => {
    expect((await posted({ wallet_metadata: 'not JSON' })).answer.status).toBe(400);
  });
});

describe('oid4vp-1final-verifier-request-uri-fetched-twice', () => {
  test('serves the same question again while it is open [OID4VP 5.10]', async () => {
    const request = await asked();
    expect(await askedIn(request.link)).toMatchObject({ nonce: request.nonce, state: request.state });
    expect(await (await heldAccount(city)).answer(request)).toMatchObject({ status: 200 });
  });

  test('serves nothing once it was answered', async () => {
    const request = await asked();
    await (await heldAccount(city)).answer(request);
    const uri = new URL(request.link).searchParams.get('request_uri') ?? '';
    expect((await fetch(uri)).status).toBe(404);
    expect((await fetch(uri, { method: 'POST', body: new URLSearchParams({ wallet_nonce: 'n' }) })).status).toBe(404);
  });
});

describe('refuses with 400 and the reason, and gives no claims', () => {
  type Held = Awaited<ReturnType<typeof heldAccount>>;
  type Request = Awaited<ReturnType<typeof asked>>;
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  test.each<[string, string, (held: Held, request: Request) => Promise<{ status: number }>]>([
    [
      'oid4vp-1final-verifier-invalid-kb-jwt-signature [RFC 9901 7.3]',
      'HOLDER_SIGNATURE_INVALID',
      (held, request) => held.answer(request, { key: stranger as unknown as CryptoKey }),
    ],
    [
      'oid4vp-1final-verifier-invalid-credential-signature [RFC 9901 7.1]',
      'SIGNATURE_INVALID',
      async (held, request) => held.answer(request, {}, await held.reissued({}, stranger)),
    ],
    [
      'oid4vp-1final-verifier-invalid-sd-hash [RFC 9901 7.3]',
      'HOLDER_CONTENT_CHANGED',
      (held, request) => held.answer(request, { sd_hash: 'A'.repeat(43) }),
    ],
    [
      'oid4vp-1final-verifier-invalid-kb-jwt-nonce [OID4VP 14.1.2]',
      'HOLDER_NONCE_WRONG',
      (held, request) => held.answer(request, { nonce: 'another' }),
    ],
    [
      'oid4vp-1final-verifier-invalid-kb-jwt-aud [OID4VP 14.1.2]',
      'HOLDER_AUDIENCE_WRONG',
      (held, request) => held.answer(request, { aud: 'x509_hash:another' }),
    ],
    [
      'oid4vp-1final-verifier-kb-jwt-iat-in-past [RFC 9901 7.3]',
      'HOLDER_PROOF_STALE',
      (held, request) => held.answer(request, { iat: now_s() - YEAR_s }),
    ],
    [
      'oid4vp-1final-verifier-kb-jwt-iat-in-future [RFC 9901 7.3]',
      'HOLDER_PROOF_STALE',
      (held, request) => held.answer(request, { iat: now_s() + YEAR_s }),
    ],
    [
      'oid4vp-1final-verifier-present-revoked-credential [Token Status List 8.3]',
      'CREDENTIAL_REVOKED',
      async (held, request) => {
        await city.issuing.revokeCredential(held.credentialId, 'moved away');
        return held.answer(request);
      },
    ],
    [
      'oid4vp-1final-verifier-present-credential-without-status, which our types require [Token Status List 6.2]',
      'STATUS_MISSING',
      async (held, request) => held.answer(request, {}, await held.reissued({ without: 'status' })),
    ],
    [
      'a credential signed with a kid that is not known [RFC 9901 7.1]',
      'SIGNATURE_KEY_UNKNOWN',
      async (held, request) =>
        held.answer(request, {}, await held.reissued({ header: { kid: `${city.issuer.did}#other` } })),
    ],
    [
      'a credential of an issuer that is not trusted [OID4VP 8.6]',
      'SIGNATURE_KEY_UNKNOWN',
      async (held, request) =>
        held.answer(request, {}, await held.reissued({ payload: { iss: 'did:web:elsewhere.example' } })),
    ],
    [
      'a credential that has expired [SD-JWT VC 2.2.2.2]',
      'CREDENTIAL_EXPIRED',
      async (held, request) => held.answer(request, {}, await held.reissued({ payload: { exp: now_s() - 3_600 } })),
    ],
    [
      'a credential of another vct [OID4VP B.3.5]',
      'TYPE_NOT_ASKED',
      async (held, request) =>
        held.answer(request, {}, await held.reissued({ payload: { vct: `${city.publicUrl}/vct/resident` } })),
    ],
    [
      'a key-binding JWT of another typ [RFC 9901 4.3]',
      'HOLDER_PROOF_MALFORMED',
      (held, request) => held.answer(request, { header: { typ: 'JWT' } }),
    ],
  ])('%s', async (_module, reason, present) => {
    const request = await asked();
    const answer = await present(await heldAccount(city), request);
    expect(answer).toMatchObject({ status: 400, error: 'access_denied', error_description: reason });
    expect(await city.requests.collectPresentation(request.request_id, 'portal')).toMatchObject({
      verified: false,
      credentials: [{ verified: false, claims: {} }],
    });
  });

  test('no key binding at all [HAIP 5.3.1, OID4VP 8.6]', async () => {
    const request = await asked();
    const { credential } = await heldAccount(city);
    const answer = { vp_token: { water_account: [credential] }, state: request.state };
    expect(await post(request.response_uri, await formOf(request, answer))).toMatchObject({
      status: 400,
      error_description: 'HOLDER_PROOF_MISSING',
    });
  });
});

describe('an answer that does not belong to the request leaves it open:', () => {
  async function attempt(
    make: (
      answer: Record<string, unknown>,
      request: Awaited<ReturnType<typeof asked>>,
    ) => Promise<Record<string, string>>,
  ) {
    const request = await asked();
    const held = await heldAccount(city);
    const answer = { vp_token: { water_account: [await held.bind(request)] }, state: request.state };
    const refused = await post(request.response_uri, await make(answer, request));
    expect(refused).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(await held.answer(request)).toMatchObject({ status: 200 });
  }

  test('in the clear [OID4VP 8.3, HAIP 5]', () => attempt(async (answer) => formOf({ client_metadata: {} }, answer)));

  test('encrypted to the key of another request [OID4VP 8.3]', () =>
    attempt(async (answer) => formOf(await asked(), answer)));

  test('encrypted to a key of its own under this one’s kid', () =>
    attempt(async (answer, request) => {
      const key = await exportJWK(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
      return formOf(request, answer, { key: { ...key, kid: request.client_metadata.jwks?.keys[0]?.kid ?? '' } });
    }));

  test.each([{ enc: 'A128CBC-HS256' }, { alg: 'ECDH-ES+A256KW' }])(
    'encrypted in a way that was not offered, %j',
    (how) => attempt(async (answer, request) => formOf(request, answer, how)),
  );

  test('with another state [OID4VP 8.2]', () =>
    attempt(async (answer, request) => formOf(request, { ...answer, state: 'another' })));
});
