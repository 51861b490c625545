// A wallet for tests of the authorization server: it speaks the protocol well, and wrongly wherever a test says so.
import { randomBytes, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { calculatePKCECodeChallenge } from 'openid-client';
import { ScriptedBrowser } from './city-provider.ts';

export interface Pair {
  privateKey: CryptoKey;
  jwk: JWK;
}

export async function keyPair(): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: await exportJWK(publicKey) };
}

export interface JwtChanges {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  key?: CryptoKey;
}

async function sign(header: object, payload: object, key: CryptoKey, changes: JwtChanges = {}): Promise<string> {
  return new SignJWT({ ...payload, ...changes.payload } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', ...header, ...changes.header })
    .sign(changes.key ?? key);
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface TestWalletOptions {
  publicUrl: string;
  clientId: string;
  redirectUri: string;
  now_ms: () => number;
  /** Which copy of the service the next request goes to; the one address that all share where absent. */
  reach?: () => string;
  /** Who attests the wallet; where absent it is known by its name alone. */
  provider?: { issuer: string; key: CryptoKey; x5c?: string[] };
}

export async function testWallet(options: TestWalletOptions) {
  const { publicUrl, clientId, redirectUri, now_ms, provider, reach = () => publicUrl } = options;
  const dpopKey = await keyPair();
  const instanceKey = await keyPair();
  const now_s = () => Math.floor(now_ms() / 1_000);
  let nonce: string | undefined;

  function dpop(url: string, method: string, accessToken?: string, changes: JwtChanges = {}): Promise<string> {
    const hashed = async () =>
      accessToken === undefined
        ? {}
        : {
            ath: Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(accessToken))).toString('base64url'),
          };
    return hashed().then((ath) =>
      sign(
        { typ: 'dpop+jwt', jwk: dpopKey.jwk },
        { jti: randomUUID(), htm: method, htu: url, iat: now_s(), ...ath, ...(nonce === undefined ? {} : { nonce }) },
        dpopKey.privateKey,
        changes,
      ),
    );
  }

  async function attestationHeaders(
    changes: { attestation?: JwtChanges; possession?: JwtChanges } = {},
  ): Promise<Record<string, string>> {
    if (provider === undefined) return {};
    const header = { typ: 'oauth-client-attestation+jwt', ...(provider.x5c && { x5c: provider.x5c }) };
    const payload = {
      iss: provider.issuer,
      sub: clientId,
      iat: now_s(),
      exp: now_s() + 300,
      cnf: { jwk: instanceKey.jwk },
    };
    const possession = { iss: clientId, aud: publicUrl, jti: randomUUID(), iat: now_s() };
    return {
      'oauth-client-attestation': await sign(header, payload, provider.key, changes.attestation),
      'oauth-client-attestation-pop': await sign(
        { typ: 'oauth-client-attestation-pop+jwt' },
        possession,
        instanceKey.privateKey,
        changes.possession,
      ),
    };
  }

  async function send(path: string, init: RequestInit): Promise<Answer> {
    const answer = await fetch(reach() + path, { method: 'POST', ...init });
    nonce = answer.headers.get('dpop-nonce') ?? nonce;
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  interface Sending {
    /** False for no proof. */
    dpop?: false | JwtChanges;
    attestation?: JwtChanges;
    possession?: JwtChanges;
    headers?: Record<string, string>;
  }

  /** Takes a pre-authorized offer. */
  const redeem = (code: string, txCode: string | undefined, sending: Sending = {}): Promise<Answer> =>
    post(
      '/oauth/token',
      without({
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:pre-authorized_code', 'pre-authorized_code': code },
        tx_code: txCode,
      }),
      sending,
    );

  /** A form with the wallet's proofs; again with the nonce where the server asks for one. */
  async function post(path: string, form: Record<string, string>, sending: Sending = {}): Promise<Answer> {
    const once = async () =>
      send(path, {
        body: new URLSearchParams(form),
        headers: {
          ...(await attestationHeaders(sending)),
          ...(sending.dpop === false ? {} : { dpop: await dpop(publicUrl + path, 'POST', undefined, sending.dpop) }),
          ...sending.headers,
        },
      });
    const answer = await once();
    return answer.body.error === 'use_dpop_nonce' ? once() : answer;
  }

  /** `undefined` leaves a parameter out. */
  function without(form: Record<string, string | undefined>): Record<string, string> {
    return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
  }

  const codeVerifier = randomBytes(32).toString('base64url');

  return {
    dpopKey,
    instanceKey,
    redirectUri,
    codeVerifier,
    dpop,
    post,
    send,
    redeem,
    attestationHeaders,
    /** The nonce the server gave last. */
    nonce: () => nonce,
    dpopThumbprint: () => calculateJwkThumbprint(dpopKey.jwk),

    async push(changes: Record<string, string | undefined> = {}, sending: Sending = { dpop: false }): Promise<Answer> {
      const form = without({
        ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'resident', state: 'st-1' },
        ...{ code_challenge: await calculatePKCECodeChallenge(codeVerifier), code_challenge_method: 'S256' },
        ...changes,
      });
      return post('/oauth/par', form, sending);
    },

    authorizeUrl(requestUri: unknown, client = clientId): string {
      return `${publicUrl}/oauth/authorize?${new URLSearchParams({ client_id: client, request_uri: String(requestUri) })}`;
    },

    /** From the pushed request over the provider to the code. */
    async codeFor(login: string, changes: Record<string, string | undefined> = {}): Promise<string> {
      const pushed = await this.push(changes);
      const address = this.authorizeUrl(pushed.body.request_uri);
      const back = await new ScriptedBrowser().signIn(address, login, redirectUri);
      const code = new URL(back).searchParams.get('code');
      if (code === null) throw new Error(`no code: ${back}`);
      return code;
    },

    token(code: string, changes: Record<string, string | undefined> = {}, sending: Sending = {}): Promise<Answer> {
      const form = without({
        ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier },
        ...changes,
      });
      return post('/oauth/token', form, sending);
    },

    refresh(token: unknown, sending: Sending = {}): Promise<Answer> {
      const form = { grant_type: 'refresh_token', refresh_token: String(token), client_id: clientId };
      return post('/oauth/token', form, sending);
    },

    /** A credential for the access token, with a fresh holder key and nonce. */
    async credential(
      accessToken: string,
      body: Record<string, unknown> = { credential_configuration_id: 'resident' },
      how: { scheme?: string; dpop?: JwtChanges | false; query?: string } = {},
    ): Promise<Answer> {
      const path = '/openid4vci/credential';
      const { body: given } = await send('/openid4vci/nonce', {});
      const holder = await keyPair();
      const proof = await sign(
        { typ: 'openid4vci-proof+jwt', jwk: holder.jwk },
        { aud: publicUrl, iat: now_s(), nonce: given.c_nonce },
        holder.privateKey,
      );
      const once = async () => {
        const authorization = { authorization: `${how.scheme ?? 'DPoP'} ${accessToken}` };
        return send(path + (how.query ?? ''), {
          body: JSON.stringify({ ...body, proofs: { jwt: [proof] } }),
          headers: {
            'content-type': 'application/json',
            ...(how.query === undefined ? authorization : {}),
            ...(how.dpop === false ? {} : { dpop: await dpop(publicUrl + path, 'POST', accessToken, how.dpop) }),
          },
        });
      };
      const answer = await once();
      return answer.body.error === 'use_dpop_nonce' ? once() : answer;
    },
  };
}
