// The OpenID Foundation's conformance modules for issuers of OpenID4VCI 1.0 and HAIP that concern metadata, nonces,
// credentials, deferral and notifications: each module's behaviour by its name, with the clause it holds to.
// Source: the plans oid4vci-1_0-issuer-test-plan and oid4vci-1_0-issuer-haip-test-plan.
import {
  CompactEncrypt,
  compactDecrypt,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  importJWK,
  importX509,
  jwtVerify,
} from 'jose';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { multikeyOfEcJwk } from '../../src/identity/dids/multikey.ts';
import { atLeast } from '../../src/identity/issuing/key-attestation.ts';
import { certificateRequest } from '../../src/identity/trust/certificate-request.ts';
import { readIssuerCertificate } from '../../src/identity/trust/issuer-certificate.ts';
import { testAuthority } from '../support/certificates.ts';
import { credentialRequests } from '../support/credential-requests.ts';
import { identityCity, waterAccountClaims } from '../support/identity-city.ts';
import { walletKey, walletProvider } from '../support/wallet-provider.ts';

const provider = await walletProvider();
const wallets = {
  providers: [{ issuer: 'https://provider.example', keys: [], roots: [provider.root], redirectUris: [] }],
  clients: [],
};
const city = await identityCity({
  wallets,
  issuing: { keyAttestations: { merchant: atLeast('moderate') }, encryptionRequired: false },
});
const { publicUrl, clock } = city;
const wallet = credentialRequests(publicUrl, clock.now_ms);
const configuration = 'water-account';

const answerKey = await generateKeyPair('ECDH-ES', { extractable: true });
const { x, y } = await crypto.subtle.exportKey('jwk', answerKey.publicKey);

let accessToken: string;
let key: Awaited<ReturnType<typeof walletKey>>;
beforeEach(async () => {
  clock.ahead_ms = 0;
  accessToken = await wallet.token(await city.offerWaterAccount());
  key = await walletKey();
});

const ask = (proofs: unknown, more: object = {}) =>
  wallet.post('credential', accessToken, { credential_configuration_id: configuration, proofs, ...more });
const askWith = async (changes = {}) => ask({ jwt: [await wallet.proof(key, await wallet.nonce(), changes)] });
const refused = (error: string, status = 400) => ({ status, body: { error } });
const metadataOf = async (headers: Record<string, string> = {}) =>
  (await fetch(`${publicUrl}/.well-known/openid-credential-issuer`, { headers })).json();

interface Opened {
  iat: number;
  exp: number;
  cnf: { jwk: object };
  status: { status_list: { idx: number; uri: string } };
  vct: string;
}
const opened = (credential: string) => decodeJwt<Opened>(credential.split('~')[0] ?? '');
const disclosures = (credential: string) =>
  credential
    .split('~')
    .slice(1, -1)
    .map(
      (text) => JSON.parse(Buffer.from(text, 'base64url').toString()) as [salt: string, name: string, value: unknown],
    );
const credentialsOf = (answer: { body: { credentials: { credential: string }[] } }) =>
  answer.body.credentials.map(({ credential }) => credential);

