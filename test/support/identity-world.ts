// The identity room on a real database, with a clock that stands still and a map of anchors made from the outbox.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { afterAll } from 'vitest';
import type { Anchor, AnchorStatus } from '../../src/anchoring/anchor.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { encodeProof, proofToText } from '../../src/anchoring/proofs.ts';
import { credentialRoutes } from '../../src/identity/credentials/credential-routes.ts';
import { createDataIntegrity } from '../../src/identity/credentials/data-integrity.ts';
import { createStatusListService } from '../../src/identity/credentials/status-list-service.ts';
import { didResolutionRoutes } from '../../src/identity/dids/did-resolution-routes.ts';
import { didRoutes } from '../../src/identity/dids/did-routes.ts';
import { createDidService } from '../../src/identity/dids/did-service.ts';
import { createEthrDids } from '../../src/identity/dids/ethr-did-port.ts';
import { createForeignDids } from '../../src/identity/dids/foreign-did-port.ts';
import { createResolveDidService } from '../../src/identity/dids/resolve-did-service.ts';
import { createChangeVcStatusService } from '../../src/identity/issuing/change-vc-status-service.ts';
import { createIssueCredentialService } from '../../src/identity/issuing/issue-credential-service.ts';
import { vcApiRoutes } from '../../src/identity/issuing/vc-api-routes.ts';
import { createDeriveCredentialService } from '../../src/identity/presenting/derive-credential-service.ts';
import { createForeignStatusLists } from '../../src/identity/presenting/foreign-status-list-port.ts';
import { vcApiVerifyRoutes } from '../../src/identity/presenting/vc-api-verify-routes.ts';
import { createVerifyCredentialService } from '../../src/identity/presenting/verify-credential-service.ts';
import { createVerifyPresentationService } from '../../src/identity/presenting/verify-presentation-service.ts';
import { createVerifyVcPresentationService } from '../../src/identity/presenting/verify-vc-presentation-service.ts';
import { openIssuerKeys } from '../../src/identity/trust/issuer-keys-store.ts';
import { createTrustService } from '../../src/identity/trust/trust-issuer-service.ts';
import { trustedIssuerRoutes } from '../../src/identity/trust/trusted-issuer-routes.ts';
import { createGuardedFetch } from '../../src/platform/http/guarded-fetch.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { problem } from '../../src/platform/problem.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { mapOf } from './map-of.ts';

export const publicUrl = 'http://localhost:8080';
/** The DID library compares with the machine's own clock, so time stands still in the past. */
export const START_ms = Date.UTC(2026, 0, 15, 3, 0, 0);
export const KEYS_PASSPHRASE = 'the ferry lands at seven';
const HASH_ZERO = `0x${'00'.repeat(32)}`;

interface AnchorFault {
  status?: AnchorStatus;
  absent?: boolean;
  value?: string;
  proof?: string;
}

/**
 * @param lists whose status lists are fetched
 * @param keyFile of the issuer's keys; one of its own where absent
 */
export async function identityWorld(
  pool: Pool,
  { lists = { hosts: [] }, keyFile }: { lists?: { hosts: string[]; ca?: string }; keyFile?: string } = {},
) {
  const clock = { time_ms: START_ms, now_ms: () => clock.time_ms };
  const chain: { fault: AnchorFault } = { fault: {} };
  const folder = mkdtempSync(join(tmpdir(), 'naru-keys-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const ring = await openIssuerKeys(keyFile ?? join(folder, 'issuer-keys.json'), KEYS_PASSPHRASE);

  async function anchorOf(key: Uint8Array): Promise<Anchor | null> {
    const { rows } = await pool.query<{ key: Buffer; value: Buffer }>(
      'SELECT key, value FROM anchoring.outbox WHERE value IS NOT NULL',
    );
    const map = await mapOf(rows.map((row) => ({ key: new Uint8Array(row.key), value: new Uint8Array(row.value) })));
    const value = map.get(key);
    if (value === null || chain.fault.absent) return null;
    const pending = chain.fault.status === 'pending';
    return {
      status: chain.fault.status ?? 'final',
      key: toHex(key),
      value: chain.fault.value ?? toHex(value),
      chain_id: 31_337,
      contract: `0x${'11'.repeat(20)}`,
      registry_id: HASH_ZERO,
      epoch: pending ? null : 1,
      root: pending ? null : toHex(map.root),
      transaction: pending ? null : HASH_ZERO,
      block: pending ? null : 1,
      block_time: null,
      proof: pending ? null : (chain.fault.proof ?? proofToText(encodeProof(map.prove(key)))),
    };
  }

  const dids = createDidService({ pool, clock, random: systemRandom, publicUrl, anchorOf });
  const issuer = await dids.ensureIssuer(ring);
  const { keys } = issuer;
  const dataIntegrity = createDataIntegrity({ issuer, publicUrl, randomBytes: systemRandom.bytes });
  const statusLists = createStatusListService({ pool, clock, random: systemRandom, publicUrl, issuer, dataIntegrity });
  const issuing = createIssueCredentialService({ pool, clock, issuer, statusLists, dataIntegrity });
  const foreign = createForeignDids({ fetchText: createGuardedFetch({ hosts: [] }), ethr: createEthrDids([]) });
  const resolver = createResolveDidService({ clock, dids, foreign });
  const trust = createTrustService({ pool, clock });
  const foreignStatusLists = createForeignStatusLists({ fetchText: createGuardedFetch(lists), clock });
  const others = { trust, resolver, statusLists: foreignStatusLists };
  const presentations = createVerifyPresentationService({ clock, publicUrl, dids, statusLists, others });
  const judging = { clock, dids, resolver, trust, statusLists, foreignStatusLists, dataIntegrity };
  const credentials = createVerifyCredentialService(judging);
  const w3cPresentations = createVerifyVcPresentationService({ ...judging, credentials });

  async function requireOperator(request: FastifyRequest): Promise<void> {
    if (request.headers.authorization !== 'Bearer clerk') throw problem('NOT_SIGNED_IN');
  }

  async function startHttp() {
    const server = await createHttpServer({
      logger: createLogger('silent'),
      publicUrl,
      title: 'test',
      version: '0',
      routes: [
        didRoutes({ dids }),
        didResolutionRoutes({ resolver }),
        credentialRoutes({ statusLists, publicUrl }),
        vcApiRoutes({
          issuing,
          statuses: createChangeVcStatusService({ pool, credentials: issuing }),
          requireOperator,
          isOpen: false,
        }),
        trustedIssuerRoutes({ trust, requireOperator }),
        vcApiVerifyRoutes({
          credentials,
          presentations: w3cPresentations,
          deriving: createDeriveCredentialService({ dataIntegrity }),
        }),
      ],
    });
    afterAll(() => server.close());
    return server;
  }

  return {
    clock,
    chain,
    anchorOf,
    keys,
    ring,
    dids,
    issuer,
    dataIntegrity,
    statusLists,
    issuing,
    trust,
    presentations,
    credentials,
    startHttp,
  };
}

export type IdentityWorld = Awaited<ReturnType<typeof identityWorld>>;
