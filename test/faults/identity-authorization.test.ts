// Two real copies of the service on one database, and people who replay, guess, race and point where they should not.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { composeAuthorization } from '../../src/compose-authorization.ts';
import { credentialFormats } from '../../src/identity/credentials/credential-formats.ts';
import { credentialTypes } from '../../src/identity/credentials/credential-types.ts';
import { credentialConfigurations } from '../../src/identity/issuing/credential-configuration.ts';
import { requestKeyOf } from '../../src/identity/issuing/credential-encryption.ts';
import { issuerMetadata } from '../../src/identity/issuing/issuer-metadata.ts';
import { offerLimits } from '../../src/identity/issuing/offer.ts';
import { createOfferService } from '../../src/identity/issuing/offer-credential-service.ts';
import { noWallets } from '../../src/identity/trust/trusted-wallets.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { openPool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { City } from '../support/city.ts';
import { cityClient, residentMapping, ScriptedBrowser, startCityProvider } from '../support/city-provider.ts';
import { waterAccountClaims } from '../support/identity-city.ts';
import { type Answer, keyPair, testWallet } from '../support/test-wallet.ts';

const AT_ONCE = 50;
const operatorToken = 'the-token-of-the-operator-in-tests';
const attester = 'https://wallet-provider.example';
const redirectUri = 'https://wallet.example/cb';

const city = await City.open();
const pool = openPool(city.databaseUrl);
afterAll(async () => {
  await pool.end();
  await city.close();
});

const { publicUrl } = city;
const providerPort = await freePort(0);
await startCityProvider({ port: providerPort, redirectUri: `${publicUrl}/oauth/signed-in` });
const attesterKey = await keyPair();
const walletsFile = join(city.folder, 'wallets.json');
const provider = { issuer: attester, keys: [attesterKey.jwk], redirect_uris: [redirectUri] };
writeFileSync(walletsFile, JSON.stringify({ providers: [provider] }));

const settings = {
  NARU_ROLES: 'api',
  NARU_OPERATOR_TOKEN: operatorToken,
  CITY_OPENID_ISSUER: `http://localhost:${providerPort}`,
  CITY_OPENID_CLIENT_ID: cityClient.id,
  CITY_OPENID_CLIENT_SECRET: cityClient.secret,
  CITY_OPENID_SCOPE: 'openid profile address',
  CITY_OPENID_CLAIMS: JSON.stringify(residentMapping),
  WALLETS_FILE: walletsFile,
};
const copies = [await city.start(settings)];
copies.push(await city.start({ ...settings, HTTP_PORT: String(await freePort(0)) }));

let turn = 0;
const reach = () => copies[turn++ % copies.length]?.url ?? '';
const attestedWallet = (clientId = 'attested-wallet') =>
  testWallet({
    ...{ publicUrl, clientId, redirectUri, now_ms: Date.now, reach },
    provider: { issuer: attester, key: attesterKey.privateKey },
  });

/** The office's desk, at the same database. */
const parts = { pool, clock: systemClock, random: systemRandom };
const { metadata: serverMetadata } = composeAuthorization({
  ...{ ...parts, issuer: publicUrl, wallets: noWallets, bearerTokens: 'refused' },
});
const configurations = credentialConfigurations(credentialTypes, credentialFormats, {});
const metadata = issuerMetadata({
  ...{ publicUrl, name: { ko: '나루', en: 'Naru' }, configurations, authorizationServer: serverMetadata },
  ...{
    requestKey: requestKeyOf('the-key-of-the-nonces-in-tests'),
    encryptionRequired: false,
    trustsAttestations: false,
  },
});
const desk = createOfferService({
  ...{ ...parts, metadata, configurations, signInTypes: [] },
  issuer: { certificate: null },
});

async function offered(): Promise<{ id: string; code: string; txCode: string }> {
  const offer = await desk.createOffer({ type: 'water-account', claims: waterAccountClaims, reference: 'SP-0001' });
  const uri = new URL(offer.offer_uri).searchParams.get('credential_offer_uri') ?? '';
  const { grants } = await (await fetch(uri)).json();
  const [grant] = Object.values(grants) as Record<string, string>[];
  return { id: offer.offer_id, code: String(grant?.['pre-authorized_code']), txCode: offer.tx_code };
}

