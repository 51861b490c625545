// Naru's room of identity in a process of its own, on a real database and over HTTP, so that its processor time can be
// told from that of the wallets that ask it and of the database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeIdentity } from '../src/compose-identity.ts';
import { systemClock } from '../src/platform/clock.ts';
import { freePort } from '../src/platform/free-port.ts';
import { createHttpServer } from '../src/platform/http/http-server.ts';
import { createLogger } from '../src/platform/logger.ts';
import { openPool } from '../src/platform/postgres/database.ts';
import { systemRandom } from '../src/platform/random.ts';
import { givenClaimsOf, TYPE } from './credential-content.ts';
import type { WalletOffer } from './credential-wallets.ts';

export interface OfficeTask {
  databaseUrl: string;
}

export interface OfficeWord {
  url: string;
  did: string;
}

const POOL = 10;
const OFFERED_AT_ONCE = 8;

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
  const identity = await composeIdentity({
    ...{ pool, clock: systemClock, random: systemRandom, publicUrl, dataDirectory: folder },
    keysPassphrase: 'the ferry lands at seven',
    anchorOf: async () => null,
    requireOperator: async () => {},
    ...{ bearerTokens: 'allowed', secret: 'the-key-of-the-nonces-in-benchmarks' },
  });
  const server = await createHttpServer({
    logger: createLogger('silent'),
    ...{ publicUrl, title: 'bench', version: '0', routes: identity.routes },
  });
  await server.listen({ host: '127.0.0.1', port });
  process.on('message', (question: 'usage' | { offers: number }) => {
    if (question === 'usage') process.send?.(cpu_s());
    else void makeOffers(identity.offers, question.offers).then((offers) => process.send?.(offers));
  });
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

function cpu_s(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
