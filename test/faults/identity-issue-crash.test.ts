// Faults row 48: the service is killed while wallets take credentials. What each wallet was told is compared with the store:
// a credential is recorded and held, or it is recorded and its answer was lost, or it never was.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { statusAt } from '../../src/identity/credentials/status-list.ts';
import { grantLimits } from '../../src/identity/issuing/grant.ts';
import { holderKeyThumbprint } from '../../src/identity/issuing/holder-key.ts';
import { City, type Instance } from '../support/city.ts';
import { credentialRequests } from '../support/credential-requests.ts';
import { shortOrLong } from '../support/long-form.ts';
import { residentRegister } from '../support/register-file.ts';
import { newSeed } from '../support/seed.ts';

const KILLS = shortOrLong(4, 40);
const WALLETS = 8;
/** Keys, and so credentials, of one request: a wallet can ask ten times. */
const COPIES = grantLimits.credentialsPerOffer / 10;
/** As many as leave a wallet what it needs to ask once more, whatever became of the answer that it lost. */
const ASKS = grantLimits.credentialsPerOffer / COPIES - 2;
/** From the first answer of a round on. */
const KILLED_WITHIN_ms = 400;
/** In every other round the kill comes with the record of one of the first credentials, before its answer can be read. */
const KILLED_WITHIN_RECORDS = 8;

type Requests = ReturnType<typeof credentialRequests>;
type Key = Awaited<ReturnType<Requests['newKeys']>>[number];

interface Ask {
  keys: Key[];
  /** Null where no answer came. */
  credentials: string[] | null;
}

interface Wallet {
  token: string;
  asks: Ask[];
}

interface Status {
  uri: string;
  idx: number;
}

interface Recorded {
  thumbprint: string;
  place: string;
  revoked: boolean;
}

const settings = { WALLET_BEARER_TOKENS: 'allowed' };
let city: City;
let instance: Instance;
let requests: Requests;

beforeAll(async () => {
  city = await City.open();
  instance = await city.start(settings);
  requests = credentialRequests(city.publicUrl, Date.now, instance.url);
}, 120_000);
afterAll(() => city?.close(), 60_000);

/** Offers of a register of residents, with their codes. */
async function importedOffers(count: number): Promise<{ offer_uri: string; tx_code: string }[]> {
  const [register, links, codes] = ['register.csv', 'links.csv', 'codes.csv'].map((name) => join(city.folder, name));
  writeFileSync(register as string, residentRegister(count));
  const delivery = ['--links', links as string, '--codes', codes as string];
  const { code, output } = await city.command(['import-offers', register as string, '--type', 'resident', ...delivery]);
  expect(code, output).toBe(0);
  const [linked, coded] = [links, codes].map((path) =>
    readFileSync(path as string, 'utf8')
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[1] ?? ''),
  );
  return (linked ?? []).map((link, n) => ({ offer_uri: link, tx_code: coded?.[n] ?? '' }));
}

/** @throws where the connection ends before the answer is there */
async function ask(token: string, keys: readonly Key[]): Promise<string[]> {
  const proofs = { jwt: await requests.batch(keys) };
  const { status, text, body } = await requests.post('credential', token, {
    credential_configuration_id: 'resident',
    proofs,
  });
  expect(status, text).toBe(200);
  return body.credentials.map(({ credential }: { credential: string }) => credential);
}

async function askOnAndOn(wallet: Wallet, isKilled: () => boolean, answered: () => void): Promise<void> {
  for (let n = 0; n < ASKS && !isKilled(); n += 1) {
    const asked: Ask = { keys: await requests.newKeys(COPIES), credentials: null };
    wallet.asks.push(asked);
    try {
      asked.credentials = await ask(wallet.token, asked.keys);
      answered();
    } catch (error) {
      // Before the kill nothing may go wrong.
      if (!isKilled()) throw error;
      return;
    }
  }
}

/** Looks without a pause, so that the kill comes between a record and its answer. */
async function untilRecorded(count: number): Promise<void> {
  const watch = new pg.Client({ connectionString: city.databaseUrl });
  await watch.connect();
  const recorded = async () =>
    Number((await watch.query(`SELECT count(*) FROM identity.credential WHERE type = 'resident'`)).rows[0].count);
  for (const before = await recorded(); (await recorded()) < before + count; );
  await watch.end();
}

const thumbprintsOf = (asked: Ask) => asked.keys.map(({ jwk }) => holderKeyThumbprint(jwk));

function contentOf(credential: string): { status: Status; thumbprint: string } {
  const { status, cnf } = decodeJwt<{ status: { status_list: Status }; cnf: { jwk: Key['jwk'] } }>(
    credential.split('~')[0] ?? '',
  );
  return { status: status.status_list, thumbprint: holderKeyThumbprint(cnf.jwk) };
}

async function statusesAt(uri: string): Promise<Uint8Array> {
  const answer = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } });
  expect(answer.status).toBe(200);
  const { status_list } = decodeJwt<{ status_list: { lst: string } }>(await answer.text());
  return inflateSync(Buffer.from(status_list.lst, 'base64url'));
}