const wrong = (txCode: string) => String((Number(txCode) + 1) % 10 ** offerLimits.txCodeDigits).padStart(6, '0');
const count = (answers: Answer[], what: number | string) =>
  answers.filter(({ status, body }) => (typeof what === 'number' ? status : body.error) === what).length;
const atOnce = <T>(times: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_none, index) => work(index)));

test('a DPoP proof sent to both copies at once is accepted once, and its nonce is known to both [faults 36]', async () => {
  const wallet = await attestedWallet();
  const offer = await offered();
  const token = String((await wallet.redeem(offer.code, offer.txCode)).body.access_token);
  const address = `${publicUrl}/openid4vci/credential`;
  const dpop = await wallet.dpop(address, 'POST', token);
  const answers = await atOnce(10, () =>
    wallet.send('/openid4vci/credential', {
      body: '{"credential_configuration_id":"resident"}',
      headers: { 'content-type': 'application/json', authorization: `DPoP ${token}`, dpop },
    }),
  );
  // The one that was accepted got as far as to hear that its credential was not granted.
  expect(count(answers, 'unknown_credential_configuration')).toBe(1);
  expect(count(answers, 'invalid_dpop_proof')).toBe(9);
  expect(await pool.query('SELECT 1 FROM identity.granted_credentials WHERE claims IS NULL')).toMatchObject({
    rowCount: 0,
  });
});

test('the proof beside an attestation, replayed at the other copy, is refused [faults 36]', async () => {
  const wallet = await attestedWallet();
  const headers = await wallet.attestationHeaders();
  const bare = await testWallet({ publicUrl, clientId: 'attested-wallet', redirectUri, now_ms: Date.now, reach });
  const answers = await atOnce(6, () => bare.push({}, { dpop: false, headers }));
  expect([count(answers, 201), count(answers, 'invalid_client')]).toEqual([1, 5]);
});

test('a refresh token used at both copies at once is good once, and then its family is void [faults 36]', async () => {
  const wallet = await attestedWallet();
  const token = await wallet.token(await wallet.codeFor('kim'));
  const answers = await atOnce(6, () => wallet.refresh(token.body.refresh_token));
  expect([count(answers, 200), count(answers, 'invalid_grant')]).toEqual([1, 5]);
  const winner = answers.find(({ status }) => status === 200);
  expect(await wallet.refresh(winner?.body.refresh_token)).toMatchObject({ body: { error: 'invalid_grant' } });
});

test('a pre-authorized code redeemed by 50 at once gives exactly one token [faults 37]', async () => {
  const offer = await offered();
  const wallets = await atOnce(AT_ONCE, () => attestedWallet());
  const answers = await atOnce(
    AT_ONCE,
    async (index) => wallets[index]?.redeem(offer.code, offer.txCode) as Promise<Answer>,
  );
  expect([count(answers, 200), count(answers, 'invalid_grant')]).toEqual([1, AT_ONCE - 1]);
});

test('an authorization code redeemed by 50 at once gives exactly one token, which its reuse takes back [faults 37]', async () => {
  const wallet = await attestedWallet();
  const code = await wallet.codeFor('kim');
  await wallet.token('warm-up');
  const answers = await atOnce(AT_ONCE, () => wallet.token(code));
  expect([count(answers, 200), count(answers, 'invalid_grant')]).toEqual([1, AT_ONCE - 1]);
  const token = String(answers.find(({ status }) => status === 200)?.body.access_token);
  expect(await wallet.credential(token)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
});

test('five wrong transaction codes void an offer, and no sixth guess is looked at when they come all at once [faults 38]', async () => {
  const offer = await offered();
  const wallets = await atOnce(20, () => attestedWallet());
  for (const wallet of wallets) await wallet.redeem('warm-up', '000000');
  // A guess is looked at in the statement that takes its try, and the last one the offer; the database itself counts them.
  await pool.query(`CREATE TABLE looked_at (tries_left integer);
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN
        INSERT INTO looked_at VALUES (CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.tries_left END);
        RETURN NULL;
      END $$;
    CREATE TRIGGER look AFTER UPDATE OR DELETE ON identity.offers FOR EACH ROW EXECUTE FUNCTION look()`);
  const gate = await pool.connect();
  try {
    await gate.query('BEGIN');
    await gate.query('SELECT 1 FROM identity.offers WHERE id = $1 FOR UPDATE', [offer.id]);
    const guesses = atOnce(wallets.length, async (index) => {
      const answer = await wallets[index]?.redeem(offer.code, wrong(offer.txCode));
      return answer as Answer;
    });
    await expect.poll(waitingForOffers).toBeGreaterThan(offerLimits.txCodeTries);
    await gate.query('COMMIT');
    expect(count(await guesses, 'invalid_grant')).toBe(wallets.length);
  } finally {
    gate.release();
  }
  const { rows } = await pool.query('SELECT tries_left FROM looked_at ORDER BY tries_left DESC');
  await pool.query('DROP TRIGGER look ON identity.offers');
  expect(rows.map(({ tries_left }) => tries_left)).toEqual([4, 3, 2, 1, 0]);
  expect(await wallets[0]?.redeem(offer.code, offer.txCode)).toMatchObject({ body: { error: 'invalid_grant' } });
  expect(await pool.query('SELECT 1 FROM identity.offers WHERE id = $1', [offer.id])).toMatchObject({ rowCount: 0 });
});

/** Guesses that wait for the offer's row, on either copy. */
async function waitingForOffers(): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM identity.offers%FOR UPDATE%'`,
  );
  return rows[0]?.waiting ?? 0;
}

