// Answering who asks, with what the person agreed to and no more, or saying no; either is written in the wallet's log.
import { Openid4vpClient } from '@openid4vc/openid4vp';
import { openidCallbacks } from '../../../src/identity/openid-callbacks.ts';
import type { CityService } from './city-service.ts';
import { useUpCopy } from './credential-copies.ts';
import { walletMetadata } from './fetch-request.ts';
import { presentCredential } from './held-credential.ts';
import type { ResolvedRequest } from './read-request.ts';
import type { PresentationAnswer, PresentationMatch, PresentationRequest, WalletOptions } from './wallet.ts';
import { randomId } from './wallet-keys.ts';
import { refusalIn, WalletRefusal } from './wallet-refusal.ts';
import type { SharedRecord, StoredCredential } from './wallet-store.ts';

/** Source: OpenID4VP 1.0, 8.3. */
const encryptedAnswer = {
  encryption: { nonce: '' },
  serverMetadata: {
    authorization_signing_alg_values_supported: [],
    authorization_encryption_alg_values_supported: walletMetadata.authorization_encryption_alg_values_supported,
    authorization_encryption_enc_values_supported: walletMetadata.authorization_encryption_enc_values_supported,
  },
};

/** Throws NOTHING_TO_SHOW, VERIFIER_REFUSED (`because`: the verifier's reason), SERVICE_AWAY. */
export async function answerPresentationRequest(
  request: PresentationRequest,
  chosen: Record<string, string>,
  service: CityService,
  { store, now_ms }: WalletOptions,
): Promise<PresentationAnswer> {
  const { payload } = request.resolved as ResolvedRequest;
  const shown: { match: PresentationMatch; queryId: string; presentation: string }[] = [];
  const used = new Map<string, StoredCredential>();
  for (const { query_id: queryId, matches } of request.requested) {
    const wanted = chosen[queryId];
    const match = wanted === undefined ? matches[0] : matches.find((candidate) => candidate.credential_id === wanted);
    const credential = match && (await store.get('credentials', match.credential_id));
    const key = credential && (await store.get('keys', credential.key_id));
    if (match === undefined || credential === undefined || key === undefined)
      throw new WalletRefusal('NOTHING_TO_SHOW');
    const names = match.claims.map(({ name }) => name);
    const transactions = request.signs.filter((text) => text.query_id === queryId).map(({ entry }) => entry);
    const bound = { audience: payload.client_id, nonce: payload.nonce, now_ms: now_ms(), transactions };
    shown.push({ match, queryId, presentation: await presentCredential(credential.compact, names, key, bound) });
    used.set(credential.id, credential);
  }
  const client = new Openid4vpClient({ callbacks: openidCallbacks({ fetch: service.fetch }) });
  const made = await client
    .createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload,
      authorizationResponsePayload: {
        vp_token: Object.fromEntries(shown.map(({ queryId, presentation }) => [queryId, [presentation]])),
      },
      ...(payload.response_mode === 'direct_post.jwt' ? { jarm: encryptedAnswer } : {}),
    })
    .catch((error: unknown) => {
      throw refusalIn(error, 'REQUEST_UNREADABLE');
    });
  // Before it is sent: what may have been seen is not shown again.
  for (const credential of used.values()) await useUpCopy(credential, store);
  const { response } = await client
    .submitOpenid4vpAuthorizationResponse({ authorizationRequestPayload: payload, ...made })
    .catch((error: unknown) => {
      throw refusalIn(error, 'SERVICE_AWAY');
    });
  for (const { match } of shown) {
    await store.put('shared', sharedRecord(request, match, response.ok ? 'accepted' : 'refused', now_ms()));
  }
  const body = (await response.json().catch(() => ({}))) as { redirect_uri?: unknown; error_description?: unknown };
  if (!response.ok) {
    throw new WalletRefusal(
      'VERIFIER_REFUSED',
      typeof body.error_description === 'string' ? body.error_description : undefined,
    );
  }
  const back = body.redirect_uri;
  return { redirect_to: typeof back === 'string' && service.owns(back) ? back : null };
}

/** Source: OpenID4VP 1.0, 8.5: `access_denied` when the person does not consent. */
export async function declinePresentationRequest(
  request: PresentationRequest,
  service: CityService,
  { store, now_ms }: WalletOptions,
): Promise<void> {
  const { payload } = request.resolved as ResolvedRequest;
  await service.fetch(payload.response_uri, {
    method: 'POST',
    body: new URLSearchParams({ error: 'access_denied', state: payload.state ?? '' }),
  });
  for (const { matches } of request.requested) {
    if (matches[0]) await store.put('shared', sharedRecord(request, matches[0], 'declined', now_ms()));
  }
}

function sharedRecord(
  request: PresentationRequest,
  match: PresentationMatch,
  outcome: SharedRecord['outcome'],
  at_ms: number,
): SharedRecord {
  return {
    id: randomId(),
    at_ms,
    verifier: request.verifier,
    verifier_name: request.verifier_name,
    purpose: request.purpose,
    credential_id: match.credential_id,
    type_name: match.type_name,
    claims: outcome === 'declined' ? [] : match.claims.map(({ name }) => name),
    outcome,
  };
}
