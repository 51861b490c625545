// A city's identity service for tests: real HTTP on a real socket, a real database, and citizens with headless wallets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { type AuthorizationPolicy, composeAuthorization } from '../../src/compose-authorization.ts';
import { composeIssuing, type IssuingPolicy, openPolicy } from '../../src/compose-issuing.ts';
import { createDataIntegrity } from '../../src/identity/credentials/data-integrity.ts';
import { createStatusListService } from '../../src/identity/credentials/status-list-service.ts';
import { didResolutionRoutes } from '../../src/identity/dids/did-resolution-routes.ts';
import { didRoutes } from '../../src/identity/dids/did-routes.ts';
import { createDidService } from '../../src/identity/dids/did-service.ts';
import { createEthrDids } from '../../src/identity/dids/ethr-did-port.ts';
import { createForeignDids } from '../../src/identity/dids/foreign-did-port.ts';
import { createResolveDidService } from '../../src/identity/dids/resolve-did-service.ts';
import { createIssueCredentialService } from '../../src/identity/issuing/issue-credential-service.ts';
import { openid4vpRoutes } from '../../src/identity/presenting/openid4vp-routes.ts';
import type { PresentationOrder } from '../../src/identity/presenting/presentation-request.ts';
import { createPresentationAnswerService } from '../../src/identity/presenting/receive-presentation-service.ts';
import { createPresentationRequestService } from '../../src/identity/presenting/request-presentation-service.ts';
import { verifierRoutes } from '../../src/identity/presenting/verifier-routes.ts';
import { createVerifyPresentationService } from '../../src/identity/presenting/verify-presentation-service.ts';
import { openIssuerKeys } from '../../src/identity/trust/issuer-keys-store.ts';
import { noWallets } from '../../src/identity/trust/trusted-wallets.ts';
import { openVerifierIdentity } from '../../src/identity/trust/verifier-identity-store.ts';
import { createVerifierListService } from '../../src/identity/trust/verifier-list-service.ts';
import { verifierRegistrationRoutes } from '../../src/identity/trust/verifier-registration-routes.ts';
import { createVerifierService } from '../../src/identity/trust/verifier-service.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { createGuardedFetch } from '../../src/platform/http/guarded-fetch.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { testDatabase } from './test-database.ts';

export const operatorToken = 'the-token-of-the-operator-in-tests';

export const waterAccountClaims = {
  service_point: 'SP-0001',
  usage_class: 'domestic',
  role: 'occupant',
  from: '2024-03-01',
};

export const signInClaims = [
  { name: 'service_point' },
  { name: 'role' },
  { name: 'from' },
  { name: 'until', optional: true },
];
export const signInPurpose = { ko: '내 수도 계량기를 봅니다.', en: 'To see my water meter.' };

/**
 * Call at the top of a test file; everything is stopped at its end.
 *
 * @param given Bearer tokens are allowed where it says nothing, for tests whose subject is something else than DPoP
 */
