// The signed request object of OpenID4VP: what the wallet is shown of a request before it shows anything itself.
import type { Openid4vpAuthorizationRequest } from '@openid4vc/openid4vp';
import type { Bilingual } from '../credentials/credential-type.ts';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import type { RegisteredVerifier } from '../trust/registered-verifiers.ts';
import type { PresentationQuery } from './presentation-query.ts';

export const verifierPaths = { requests: '/openid4vp/requests', responses: '/openid4vp/responses' } as const;

/** `format` of the entry in `verifier_info` that says why the question is asked; signed with the rest. */
export const purposeFormat = 'naru_purpose';

interface StatedPurpose {
  name: Bilingual;
  purpose: Bilingual;
  keeps: Bilingual;
}

/** Audience of request objects to wallets that were not found out about beforehand. Source: OpenID4VP 1.0, 5.8. */
export const anyWalletAudience = 'https://self-issued.me/v2';

/** Client id of a verifier that signs with a key of its DID. Source: OpenID4VP 1.0, 5.9.3. */
export function clientIdOf(did: string): string {
  return `decentralized_identifier:${did}`;
}

/** Source: OpenID4VP 1.0, 5.1, 8.2 (`direct_post`). */
export function requestPayload(about: {
  publicUrl: string;
  did: string;
  handle: string;
  nonce: string;
  state: string;
  walletNonce?: string | undefined;
  query: PresentationQuery;
  verifier: RegisteredVerifier;
  purpose: Bilingual;
}): Openid4vpAuthorizationRequest {
  const stated: StatedPurpose = { name: about.verifier.name, purpose: about.purpose, keeps: about.verifier.keeps };
  return {
    response_type: 'vp_token',
    response_mode: 'direct_post',
    client_id: clientIdOf(about.did),
    response_uri: `${about.publicUrl}${verifierPaths.responses}/${about.handle}`,
    nonce: about.nonce,
    state: about.state,
    ...(about.walletNonce === undefined ? {} : { wallet_nonce: about.walletNonce }),
    dcql_query: { ...about.query },
    client_metadata: {
      client_name: about.verifier.name.en,
      'client_name#ko': about.verifier.name.ko,
      vp_formats_supported: {
        'dc+sd-jwt': { 'sd-jwt_alg_values': [protocolAlgorithm], 'kb-jwt_alg_values': [protocolAlgorithm] },
      },
    },
    verifier_info: [{ format: purposeFormat, data: { ...stated } }],
  };
}
