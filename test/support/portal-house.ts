// The portal with the real rooms of identity and metering behind it, on a real socket and a real database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { composeCitizen, composeReductionChecks } from '../../src/compose-citizen.ts';
import { composeDesk, composeImports } from '../../src/compose-desk.ts';
import { composeIdentity, type IdentityOptions } from '../../src/compose-identity.ts';
import { composeMetering } from '../../src/compose-metering.ts';
import { createPartition, monthOf } from '../../src/metering/intake/partition-store.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../src/platform/http/operator-guard.ts';
import { createWalletServer, staticPages } from '../../src/platform/http/static-server.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';
import { problem } from '../../src/platform/problem.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { staffActor, staffGuard } from '../../src/portal/staff-routes.ts';
import { createStaffService } from '../../src/portal/staff-service.ts';
import { waitingAnchor } from './identity-city.ts';
import { testDatabase } from './test-database.ts';
import { fleetEntry } from './test-intake.ts';

export const timeZone = 'Asia/Seoul';
export const operatorToken = 'the-token-of-the-operator-in-tests';

/** Call at the top of a test file; everything is stopped at its end. */
export async function portalHouse(
  logger: Logger = createLogger('silent'),
  policy: Pick<IdentityOptions, 'wallets' | 'cityProvider'> = {},
  /** Folders of built pages, which are then served to browsers, the wallet's on an origin of its own. */
  pages: { site: string; wallet: string } | null = null,
) {
  const { pool } = await testDatabase();
  const clock = { skipped_ms: 0, ahead_ms: 0, now_ms: () => Date.now() + clock.skipped_ms + clock.ahead_ms };
  const random = systemRandom;
  const port = await freePort(0);
  const publicUrl = `http://localhost:${port}`;
  const walletPort = pages === null ? 8081 : await freePort(0);
  const walletUrl = `http://localhost:${walletPort}`;
  const dataDirectory = mkdtempSync(join(tmpdir(), 'naru-portal-'));
  const requireOperator = operatorGuard(operatorToken);

  const identity = await composeIdentity({
    ...{ pool, clock, random, publicUrl, dataDirectory, requireOperator },
    secret: 'the-key-of-the-nonces-in-tests',
    ...policy,
    keysPassphrase: 'the ferry lands at seven',
    anchorOf: (key) => waitingAnchor(pool, key),
  });
  const staff = createStaffService({ pool, clock, random, statusOf: identity.credentials.statusOf });
  const metering = composeMetering({
    ...{ pool, clock, random, timeZone, publicUrl },
    ...{ requireOperator, requireStaff: staffGuard(staff), actorOf: staffActor },
    ...{ secret: 'the-key-of-the-devices-in-tests', dataDirectory },
  });
  const secret = 'the-secret-of-the-service-in-tests';
  const desk = composeDesk({ pool, clock, random, publicUrl, walletUrl, secret, identity, metering, staff });
  const { offers } = desk;
  /** What keeps the chain from agreeing with the database. */
  const chain: { trouble: string | null } = { trouble: null };
  const chainTrouble = async () => chain.trouble;
  const citizen = await composeCitizen({
    canTell: true,
    ...{ pool, clock, random, timeZone, publicUrl, walletUrl, identity, metering, chainTrouble },
    ...{ secret: 'the-key-of-the-pseudonyms-in-tests', anchorOf: async () => null },
    // There is no chain: what a proof needs is never there.
    proveBill: metering.billProofs(() => Promise.reject(problem('ANCHOR_PENDING'))).proveBill,
  });
  const server = await createHttpServer({
    ...{ logger, publicUrl, title: 'test', version: '0' },
    routes: [
      ...identity.routes,
      ...metering.routes,
      ...citizen,
      ...desk.routes,
      ...(pages === null ? [] : [staticPages(pages.site)]),
    ],
  });
  await server.listen({ host: '127.0.0.1', port });
  const wallets = pages && (await createWalletServer(pages.wallet, publicUrl, logger));
  await wallets?.listen({ host: '127.0.0.1', port: walletPort });
  afterAll(async () => {
    await wallets?.close();
    await server.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  for (let month = monthOf(Date.UTC(2026, 0)); month <= monthOf(Date.UTC(2026, 5)); month += 1) {
    await createPartition(pool, 'reading', month);
  }

  let addresses = 0;
  /** A browser with an address of its own: it keeps cookies, and calls from this service's pages. */
  function browser() {
    const cookies = new Map<string, string>();
    addresses += 1;
    const remoteAddress = `10.0.${addresses >> 8}.${addresses & 255}`;
    async function call(
      method: 'GET' | 'POST',
      url: string,
      payload?: object | string,
      headers: Record<string, string> = {},
    ) {
      const answer = await server.inject({
        ...{ method, url, remoteAddress, cookies: Object.fromEntries(cookies) },
        headers: { 'sec-fetch-site': 'same-origin', ...headers },
        ...(payload !== undefined && { payload }),
      });
      for (const { name, value } of answer.cookies) cookies.set(name, value);
      return answer;
    }
    return {
      cookies,
      get: (url: string) => call('GET', url),
      csv: (url: string, text: string) => call('POST', url, text, { 'content-type': 'text/csv' }),
      post: (url: string, payload?: object, headers?: Record<string, string>) => call('POST', url, payload, headers),
    };
  }

  async function household(
    serial: string,
    claims: { role?: string; from: string; until?: string },
  ): Promise<{ wallet: ReturnType<typeof createCitizenWallet>; credentialId: string }> {
    const wallet = createCitizenWallet({ serviceUrl: publicUrl, now_ms: clock.now_ms });
    const before = new Set((await offers.credentialsOf(`sp-${serial}`)).map(({ id }) => id));
    const offer = await offers.offerWaterAccount('test', `sp-${serial}`, { role: 'occupant', ...claims });
    await wallet.takeOffer(offer.offer_uri, offer.tx_code);
    const issued = (await offers.credentialsOf(`sp-${serial}`)).find(({ id }) => !before.has(id));
    if (issued === undefined) throw new Error('nothing was issued');
    return { wallet, credentialId: issued.id };
  }

  async function signInWith(wallet: ReturnType<typeof createCitizenWallet>, mode = 'cross_device') {
    const page = browser();
    const { request_id, authorization_request } = (await page.post('/api/portal/sign-in', { mode })).json();
    const redirect_to = await wallet.present(authorization_request).then(
      (answer) => answer.redirect_to,
      // The wallet hears a refusal too; what the page then sees is for the test to say.
      (refusal) => (refusal.code === 'VERIFIER_REFUSED' ? null : Promise.reject(refusal)),
    );
    const code = redirect_to === null ? null : new URL(redirect_to).searchParams.get('response_code');
    const complete = (response_code = code) =>
      page.post(`/api/portal/sign-in/${request_id}/complete`, response_code === null ? {} : { response_code });
    return { page, request_id: request_id as string, code, complete };
  }

  return {
    /** What the worker does with imports. */
    imports: composeImports({ pool, clock, random, publicUrl, secret }),
    /** What the worker does with reductions. */
    checks: composeReductionChecks({ pool, clock, timeZone, metering, chainTrouble }),
    chain,
    ...{ pool, clock, publicUrl, walletUrl, identity, metering, staff, offers, server, browser, household, signInWith },
    /** A meter with this serial at `sp-<serial>`, and registers (litres) at instants. */
    async meter(
      serial: string,
      readings: readonly (readonly [at: string, register_l: number, flags?: string[]])[] = [],
    ) {
      const entry = { ...fleetEntry(`dev-${serial}`, serial), installedAt_ms: Date.UTC(2025, 0, 1) };
      const [made] = await metering.provisionFleet([entry]);
      const meterId = made?.meterId ?? 0;
      for (const [at, register_l, flags] of readings) await putReading(meterId, at, register_l, flags);
      return { meterId, entry };
    },
    putReading,
    /** A whole sign-in across devices. */
    async signedIn(wallet: ReturnType<typeof createCitizenWallet>) {
      const { page, complete } = await signInWith(wallet);
      const answer = await complete();
      if (answer.statusCode !== 200) throw new Error(answer.body);
      return page;
    },
    async clerk() {
      const page = browser();
      const answer = await page.post('/api/utility/sign-in', { token: await staff.createStaffLink() });
      if (answer.statusCode !== 204) throw new Error(answer.body);
      return page;
    },
  };

  async function putReading(meterId: number, at: string, register_l: number, flags?: string[]): Promise<void> {
    await pool.query(
      `INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock, flags)
       VALUES ($1, $2::timestamptz, $3, $2::timestamptz, 0, 'absolute', $4)`,
      [meterId, at, register_l, flags ?? null],
    );
  }
}
