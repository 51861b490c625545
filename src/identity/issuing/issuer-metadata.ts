// What the issuer says about itself to wallets: endpoints, and for each credential type its format, display and proofs.
import type { AuthorizationServerMetadata } from '@openid4vc/oauth2';
import { type IssuerMetadataResult, Openid4vciIssuer, Openid4vciVersion } from '@openid4vc/openid4vci';
import { credentialMetadata } from '../credentials/credential-metadata.ts';
import type { Bilingual, CredentialType } from '../credentials/credential-type.ts';
import { vctOf } from '../credentials/credential-types.ts';
import { allowAddressesLike, openidCallbacks, protocolAlgorithm } from '../openid-callbacks.ts';
import { OFFERS_PATH } from './offer.ts';

/** Paths of the issuer's endpoints, under the service's public URL. */
export const issuerPaths = {
  issuerMetadata: '/.well-known/openid-credential-issuer',
  nonce: '/openid4vci/nonce',
  credential: '/openid4vci/credential',
  offers: OFFERS_PATH,
} as const;

/**
 * The issuer's metadata, checked by the library, beside its authorization server's.
 * Source: OpenID4VCI 1.0, 12.2 and appendix A.3.
 *
 * @param publicUrl without a slash at its end; it is the credential issuer identifier
 */
export function issuerMetadata(
  publicUrl: string,
  issuerName: Bilingual,
  types: readonly CredentialType[],
  authorizationServer: AuthorizationServerMetadata & { issuer: string },
): IssuerMetadataResult {
  allowAddressesLike(publicUrl);
  const library = new Openid4vciIssuer({ callbacks: openidCallbacks({}) });
  const credentialIssuer = library.createCredentialIssuerMetadata({
    credential_issuer: publicUrl,
    credential_endpoint: publicUrl + issuerPaths.credential,
    nonce_endpoint: publicUrl + issuerPaths.nonce,
    display: [
      { name: issuerName.ko, locale: 'ko' },
      { name: issuerName.en, locale: 'en' },
    ],
    credential_configurations_supported: Object.fromEntries(
      types.map((type) => [
        type.id,
        {
          format: 'dc+sd-jwt',
          vct: vctOf(type, publicUrl),
          scope: type.id,
          cryptographic_binding_methods_supported: ['jwk'],
          credential_signing_alg_values_supported: [protocolAlgorithm],
          proof_types_supported: { jwt: { proof_signing_alg_values_supported: [protocolAlgorithm] } },
          credential_metadata: configurationMetadata(type),
        },
      ]),
    ),
  });
  return {
    originalDraftVersion: Openid4vciVersion.V1,
    credentialIssuer,
    authorizationServers: [authorizationServer],
    knownCredentialConfigurations: library.getKnownCredentialConfigurationsSupported(credentialIssuer),
  };
}

function configurationMetadata(type: CredentialType) {
  const { display, claims } = credentialMetadata(type);
  return { display: display.map((entry) => ({ ...entry })), claims };
}
