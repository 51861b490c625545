// Fetching a request and finding out who signed it: by a certificate its client id hashes, or by a key of the service's DID.

import { type Openid4vpAuthorizationRequest, Openid4vpClient } from '@openid4vc/openid4vp';
import { base64url } from 'jose';
import { openidCallbacks } from '../../../src/identity/openid-callbacks.ts';
import type { CityService } from './city-service.ts';
import { didJwkKey } from './issuer-key.ts';
import type { VerifierRegister } from './registered-verifier.ts';
import { refusalIn, WalletRefusal } from './wallet-refusal.ts';

export type SignedRequest = Openid4vpAuthorizationRequest & { response_uri: string };

/** What the wallet can do, told to verifiers that ask for it. Source: OpenID4VP 1.0, 10.1. */
export const walletMetadata = {
  vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
  client_id_prefixes_supported: ['x509_hash', 'decentralized_identifier'],
  request_object_signing_alg_values_supported: ['ES256'],
  authorization_encryption_alg_values_supported: ['ECDH-ES'],
  authorization_encryption_enc_values_supported: ['A256GCM', 'A128GCM'],
};

const NONCE_bytes = 32;

/** Throws REQUEST_UNREADABLE, _UNSIGNED, _SIGNATURE_WRONG, _FROM_ELSEWHERE, _GONE, SERVICE_AWAY. */
export async function fetchSignedRequest(
  uri: string,
  service: CityService,
  register: VerifierRegister,
): Promise<SignedRequest> {
  const start = uri.indexOf('?');
  const parameters = Object.fromEntries(new URLSearchParams(start < 0 ? '' : uri.slice(start + 1)));
  const { client_id } = parameters;
  if (client_id === undefined) throw new WalletRefusal('REQUEST_UNREADABLE', 'no client_id');
  if (parameters.request_uri === undefined && parameters.request === undefined) {
    throw new WalletRefusal('REQUEST_UNSIGNED');
  }
  const nonce = parameters.request_uri_method === 'post' ? freshNonce() : undefined;
  const request =
    parameters.request ?? (await fetchRequestObject(parameters.request_uri ?? '', nonce, service, register));
  let signatureRight = false;
  const callbacks = openidCallbacks({
    findKey: async (didUrl) =>
      didUrl.startsWith('did:jwk:') ? didJwkKey(didUrl.split('#')[0] ?? '') : service.findKey(didUrl),
    acceptCertificates: true,
  });
  const client = new Openid4vpClient({
    callbacks: {
      ...callbacks,
      // Only names in certificates are read with it, and no client id here is one.
      getX509CertificateMetadata: () => ({ sanDnsNames: [], sanUriNames: [] }),
      verifyJwt: async (...signed) => {
        const result = await callbacks.verifyJwt(...signed);
        signatureRight = result.verified;
        return result;
      },
    },
  });
  try {
    const resolved = await client.resolveOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: { client_id, request },
      ...(nonce === undefined ? {} : { wallet: { expectedNonce: nonce } }),
    });
    const { prefix } = resolved.client;
    if (resolved.jar === undefined || (prefix !== 'decentralized_identifier' && prefix !== 'x509_hash')) {
      throw new WalletRefusal('REQUEST_UNSIGNED');
    }
    return await answerable(resolved.authorizationRequestPayload as Openid4vpAuthorizationRequest, register);
  } catch (error) {
    throw refusalIn(error, signatureRight ? 'REQUEST_UNREADABLE' : 'REQUEST_SIGNATURE_WRONG');
  }
}

/** Source: OpenID4VP 1.0, 5.10: with POST the wallet says what it can do, and has its nonce signed into what it gets. */
async function fetchRequestObject(
  uri: string,
  nonce: string | undefined,
  service: CityService,
  register: VerifierRegister,
): Promise<string> {
  await register.partnerAt(uri, 'REQUEST_FROM_ELSEWHERE');
  const answer = await service.fetch(
    uri,
    nonce === undefined
      ? {}
      : {
          method: 'POST',
          body: new URLSearchParams({ wallet_nonce: nonce, wallet_metadata: JSON.stringify(walletMetadata) }),
        },
  );
  if (answer.status === 404) throw new WalletRefusal('REQUEST_GONE');
  if (!answer.ok) throw new WalletRefusal('REQUEST_UNREADABLE', 'request_uri');
  return answer.text();
}

async function answerable(payload: Openid4vpAuthorizationRequest, register: VerifierRegister): Promise<SignedRequest> {
  const { response_uri, response_mode } = payload;
  if (response_uri === undefined || (response_mode !== 'direct_post' && response_mode !== 'direct_post.jwt')) {
    throw new WalletRefusal('REQUEST_UNREADABLE', 'only direct_post is answered');
  }
  const partner = await register.partnerAt(response_uri, 'REQUEST_FROM_ELSEWHERE');
  // What one asked is not sent to another.
  if (partner !== null && !partner.client_ids.includes(payload.client_id)) {
    throw new WalletRefusal('REQUEST_FROM_ELSEWHERE');
  }
  return { ...payload, response_uri };
}

function freshNonce(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(NONCE_bytes)));
}
