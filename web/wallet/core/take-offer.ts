// Taking what an office offers: OpenID4VCI 1.0, pre-authorized code, a token bound to a key of its own (DPoP, RFC 9449),
// and a fresh key for each copy of a credential.
import { type Jwk, Oauth2ClientErrorResponseError, preAuthorizedCodeGrantIdentifier } from '@openid4vc/oauth2';
import { type CredentialOfferObject, type IssuerMetadataResult, Openid4vciClient } from '@openid4vc/openid4vci';
import { openidCallbacks } from '../../../src/identity/openid-callbacks.ts';
import { bilingual, type DisplayEntry } from './bilingual.ts';
import type { CityService } from './city-service.ts';
import { keyIdsOf, keysForCopies } from './credential-copies.ts';
import { type Access, keepKey, signerOf, tellAccepted } from './issuer-access.ts';
import { checkedCredential, compactsOf, configuration, heldFormat, nameOf } from './offered-credential.ts';
import { verifierRegister } from './registered-verifier.ts';
import { type DeferredAnswer, keepWaiting } from './waiting-credential.ts';
import type { OfferPreview, WalletOptions } from './wallet.ts';
import { makeKey } from './wallet-keys.ts';
import { refusalIn, WalletRefusal } from './wallet-refusal.ts';
import type { StoredCredential, StoredKey, Text } from './wallet-store.ts';

interface ResolvedOffer {
  offer: CredentialOfferObject;
  metadata: IssuerMetadataResult;
  /** Ids of the offered configurations that the wallet can hold. */
  takes: string[];
  /** Where the offer is kept, for seeing whether it still stands; null when it came by value. */
  offerUri: string | null;
}

/** More than the service gives, so that a broken offer cannot keep the wallet, or who reads it, busy. */
const offerBounds = { taken: 5, left: 40 } as const;

/** Throws OFFER_UNREADABLE, OFFER_FROM_ELSEWHERE, OFFER_GONE, SERVICE_AWAY. */
export async function resolveOffer(uri: string, service: CityService, now_ms: number): Promise<OfferPreview> {
  const parameters = offerParameters(uri);
  const offerUri = parameters.get('credential_offer_uri');
  const register = verifierRegister(service, now_ms);
  if (offerUri !== null) await register.partnerAt(offerUri, 'OFFER_FROM_ELSEWHERE');
  let gone = false;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await service.fetch(input, init);
    gone ||= input === offerUri && answer.status === 404;
    return answer;
  };
  const client = new Openid4vciClient({ callbacks: openidCallbacks({ fetch }) });
  try {
    const offer = await client.resolveCredentialOffer(`openid-credential-offer://?${parameters}`);
    const issuer = offer.credential_issuer;
    const partner = issuer === service.url ? null : await register.partnerAt(issuer, 'OFFER_FROM_ELSEWHERE');
    if (partner === null && issuer !== service.url) throw new WalletRefusal('OFFER_FROM_ELSEWHERE');
    const grant = offer.grants?.[preAuthorizedCodeGrantIdentifier];
    if (grant === undefined) throw new WalletRefusal('OFFER_UNREADABLE', 'not a pre-authorized offer');
    const metadata = await client.resolveIssuerMetadata(issuer);
    const { takes, leaves } = whatIsTaken(offer, metadata);
    const resolved: ResolvedOffer = { offer, metadata, takes, offerUri };
    return {
      issuer,
      // A partner goes by the name the service registered it under, not by one it gives itself.
      issuer_name: partner?.name ?? issuerName(metadata),
      types: takes.map((id) => ({ id, name: configuration(metadata, id).name })),
      left: leaves.map((id) => ({ id, name: nameOf(metadata, id) })),
      tx_code:
        grant.tx_code === undefined
          ? null
          : {
              length: grant.tx_code.length ?? null,
              input_mode: grant.tx_code.input_mode ?? 'numeric',
              description: grant.tx_code.description ?? null,
            },
      resolved,
    };
  } catch (error) {
    throw gone ? new WalletRefusal('OFFER_GONE', undefined, error) : refusalIn(error, 'OFFER_UNREADABLE');
  }
}

/** What waits for an approval is kept as that, and not among what is returned. Throws TX_CODE_WRONG, OFFER_GONE, ISSUER_REFUSED, CREDENTIAL_UNREADABLE, SERVICE_AWAY. */
export async function acceptOffer(
  preview: OfferPreview,
  txCode: string | undefined,
  service: CityService,
  options: WalletOptions,
): Promise<StoredCredential[]> {
  const { store, now_ms } = options;
  const { offer, metadata, takes, offerUri } = preview.resolved as ResolvedOffer;
  const access = await redeem(offer, metadata, txCode, offerUri, service, now_ms);
  const taken: StoredCredential[] = [];
  for (const id of takes) {
    const keys = await keysForCopies(metadata, options);
    const answer = await retrieve(id, keys, access, metadata, service, now_ms);
    if ('transactionId' in answer) {
      await keepWaiting(
        answer,
        { id, keys, access, metadata, from: preview.issuer, issuerName: preview.issuer_name },
        options,
      );
      continue;
    }
    const keyIds = keys.map((key) => key.id);
    const of = { id, keyIds, metadata, from: preview.issuer, issuerName: preview.issuer_name };
    const credential = await checkedCredential(answer.compacts, of, service, now_ms());
    const bound = keyIdsOf(credential);
    for (const key of keys) if (bound.includes(key.id)) await keepKey(store, key);
    await store.put('credentials', credential);
    taken.push(credential);
    await tellAccepted(answer.notificationId, access, metadata, service, now_ms);
  }
  return taken;
}