describe('oid4vci-1_0-issuer-metadata-test', () => {
  test('is JSON under the issuer identifier, with all endpoints [OID4VCI 12.2.2, 12.2.4]', async () => {
    const answer = await fetch(`${publicUrl}/.well-known/openid-credential-issuer`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(await answer.json()).toMatchObject({
      credential_issuer: publicUrl,
      credential_endpoint: `${publicUrl}/openid4vci/credential`,
      nonce_endpoint: `${publicUrl}/openid4vci/nonce`,
      deferred_credential_endpoint: `${publicUrl}/openid4vci/deferred`,
      notification_endpoint: `${publicUrl}/openid4vci/notification`,
      batch_credential_issuance: { batch_size: 30 },
    });
  });

  test('declares encryption of requests and of answers together, with a key that has alg and kid [OID4VCI 10, 12.2.4]', async () => {
    const { credential_request_encryption: request, credential_response_encryption: response } = await metadataOf();
    expect(request).toMatchObject({
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', alg: 'ECDH-ES', kid: expect.any(String) }] },
      enc_values_supported: ['A128GCM', 'A256GCM'],
      encryption_required: false,
    });
    expect(response).toMatchObject({ alg_values_supported: ['ECDH-ES'], enc_values_supported: ['A128GCM', 'A256GCM'] });
    expect([request, response].some((each) => 'zip_values_supported' in each)).toBe(false);
    expect(request.jwks.keys[0]).not.toHaveProperty('d');
  });

  test('names a scope, binding methods and proof types for every configuration [HAIP 4.1, OID4VCI 12.2.4]', async () => {
    const { credential_configurations_supported: configurations } = await metadataOf();
    for (const [id, described] of Object.entries<Record<string, unknown>>(configurations)) {
      expect(described).toMatchObject({
        scope: id,
        format: expect.stringMatching(/^(dc\+sd-jwt|ldp_vc)$/),
        cryptographic_binding_methods_supported: expect.arrayContaining(['jwk', 'did:jwk', 'did:key', 'did:webvh']),
        proof_types_supported: { jwt: { proof_signing_alg_values_supported: expect.arrayContaining(['ES256']) } },
      });
    }
    expect(configurations[configuration]).toMatchObject({ format: 'dc+sd-jwt', vct: `${publicUrl}/vct/water-account` });
    expect(configurations['resident.eddsa-rdfc-2022']).toMatchObject({
      credential_definition: { type: ['VerifiableCredential', 'ResidentCredential'] },
      credential_signing_alg_values_supported: ['eddsa-rdfc-2022'],
    });
  });

  test('says where a key attestation is needed, and of which level [OID4VCI 12.2.4, D.2]', async () => {
    const { credential_configurations_supported: configurations } = await metadataOf();
    const levels = ['iso_18045_high', 'iso_18045_moderate'];
    expect(configurations.merchant.proof_types_supported.jwt.key_attestations_required).toEqual({
      key_storage: levels,
      user_authentication: levels,
    });
    expect(configurations[configuration].proof_types_supported.jwt).not.toHaveProperty('key_attestations_required');
  });

  test('has one display entry a language, and those alone that are asked for [OID4VCI 12.2.2]', async () => {
    expect((await metadataOf()).display.map(({ locale }: { locale: string }) => locale)).toEqual(['ko', 'en']);
    const english = await fetch(`${publicUrl}/.well-known/openid-credential-issuer`, {
      headers: { 'accept-language': 'en-GB' },
    });
    expect(english.headers.get('content-language')).toBe('en');
    expect((await english.json()).display).toEqual([{ name: 'City of Naru', locale: 'en' }]);
  });
});

describe('oid4vci-1_0-issuer-metadata-test-signed', () => {
  test("is a JWT of its own type, of the same content, by the key of the issuer's DID [OID4VCI 12.2.3]", async () => {
    const answer = await fetch(`${publicUrl}/.well-known/openid-credential-issuer`, {
      headers: { accept: 'application/jwt' },
    });
    expect(answer.headers.get('content-type')).toContain('application/jwt');
    const jwt = await answer.text();
    expect(decodeProtectedHeader(jwt)).toMatchObject({
      alg: 'ES256',
      typ: 'openidvci-issuer-metadata+jwt',
      kid: city.issuer.p256MultikeyId,
    });
    const { payload } = await jwtVerify(jwt, await importJWK({ ...city.issuer.keys.p256.publicJwk }, 'ES256'));
    expect(payload).toMatchObject({ sub: publicUrl, iat: expect.any(Number), ...(await metadataOf()) });
  });
});

describe('an issuer with a certificate', () => {
  test("signs metadata with it, and the city's wallet takes what it issues and shows it [HAIP 4.1, 6.1.1]", async () => {
    const { issuer } = city;
    const authority = await testAuthority('City authority');
    const request = await certificateRequest({ did: issuer.did, publicUrl, key: issuer.keys.p256 });
    const own = await authority.certify(request);
    const about = { issuer, known: [], publicUrl, what: 'issuer.pem', now_ms: clock.now_ms() };
    issuer.certificate = readIssuerCertificate(own, about).certificate;
    onTestFinished(() => {
      issuer.certificate = null;
    });

    const headers = { accept: 'application/jwt' };
    const signed = await (await fetch(`${publicUrl}/.well-known/openid-credential-issuer`, { headers })).text();
    expect(decodeProtectedHeader(signed).x5c).toEqual(issuer.certificate?.x5c);
    await jwtVerify(signed, await importX509(own, 'ES256'));

    const citizen = city.citizen();
    const offer = await city.offerWaterAccount();
    const [taken] = await citizen.takeOffer(offer.offer_uri, offer.tx_code);
    expect(decodeProtectedHeader(taken?.compact.split('~')[0] ?? '').x5c).toEqual(issuer.certificate?.x5c);
    expect(taken?.issuer).toBe(issuer.did);
    const { request_id, authorization_request } = await city.signIn('cross_device');
    await citizen.present(authorization_request);
    expect(await city.requests.collectPresentation(request_id, 'portal')).toMatchObject({ verified: true });
  });
});

describe('oid4vci-1_0-issuer-happy-flow', () => {
  test('nonce endpoint: a new unpredictable nonce each time, never cached, with no token [OID4VCI 7]', async () => {
    const answer = await fetch(`${publicUrl}/openid4vci/nonce`, { method: 'POST' });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(Object.keys(await answer.json())).toEqual(['c_nonce']);
    expect(await wallet.nonce()).not.toBe(await wallet.nonce());
  });

  test('credential endpoint: the credential, bound to the key that was proved [OID4VCI 8.3, HAIP 5.3.1]', async () => {
    const answer = await askWith();
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'no-store',
    ]);
    expect(Object.keys(answer.body).sort()).toEqual(['credentials', 'notification_id']);
    const [credential = ''] = credentialsOf(answer);
    expect(opened(credential)).toMatchObject({
      vct: `${publicUrl}/vct/water-account`,
      cnf: { jwk: key.jwk },
      status: { status_list: { idx: expect.any(Number), uri: expect.stringContaining(publicUrl) } },
    });
  });

  test('a DID URL names the key: did:jwk and did:key [OID4VCI F.1]', async () => {
    const didJwk = `did:jwk:${Buffer.from(JSON.stringify(key.jwk)).toString('base64url')}`;
    const multikey = multikeyOfEcJwk(key.jwk);
    for (const kid of [`${didJwk}#0`, `did:key:${multikey}#${multikey}`]) {
      const answer = await askWith({ header: { kid }, without: ['jwk'] });
      expect(opened(credentialsOf(answer)[0] ?? '').cnf.jwk).toEqual(key.jwk);
    }
    expect(await askWith({ header: { kid: 'did:web:evil.example#0' }, without: ['jwk'] })).toMatchObject(
      refused('invalid_proof'),
    );
    expect(await askWith({ header: { kid: `${didJwk}#1` }, without: ['jwk'] })).toMatchObject(refused('invalid_proof'));
  });

  test('a W3C credential in the format that was offered [OID4VCI A.1.2]', async () => {
    const offer = await city.offers.createOffer({
      ...{ type: configuration, claims: waterAccountClaims, reference: 'SP-1', carried_by: 'value' },
      formats: ['dc+sd-jwt', 'eddsa-rdfc-2022'],
    });
    const both = await wallet.token(offer);
    const id = `${configuration}.eddsa-rdfc-2022`;
    const proofs = { jwt: [await wallet.proof(key, await wallet.nonce())] };
    const answer = await wallet.post('credential', both, { credential_configuration_id: id, proofs });
    expect(answer.body.credentials[0].credential).toMatchObject({
      type: ['VerifiableCredential', 'WaterAccountCredential'],
      credentialSubject: { ...waterAccountClaims, id: expect.stringMatching(/^did:jwk:/) },
      proof: { cryptosuite: 'eddsa-rdfc-2022' },
    });
    expect(await ask(proofs)).toMatchObject(refused('invalid_nonce'));
  });
});

