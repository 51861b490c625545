// Naru's room of identity in a process of its own, on a real database and over HTTP, so that its processor time can be
// told from that of the wallets that ask it and of the database.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeImports } from '../src/compose-desk.ts';
import { composeIdentity } from '../src/compose-identity.ts';
import { type PublicHolderJwk, SD_JWT_VC_TYPE } from '../src/identity/credentials/sd-jwt-vc.ts';
import { startImportJobs } from '../src/identity/issuing/import-jobs-service.ts';
import { systemClock } from '../src/platform/clock.ts';
import { freePort } from '../src/platform/free-port.ts';
import { createHttpServer } from '../src/platform/http/http-server.ts';
import { createLogger } from '../src/platform/logger.ts';
import { inTransaction, openPool, type Pool } from '../src/platform/postgres/database.ts';
import { randomUuid, systemRandom } from '../src/platform/random.ts';
import { givenClaimsOf, registerOf, TYPE } from './credential-content.ts';
import type { WalletOffer } from './credential-wallets.ts';

export interface OfficeTask {
  databaseUrl: string;
}

/** What the office is asked: its processor time so far, offers one by one, offers by import of a file, credentials in bulk. */
export type OfficeQuestion = 'usage' | { offers: number } | { imported: number } | { bulk: number };

export interface OfficeWord {
  url: string;
  did: string;
}

const POOL = 10;
const OFFERED_AT_ONCE = 8;
/** Credentials of one transaction where nobody waits for one of them. */
const BULK_AT_ONCE = 500;
const LOOK_EVERY_ms = 100;

process.once('message', (task: OfficeTask) => void run(task));

async function run({ databaseUrl }: OfficeTask): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-bench-office-'));
  process.on('disconnect', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
  const pool = openPool(databaseUrl, POOL);
  const port = await freePort(0);
  const publicUrl = `http://localhost:${port}`;
  const secret = 'the-key-of-the-nonces-in-benchmarks';
  const common = { pool, clock: systemClock, random: systemRandom, publicUrl, secret };
  const logger = createLogger('silent');
  const identity = await composeIdentity({
    ...{ ...common, dataDirectory: folder, bearerTokens: 'allowed' },
    keysPassphrase: 'the ferry lands at seven',
    anchorOf: async () => null,
    requireOperator: async () => {},
  });
  const imports = composeImports(common);
  startImportJobs({ imports, logger });
  const server = await createHttpServer({
    logger,
    ...{ publicUrl, title: 'bench', version: '0', routes: identity.routes },
  });
  await server.listen({ host: '127.0.0.1', port });
  const answer = async (question: OfficeQuestion): Promise<unknown> => {
    if (question === 'usage') return cpu_s();
    if ('offers' in question) return makeOffers(identity.offers, question.offers);
    if ('imported' in question) return importOffers(imports, question.imported);
    return issueInBulk(pool, identity.credentials, question.bulk);
  };
  process.on('message', (question: OfficeQuestion) => void answer(question).then((word) => process.send?.(word)));
  process.send?.({ url: publicUrl, did: identity.issuer.did } satisfies OfficeWord);
}

async function makeOffers(
  desk: Awaited<ReturnType<typeof composeIdentity>>['offers'],
  count: number,
): Promise<WalletOffer[]> {
  const made: WalletOffer[] = [];
  let next = 0;
  const clerk = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      const offer = await desk.createOffer({ type: TYPE.id, claims: givenClaimsOf(n), reference: `bench-${n}` });
      made.push({ uri: offer.offer_uri, txCode: offer.tx_code });
    }
  };
  await Promise.all(Array.from({ length: OFFERED_AT_ONCE }, clerk));
  return made;
}

/** As a register is taken in at the desk: the file read, the job that makes the offers, its list of links and codes. */
async function importOffers(imports: ReturnType<typeof composeImports>, count: number): Promise<WalletOffer[]> {
  const { id } = await imports.beginImport({ type: TYPE.id }, registerOf(count), async () => {});
  while ((await imports.importOf(id)).state !== 'done') await sleep(LOOK_EVERY_ms);
  const made: WalletOffer[] = [];
  for await (const some of imports.deliveries(id)) {
    made.push(...some.map(({ link, tx_code }) => ({ uri: link, txCode: tx_code })));
  }
  return made;
}

/** To keys that are known already: a place in a status list and a row each, with no wallet asking. @returns how many */
async function issueInBulk(
  pool: Pool,
  credentials: Awaited<ReturnType<typeof composeIdentity>>['credentials'],
  count: number,
): Promise<number> {
  const jwks = Array.from({ length: BULK_AT_ONCE }, () => {
    const { kty, crv, x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    return { kty, crv, x, y } as PublicHolderJwk;
  });
  const begun_s = cpu_s();
  for (let issued = 0; issued < count; issued += BULK_AT_ONCE) {
    const holders = jwks.map((jwk) => ({ jwk, didUrl: null }));
    const given = { type: TYPE.id, format: SD_JWT_VC_TYPE, claims: givenClaimsOf(issued), reference: `bulk-${issued}` };
    const now_s = Math.floor(systemClock.now_ms() / 1_000);
    await inTransaction(pool, (transaction) =>
      credentials.issueBatch({ ...given, holders, issuedAt_s: now_s, issue: randomUuid(systemRandom) }, transaction),
    );
  }
  return count / (cpu_s() - begun_s);
}

function cpu_s(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
