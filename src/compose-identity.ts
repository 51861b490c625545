// Wires the room of identity: issuer, credentials, the two protocols and the VC-API.
import type { FastifyRequest } from 'fastify';
import type { Anchor } from './anchoring/anchor.ts';
import { composeAuthorization } from './compose-authorization.ts';
import { credentialRoutes } from './identity/credentials/credential-routes.ts';
import { credentialTypes } from './identity/credentials/credential-types.ts';
import { createDataIntegrity } from './identity/credentials/data-integrity.ts';
import { createStatusListService } from './identity/credentials/status-list-service.ts';
import { didResolutionRoutes } from './identity/dids/did-resolution-routes.ts';
import { didRoutes } from './identity/dids/did-routes.ts';
import { createDidService } from './identity/dids/did-service.ts';
import { createEthrDids, type EthrNetwork } from './identity/dids/ethr-did-port.ts';
import { createForeignDids } from './identity/dids/foreign-did-port.ts';
import { createResolveDidService } from './identity/dids/resolve-did-service.ts';
import { authorizationServerMetadata } from './identity/issuing/authorization-server-metadata.ts';
import { createDeliveryService } from './identity/issuing/deliver-credential-service.ts';
import { createIssueCredentialService } from './identity/issuing/issue-credential-service.ts';
import { issuerMetadata } from './identity/issuing/issuer-metadata.ts';
import { createOfferService } from './identity/issuing/offer-credential-service.ts';
import { openid4vciRoutes } from './identity/issuing/openid4vci-routes.ts';
import { vcApiRoutes } from './identity/issuing/vc-api-routes.ts';
import { openid4vpRoutes } from './identity/presenting/openid4vp-routes.ts';
import { createPresentationAnswerService } from './identity/presenting/receive-presentation-service.ts';
import { createPresentationRequestService } from './identity/presenting/request-presentation-service.ts';
import { createVerifyCredentialService } from './identity/presenting/verify-credential-service.ts';
import { createVerifyPresentationService } from './identity/presenting/verify-presentation-service.ts';
import { issuerKeyFile, openIssuerKeys } from './identity/trust/issuer-keys-store.ts';
import type { Clock } from './platform/clock.ts';
import { createGuardedFetch } from './platform/http/guarded-fetch.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';

const issuerName = { ko: '나루', en: 'Naru' };

export interface IdentityOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  dataDirectory: string;
  /** Seals the file of the issuer's keys. */
  keysPassphrase: string;
  anchorOf(key: Uint8Array): Promise<Anchor | null>;
  /** What keeps anchors from the chain; null for nothing. */
  chainTrouble?: () => Promise<string | null>;
  /** Hosts and chains whose DIDs are resolved; none where absent. */
  foreignDids?: { webHosts: readonly string[]; ethrNetworks: readonly EthrNetwork[] } | undefined;
  requireOperator(request: FastifyRequest): Promise<void>;
  /** Whether a wallet that knows no DPoP may take a pre-authorized offer; refused where absent. */
  bearerTokens?: 'refused' | 'allowed';
}

export async function composeIdentity(options: IdentityOptions) {
  const { publicUrl } = options;
  const dids = createDidService(options);
  const keyFile = issuerKeyFile(options.dataDirectory);
  const openKeys = () => openIssuerKeys(keyFile, options.keysPassphrase);
  const issuer = await dids.ensureIssuer(await openKeys());
  const dataIntegrity = createDataIntegrity({ issuer, publicUrl });
  const statusLists = createStatusListService({ ...options, issuer, dataIntegrity });
  await statusLists.addMissingDecoys();
  const credentials = createIssueCredentialService({ ...options, issuer, statusLists, dataIntegrity });
  const verifier = createVerifyPresentationService({ ...options, dids, statusLists });

  const verifying = createVerifyCredentialService({ ...options, dids, statusLists, dataIntegrity });

  const fetchText = createGuardedFetch({ hosts: options.foreignDids?.webHosts ?? [] });
  const ethr = createEthrDids(options.foreignDids?.ethrNetworks ?? []);
  const resolver = createResolveDidService({ ...options, dids, foreign: createForeignDids({ fetchText, ethr }) });

  const metadata = issuerMetadata(publicUrl, issuerName, credentialTypes);
  const offers = createOfferService({ ...options, metadata });
  const authorization = composeAuthorization({
    ...options,
    metadata: authorizationServerMetadata(
      publicUrl,
      credentialTypes.map(({ id }) => id),
      'none',
    ),
    bearerTokens: options.bearerTokens ?? 'refused',
  });
  const delivery = createDeliveryService({
    ...options,
    metadata,
    grants: authorization.grants,
    issueCredential: credentials.issueSdJwtVc,
  });
  const requests = createPresentationRequestService({ ...options, issuer });
  const answers = createPresentationAnswerService({
    ...options,
    did: issuer.did,
    verifyPresentation: verifier.verifySdJwtPresentation,
  });

  return {
    issuer,
    /** Takes up the keys that the issuer's log names now. Where that fails, the keys stay as they were. */
    reloadKeys: async () => void Object.assign(issuer, await dids.ensureIssuer(await openKeys())),
    offers,
    credentials,
    requests,
    routes: [
      didRoutes({ dids }),
      didResolutionRoutes({ resolver }),
      credentialRoutes({ statusLists, publicUrl }),
      vcApiRoutes({ issuing: credentials, verifying, mayIssue: options.requireOperator }),
      authorization.routes,
      openid4vciRoutes({ metadata, offers, delivery }),
      openid4vpRoutes({ requests, answers }),
    ],
  };
}