test('killed while wallets take credentials, each that a wallet holds is recorded and no lost answer costs one [faults 48]', async () => {
  const seed = newSeed('issue crash');
  const offers = await importedOffers(KILLS * WALLETS);
  const wallets: Wallet[] = [];
  /** Requests whose answers were lost, and what each got when it was made again. */
  const lost: { asked: Ask; again: string[] }[] = [];
  const moments: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const round: Wallet[] = await Promise.all(
      offers
        .slice(kill * WALLETS, (kill + 1) * WALLETS)
        .map(async (offer) => ({ token: await requests.token({ ...offer, offer_id: '', expires_at: '' }), asks: [] })),
    );
    wallets.push(...round);
    const chance = chanceAt(seed, kill);
    const after_ms = Math.floor(chance * KILLED_WITHIN_ms);
    const records = 1 + Math.floor(chance * KILLED_WITHIN_RECORDS);
    const byRecords = kill % 2 === 1;
    moments.push(byRecords ? `${records} records` : `${after_ms} ms`);
    let killed = false;
    const moment = byRecords ? untilRecorded(records) : null;
    let tellFirst = () => {};
    const first = new Promise<void>((resolve) => {
      tellFirst = resolve;
    });
    const asking = Promise.all(round.map((wallet) => askOnAndOn(wallet, () => killed, tellFirst)));
    // Told where it is awaited.
    asking.catch(() => {});
    await (moment ?? Promise.race([first, asking]).then(() => sleep(after_ms)));
    killed = true;
    await instance.kill();
    await asking;
    instance = await city.start(settings);
    for (const { token, asks } of round) {
      const asked = asks.at(-1);
      if (asked === undefined || asked.credentials !== null) continue;
      lost.push({ asked, again: await ask(token, asked.keys) });
    }
  }

  const recorded = await city.sql<Recorded>(
    `SELECT holder_thumbprint AS thumbprint, status_list || '/' || status_index AS place,
            revoked_at IS NOT NULL OR suspended_at IS NOT NULL AS revoked
     FROM identity.credential WHERE type = 'resident'`,
  );
  const byPlace = new Map(recorded.map((record) => [record.place, record]));
  const timesRecorded = (thumbprint: string) => recorded.filter((record) => record.thumbprint === thumbprint).length;
  const answered = wallets.flatMap(({ asks }) => asks.filter(({ credentials }) => credentials !== null));
  const held = [...answered.flatMap(({ credentials }) => credentials ?? []), ...lost.flatMap(({ again }) => again)];
  const unheard = lost.filter(({ asked }) => thumbprintsOf(asked).some((thumbprint) => timesRecorded(thumbprint) > 1));
  process.stdout.write(
    `killed after ${moments.join(', ')}: ${answered.length} requests answered, ${lost.length} answers lost, ` +
      `${unheard.length} of them after the record; ${held.length} credentials held, ${recorded.length} recorded\n`,
  );
  expect(answered.length).toBeGreaterThan(0);
  expect(lost.length).toBeGreaterThan(0);

  // What a wallet holds is recorded for its key, in its place, and valid.
  const lists = new Map<string, Uint8Array>();
  for (const credential of held) {
    const { status, thumbprint } = contentOf(credential);
    expect(byPlace.get(`${status.uri.split('/').at(-1)}/${status.idx}`)).toMatchObject({ thumbprint, revoked: false });
    if (!lists.has(status.uri)) lists.set(status.uri, await statusesAt(status.uri));
    expect(statusAt(lists.get(status.uri) as Uint8Array, status.idx)).toBe(0);
  }
  // No place is given twice, to whoever.
  expect(new Set(held.map((credential) => JSON.stringify(contentOf(credential).status))).size).toBe(held.length);
  expect(byPlace.size).toBe(recorded.length);

  // Of an answer that came, each credential is recorded once; of one that was lost, all of its credentials were, or none.
  const each = (times: number) => Array<number>(COPIES).fill(times);
  for (const asked of answered) expect(thumbprintsOf(asked).map(timesRecorded)).toEqual(each(1));
  for (const { asked, again } of lost) {
    expect(again.map((credential) => contentOf(credential).thumbprint)).toEqual(thumbprintsOf(asked));
    expect([each(1), each(2)]).toContainEqual(thumbprintsOf(asked).map(timesRecorded));
  }
  expect(recorded.length).toBe(held.length + unheard.length * COPIES);

  // What is recorded was taken from its grant and can be reported on: the three stand or fall together.
  const [apart] = await city.sql<{ grants: number; answers: number }>(
    `SELECT
       (SELECT count(*)::int FROM identity.grants g JOIN identity.granted_credentials c ON c.grant_id = g.id
        WHERE c.credentials_left + (SELECT count(*) FROM identity.credential i WHERE i.reference = g.reference) <> $1) AS grants,
       (SELECT count(*)::int FROM identity.credential i WHERE type = 'resident'
        AND (SELECT count(*) FROM identity.credential_answers a WHERE i.id = ANY (a.credential_ids)) <> 1) AS answers`,
    [grantLimits.credentialsPerOffer],
  );
  expect(apart).toEqual({ grants: 0, answers: 0 });
}, 600_000);