test('oid4vci-1_0-issuer-happy-flow-additional-requests: a token serves again, with a fresh proof [OID4VCI 8]', async () => {
  expect(await askWith()).toMatchObject({ status: 200 });
  expect(await askWith()).toMatchObject({ status: 200 });
});

test('oid4vci-1_0-issuer-happy-flow-multiple-clients: two wallets at two times get what cannot be told apart by time [RFC 9901 10.1]', async () => {
  const [first = ''] = credentialsOf(await askWith());
  clock.ahead_ms = 7_000;
  const [second = ''] = credentialsOf(await askWith());
  for (const credential of [first, second]) expect(opened(credential).iat % 86_400).toBe(0);
  expect(disclosures(first).map(([, name]) => name)).toEqual(disclosures(second).map(([, name]) => name));
});

test('oid4vci-1_0-issuer-happy-flow-skip-notification: a wallet that never notifies keeps its credential valid [OID4VCI 11]', async () => {
  await askWith();
  expect((await city.issuing.listIssued({ reference: 'SP-0001' }))[0]).toMatchObject({ state: 'valid' });
});

describe('oid4vci-1_0-issuer-batch-issuance', () => {
  test('a credential a key, of one dataset, that shares no salt, place or key [OID4VCI 8.3, 3.3.2, RFC 9901 10.1]', async () => {
    const keys = await wallet.newKeys(30);
    const credentials = credentialsOf(await ask({ jwt: await wallet.batch(keys) }));
    expect(credentials.map((each) => opened(each).cnf.jwk)).toEqual(keys.map(({ jwk }) => jwk));
    const datasets = credentials.map((each) =>
      JSON.stringify(
        disclosures(each)
          .map(([, name, value]) => [name, value])
          .sort(),
      ),
    );
    expect(new Set(datasets).size).toBe(1);
    const salts = credentials.flatMap((each) => disclosures(each).map(([salt]) => salt));
    expect(new Set(salts).size).toBe(salts.length);
    const places = credentials.map((each) => opened(each).status.status_list).map(({ idx, uri }) => `${uri} ${idx}`);
    expect(new Set(places).size).toBe(30);
    expect(new Set(credentials.map((each) => `${opened(each).iat} ${opened(each).exp}`)).size).toBe(1);
  });

  test('status indices do not follow one another [HAIP 8, Token Status List 13.2]', async () => {
    const answer = await ask({ jwt: await wallet.batch(await wallet.newKeys(30)) });
    const indices = credentialsOf(answer).map((each) => opened(each).status.status_list.idx);
    const near = indices.filter((index, n) => n > 0 && Math.abs(index - (indices[n - 1] ?? 0)) <= 16);
    expect(near.length).toBeLessThan(3);
  });

  test('more proofs than the batch size are refused [OID4VCI 12.2.4]', async () => {
    expect(await ask({ jwt: await wallet.batch(await wallet.newKeys(31)) })).toMatchObject(refused('invalid_proof'));
  });
});

