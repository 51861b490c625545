// The OpenID Foundation's conformance modules for HAIP issuers, as far as they concern authorization: each module's
// behaviour by its name, with the clause it holds to. Source: the plan oid4vci-1_0-issuer-haip-test-plan.
import { afterEach, describe, expect, test } from 'vitest';
import { authorizationLimits } from '../../src/identity/issuing/authorization-request.ts';
import { people, ScriptedBrowser } from '../support/city-provider.ts';
import { redirectUri, signInCity, walletProviderIssuer } from '../support/sign-in-city.ts';
import { type Answer, keyPair } from '../support/test-wallet.ts';

const city = await signInCity();
const { publicUrl, clock } = city;

afterEach(() => {
  clock.ahead_ms = 0;
});

const error = (answer: Answer) => ({ status: answer.status, error: answer.body.error });
const refused = (code: string, status = 400) => ({ status, error: code });
const tokenOf = (answer: Answer) => String(answer.body.access_token);

describe('oid4vci-1_0-issuer', () => {
  test('-metadata-test: the authorization server says all that HAIP wants [RFC 8414 2, HAIP 4]', async () => {
    const answer = await fetch(`${publicUrl}/.well-known/oauth-authorization-server`);
    expect(await answer.json()).toMatchObject({
      issuer: publicUrl,
      authorization_endpoint: `${publicUrl}/oauth/authorize`,
      token_endpoint: `${publicUrl}/oauth/token`,
      pushed_authorization_request_endpoint: `${publicUrl}/oauth/par`,
      challenge_endpoint: `${publicUrl}/oauth/challenge`,
      // Token Status List, 9.1.
      status_list_aggregation_endpoint: `${publicUrl}/status-lists`,
      require_pushed_authorization_requests: true,
      response_types_supported: ['code'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token']),
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: ['ES256'],
      token_endpoint_auth_methods_supported: expect.arrayContaining(['attest_jwt_client_auth']),
      client_attestation_signing_alg_values_supported: ['ES256'],
      client_attestation_pop_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      authorization_details_types_supported: ['openid_credential'],
      scopes_supported: ['resident'],
    });
  });

  test('-happy-flow: PAR, sign-in, code, token bound by DPoP, credential [HAIP 4]', async () => {
    const wallet = await city.attestedWallet();
    const token = await wallet.token(await wallet.codeFor('kim'));
    expect(token).toMatchObject({ status: 200, body: { token_type: 'DPoP', expires_in: 600 } });
    expect(token.headers.get('cache-control')).toBe('no-store');
    expect(token.body).not.toHaveProperty('authorization_details');
    expect(await wallet.credential(tokenOf(token))).toMatchObject({ status: 200 });
  });

  test('-happy-flow, authorization details: the token names identifiers, by which alone the credential is asked [OID4VCI 5.1.1, 6.2, 8.2]', async () => {
    const wallet = await city.attestedWallet();
    const details = [{ type: 'openid_credential', credential_configuration_id: 'resident' }];
    const asked = { scope: undefined, authorization_details: JSON.stringify(details) };
    const token = await wallet.token(await wallet.codeFor('kim', asked));
    expect(token.body.authorization_details).toEqual([
      { ...details[0], credential_identifiers: [expect.stringMatching(/^[0-9a-f-]{36}$/)] },
    ]);
    const [detail] = token.body.authorization_details as { credential_identifiers: string[] }[];
    expect(await wallet.credential(tokenOf(token))).toMatchObject({ status: 400 });
    const byIdentifier = { credential_identifier: detail?.credential_identifiers[0] };
    expect(await wallet.credential(tokenOf(token), byIdentifier)).toMatchObject({ status: 200 });
  });

  test('-happy-flow-additional-requests: one token serves further credential requests', async () => {
    const wallet = await city.attestedWallet();
    const token = tokenOf(await wallet.token(await wallet.codeFor('kim')));
    expect(await wallet.credential(token)).toMatchObject({ status: 200 });
    expect(await wallet.credential(token)).toMatchObject({ status: 200 });
  });

  test('-happy-flow-multiple-clients: two wallets at once, each with its own', async () => {
    const wallets = [await city.attestedWallet('first-wallet'), await city.attestedWallet('second-wallet')];
    const answers = await Promise.all(
      wallets.map(async (wallet) => wallet.credential(tokenOf(await wallet.token(await wallet.codeFor('kim'))))),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  const attestationFaults = {
    '-fail-invalid-client-attestation-signature [ABCA 8]': async () => ({
      attestation: { key: (await keyPair()).privateKey },
    }),
    '-fail-invalid-client-attestation-pop-signature [ABCA 8]': async () => ({
      possession: { key: (await keyPair()).privateKey },
    }),
    '-fail-client-attestation-exp-in-past [ABCA 5.1]': async () => ({
      attestation: { payload: { exp: Math.floor(clock.now_ms() / 1_000) - 60 } },
    }),
    '-fail-client-attestation-no-sub [ABCA 5.1]': async () => ({ attestation: { payload: { sub: undefined } } }),
    '-fail-client-attestation-pop-wrong-aud [ABCA 5.2]': async () => ({
      possession: { payload: { aud: 'https://other.example' } },
    }),
    '-fail-mismatched-client-attestation-pop-key [ABCA 8]': async () => ({
      attestation: { payload: { cnf: { jwk: (await keyPair()).jwk } } },
    }),
  };

  test.each(Object.entries(attestationFaults))('%s: invalid_client at the PAR endpoint', async (_name, fault) => {
    const wallet = await city.attestedWallet();
    expect(await wallet.push()).toMatchObject({ status: 201 });
    expect(error(await wallet.push({}, { dpop: false, ...(await fault()) }))).toEqual(refused('invalid_client', 401));
  });

  test.each(Object.entries(attestationFaults))('%s: invalid_client at the token endpoint', async (_name, fault) => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    expect(error(await wallet.token(code, {}, await fault()))).toEqual(refused('invalid_client', 401));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('-fail-on-access-token-in-query: a token in the query is not read [RFC 6750 2.3]', async () => {
    const wallet = await city.attestedWallet();
    const token = tokenOf(await wallet.token(await wallet.codeFor('kim')));
    const answer = await wallet.credential(token, undefined, { query: `?access_token=${token}` });
    expect(error(answer)).toEqual(refused('invalid_token', 401));
  });

  test('-fail-unknown-credential-identifier [OID4VCI 8.3.1.2]', async () => {
    const wallet = await city.attestedWallet();
    const token = tokenOf(await wallet.token(await wallet.codeFor('kim')));
    const answer = await wallet.credential(token, { credential_identifier: '00000000-0000-4000-8000-000000000000' });
    expect(error(answer)).toEqual(refused('unknown_credential_identifier'));
  });
});

describe('fapi2-security-profile-final, PAR endpoint', () => {
  test('-par-ensure-pkce-required [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    const without = { code_challenge: undefined, code_challenge_method: undefined };
    expect(error(await wallet.push(without))).toEqual(refused('invalid_request'));
  });

  test('-par-plain-pkce-rejected [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    expect(error(await wallet.push({ code_challenge_method: 'plain' }))).toEqual(refused('invalid_request'));
    expect(error(await wallet.push({ code_challenge_method: undefined }))).toEqual(refused('invalid_request'));
  });

  test('-par-authorization-request-containing-request_uri-form-param [RFC 9126 2.1]', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push();
    expect(error(await wallet.push({ request_uri: String(body.request_uri) }))).toEqual(refused('invalid_request'));
    expect(error(await wallet.push({ request: 'e30.e30.' }))).toEqual(refused('request_not_supported'));
  });

  test.each(['GET', 'PUT', 'DELETE'])('-par-attempt-invalid-http-method: %s is 405 [RFC 9126 2.3]', async (method) => {
    const answer = await fetch(`${publicUrl}/oauth/par`, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });

  test('-ensure-response-type-token-fails and -code-idtoken-fails [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    for (const type of ['token', 'code id_token']) {
      expect(error(await wallet.push({ response_type: type }))).toEqual(refused('unsupported_response_type'));
    }
  });

  test('-ensure-redirect-uri-in-authorization-request, -ensure-request-object-without-redirect-uri-fails [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    expect(error(await wallet.push({ redirect_uri: undefined }))).toEqual(refused('invalid_request'));
  });

  test('-plain-fapi-tolerate-unregistered-redirect-uri: one that is not registered is refused, with nobody sent there', async () => {
    const wallet = await city.attestedWallet();
    for (const uri of [`${redirectUri}/more`, `${redirectUri}?more=1`, 'https://evil.example/cb']) {
      expect(error(await wallet.push({ redirect_uri: uri }))).toEqual(refused('invalid_request'));
    }
  });

  test('-ensure-mismatched-dpop-jkt-fails [RFC 9449 10.1]', async () => {
    const wallet = await city.attestedWallet();
    const stranger = { dpop_jkt: 'A'.repeat(43) };
    expect(error(await wallet.push(stranger, {}))).toEqual(refused('invalid_dpop_proof'));
    expect(await wallet.push({ dpop_jkt: await wallet.dpopThumbprint() }, {})).toMatchObject({ status: 201 });
  });

  test('-ensure-authorization-request-without-state-success, with-long-state: the state comes back as it was [RFC 6749 4.1.2]', async () => {
    const wallet = await city.attestedWallet();
    for (const state of [undefined, 's'.repeat(1_024)]) {
      const { body } = await wallet.push({ state });
      const back = await new ScriptedBrowser().signIn(wallet.authorizeUrl(body.request_uri), 'kim', redirectUri);
      expect(new URL(back).searchParams.get('state')).toBe(state ?? null);
      expect(new URL(back).searchParams.get('iss')).toBe(publicUrl);
    }
  });

  test('what no database can keep is an invalid request, not our fault [RFC 6749 A.5]', async () => {
    const wallet = await city.attestedWallet();
    expect(error(await wallet.push({ state: 'a\u0000b' }))).toEqual(refused('invalid_request'));
    const address = wallet.authorizeUrl('x', 'a\u0000b');
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(400);
  });

  test('a wallet that is neither attested nor registered, or calls itself by another name, is invalid_client', async () => {
    const stranger = await city.walletOf('unknown-wallet');
    expect(error(await stranger.push())).toEqual(refused('invalid_client', 401));
    const wallet = await city.attestedWallet();
    expect(error(await wallet.push({ client_id: 'registered-wallet' }))).toEqual(refused('invalid_client', 401));
  });

  test('asking for nothing, or for what cannot be had by signing in, is refused [OID4VCI 5.1, RFC 9396 5]', async () => {
    const wallet = await city.attestedWallet();
    const details = (id: string) => JSON.stringify([{ type: 'openid_credential', credential_configuration_id: id }]);
    expect(error(await wallet.push({ scope: undefined }))).toEqual(refused('invalid_scope'));
    expect(error(await wallet.push({ scope: 'water-account' }))).toEqual(refused('invalid_scope'));
    for (const wrong of [details('water-account'), '[]', '{', '[{"type":"payment"}]']) {
      const answer = await wallet.push({ scope: undefined, authorization_details: wrong });
      expect(error(answer)).toEqual(refused('invalid_authorization_details'));
    }
  });
});

