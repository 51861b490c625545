// Faults row 36: a key proof that is replayed against two copies of the service on one database is accepted once.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { composeIdentity } from '../../src/compose-identity.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { openPool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { credentialRequests } from '../support/credential-requests.ts';
import { waitingAnchor, waterAccountClaims } from '../support/identity-city.ts';
import { testDatabase } from '../support/test-database.ts';

const { url, pool } = await testDatabase();
const dataDirectory = mkdtempSync(join(tmpdir(), 'naru-copies-'));
const publicUrl = `http://localhost:${await freePort(0)}`;

/** A copy with a pool and a port of its own; both are reached under one public address, as behind a load balancer. */
async function startCopy() {
  const ownPool = openPool(url);
  const identity = await composeIdentity({
    ...{ pool: ownPool, clock: { now_ms: () => Date.now() }, random: systemRandom, publicUrl, dataDirectory },
    ...{
      keysPassphrase: 'the ferry lands at seven',
      secret: 'the-key-that-both-copies-share',
      bearerTokens: 'allowed',
    },
    anchorOf: (key) => waitingAnchor(pool, key),
    keysPassphrase: 'the ferry lands at seven',
    requireOperator: async () => {},
  });
  const port = await freePort(0);
  const server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl, title: 'copy', version: '0', routes: identity.routes },
  });
  await server.listen({ host: '127.0.0.1', port });
  afterAll(async () => {
    await server.close();
    await ownPool.end();
  });
  return { identity, address: `http://127.0.0.1:${port}` };
}

const copies = [await startCopy(), await startCopy()] as const;
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));
const [first, second] = copies;
const wallet = credentialRequests(publicUrl, Date.now, first.address);
const other = credentialRequests(publicUrl, Date.now, second.address);

async function redeemed(): Promise<string> {
  const offer = await first.identity.offers.createOffer({
    ...{ type: 'water-account', claims: waterAccountClaims, reference: 'SP-1', carried_by: 'value' },
  });
  return wallet.token(offer);
}

test('a proof that both copies are sent at once is accepted by exactly one of them', async () => {
  const token = await redeemed();
  const [key] = await wallet.newKeys(1);
  for (let round = 0; round < 5; round += 1) {
    const proofs = { jwt: [await wallet.proof(key as NonNullable<typeof key>, await wallet.nonce())] };
    const body = { credential_configuration_id: 'water-account', proofs };
    const sent = Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? wallet : other).post('credential', token, body));
    const answers = await Promise.all(sent);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body: { error } }) => error === 'invalid_nonce')).toHaveLength(5);
  }
});

test('a nonce of one copy is good at the other, for another wallet too, and once', async () => {
  const [key] = await wallet.newKeys(1);
  const nonce = await wallet.nonce();
  const ask = async (at: typeof wallet, token: string) => {
    const proofs = { jwt: [await wallet.proof(key as NonNullable<typeof key>, nonce)] };
    return at.post('credential', token, { credential_configuration_id: 'water-account', proofs });
  };
  expect(await ask(other, await redeemed())).toMatchObject({ status: 200 });
  expect(await ask(wallet, await redeemed())).toMatchObject({ status: 400, body: { error: 'invalid_nonce' } });
});
