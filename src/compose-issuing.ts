// Wires the credential side of the issuer: configurations, offers, nonces, credentials now and later, notifications.
import type { FastifyRequest } from 'fastify';
import type { composeAuthorization } from './compose-authorization.ts';
import { credentialFormats } from './identity/credentials/credential-formats.ts';
import type { Bilingual } from './identity/credentials/credential-type.ts';
import { credentialTypes } from './identity/credentials/credential-types.ts';
import type { DidResolution } from './identity/dids/did-resolution.ts';
import { createOfferApprovalService } from './identity/issuing/approve-offer-service.ts';
import { credentialConfigurations } from './identity/issuing/credential-configuration.ts';
import { requestKeyOf } from './identity/issuing/credential-encryption.ts';
import { createDeliveryService } from './identity/issuing/deliver-credential-service.ts';
import { createNonceService } from './identity/issuing/give-nonce-service.ts';
import { createIssueAnswerService } from './identity/issuing/issue-answer-service.ts';
import type { IssueCredentialService } from './identity/issuing/issue-credential-service.ts';
import { issuerMetadata } from './identity/issuing/issuer-metadata.ts';
import { issuerMetadataRoutes } from './identity/issuing/issuer-metadata-routes.ts';
import type { KeyAttestationNeed } from './identity/issuing/key-attestation.ts';
import { createOfferService } from './identity/issuing/offer-credential-service.ts';
import { openid4vciRoutes } from './identity/issuing/openid4vci-routes.ts';
import { nonceSeal } from './identity/issuing/proof-nonce.ts';
import { createProveHolderService } from './identity/issuing/prove-holder-service.ts';
import { createMetadataService } from './identity/issuing/publish-metadata-service.ts';
import { createNotificationService } from './identity/issuing/record-notification-service.ts';
import type { Issuer } from './identity/trust/issuer-keys.ts';
import type { TrustedWallets } from './identity/trust/trusted-wallets.ts';
import type { Clock } from './platform/clock.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';

/** What the city asks of wallets beyond the protocol. */
export interface IssuingPolicy {
  /** Key attestations that are asked for, by credential type. */
  keyAttestations: Readonly<Record<string, KeyAttestationNeed>>;
  /** Whether credential requests and answers must be encrypted on top of TLS. */
  encryptionRequired: boolean;
}

export const openPolicy: IssuingPolicy = {
  keyAttestations: {},
  encryptionRequired: false,
};

export interface IssuingOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  name: Bilingual;
  /** Shared by all copies of the service; keys of nonces and of encrypted requests are derived from it. */
  secret: string;
  issuer: Issuer;
  issuing: IssueCredentialService;
  authorization: Pick<ReturnType<typeof composeAuthorization>, 'grants' | 'metadata' | 'signInTypes'>;
  resolveDid(did: string): Promise<DidResolution>;
  policy: IssuingPolicy;
  /** Key attestations of their providers are believed. */
  wallets: TrustedWallets;
  requireOperator(request: FastifyRequest): Promise<void>;
}

export function composeIssuing(options: IssuingOptions) {
  const { publicUrl, policy, authorization } = options;
  const { grants, signInTypes } = authorization;
  const { encryptionRequired } = policy;
  const providers = {
    roots: options.wallets.providers.flatMap(({ roots }) => roots),
    keys: options.wallets.providers.flatMap(({ keys }) => keys),
  };
  const configurations = credentialConfigurations(credentialTypes, credentialFormats, policy.keyAttestations);
  const requestKey = requestKeyOf(options.secret);
  const seal = nonceSeal(options.secret);
  const metadata = issuerMetadata({
    ...{ publicUrl, name: options.name, configurations, requestKey, encryptionRequired },
    authorizationServer: authorization.metadata,
    trustsAttestations: providers.roots.length + providers.keys.length > 0,
  });
  const offers = createOfferService({ ...options, metadata, configurations, signInTypes });
  const holders = createProveHolderService({ ...options, audience: publicUrl, providers, seal });
  const answers = createIssueAnswerService({ ...options, grants });
  const delivery = createDeliveryService({
    ...options,
    ...{ grants, holders, answers, configurations, requestKey, encryptionRequired },
  });
  const nonces = createNonceService({ ...options, seal });
  const notifications = createNotificationService({ ...options, grants });
  return {
    metadata,
    offers,
    approvals: createOfferApprovalService(options),
    routes: [
      issuerMetadataRoutes(createMetadataService({ ...options, configurations, metadata: metadata.credentialIssuer })),
      openid4vciRoutes({
        publicUrl,
        offers,
        nonces,
        delivery,
        notifications,
        requireOperator: options.requireOperator,
      }),
    ],
  };
}