export async function identityCity(given: Partial<AuthorizationPolicy & { issuing: IssuingPolicy }> = {}) {
  const policy: AuthorizationPolicy = { wallets: noWallets, bearerTokens: 'allowed', ...given };
  const { pool } = await testDatabase();
  const clock = { ahead_ms: 0, now_ms: () => Date.now() + clock.ahead_ms };
  const random = systemRandom;
  const port = await freePort(0);
  const publicUrl = `http://localhost:${port}`;
  const directory = mkdtempSync(join(tmpdir(), 'naru-city-'));

  const foreign = createForeignDids({ fetchText: createGuardedFetch({ hosts: [] }), ethr: createEthrDids([]) });
  const dids = createDidService({ pool, clock, random, publicUrl, anchorOf: (key) => waitingAnchor(pool, key) });
  const issuer = await dids.ensureIssuer(
    await openIssuerKeys(join(directory, 'issuer.json'), 'the ferry lands at seven'),
  );
  const dataIntegrity = createDataIntegrity({ issuer, publicUrl, randomBytes: random.bytes });
  const statusLists = createStatusListService({ pool, clock, random, publicUrl, issuer, dataIntegrity });
  const issuing = createIssueCredentialService({ pool, clock, issuer, statusLists, dataIntegrity });
  const verifying = createVerifyPresentationService({ clock, publicUrl, dids, statusLists });

  const authorization = composeAuthorization({ ...{ pool, clock, random }, issuer: publicUrl, ...policy });
  const resolver = createResolveDidService({ clock, dids, foreign });
  const offered = composeIssuing({
    ...{
      pool,
      clock,
      random,
      publicUrl,
      issuer,
      issuing,
      authorization,
      requireOperator: operatorGuard(operatorToken),
    },
    ...{ name: { ko: '나루시', en: 'City of Naru' }, secret: 'the-key-of-the-nonces-in-tests' },
    ...{ policy: given.issuing ?? openPolicy, wallets: policy.wallets },
    resolveDid: (did) => resolver.resolve(did),
  });
  const { metadata, offers, approvals } = offered;
  const identity = await openVerifierIdentity({
    ownFile: join(directory, 'verifier.json'),
    ...{ publicUrl, random, now_ms: clock.now_ms() },
  });
  const verifiers = createVerifierService({ pool, clock, random, identity });
  await verifiers.registerOwnVerifiers();
  const asking = {
    ...{ pool, clock, random, publicUrl, verifiers },
    signers: { issuer, identity, chainOf: verifiers.chainOf },
  };
  const requests = createPresentationRequestService(asking);
  const answers = createPresentationAnswerService({
    ...asking,
    verifyPresentation: verifying.verifySdJwtPresentation,
  });
  const verifierList = createVerifierListService({ clock, publicUrl, issuer, verifiers });

  const server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl,
    title: 'test',
    version: '0',
    routes: [
      didRoutes({ dids }),
      didResolutionRoutes({ resolver }),
      ...authorization.routes,
      ...offered.routes,
      openid4vpRoutes({ requests, answers, verifierList }),
      verifierRoutes({ verifiers, requests }),
      verifierRegistrationRoutes({ verifiers, requireOperator: operatorGuard(operatorToken) }),
    ],
  });
  await server.listen({ host: '127.0.0.1', port });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  return {
    pool,
    clock,
    publicUrl,
    issuer,
    issuing,
    metadata,
    offers,
    approvals,
    requests,
    verifiers,
    identity,
    server,
    /** A new citizen; `fetch` to watch or disturb what the wallet sends. */
    citizen: (fetch?: typeof globalThis.fetch, copies = 1) =>
      createCitizenWallet({
        ...{ serviceUrl: publicUrl, now_ms: clock.now_ms, copies },
        ...(fetch === undefined ? {} : { fetch }),
      }),
    offerWaterAccount: (claims: Record<string, unknown> = waterAccountClaims) =>
      offers.createOffer({ type: 'water-account', claims, reference: 'SP-0001' }),
    signIn: (
      mode: 'same_device' | 'cross_device',
      how: Pick<PresentationOrder, 'client' | 'encrypted' | 'transactions'> = {},
    ) =>
      requests.createPresentationRequest({
        verifier: 'portal',
        credentials: [{ type: 'water-account', claims: signInClaims }],
        purpose: signInPurpose,
        ...how,
        mode,
        ...(mode === 'same_device' ? { return_url: `${publicUrl}/` } : {}),
      }),
  };
}

/** The anchor of a change that no epoch has taken yet; this part of the house is tested with its own chain elsewhere. */
export async function waitingAnchor(pool: Pool, key: Uint8Array): Promise<Anchor | null> {
  const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM anchoring.outbox WHERE key = $1', [
    Buffer.from(key),
  ]);
  if (rows[0] === undefined) return null;
  return {
    status: 'pending',
    key: `0x${Buffer.from(key).toString('hex')}`,
    value: `0x${rows[0].value.toString('hex')}`,
    chain_id: 31_337,
    contract: `0x${'00'.repeat(20)}`,
    registry_id: `0x${'00'.repeat(32)}`,
    epoch: null,
    root: null,
    transaction: null,
    block: null,
    block_time: null,
    proof: null,
  };
}
