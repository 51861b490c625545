// Credentials that wait until an office approves them: kept over days, asked for again no oftener than the issuer wants.
// Source: OpenID4VCI 1.0, 8.3 and 9.
import { type Jwk, Oauth2Client, type RequestDpopOptions, resourceRequest } from '@openid4vc/oauth2';
import { type IssuerMetadataResult, Openid4vciClient } from '@openid4vc/openid4vci';
import { openidCallbacks } from '../../../src/identity/openid-callbacks.ts';
import type { CityService } from './city-service.ts';
import { keyIdsOf } from './credential-copies.ts';
import { type Access, keepKey, signerOf, tellAccepted } from './issuer-access.ts';
import { checkedCredential, compactsOf, nameOf } from './offered-credential.ts';
import type { WalletOptions } from './wallet.ts';
import { randomId } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredKey, Text, WaitingCredential, WalletStore } from './wallet-store.ts';

export interface DeferredAnswer {
  transactionId: string;
  interval_s: number | undefined;
}

/** For an issuer that does not say how long to wait, or says something nobody would. */
const bounds = { interval_s: 60, longestInterval_s: 24 * 3_600 } as const;

export async function keepWaiting(
  { transactionId, interval_s }: DeferredAnswer,
  of: {
    id: string;
    keys: readonly StoredKey[];
    access: Access;
    metadata: IssuerMetadataResult;
    from: string;
    issuerName: Text;
  },
  { store, now_ms }: WalletOptions,
): Promise<void> {
  const { access, metadata, keys } = of;
  const [first = '', ...more] = keys.map(({ id }) => id);
  for (const key of keys) await keepKey(store, key);
  await keepKey(store, access.dpopKey);
  await store.put('waiting', {
    id: randomId(),
    transaction_id: transactionId,
    configuration_id: of.id,
    from: of.from,
    issuer_name: of.issuerName,
    type_name: nameOf(metadata, of.id),
    key_id: first,
    ...(more.length === 0 ? {} : { more_key_ids: more }),
    token_key_id: access.dpopKey.id,
    bound: access.dpop !== undefined,
    access_token: access.token,
    refresh_token: access.refreshToken ?? null,
    since_ms: now_ms(),
    ask_again_at_ms: now_ms() + wait_ms(interval_s),
    ended: false,
  });
}

/** Asks for what waits, each when its time has come. @returns how many credentials came */
export async function fetchWaiting(service: CityService, options: WalletOptions): Promise<number> {
  const { store, now_ms } = options;
  let came = 0;
  for (const { id } of await store.list('waiting')) {
    // Read anew: one before it of the same grant may have renewed the tokens of both.
    const waiting = await store.get('waiting', id);
    if (waiting === undefined || waiting.ended || waiting.ask_again_at_ms > now_ms()) continue;
    try {
      if (await fetchOne(waiting, service, options)) came += 1;
    } catch (error) {
      // Away, or something the wallet could not keep: another time.
      if (!(error instanceof WalletRefusal)) throw error;
    }
  }
  return came;
}

/** Forgets what waits, with its keys. Nothing tells the office; nobody fetches the credential any more. */
export async function forgetWaiting(id: string, store: WalletStore): Promise<void> {
  const waiting = await store.get('waiting', id);
  if (waiting === undefined) return;
  await store.delete('waiting', id);
  for (const keyId of keyIdsFor(waiting)) await store.delete('keys', keyId);
  await forgetTokenKey(waiting, store);
}