test('oid4vci-1_0-issuer-fail-invalid-nonce: a nonce that is not ours [OID4VCI 8.3.1.2]', async () => {
  expect(await ask({ jwt: [await wallet.proof(key, 'not-a-nonce-of-the-issuer')] })).toMatchObject(
    refused('invalid_nonce'),
  );
});

test('oid4vci-1_0-issuer-fail-invalid-nonce: a nonce that has ended', async () => {
  const old = await wallet.nonce();
  clock.ahead_ms = 301_000;
  expect(await ask({ jwt: [await wallet.proof(key, old)] })).toMatchObject(refused('invalid_nonce'));
});

test('oid4vci-1_0-issuer-fail-replay-nonce: the same proof twice [OID4VCI 8.3.1.2]', async () => {
  const proofs = { jwt: [await wallet.proof(key, await wallet.nonce())] };
  expect(await ask(proofs)).toMatchObject({ status: 200 });
  expect(await ask(proofs)).toMatchObject(refused('invalid_nonce'));
});

test.each<[string, object]>([
  ['the signature of another key', { signedBy: (await walletKey()).privateKey }],
  ['another audience', { payload: { aud: 'https://other.example' } }],
  ['an iat long ago', { payload: { iat: 1_000_000_000 } }],
  ['another type', { header: { typ: 'JWT' } }],
  ['no type', { without: ['typ'] }],
  ['no nonce', { without: ['nonce'] }],
  ['no key', { without: ['jwk'] }],
])(
  'oid4vci-1_0-issuer-fail-invalid-jwt-proof-signature: a proof with %s [OID4VCI F.1, 8.3.1.2]',
  async (_what, changes) => {
    expect(await askWith(changes)).toMatchObject(refused('invalid_proof'));
  },
);