async function redeem(
  credentialOffer: CredentialOfferObject,
  issuerMetadata: IssuerMetadataResult,
  txCode: string | undefined,
  offerUri: string | null,
  service: CityService,
  now_ms: () => number,
): Promise<Access> {
  if (credentialOffer.grants?.[preAuthorizedCodeGrantIdentifier]?.tx_code !== undefined && !txCode) {
    throw new WalletRefusal('TX_CODE_WRONG', 'missing');
  }
  const dpopKey = await makeKey('ES256');
  const signJwt = signerOf([dpopKey], now_ms);
  const client = new Openid4vciClient({ callbacks: openidCallbacks({ fetch: service.fetch, signJwt }) });
  try {
    const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer,
      issuerMetadata,
      dpop: { signer: { method: 'jwk', publicJwk: dpopKey.publicJwk as Jwk, alg: 'ES256' } },
      ...(txCode === undefined ? {} : { txCode }),
    });
    const bound = accessTokenResponse.token_type.toLowerCase() === 'dpop';
    const { access_token: token, refresh_token: refreshToken } = accessTokenResponse;
    return { token, refreshToken, dpopKey, ...(bound && dpop !== undefined ? { dpop } : {}) };
  } catch (error) {
    if (error instanceof Oauth2ClientErrorResponseError && error.errorResponse.error === 'invalid_grant') {
      // The issuer answers a wrong code and a void offer alike; whether the offer still stands tells them apart.
      const gone = offerUri !== null && (await isGone(offerUri, service));
      throw new WalletRefusal(gone ? 'OFFER_GONE' : 'TX_CODE_WRONG', undefined, error);
    }
    throw refusalIn(error, 'ISSUER_REFUSED');
  }
}

type Answered = { compacts: string[]; notificationId: string | undefined } | DeferredAnswer;

async function retrieve(
  credentialConfigurationId: string,
  keys: readonly StoredKey[],
  access: Access,
  issuerMetadata: IssuerMetadataResult,
  service: CityService,
  now_ms: () => number,
): Promise<Answered> {
  const signJwt = signerOf([...keys, access.dpopKey], now_ms);
  const client = new Openid4vciClient({ callbacks: openidCallbacks({ fetch: service.fetch, signJwt }) });
  try {
    const { c_nonce } = await client.requestNonce({ issuerMetadata });
    const proofs = await Promise.all(
      keys.map((key) =>
        client.createCredentialRequestJwtProof({
          issuerMetadata,
          credentialConfigurationId,
          nonce: c_nonce,
          issuedAt: new Date(now_ms()),
          signer: { method: 'jwk', publicJwk: key.publicJwk as Jwk, alg: 'ES256' },
        }),
      ),
    );
    const { credentialResponse } = await client.retrieveCredentials({
      issuerMetadata,
      credentialConfigurationId,
      accessToken: access.token,
      ...(access.dpop === undefined ? {} : { dpop: access.dpop }),
      proofs: { jwt: proofs.map(({ jwt }) => jwt) as [string, ...string[]] },
    });
    const { transaction_id: transactionId, interval } = credentialResponse;
    if (transactionId !== undefined) return { transactionId, interval_s: interval };
    return {
      compacts: compactsOf(credentialResponse.credentials),
      notificationId: credentialResponse.notification_id,
    };
  } catch (error) {
    throw refusalIn(error, 'ISSUER_REFUSED');
  }
}

function offerParameters(uri: string): URLSearchParams {
  const query = uri.indexOf('?');
  const parameters = new URLSearchParams(query < 0 ? '' : uri.slice(query + 1));
  const kept = new URLSearchParams();
  for (const name of ['credential_offer_uri', 'credential_offer']) {
    const value = parameters.get(name);
    if (value !== null) kept.set(name, value);
  }
  if (kept.size !== 1) throw new WalletRefusal('OFFER_UNREADABLE', 'neither a credential_offer nor its URI');
  return kept;
}

async function isGone(offerUri: string, service: CityService): Promise<boolean> {
  return (await service.fetch(offerUri)).status === 404;
}

function issuerName(metadata: IssuerMetadataResult): Text {
  return bilingual(
    metadata.credentialIssuer.display as DisplayEntry[] | undefined,
    metadata.credentialIssuer.credential_issuer,
  );
}

/** An offer may name one credential in several formats: those the wallet can hold, and the others. Throws OFFER_UNREADABLE. */
function whatIsTaken(
  { credential_configuration_ids: ids }: CredentialOfferObject,
  metadata: IssuerMetadataResult,
): { takes: string[]; leaves: string[] } {
  const { credential_configurations_supported: known } = metadata.credentialIssuer;
  const takes = ids.filter((id) => known[id]?.format === heldFormat);
  const leaves = ids.filter((id) => known[id]?.format !== heldFormat);
  if (takes.length === 0) throw new WalletRefusal('OFFER_UNREADABLE', 'no format that this wallet holds');
  if (takes.length > offerBounds.taken || leaves.length > offerBounds.left) {
    throw new WalletRefusal('OFFER_UNREADABLE', 'more credentials than an office offers at once');
  }
  return { takes, leaves };
}