describe('fapi2-security-profile-final, authorization endpoint', () => {
  /** The page a browser shows: its status, and that it leads nowhere. */
  async function shown(address: string): Promise<number> {
    const answer = await new ScriptedBrowser().open(address);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('content-type')).toContain('text/html');
    return answer.status;
  }

  test('-ensure-unsigned-authorization-request-without-using-par-fails [RFC 9126 5]', async () => {
    const wallet = await city.attestedWallet();
    const address = new URL(wallet.authorizeUrl('x'));
    address.searchParams.delete('request_uri');
    for (const [name, value] of [
      ['response_type', 'code'],
      ['redirect_uri', redirectUri],
      ['scope', 'resident'],
    ]) {
      address.searchParams.set(String(name), String(value));
    }
    expect(await shown(address.href)).toBe(400);
  });

  test('-par-attempt-reuse-request_uri [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    const address = wallet.authorizeUrl((await wallet.push()).body.request_uri);
    await new ScriptedBrowser().signIn(address, 'kim', redirectUri);
    expect(await shown(address)).toBe(400);
  });

  test('-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds [FAPI2 5.3.2.2]', async () => {
    const wallet = await city.attestedWallet();
    const address = wallet.authorizeUrl((await wallet.push()).body.request_uri);
    await new ScriptedBrowser().open(address);
    const back = await new ScriptedBrowser().signIn(address, 'kim', redirectUri);
    expect(new URL(back).searchParams.has('code')).toBe(true);
  });

  test('-par-attempt-to-use-expired-request_uri [RFC 9126 4]', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push();
    expect(body.expires_in).toBe(authorizationLimits.requestUriLifetime_s);
    clock.ahead_ms = authorizationLimits.requestUriLifetime_s * 1_000 + 1;
    expect(await shown(wallet.authorizeUrl(body.request_uri))).toBe(400);
  });

  test('-par-attempt-to-use-request_uri-for-different-client [RFC 9126 2.2]', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push();
    expect(await shown(wallet.authorizeUrl(body.request_uri, 'registered-wallet'))).toBe(400);
  });

  test('-par-without-duplicate-parameters, -ensure-different-state-inside-and-outside-request-object, -state-only-outside-request-object-not-used: what is not pushed is not used', async () => {
    const wallet = await city.attestedWallet();
    for (const state of ['pushed', undefined]) {
      const address = new URL(wallet.authorizeUrl((await wallet.push({ state })).body.request_uri));
      address.searchParams.set('state', 'outside');
      address.searchParams.set('redirect_uri', 'https://evil.example/cb');
      const back = await new ScriptedBrowser().signIn(address.href, 'kim', redirectUri);
      expect(new URL(back).searchParams.get('state')).toBe(state ?? null);
    }
  });

  test('-user-rejects-authentication: the wallet hears access_denied, with state and iss [RFC 6749 4.1.2.1, RFC 9207]', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push();
    const back = await new ScriptedBrowser().decline(wallet.authorizeUrl(body.request_uri), redirectUri);
    const answer = Object.fromEntries(new URL(back).searchParams);
    expect(answer).toMatchObject({ error: 'access_denied', state: 'st-1', iss: publicUrl });
    expect(answer).not.toHaveProperty('code');
  });

  test('a person of whom the city does not know enough gets access_denied, with nothing about them', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push();
    const back = await new ScriptedBrowser().signIn(wallet.authorizeUrl(body.request_uri), 'lee', redirectUri);
    expect(new URL(back).searchParams.get('error')).toBe('access_denied');
    expect(decodeURIComponent(back)).not.toContain(String(people.lee?.family_name));
  });
});