async function fetchOne(waiting: WaitingCredential, service: CityService, options: WalletOptions): Promise<boolean> {
  const { store, now_ms } = options;
  const dpopKey = await store.get('keys', waiting.token_key_id);
  if (dpopKey === undefined) return false;
  const client = new Openid4vciClient({ callbacks: openidCallbacks({ fetch: service.fetch }) });
  const metadata = await client.resolveIssuerMetadata(waiting.from).catch((error: unknown) => {
    throw new WalletRefusal('SERVICE_AWAY', undefined, error);
  });
  let current = waiting;
  let answer = await ask(current, dpopKey, metadata, service, now_ms);
  if (answer.status === 401) {
    const renewed = await renew(current, dpopKey, metadata, service, options);
    if (renewed === null) return false;
    current = renewed;
    answer = await ask(current, dpopKey, metadata, service, now_ms);
  }
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    await store.put('waiting', { ...current, ended: true });
    return false;
  }
  const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (answer.status !== 200) {
    await store.put('waiting', { ...current, ask_again_at_ms: now_ms() + wait_ms(body.interval) });
    return false;
  }
  const of = {
    id: waiting.configuration_id,
    keyIds: keyIdsFor(waiting),
    metadata,
    from: waiting.from,
    issuerName: waiting.issuer_name,
  };
  const credential = await checkedCredential(compactsOf(body.credentials), of, service, now_ms()).catch(
    async (error: unknown) => {
      // It comes once; what cannot be kept will not come again.
      await store.put('waiting', { ...current, ended: true });
      throw error;
    },
  );
  await store.put('credentials', credential);
  await store.delete('waiting', waiting.id);
  const bound = keyIdsOf(credential);
  for (const keyId of of.keyIds) if (!bound.includes(keyId)) await store.delete('keys', keyId);
  const notified = typeof body.notification_id === 'string' ? body.notification_id : undefined;
  const access = { token: current.access_token, refreshToken: undefined, dpopKey, ...dpopOf(current, dpopKey) };
  await tellAccepted(notified, access, metadata, service, now_ms);
  await forgetTokenKey(waiting, store);
  return true;
}

/** By hand: the library takes a deferred answer with a `notification_id` for a wrong one. */
async function ask(
  waiting: WaitingCredential,
  dpopKey: StoredKey,
  metadata: IssuerMetadataResult,
  service: CityService,
  now_ms: () => number,
): Promise<Response> {
  const url = metadata.credentialIssuer.deferred_credential_endpoint;
  if (url === undefined) throw new WalletRefusal('ISSUER_REFUSED', 'no deferred credential endpoint');
  const { response } = await resourceRequest({
    url,
    accessToken: waiting.access_token,
    ...dpopOf(waiting, dpopKey),
    requestOptions: {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ transaction_id: waiting.transaction_id }),
    },
    callbacks: openidCallbacks({ fetch: service.fetch, signJwt: signerOf([dpopKey], now_ms) }),
  });
  return response as Response;
}

/** A new access token by the refresh token, kept before it is used. Null where the grant is over. */
async function renew(
  waiting: WaitingCredential,
  dpopKey: StoredKey,
  metadata: IssuerMetadataResult,
  service: CityService,
  { store, now_ms }: WalletOptions,
): Promise<WaitingCredential | null> {
  const [authorizationServerMetadata] = metadata.authorizationServers;
  const { refresh_token: refreshToken } = waiting;
  const client = new Oauth2Client({
    callbacks: openidCallbacks({ fetch: service.fetch, signJwt: signerOf([dpopKey], now_ms) }),
  });
  try {
    if (authorizationServerMetadata === undefined || refreshToken === null) throw new Error('no way to a new token');
    const { accessTokenResponse } = await client.retrieveRefreshTokenAccessToken({
      ...{ authorizationServerMetadata, refreshToken },
      ...dpopOf(waiting, dpopKey),
    });
    const { access_token, refresh_token = refreshToken } = accessTokenResponse;
    // What else waits by the same grant has the same tokens.
    for (const other of await store.list('waiting')) {
      if (other.token_key_id === waiting.token_key_id)
        await store.put('waiting', { ...other, access_token, refresh_token });
    }
    return { ...waiting, access_token, refresh_token };
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof WalletRefusal) throw cause;
    }
    await store.put('waiting', { ...waiting, ended: true });
    return null;
  }
}

function keyIdsFor({ key_id, more_key_ids = [] }: WaitingCredential): string[] {
  return [key_id, ...more_key_ids];
}

function dpopOf({ bound }: WaitingCredential, { publicJwk }: StoredKey): { dpop?: RequestDpopOptions } {
  return bound ? { dpop: { signer: { method: 'jwk', publicJwk: publicJwk as Jwk, alg: 'ES256' } } } : {};
}

async function forgetTokenKey({ token_key_id }: WaitingCredential, store: WalletStore): Promise<void> {
  const others = await store.list('waiting');
  if (others.every((other) => other.token_key_id !== token_key_id)) await store.delete('keys', token_key_id);
}

function wait_ms(interval_s: unknown): number {
  const stated_s = typeof interval_s === 'number' && interval_s > 0 ? interval_s : bounds.interval_s;
  return Math.min(stated_s, bounds.longestInterval_s) * 1_000;
}
