// Wires the room of identity: issuer, credentials, the two protocols and the VC-API.
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import type { Anchor } from './anchoring/anchor.ts';
import { type AuthorizationPolicy, composeAuthorization } from './compose-authorization.ts';
import { composeIssuing, type IssuingPolicy, openPolicy } from './compose-issuing.ts';
import { listCredentials } from './identity/credentials/credential-list-store.ts';
import { credentialRoutes } from './identity/credentials/credential-routes.ts';
import { createDataIntegrity } from './identity/credentials/data-integrity.ts';
import { createStatusListService } from './identity/credentials/status-list-service.ts';
import { parseDidLogText } from './identity/dids/did-log.ts';
import { didResolutionRoutes } from './identity/dids/did-resolution-routes.ts';
import { didRoutes } from './identity/dids/did-routes.ts';
import { createDidService } from './identity/dids/did-service.ts';
import { createEthrDids, type EthrNetwork } from './identity/dids/ethr-did-port.ts';
import { createForeignDids } from './identity/dids/foreign-did-port.ts';
import { createResolveDidService } from './identity/dids/resolve-did-service.ts';
import { createChangeVcStatusService } from './identity/issuing/change-vc-status-service.ts';
import { createIssueCredentialService } from './identity/issuing/issue-credential-service.ts';
import { createReissueService } from './identity/issuing/reissue-credential-service.ts';
import { vcApiRoutes } from './identity/issuing/vc-api-routes.ts';
import { createDeriveCredentialService } from './identity/presenting/derive-credential-service.ts';
import { createForeignStatusLists } from './identity/presenting/foreign-status-list-port.ts';
import { openid4vpRoutes } from './identity/presenting/openid4vp-routes.ts';
import { createPresentationAnswerService } from './identity/presenting/receive-presentation-service.ts';
import { createPresentationRequestService } from './identity/presenting/request-presentation-service.ts';
import { vcApiVerifyRoutes } from './identity/presenting/vc-api-verify-routes.ts';
import { verifierRoutes } from './identity/presenting/verifier-routes.ts';
import { createVerifyCredentialService } from './identity/presenting/verify-credential-service.ts';
import { createVerifyMdocService } from './identity/presenting/verify-mdoc-service.ts';
import { createVerifyPresentationService } from './identity/presenting/verify-presentation-service.ts';
import { createVerifyVcPresentationService } from './identity/presenting/verify-vc-presentation-service.ts';
import { createVerifyW3cAnswerService } from './identity/presenting/verify-w3c-answer-service.ts';
import type { KeyService } from './identity/trust/held-key.ts';
import { openIssuerCertificate } from './identity/trust/issuer-certificate-store.ts';
import type { Issuer, IssuerKeyRing } from './identity/trust/issuer-keys.ts';
import { issuerKeyFile, openIssuerKeys } from './identity/trust/issuer-keys-store.ts';
import { createTrustService } from './identity/trust/trust-issuer-service.ts';
import { trustedIssuerRoutes } from './identity/trust/trusted-issuer-routes.ts';
import { noWallets } from './identity/trust/trusted-wallets.ts';
import { openVerifierIdentity } from './identity/trust/verifier-identity-store.ts';
import { createVerifierListService } from './identity/trust/verifier-list-service.ts';
import { verifierRegistrationRoutes } from './identity/trust/verifier-registration-routes.ts';
import { createVerifierService } from './identity/trust/verifier-service.ts';
import type { Clock } from './platform/clock.ts';
import { createGuardedFetch } from './platform/http/guarded-fetch.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';
import type { DeskIssuer } from './portal/desk-service.ts';

const issuerName = { ko: '나루', en: 'Naru' };

export interface IdentityOptions extends Partial<AuthorizationPolicy> {
  pool: Pool;
  clock: Clock;
  random: Random;
  publicUrl: string;
  dataDirectory: string;
  /** Shared by all copies of the service. */
  secret: string;
  /** Seals the file of the issuer's keys. */
  keysPassphrase: string;
  /** Holds the private halves of the issuer's keys where it can; the file holds them all where absent. */
  keyService?: KeyService | null;
  anchorOf(key: Uint8Array): Promise<Anchor | null>;
  /** What keeps anchors from the chain; null for nothing. */
  chainTrouble?: () => Promise<string | null>;
  /** Hosts and chains whose DIDs are resolved; none where absent. */
  foreignDids?: { webHosts: readonly string[]; ethrNetworks: readonly EthrNetwork[] } | undefined;
  /** PEM file of the issuer's certificate chain; where absent the DID alone says who issues. */
  issuerCertificateFile?: string | undefined;
  /** Told why that certificate is not used, in a sentence for the operator. */
  warn?: (message: string) => void;
  /** PEM files of the verifier's key and certificate chain; both are made where absent. */
  verifierFiles?: { key: string; certificate: string } | undefined;
  requireOperator(request: FastifyRequest): Promise<void>;
  /** Whether anybody may issue through the VC-API what is not one of the city's own types; not where absent. */
  vcApiIsOpen?: boolean;
  /** Hosts whose status lists are fetched; none where absent. */
  statusListHosts?: readonly string[];
  /** Certificates those hosts are believed by instead of the system's, PEM. */
  statusListAuthority?: string;
  /** What the city asks of wallets beyond the protocol; nothing where absent. */
  issuingPolicy?: IssuingPolicy;
}