describe('oid4vci-1_0-issuer-fail-invalid-key-attestation-signature', () => {
  const claims = { business_number: '123-45-67891', business_name: '나루상회' };
  const merchant = async (attested: (nonce: string) => Promise<Record<string, unknown>>) => {
    const token = await wallet.token(await city.offers.createOffer({ type: 'merchant', claims, reference: 'm' }));
    return wallet.post('credential', token, {
      credential_configuration_id: 'merchant',
      proofs: await attested(await wallet.nonce()),
    });
  };

  test('attested keys are taken: in the header of a proof, and as a proof of their own [OID4VCI F.1, F.3]', async () => {
    const other = await walletKey();
    const inHeader = await merchant(async (nonce) => ({
      jwt: [
        await wallet.proof(key, nonce, {
          header: { key_attestation: await provider.attest([key.jwk, other.jwk], nonce) },
        }),
      ],
    }));
    expect(credentialsOf(inHeader).map((each) => opened(each).cnf.jwk)).toEqual([key.jwk, other.jwk]);
    const alone = await merchant(async (nonce) => ({ attestation: [await provider.attest([key.jwk], nonce)] }));
    expect(alone.status).toBe(200);
  });

  test('without, weaker, by a stranger, replayed or broken it is refused [OID4VCI D.1, D.2]', async () => {
    const stranger = await walletProvider();
    const weak = { payload: { key_storage: ['iso_18045_basic'] } };
    const attacks: ((nonce: string) => Promise<Record<string, unknown>>)[] = [
      async (nonce) => ({ jwt: [await wallet.proof(key, nonce)] }),
      async (nonce) => ({ attestation: [await provider.attest([key.jwk], nonce, weak)] }),
      async (nonce) => ({ attestation: [await stranger.attest([key.jwk], nonce)] }),
      async (nonce) => ({ attestation: [await provider.attest([key.jwk], nonce, { key: key.privateKey })] }),
      async () => ({ attestation: [await provider.attest([key.jwk], null)] }),
    ];
    for (const attack of attacks) expect(await merchant(attack)).toMatchObject(refused('invalid_proof'));
    expect(await merchant(async () => ({ attestation: [await provider.attest([key.jwk], 'old')] }))).toMatchObject(
      refused('invalid_nonce'),
    );
  });
});

test('oid4vci-1_0-issuer-fail-missing-proof: no proofs, an empty list, two kinds, an unknown kind [OID4VCI 8.2]', async () => {
  const jwt = await wallet.batch([key]);
  for (const proofs of [undefined, {}, { jwt: [] }, { jwt, attestation: jwt }, { di_vp: jwt }, 'a proof']) {
    expect(await ask(proofs)).toMatchObject(refused('invalid_proof'));
  }
});

test('oid4vci-1_0-issuer-fail-unknown-credential-configuration [OID4VCI 8.3.1.2]', async () => {
  const proofs = { jwt: await wallet.batch([key]) };
  for (const credential_configuration_id of ['nothing-of-that-name', 'resident', '__proto__']) {
    expect(await ask(proofs, { credential_configuration_id })).toMatchObject(
      refused('unknown_credential_configuration'),
    );
  }
});

test('oid4vci-1_0-issuer-fail-unknown-credential-identifier [OID4VCI 8.3.1.2]', async () => {
  const proofs = { jwt: await wallet.batch([key]) };
  const unknown = { credential_configuration_id: undefined, credential_identifier: 'nothing-of-that-name' };
  expect(await ask(proofs, unknown)).toMatchObject(refused('unknown_credential_identifier'));
  expect(await ask(proofs, { credential_identifier: 'both' })).toMatchObject(refused('invalid_credential_request'));
});