test('an offer seen over a shoulder is worth nothing without the code sent another way [faults 39]', async () => {
  const offer = await offered();
  const thief = await attestedWallet();
  expect(await thief.redeem(offer.code, undefined)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  expect(await thief.redeem(offer.code, wrong(offer.txCode))).toMatchObject({ body: { error: 'invalid_grant' } });
  expect(await thief.credential(offer.code)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  const owner = await attestedWallet();
  expect(await owner.redeem(offer.code, offer.txCode)).toMatchObject({ status: 200 });
});

test('an offer by signing in, seen by somebody, gives nothing to who cannot sign in, and is used up by one [faults 39]', async () => {
  const answer = await fetch(`${copies[0]?.url}/openid4vci/offers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${operatorToken}` },
    body: JSON.stringify({ type: 'resident', reference: 'desk-7' }),
  });
  const { offer_uri } = await answer.json();
  const uri = new URL(offer_uri).searchParams.get('credential_offer_uri') ?? '';
  const { grants } = await (await fetch(uri)).json();
  const issuer_state = String(grants.authorization_code.issuer_state);
  const wallet = await attestedWallet();
  expect(await wallet.redeem(issuer_state, '000000')).toMatchObject({ body: { error: 'invalid_grant' } });
  const { body: rival } = await wallet.push({ issuer_state });
  const token = await wallet.token(await wallet.codeFor('kim', { issuer_state }));
  expect(await wallet.credential(String(token.body.access_token))).toMatchObject({ status: 200 });
  expect((await fetch(uri)).status).toBe(404);
  expect(await wallet.push({ issuer_state })).toMatchObject({ body: { error: 'invalid_request' } });
  const late = await new ScriptedBrowser().signIn(wallet.authorizeUrl(rival.request_uri), 'kim', redirectUri);
  expect(new URL(late).searchParams.get('error')).toBe('access_denied');
});

test('a request that points inside is never followed, and nobody is sent where no wallet is registered [faults 40]', async () => {
  let asked = 0;
  const inside = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  const port = await freePort(0);
  await new Promise<void>((resolve) => inside.listen(port, '127.0.0.1', resolve));
  try {
    const wallet = await attestedWallet();
    const address = `http://127.0.0.1:${port}/request`;
    for (const changes of [
      { request_uri: address },
      { redirect_uri: address },
      { redirect_uri: `${redirectUri}/../x` },
    ]) {
      expect(await wallet.push(changes)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
    const opened = new URL(wallet.authorizeUrl(address));
    opened.searchParams.set('redirect_uri', address);
    for (const path of [opened.href, `${publicUrl}/oauth/signed-in?state=x&code=y&redirect_uri=${address}`]) {
      const shown = await fetch(path, { redirect: 'manual' });
      expect([shown.status, shown.headers.get('location')]).toEqual([400, null]);
    }
    expect(asked).toBe(0);
  } finally {
    await new Promise((resolve) => inside.close(resolve));
  }
});