describe('fapi2-security-profile-final, token endpoint', () => {
  test('-attempt-reuse-authorization-code-after-one-second: refused, and what it gave is revoked [RFC 6749 4.1.2]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    const token = tokenOf(await wallet.token(code));
    clock.ahead_ms = 1_000;
    expect(error(await wallet.token(code))).toEqual(refused('invalid_grant'));
    expect(error(await wallet.credential(token))).toEqual(refused('invalid_token', 401));
  });

  test('-ensure-token-endpoint-fails-with-expired-auth-code [RFC 6749 4.1.2]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    clock.ahead_ms = authorizationLimits.codeLifetime_s * 1_000 + 1;
    expect(error(await wallet.token(code))).toEqual(refused('invalid_grant'));
  });

  test('-ensure-authorization-code-is-bound-to-client [RFC 6749 4.1.3]', async () => {
    const wallet = await city.attestedWallet();
    const other = await city.attestedWallet('other-wallet');
    const code = await wallet.codeFor('kim');
    expect(error(await other.token(code, { code_verifier: wallet.codeVerifier }))).toEqual(refused('invalid_grant'));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('-ensure-client-id-in-token-endpoint: the attestation names the wallet; another name beside it is refused [ABCA 8]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    const other = await wallet.token(code, { client_id: 'registered-wallet' });
    expect(error(other)).toEqual(refused('invalid_client', 401));
    expect(await wallet.token(code, { client_id: 'attested-wallet' })).toMatchObject({ status: 200 });
  });

  test('-ensure-holder-of-key-required: no token without a DPoP proof [FAPI2 5.3.2.1]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    expect(error(await wallet.token(code, {}, { dpop: false }))).toEqual(refused('invalid_dpop_proof'));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('-ensure-pkce-code-verifier-required, -incorrect-pkce-code-verifier-rejected [RFC 7636 4.6]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    expect(error(await wallet.token(code, { code_verifier: undefined }))).toEqual(refused('invalid_request'));
    expect(error(await wallet.token(code, { code_verifier: 'x'.repeat(43) }))).toEqual(refused('invalid_grant'));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('another redirect_uri than the pushed one is invalid_grant [RFC 6749 4.1.3]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    expect(error(await wallet.token(code, { redirect_uri: 'naru-wallet://cb' }))).toEqual(refused('invalid_grant'));
  });

  test('-ensure-token-endpoint-fails-with-mismatched-dpop-jkt, -ensure-dpop-auth-code-binding-success [RFC 9449 10]', async () => {
    const wallet = await city.attestedWallet();
    const stranger = await wallet.codeFor('kim', { dpop_jkt: 'A'.repeat(43) });
    expect(error(await wallet.token(stranger))).toEqual(refused('invalid_dpop_proof'));
    const bound = await wallet.codeFor('kim', { dpop_jkt: await wallet.dpopThumbprint() });
    expect(await wallet.token(bound)).toMatchObject({ status: 200 });
  });

  test('-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt, -ensure-dpopproof-at-par-endpoint-binding-success [RFC 9449 10.1]', async () => {
    const wallet = await city.attestedWallet();
    const { body } = await wallet.push({}, {});
    const back = await new ScriptedBrowser().signIn(wallet.authorizeUrl(body.request_uri), 'kim', redirectUri);
    const code = String(new URL(back).searchParams.get('code'));
    const other = await keyPair();
    const otherProof = { header: { jwk: other.jwk }, key: other.privateKey };
    expect(error(await wallet.token(code, {}, { dpop: otherProof }))).toEqual(refused('invalid_dpop_proof'));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('-refresh-token: rotated, bound to the key, and reuse ends the family [FAPI2 5.3.2.1, RFC 9700 4.14]', async () => {
    const wallet = await city.attestedWallet();
    const first = await wallet.token(await wallet.codeFor('kim'));
    const other = await keyPair();
    const otherProof = { header: { jwk: other.jwk }, key: other.privateKey };
    const stolen = await wallet.refresh(first.body.refresh_token, { dpop: otherProof });
    expect(error(stolen)).toEqual(refused('invalid_grant'));
    const second = await wallet.refresh(first.body.refresh_token);
    expect(second).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
    expect(await wallet.credential(tokenOf(second))).toMatchObject({ status: 200 });
    expect(error(await wallet.refresh(first.body.refresh_token))).toEqual(refused('invalid_grant'));
    expect(error(await wallet.refresh(second.body.refresh_token))).toEqual(refused('invalid_grant'));
    expect(error(await wallet.credential(tokenOf(second)))).toEqual(refused('invalid_token', 401));
  });
});

describe('fapi2-security-profile-final, DPoP', () => {
  const iat = (ahead_s: number) => ({ payload: { iat: Math.floor(clock.now_ms() / 1_000) + ahead_s } });

  test('-ensure-dpopproof-with-iat-10seconds-before-succeeds, -after-succeeds: at PAR, token and credential endpoints [FAPI2 5.3.2.1]', async () => {
    for (const ahead_s of [-10, 10]) {
      const wallet = await city.attestedWallet();
      expect(await wallet.push({}, { dpop: iat(ahead_s) })).toMatchObject({ status: 201 });
      const token = await wallet.token(await wallet.codeFor('kim'), {}, { dpop: iat(ahead_s) });
      expect(token).toMatchObject({ status: 200 });
      expect(await wallet.credential(tokenOf(token), undefined, { dpop: iat(ahead_s) })).toMatchObject({ status: 200 });
    }
  });

  test('-check-dpop-proof-nbf-exp: both are understood where they are there', async () => {
    const wallet = await city.attestedWallet();
    const now_s = Math.floor(clock.now_ms() / 1_000);
    const code = await wallet.codeFor('kim');
    const late = { dpop: { payload: { exp: now_s - 60 } } };
    expect(error(await wallet.token(code, {}, late))).toEqual(refused('invalid_dpop_proof'));
    const early = { dpop: { payload: { nbf: now_s + 300 } } };
    expect(error(await wallet.token(code, {}, early))).toEqual(refused('invalid_dpop_proof'));
    const right = { dpop: { payload: { nbf: now_s, exp: now_s + 300 } } };
    expect(await wallet.token(code, {}, right)).toMatchObject({ status: 200 });
  });

  test('-access-token-type-header-case-sensitivity: DPoP, dpop and DPOP are one scheme [RFC 9110 11.1]', async () => {
    const wallet = await city.attestedWallet();
    const token = tokenOf(await wallet.token(await wallet.codeFor('kim')));
    for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
      expect(await wallet.credential(token, undefined, { scheme })).toMatchObject({ status: 200 });
    }
  });

  test('-dpop-negative-tests: at the token endpoint, each way of being wrong is invalid_dpop_proof [RFC 9449 4.3]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    const withPrivate = { ...wallet.dpopKey.jwk, d: 'A'.repeat(43) };
    for (const dpop of [
      { payload: { htm: 'GET' } },
      { payload: { htu: `${publicUrl}/oauth/par` } },
      { payload: { htu: 'https://other.example/oauth/token' } },
      { payload: { jti: undefined } },
      { payload: { jti: '' } },
      { payload: { iat: undefined } },
      { payload: { htm: undefined } },
      { payload: { htu: undefined } },
      { header: { typ: 'jwt' } },
      { header: { jwk: undefined } },
      { header: { jwk: withPrivate } },
      { header: { jwk: { kty: 'oct', k: 'AAAA' } } },
      { header: { jwk: 'none' } },
      { key: (await keyPair()).privateKey },
      iat(-3_600),
      iat(3_600),
    ]) {
      expect(error(await wallet.token(code, {}, { dpop }))).toEqual(refused('invalid_dpop_proof'));
    }
    for (const garbage of ['x', 'x.y.z', 'e30.e30.', `${'e30.'.repeat(4)}`]) {
      const answer = await wallet.token(code, {}, { dpop: false, headers: { dpop: garbage } });
      expect(error(answer)).toEqual(refused('invalid_dpop_proof'));
    }
    const none = `${Buffer.from('{"alg":"none","typ":"dpop+jwt"}').toString('base64url')}.e30.`;
    const unsigned = await wallet.token(code, {}, { dpop: false, headers: { dpop: none } });
    expect(error(unsigned)).toEqual(refused('invalid_dpop_proof'));
    expect(await wallet.token(code)).toMatchObject({ status: 200 });
  });

  test('-dpop-negative-tests: at the credential endpoint, with its challenge [RFC 9449 7.1]', async () => {
    const wallet = await city.attestedWallet();
    const token = tokenOf(await wallet.token(await wallet.codeFor('kim')));
    const other = await keyPair();
    for (const dpop of [
      { payload: { ath: undefined } },
      { payload: { ath: 'A'.repeat(43) } },
      { payload: { htm: 'GET' } },
      { payload: { htu: `${publicUrl}/oauth/token` } },
      { header: { jwk: other.jwk }, key: other.privateKey },
      false as const,
    ]) {
      const answer = await wallet.credential(token, undefined, { dpop });
      expect(error(answer)).toEqual(refused('invalid_dpop_proof', 401));
      expect(answer.headers.get('www-authenticate')).toBe('DPoP error="invalid_dpop_proof", algs="ES256"');
    }
    const asBearer = await wallet.credential(token, undefined, { scheme: 'Bearer' });
    expect(error(asBearer)).toEqual(refused('invalid_token', 401));
    expect(await wallet.credential(token)).toMatchObject({ status: 200 });
  });

  test('a proof without the nonce, or with one of long ago, is told the nonce to use [RFC 9449 8]', async () => {
    const wallet = await city.attestedWallet();
    const code = await wallet.codeFor('kim');
    const proof = () => wallet.dpop(`${publicUrl}/oauth/token`, 'POST', undefined, { payload: { nonce: 'made-up' } });
    const answer = await wallet.token(code, {}, { dpop: { payload: { nonce: undefined } } });
    expect(error(answer)).toEqual(refused('use_dpop_nonce'));
    expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
    const madeUp = await wallet.token(code, {}, { dpop: false, headers: { dpop: await proof() } });
    expect(error(madeUp)).toEqual(refused('use_dpop_nonce'));
    const token = await wallet.token(code);
    expect(token.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
    const atResource = await wallet.credential(tokenOf(token), undefined, { dpop: { payload: { nonce: undefined } } });
    expect(error(atResource)).toEqual(refused('use_dpop_nonce', 401));
    expect(atResource.headers.get('www-authenticate')).toBe('DPoP error="use_dpop_nonce", algs="ES256"');
  });
});