test('oid4vci-1_0-issuer-fail-on-access-token-in-query: only the header counts [FAPI 2.0 SP 5.3.4]', async () => {
  const body = { credential_configuration_id: configuration, proofs: { jwt: await wallet.batch([key]) } };
  const answer = await wallet.post(`credential?access_token=${accessToken}`, null, body);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toContain('invalid_token');
});

describe('oid4vci-1_0-issuer-fail-unsupported-encryption-algorithm', () => {
  const sealed = async (body: object, header: object = {}) => {
    const { credential_request_encryption: encryption } = await metadataOf();
    const [jwk] = encryption.jwks.keys;
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(body)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: jwk.kid, ...header })
      .encrypt(await importJWK(jwk, 'ECDH-ES'));
  };
  const jwk = { kty: 'EC', crv: 'P-256', x, y, alg: 'ECDH-ES', kid: 'answer-1' };
  const request = async (more: object) => ({
    credential_configuration_id: configuration,
    proofs: { jwt: await wallet.batch([key]) },
    ...more,
  });

  test('the happy flow, encrypted both ways [OID4VCI 10]', async () => {
    const encryption = { credential_response_encryption: { jwk, enc: 'A128GCM' } };
    const answer = await wallet.post('credential', accessToken, await sealed(await request(encryption)));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/jwt']);
    const { plaintext, protectedHeader } = await compactDecrypt(answer.text, answerKey.privateKey);
    expect(protectedHeader).toEqual(expect.objectContaining({ alg: 'ECDH-ES', enc: 'A128GCM', kid: 'answer-1' }));
    expect(JSON.parse(Buffer.from(plaintext).toString()).credentials).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['an enc that is not supported', { jwk, enc: 'A128CBC-HS256' }],
    ['an alg that is not supported', { jwk: { ...jwk, alg: 'ECDH-ES+A256KW' }, enc: 'A128GCM' }],
    ['compression, which is not offered', { jwk, enc: 'A128GCM', zip: 'DEF' }],
    ['no key', { enc: 'A128GCM' }],
  ])('an answer asked for with %s is refused in the clear [OID4VCI 8.3.1.2]', async (_what, encryption) => {
    const body = await sealed(await request({ credential_response_encryption: encryption }));
    expect(await wallet.post('credential', accessToken, body)).toMatchObject(refused('invalid_encryption_parameters'));
  });

  test("the answer's key in a request in the clear is refused [OID4VCI 8.2]", async () => {
    const body = await request({ credential_response_encryption: { jwk, enc: 'A128GCM' } });
    expect(await wallet.post('credential', accessToken, body)).toMatchObject(refused('invalid_encryption_parameters'));
  });

  test('an encrypted request with an unknown configuration is refused in the clear (…-fail-unknown-credential-configuration, encrypted)', async () => {
    const body = await sealed({ ...(await request({})), credential_configuration_id: 'nothing' });
    expect(await wallet.post('credential', accessToken, body)).toMatchObject(
      refused('unknown_credential_configuration'),
    );
  });
});

