// What the authorization server says about itself to wallets: endpoints, grants, and how a wallet shows who it is.
import {
  type AuthorizationServerMetadata,
  authorizationCodeGrantIdentifier,
  Oauth2AuthorizationServer,
  PkceCodeChallengeMethod,
  preAuthorizedCodeGrantIdentifier,
  refreshTokenGrantIdentifier,
} from '@openid4vc/oauth2';
import { allowAddressesLike, openidCallbacks, protocolAlgorithm } from '../openid-callbacks.ts';

/** Paths of the authorization server's endpoints, under the service's public URL. */
export const authorizationPaths = {
  metadata: '/.well-known/oauth-authorization-server',
  pushedRequest: '/oauth/par',
  authorize: '/oauth/authorize',
  /** Where the city's provider sends the person back to; register it there as the redirect URI. */
  providerReturn: '/oauth/signed-in',
  token: '/oauth/token',
  challenge: '/oauth/challenge',
} as const;

/**
 * Checked by the library.
 * Source: RFC 8414; RFC 9126, 5; RFC 9207, 3; RFC 9396, 10; RFC 9449, 5.1; OpenID4VCI 1.0, 12.3;
 * draft-ietf-oauth-attestation-based-client-auth-07, 8 and 10; draft-ietf-oauth-status-list, 9.1.
 *
 * @param scopes one for each credential that can be had by signing in; without any, only pre-authorized offers can be
 *   taken
 */
export function authorizationServerMetadata(
  publicUrl: string,
  scopes: readonly string[],
): AuthorizationServerMetadata & { issuer: string } {
  allowAddressesLike(publicUrl);
  return new Oauth2AuthorizationServer({ callbacks: openidCallbacks({}) }).createAuthorizationServerMetadata({
    issuer: publicUrl,
    token_endpoint: publicUrl + authorizationPaths.token,
    challenge_endpoint: publicUrl + authorizationPaths.challenge,
    token_endpoint_auth_methods_supported: ['attest_jwt_client_auth', 'none'],
    client_attestation_signing_alg_values_supported: [protocolAlgorithm],
    client_attestation_pop_signing_alg_values_supported: [protocolAlgorithm],
    dpop_signing_alg_values_supported: [protocolAlgorithm],
    status_list_aggregation_endpoint: `${publicUrl}/status-lists`,
    'pre-authorized_grant_anonymous_access_supported': true,
    ...(scopes.length === 0
      ? {
          grant_types_supported: [preAuthorizedCodeGrantIdentifier, refreshTokenGrantIdentifier],
          response_types_supported: [],
        }
      : {
          grant_types_supported: [
            authorizationCodeGrantIdentifier,
            preAuthorizedCodeGrantIdentifier,
            refreshTokenGrantIdentifier,
          ],
          response_types_supported: ['code'],
          response_modes_supported: ['query'],
          authorization_endpoint: publicUrl + authorizationPaths.authorize,
          pushed_authorization_request_endpoint: publicUrl + authorizationPaths.pushedRequest,
          require_pushed_authorization_requests: true,
          code_challenge_methods_supported: [PkceCodeChallengeMethod.S256],
          authorization_response_iss_parameter_supported: true,
          authorization_details_types_supported: ['openid_credential'],
          scopes_supported: [...scopes],
        }),
  });
}