describe('wallet attestation', () => {
  test('is taken by the certificates it carries, up to a root that is trusted [HAIP 4.4.1]', async () => {
    const { key, x5c } = await city.attesterOf(city.authority);
    const wallet = await city.walletOf('certified-wallet', { issuer: walletProviderIssuer, key, x5c });
    expect(await wallet.push()).toMatchObject({ status: 201 });
    const stranger = await city.attesterOf(await city.strangeAuthority());
    const forged = await city.walletOf('certified-wallet', { issuer: walletProviderIssuer, ...stranger });
    expect(error(await forged.push())).toEqual(refused('invalid_client', 401));
  });

  test('that is no JWT is refused as one that does not hold', async () => {
    const wallet = await city.registeredWallet();
    for (const garbage of ['x', 'x.y.z', 'e30.e30.']) {
      const headers = { 'oauth-client-attestation': garbage, 'oauth-client-attestation-pop': garbage };
      expect(error(await wallet.push({}, { dpop: false, headers }))).toEqual(refused('invalid_client', 401));
    }
    const nul = { attestation: { payload: { sub: 'a\u0000b' } } };
    const attested = await city.attestedWallet();
    expect(error(await attested.push({}, { dpop: false, ...nul }))).toEqual(refused('invalid_client', 401));
  });

  test('its proof is taken once [ABCA 8]', async () => {
    const wallet = await city.attestedWallet();
    const twice = { possession: { payload: { jti: 'the-same' } } };
    expect(await wallet.push({}, { dpop: false, ...twice })).toMatchObject({ status: 201 });
    expect(error(await wallet.push({}, { dpop: false, ...twice }))).toEqual(refused('invalid_client', 401));
  });

  test('of a provider that is not trusted is refused', async () => {
    const { privateKey } = await keyPair();
    const wallet = await city.walletOf('any-wallet', { issuer: 'https://unknown.example', key: privateKey });
    expect(error(await wallet.push())).toEqual(refused('invalid_client', 401));
  });

  test('comes with its proof or not at all [ABCA 6.1]', async () => {
    const wallet = await city.registeredWallet();
    const attested = await (await city.attestedWallet('registered-wallet')).attestationHeaders();
    for (const name of ['oauth-client-attestation', 'oauth-client-attestation-pop']) {
      const headers = { [name]: String(attested[name]) };
      expect(error(await wallet.push({}, { dpop: false, headers }))).toEqual(refused('invalid_client', 401));
    }
  });

  test('its proof may hold a challenge of the challenge endpoint, and no other [ABCA 8, 10.1]', async () => {
    const answer = await fetch(`${publicUrl}/oauth/challenge`, { method: 'POST' });
    const { attestation_challenge: challenge } = await answer.json();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const wallet = await city.attestedWallet();
    const right = { possession: { payload: { challenge } } };
    expect(await wallet.push({}, { dpop: false, ...right })).toMatchObject({ status: 201 });
    const wrong = await wallet.push({}, { dpop: false, possession: { payload: { challenge: 'made-up' } } });
    expect(error(wrong)).toEqual(refused('use_attestation_challenge'));
    expect(wrong.headers.get('oauth-client-attestation-challenge')).toMatch(/^[\w-]{43}$/);
  });

  test('a registered wallet without an attestation goes the same way by its name', async () => {
    const wallet = await city.registeredWallet();
    const token = await wallet.token(await wallet.codeFor('kim'), { client_id: 'registered-wallet' });
    expect(await wallet.credential(tokenOf(token))).toMatchObject({ status: 200 });
    const nameless = await wallet.token(await wallet.codeFor('kim'));
    expect(error(nameless)).toEqual(refused('invalid_client', 401));
  });
});