describe('deferred issuance', () => {
  const waiting = async () => {
    const offer = await city.offers.createOffer({
      ...{ type: configuration, claims: waterAccountClaims, reference: 'SP-WAITS', needs_approval: true },
    });
    accessToken = await wallet.token(offer);
    const answer = await askWith();
    return { offer, answer, transaction: { transaction_id: answer.body.transaction_id as string } };
  };

  test('202 with a transaction and an interval, again until it is approved, then the credential once [OID4VCI 8.3, 9]', async () => {
    const { offer, answer, transaction } = await waiting();
    expect(answer).toMatchObject({ status: 202, body: { transaction_id: expect.any(String), interval: 60 } });
    expect(answer.body).not.toHaveProperty('credentials');
    expect(await wallet.post('deferred', accessToken, transaction)).toMatchObject({
      status: 202,
      body: { ...transaction, interval: 60 },
    });
    await city.approvals.approveOffer(offer.offer_id);
    const delivered = await wallet.post('deferred', accessToken, transaction);
    expect(delivered.status).toBe(200);
    expect(opened(credentialsOf(delivered)[0] ?? '').cnf.jwk).toEqual(key.jwk);
    expect(await wallet.post('deferred', accessToken, transaction)).toMatchObject(refused('invalid_transaction_id'));
  });

  test('an offer is refused: the wallet is told, and the claims are gone [OID4VCI 9.3]', async () => {
    const { offer, transaction } = await waiting();
    await city.approvals.refuseOffer(offer.offer_id);
    expect(await wallet.post('deferred', accessToken, transaction)).toMatchObject(refused('credential_request_denied'));
    const { rows } = await city.pool.query('SELECT claims FROM identity.granted_credentials WHERE approval_of = $1', [
      offer.offer_id,
    ]);
    expect(rows).toEqual([{ claims: null }]);
    await expect(city.approvals.approveOffer(offer.offer_id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test("a transaction is nobody else's, and none is made up [OID4VCI 9.3]", async () => {
    const { transaction } = await waiting();
    const stranger = await wallet.token(await city.offerWaterAccount());
    expect(await wallet.post('deferred', stranger, transaction)).toMatchObject(refused('invalid_transaction_id'));
    expect(await wallet.post('deferred', accessToken, { transaction_id: 'x' })).toMatchObject(
      refused('invalid_transaction_id'),
    );
    expect(await wallet.post('deferred', null, transaction)).toMatchObject({ status: 401 });
  });

  test('fifty fetch at once: exactly one is given the credential', async () => {
    const { offer, transaction } = await waiting();
    await city.approvals.approveOffer(offer.offer_id);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => wallet.post('deferred', accessToken, transaction)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === 'invalid_transaction_id')).toHaveLength(49);
  });

  test('the desk finds those that wait, of the types it may see', async () => {
    const { offer } = await waiting();
    expect(await city.approvals.listAwaiting([configuration])).toContainEqual(
      expect.objectContaining({ offer_id: offer.offer_id, reference: 'SP-WAITS' }),
    );
    expect(await city.approvals.listAwaiting(['resident'])).toEqual([]);
  });
});

describe('notification', () => {
  test.each(['credential_accepted', 'credential_failure', 'credential_deleted'])(
    '%s is noted, once however often it comes [OID4VCI 11]',
    async (event) => {
      const { notification_id } = (await askWith()).body;
      const before = (await city.pool.query('SELECT 1 FROM identity.credential_events')).rowCount ?? 0;
      for (let n = 0; n < 2; n += 1) {
        expect(await wallet.post('notification', accessToken, { notification_id, event })).toMatchObject({
          status: 204,
          text: '',
        });
      }
      expect((await city.pool.query('SELECT 1 FROM identity.credential_events')).rowCount).toBe(before + 1);
    },
  );

  test('an accepted offer leaves no claims behind', async () => {
    const { notification_id } = (await askWith()).body;
    await wallet.post('notification', accessToken, { notification_id, event: 'credential_accepted' });
    expect(await askWith()).toMatchObject(refused('credential_request_denied'));
  });

  test('what is unknown, of another wallet or malformed is refused [OID4VCI 11.3]', async () => {
    const { notification_id } = (await askWith()).body;
    const event = 'credential_accepted';
    const stranger = await wallet.token(await city.offerWaterAccount());
    expect(await wallet.post('notification', stranger, { notification_id, event })).toMatchObject(
      refused('invalid_notification_id'),
    );
    expect(await wallet.post('notification', accessToken, { notification_id: 'x', event })).toMatchObject(
      refused('invalid_notification_id'),
    );
    expect(await wallet.post('notification', accessToken, { notification_id, event: 'lost' })).toMatchObject(
      refused('invalid_notification_request'),
    );
    expect(await wallet.post('notification', accessToken, { event })).toMatchObject(
      refused('invalid_notification_request'),
    );
    expect(await wallet.post('notification', null, { notification_id, event })).toMatchObject({ status: 401 });
  });
});
