// A wallet's side of the credential endpoints, message by message, so that each can be bent.
import { type JWK, SignJWT } from 'jose';
import type { Offer } from '../../src/identity/issuing/offer.ts';
import { walletKey } from './wallet-provider.ts';

const preAuthorized = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';

export interface ProofChanges {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  /** Members of header and payload that are left out. */
  without?: string[];
  signedBy?: CryptoKey;
}

type Key = Awaited<ReturnType<typeof walletKey>>;

/** @param address where requests go, for one copy of several behind the public address */
export function credentialRequests(publicUrl: string, now_ms: () => number = Date.now, address = publicUrl) {
  async function token({ offer_uri, tx_code }: Offer): Promise<string> {
    const parameters = new URL(offer_uri).searchParams;
    const carried = parameters.get('credential_offer');
    const offer =
      carried === null ? await (await fetch(parameters.get('credential_offer_uri') ?? '')).json() : JSON.parse(carried);
    const form = {
      grant_type: preAuthorized,
      'pre-authorized_code': offer.grants[preAuthorized]['pre-authorized_code'],
      tx_code,
    };
    const answer = await fetch(`${address}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    return (await answer.json()).access_token;
  }

  async function nonce(): Promise<string> {
    return (await (await fetch(`${address}/openid4vci/nonce`, { method: 'POST' })).json()).c_nonce;
  }

  async function proof(key: Key, c_nonce: string, changes: ProofChanges = {}): Promise<string> {
    const kept = (object: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(object).filter(([name]) => !changes.without?.includes(name)));
    const payload = { aud: publicUrl, iat: Math.floor(now_ms() / 1_000), nonce: c_nonce, ...changes.payload };
    return new SignJWT(kept(payload))
      .setProtectedHeader({
        alg: 'ES256',
        ...kept({ typ: 'openid4vci-proof+jwt', jwk: key.jwk as JWK, ...changes.header }),
      })
      .sign(changes.signedBy ?? key.privateKey);
  }

  /** `body`: an object for JSON, a text for a JWE. */
  async function post(path: string, accessToken: string | null, body: object | string) {
    const answer = await fetch(`${address}/openid4vci/${path}`, {
      method: 'POST',
      headers: {
        'content-type': typeof body === 'string' ? 'application/jwt' : 'application/json',
        ...(accessToken === null ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : null };
  }

  return {
    token,
    nonce,
    proof,
    post,
    /** One proof a key, all with one nonce. */
    async batch(keys: readonly Key[]): Promise<string[]> {
      const fresh = await nonce();
      return Promise.all(keys.map((key) => proof(key, fresh)));
    },
    newKeys: (count: number): Promise<Key[]> => Promise.all(Array.from({ length: count }, walletKey)),
  };
}
