// How the wallet speaks to a credential issuer: with a token, by a key of its own where the token is bound to one.
import type { CallbackContext, Jwk, RequestDpopOptions } from '@openid4vc/oauth2';
import { type IssuerMetadataResult, Openid4vciClient } from '@openid4vc/openid4vci';
import { openidCallbacks, signEs256 } from '../../../src/identity/openid-callbacks.ts';
import type { CityService } from './city-service.ts';
import type { makeKey } from './wallet-keys.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredKey, WalletStore } from './wallet-store.ts';

/** A token, and the key it is bound to where the service binds it. That key is kept only as long as something waits. */
export interface Access {
  token: string;
  refreshToken: string | undefined;
  dpop?: RequestDpopOptions;
  dpopKey: StoredKey;
}

/**
 * Tells the issuer that the credential is kept, so that it erases what it was made from. The credential is no worse for an
 * issuer that does not hear it. Source: OpenID4VCI 1.0, 11.
 */
export async function tellAccepted(
  notificationId: string | undefined,
  access: Access,
  issuerMetadata: IssuerMetadataResult,
  service: CityService,
  now_ms: () => number,
): Promise<void> {
  if (notificationId === undefined || issuerMetadata.credentialIssuer.notification_endpoint === undefined) return;
  const signJwt = signerOf([access.dpopKey], now_ms);
  const client = new Openid4vciClient({ callbacks: openidCallbacks({ fetch: service.fetch, signJwt }) });
  await client
    .sendNotification({
      ...{ issuerMetadata, accessToken: access.token, ...(access.dpop === undefined ? {} : { dpop: access.dpop }) },
      notification: { notificationId, event: 'credential_accepted' },
    })
    .catch(() => {});
}

/** Signs with whichever of the keys the library names, by the wallet's clock. */
export function signerOf(keys: readonly StoredKey[], now_ms: () => number): CallbackContext['signJwt'] {
  return async (signer, { header, payload }) => {
    const named = signer.method === 'jwk' ? signer.publicJwk.x : undefined;
    const key = keys.find(({ publicJwk }) => publicJwk.x === named);
    if (key === undefined) throw new WalletRefusal('ISSUER_REFUSED', 'a signature with a key the wallet does not use');
    const dated = { ...payload, iat: Math.floor(now_ms() / 1_000) };
    return { jwt: await signEs256(header, dated, key.privateKey), signerJwk: key.publicJwk as Jwk };
  };
}

/** Without its public half as a CryptoKey, which is in `publicJwk`. */
export async function keepKey(store: WalletStore, key: Awaited<ReturnType<typeof makeKey>> | StoredKey): Promise<void> {
  const { id, purpose, algorithm, privateKey, publicJwk } = key;
  await store.put('keys', { id, purpose, algorithm, privateKey, publicJwk });
}