export async function composeIdentity(options: IdentityOptions) {
  const { publicUrl } = options;
  const dids = createDidService(options);
  const keyFile = issuerKeyFile(options.dataDirectory);
  const openKeys = () => openIssuerKeys(keyFile, options.keysPassphrase, options.keyService ?? null);
  const withoutCertificate = (trouble: string) =>
    options.warn?.(`${trouble}. Credentials are issued without a certificate, under the DID alone.`);
  async function certificateOf(current: Issuer, ring: IssuerKeyRing): Promise<Issuer['certificate']> {
    const { issuerCertificateFile: path, clock } = options;
    if (path === undefined) return null;
    const log = parseDidLogText(await dids.didLogOf('issuer'));
    const about = { issuer: current, ring, log, publicUrl, now_ms: clock.now_ms() };
    const { certificate, trouble } = openIssuerCertificate(path, about);
    if (trouble !== null) withoutCertificate(trouble);
    return certificate;
  }
  const ring = await openKeys();
  const issuer = await dids.ensureIssuer(ring);
  issuer.certificate = await certificateOf(issuer, ring);
  /** Stolen keys must go whatever has become of the certificate's file. */
  async function reloadKeys(): Promise<void> {
    const changed = await openKeys();
    const current = await dids.ensureIssuer(changed);
    const certificate = await certificateOf(current, changed).catch((error: Error) => {
      withoutCertificate(error.message);
      return null;
    });
    Object.assign(issuer, current, { certificate });
  }
  const dataIntegrity = createDataIntegrity({ issuer, publicUrl, randomBytes: options.random.bytes });
  const statusLists = createStatusListService({ ...options, issuer, dataIntegrity });
  await statusLists.addMissingDecoys();
  const credentials = createIssueCredentialService({ ...options, issuer, statusLists, dataIntegrity });

  const fetchText = createGuardedFetch({ hosts: options.foreignDids?.webHosts ?? [] });
  const ethr = createEthrDids(options.foreignDids?.ethrNetworks ?? []);
  const resolver = createResolveDidService({ ...options, dids, foreign: createForeignDids({ fetchText, ethr }) });
  const trust = createTrustService(options);
  const deriving = createDeriveCredentialService({ dataIntegrity });
  const foreignStatusLists = createForeignStatusLists({
    fetchText: createGuardedFetch({
      hosts: options.statusListHosts ?? [],
      ...(options.statusListAuthority === undefined ? {} : { ca: options.statusListAuthority }),
    }),
    clock: options.clock,
  });
  const others = { trust, resolver, statusLists: foreignStatusLists };
  const verifier = createVerifyPresentationService({ ...options, dids, statusLists, others });
  const mdocs = createVerifyMdocService({ ...options, dids, issuer, statusLists, others });
  const judging = { ...options, dids, resolver, trust, statusLists, foreignStatusLists, dataIntegrity };
  const verifying = createVerifyCredentialService(judging);
  const presentations = createVerifyVcPresentationService({ ...judging, credentials: verifying });

  const w3cAnswers = createVerifyW3cAnswerService({ presentations });

  const { wallets = noWallets, bearerTokens = 'refused' } = options;
  const authorization = composeAuthorization({ ...options, wallets, bearerTokens, issuer: publicUrl });
  const issuing = composeIssuing({
    ...options,
    ...{ name: issuerName, issuer, issuing: credentials, authorization, wallets },
    resolveDid: (did) => resolver.resolve(did),
    policy: options.issuingPolicy ?? openPolicy,
  });
  const identity = await openVerifierIdentity({
    files: options.verifierFiles,
    ownFile: join(options.dataDirectory, 'verifier.json'),
    ...{ publicUrl, random: options.random, now_ms: options.clock.now_ms() },
  });
  const verifiers = createVerifierService({ ...options, identity });
  await verifiers.registerOwnVerifiers();
  const asking = { ...options, verifiers, signers: { issuer, identity, chainOf: verifiers.chainOf } };
  const requests = createPresentationRequestService(asking);
  const answers = createPresentationAnswerService({
    ...asking,
    verifyPresentation: (presentation, { format, session, ...expected }) => {
      if (format === 'dc+sd-jwt') return verifier.verifySdJwtPresentation(presentation, expected);
      if (format === 'mso_mdoc') return mdocs.verifyMdocPresentation(presentation, { ...expected, ...session });
      return w3cAnswers.verifyW3cAnswer(presentation, { ...expected, format });
    },
  });
  const verifierList = createVerifierListService({ ...options, issuer, verifiers });

  const { offers } = issuing;
  const { revokeCredential, suspendCredential, resumeCredential, statusOf } = credentials;
  const desk: DeskIssuer = {
    ...offers,
    ...{ revokeCredential, suspendCredential, resumeCredential, statusOf },
    listCredentials: (filter, after, limit) => listCredentials(options.pool, filter, after, limit),
    reissue: createReissueService({ createOffer: offers.createOffer, revokeCredential }).reissue,
  };
  return {
    issuer,
    /** Takes up the keys that the issuer's log names now, and their certificate. Where that fails, the keys stay as they were. */
    reloadKeys,
    offers,
    approvals: issuing.approvals,
    credentials,
    desk,
    requests,
    verifiers,
    verifierAnchors: identity.chain.anchors,
    routes: [
      didRoutes({ dids }),
      didResolutionRoutes({ resolver }),
      credentialRoutes({ statusLists, publicUrl }),
      vcApiRoutes({
        issuing: credentials,
        statuses: createChangeVcStatusService({ ...options, credentials }),
        requireOperator: options.requireOperator,
        isOpen: options.vcApiIsOpen ?? false,
      }),
      vcApiVerifyRoutes({ credentials: verifying, presentations, deriving }),
      ...authorization.routes,
      ...issuing.routes,
      openid4vpRoutes({ requests, answers, verifierList }),
      verifierRoutes({ verifiers, requests }),
      trustedIssuerRoutes({ trust, requireOperator: options.requireOperator }),
      verifierRegistrationRoutes({ verifiers, requireOperator: options.requireOperator }),
    ],
  };
}
