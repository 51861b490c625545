// What the issuer says about itself to wallets: endpoints, sealing, and for each configuration its format, display, proofs.
import type { AuthorizationServerMetadata } from '@openid4vc/oauth2';
import { type IssuerMetadataResult, Openid4vciIssuer, Openid4vciVersion } from '@openid4vc/openid4vci';
import type { CredentialFormat } from '../credentials/credential-format.ts';
import { credentialMetadata } from '../credentials/credential-metadata.ts';
import type { Bilingual, CredentialType } from '../credentials/credential-type.ts';
import { allowAddressesLike, openidCallbacks } from '../openid-callbacks.ts';
import type { CredentialConfiguration } from './credential-configuration.ts';
import { encryptionMetadata, type RequestKey } from './credential-encryption.ts';
import { credentialLimits } from './credential-request.ts';
import { holderDidMethods, proofAlgorithms } from './holder-key.ts';
import type { KeyAttestationNeed } from './key-attestation.ts';
import { OFFERS_PATH } from './offer.ts';

/** Paths of the issuer's endpoints, under the service's public URL. */
export const issuerPaths = {
  issuerMetadata: '/.well-known/openid-credential-issuer',
  nonce: '/openid4vci/nonce',
  credential: '/openid4vci/credential',
  deferred: '/openid4vci/deferred',
  notification: '/openid4vci/notification',
  offers: OFFERS_PATH,
} as const;

export interface IssuerDescription {
  /** Without a slash at its end; it is the credential issuer identifier. */
  publicUrl: string;
  name: Bilingual;
  configurations: readonly CredentialConfiguration[];
  requestKey: RequestKey;
  encryptionRequired: boolean;
  /** Whether key attestations can be checked at all: somebody who makes them is trusted. */
  trustsAttestations: boolean;
  authorizationServer: AuthorizationServerMetadata & { issuer: string };
}

/**
 * The issuer's metadata, checked by the library, beside its authorization server's.
 * Source: OpenID4VCI 1.0, 12.2 and appendix A.
 */
export function issuerMetadata(issuer: IssuerDescription): IssuerMetadataResult {
  const { publicUrl, name, configurations } = issuer;
  allowAddressesLike(publicUrl);
  const library = new Openid4vciIssuer({ callbacks: openidCallbacks({}) });
  const credentialIssuer = library.createCredentialIssuerMetadata({
    credential_issuer: publicUrl,
    credential_endpoint: publicUrl + issuerPaths.credential,
    nonce_endpoint: publicUrl + issuerPaths.nonce,
    deferred_credential_endpoint: publicUrl + issuerPaths.deferred,
    notification_endpoint: publicUrl + issuerPaths.notification,
    batch_credential_issuance: { batch_size: credentialLimits.batchSize },
    ...encryptionMetadata(issuer.requestKey, issuer.encryptionRequired),
    display: [
      { name: name.ko, locale: 'ko' },
      { name: name.en, locale: 'en' },
    ],
    credential_configurations_supported: Object.fromEntries(
      configurations.map((configuration) => [configuration.id, configurationMetadata(configuration, issuer)]),
    ),
  });
  return {
    originalDraftVersion: Openid4vciVersion.V1,
    credentialIssuer,
    authorizationServers: [issuer.authorizationServer],
    knownCredentialConfigurations: library.getKnownCredentialConfigurationsSupported(credentialIssuer),
  };
}

function configurationMetadata({ id, type, format, need }: CredentialConfiguration, issuer: IssuerDescription) {
  return {
    format: format.openidFormat,
    ...format.typeConfiguration(type, issuer.publicUrl),
    // One a configuration. Source: HAIP 1.0, 4.1.
    scope: id,
    cryptographic_binding_methods_supported: [...(format.bindingMethods ?? ['jwk', ...holderDidMethods])],
    credential_signing_alg_values_supported: format.signingAlgorithms.slice(),
    proof_types_supported: {
      jwt: proofType(need),
      // A key attestation of any level is what this proof type is made of, so that an empty need says what there is.
      ...(issuer.trustsAttestations ? { attestation: proofType(need ?? {}) } : {}),
    },
    credential_metadata: displayMetadata(type, format),
  };
}

/** Source: OpenID4VCI 1.0, 12.2.4. */
function proofType(need: Partial<KeyAttestationNeed> | null) {
  return {
    proof_signing_alg_values_supported: [...proofAlgorithms],
    ...(need === null ? {} : { key_attestations_required: { ...need } }),
  };
}

function displayMetadata(type: CredentialType, format: CredentialFormat) {
  const { display, claims } = credentialMetadata(type);
  return {
    display: display.map((entry) => ({ ...entry })),
    claims: claims.map(({ name, ...claim }) => ({ ...claim, path: format.claimPath(type, name) })),
  };
}
