// The request of OpenID4VP: what the wallet is shown of a question before it shows anything itself.
import type { Openid4vpAuthorizationRequest, Openid4vpAuthorizationRequestDcApi } from '@openid4vc/openid4vp';
import type { RegisteredVerifier } from '../trust/registered-verifier.ts';
import type { PresentationQuery } from './presentation-query.ts';
import type { RequestRecord } from './presentation-request.ts';
import type { SupportedFormats } from './supported-formats.ts';

export const verifierPaths = {
  requests: '/openid4vp/requests',
  responses: '/openid4vp/responses',
  verifiers: '/openid4vp/verifiers',
} as const;

/** `format` of the entry in `verifier_info` that says who asks and why; signed with the rest. */
export const purposeFormat = 'naru_purpose';

/** Audience of request objects to wallets that were not found out about beforehand. Source: OpenID4VP 1.0, 5.8. */
export const anyWalletAudience = 'https://self-issued.me/v2';

/** Client id of a verifier that signs with a key of its DID. Source: OpenID4VP 1.0, 5.9.3. */
export function didClientId(did: string): string {
  return `decentralized_identifier:${did}`;
}

/** Whom a presentation must have been made for. Source: OpenID4VP 1.0, B.3.6 and A.4. */
export function audienceOf({ origin }: Pick<RequestRecord, 'origin'>, clientId: string): string {
  return origin === null ? clientId : `origin:${origin}`;
}

export interface RequestAbout {
  request: RequestRecord;
  verifier: RegisteredVerifier;
  query: PresentationQuery;
  /** Without a meaning where the browser says who asks. */
  clientId: string;
  responseUri: string;
  /** Of `client_metadata.jwks`; null for answers in the clear. */
  responseJwk: { kty: 'EC'; kid: string } | null;
  encodings: readonly string[];
  /** Of `client_metadata.vp_formats_supported`. */
  formats: SupportedFormats;
  walletNonce?: string | undefined;
}

/** Source: OpenID4VP 1.0, 5.1, 8.2 and 8.3. */
export function requestPayload(about: RequestAbout): Openid4vpAuthorizationRequest {
  const { request, responseJwk, walletNonce } = about;
  return {
    ...question(about),
    response_mode: responseJwk === null ? 'direct_post' : 'direct_post.jwt',
    client_id: about.clientId,
    response_uri: about.responseUri,
    state: request.state,
    ...(walletNonce === undefined ? {} : { wallet_nonce: walletNonce }),
  };
}

/** Source: OpenID4VP 1.0, A.2: an unsigned one names no client, a signed one says from which pages it may come. */
export function browserRequestPayload(about: RequestAbout): Openid4vpAuthorizationRequestDcApi {
  const { request, responseJwk } = about;
  const signed = request.client !== 'origin' && request.origin !== null;
  return {
    ...question(about),
    response_mode: responseJwk === null ? 'dc_api' : 'dc_api.jwt',
    ...(signed ? { client_id: about.clientId, expected_origins: [request.origin ?? ''] } : {}),
  };
}

function question({ request, verifier, query, responseJwk, encodings, formats }: RequestAbout) {
  const { transactions } = request;
  const stated = { verifier: verifier.id, name: verifier.name, purpose: request.purpose, keeps: verifier.keeps };
  return {
    response_type: 'vp_token' as const,
    nonce: request.nonce,
    dcql_query: { ...query },
    ...(transactions.length === 0 ? {} : { transaction_data: transactions }),
    client_metadata: {
      client_name: verifier.name.en,
      'client_name#ko': verifier.name.ko,
      vp_formats_supported: formats,
      ...(responseJwk === null
        ? {}
        : { jwks: { keys: [{ ...responseJwk }] }, encrypted_response_enc_values_supported: [...encodings] }),
    },
    verifier_info: [{ format: purposeFormat, data: { ...stated } }],
  };
}
