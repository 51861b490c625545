// Reductions proved by a credential: over HTTP with headless wallets, to the bill that is lower, and to their end.
import { beforeEach, describe, expect, test } from 'vitest';
import type { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { reductionPolicy } from '../../src/portal/reduction-standing.ts';
import { sweepPortal } from '../../src/portal/sweep-service.ts';
import { billedHomes } from '../support/billed-homes.ts';
import { portalHouse } from '../support/portal-house.ts';

const house = await portalHouse();
const homes = billedHomes(house);
const { pool, clock } = house;
const { dayFromNow } = homes;
const DAY_ms = 86_400_000;
const predicate = 'household-benefit';
const path = `/api/portal/reductions/${predicate}`;
type Wallet = ReturnType<typeof createCitizenWallet>;
type Page = ReturnType<typeof house.browser>;

// Its run tells by which tariff places are billed.
await homes.home('0', { from: -40, until: 65, daily_l: 500 });
await homes.billRun(dayFromNow(-31), dayFromNow(0));

beforeEach(() => {
  clock.ahead_ms = 0;
  house.chain.trouble = null;
});

let made = 0;
/** A wallet that holds the account of a home of its own, and a household benefit; its browser is signed in. */
async function family(claims: { from: string; until?: string } = { from: '2026-01-01' }) {
  made += 1;
  const serial = String(1_000 + made);
  await house.meter(serial);
  const { wallet, credentialId: account } = await house.household(serial, claims);
  const benefit = await takeBenefit(wallet);
  return { place: `sp-${serial}`, wallet, account, benefit, page: await house.signedIn(wallet) };
}

async function takeBenefit(wallet: Wallet, valid_until = '2099-12-31'): Promise<string> {
  made += 1;
  const reference = `R-${made}`;
  const claims = { children: 3, valid_until };
  const offer = await house.identity.offers.createOffer({ type: 'household-benefit', claims, reference });
  await wallet.takeOffer(offer.offer_uri, offer.tx_code);
  const [issued] = await house.identity.credentials.listIssued({ reference });
  return issued?.id ?? '';
}

async function begin(page: Page, wallet: Wallet) {
  const begun = (await page.post(`${path}/proof`, { mode: 'cross_device' })).json();
  const { request } = await wallet.present(begun.authorization_request);
  return { request, id: begun.request_id as string };
}

async function prove(page: Page, wallet: Wallet) {
  const { id } = await begin(page, wallet);
  return page.post(`${path}/proof/${id}/complete`, {});
}

async function standing(page: Page) {
  return (await page.get('/api/portal/reductions')).json().reductions[0].standing;
}

async function provenAt(place: string) {
  const { rows } = await pool.query(
    `SELECT name, from_day::text AS from, until_day::text AS until FROM metering.proven_predicate
     WHERE service_point_id = $1 ORDER BY from_day`,
    [place],
  );
  return rows;
}

async function auditAt(place: string): Promise<string[]> {
  const { rows } = await pool.query('SELECT action FROM portal.audit WHERE service_point = $1 ORDER BY id', [place]);
  return rows.map(({ action }) => action).filter((action) => /reduction|forgotten/.test(action));
}

async function endOf(credential: string, deed: 'revoke' | 'suspend'): Promise<void> {
  const answer = await (await house.clerk()).post(`/api/utility/credentials/${credential}/${deed}`, { reason: 'x' });
  expect(answer.statusCode).toBe(204);
}

describe('proving', () => {
  test('asks the wallet for the one claim that it tells anyway, and counts from today until the credential ends', async () => {
    const { page, wallet, place } = await family();
    expect((await page.get('/api/portal/reductions')).json().reductions).toEqual([
      expect.objectContaining({ predicate, provable: true, standing: null }),
    ]);
    const { id, request } = await begin(page, wallet);
    const shown = request.requested.flatMap(({ matches }) => matches.flatMap(({ claims }) => claims));
    expect(shown.map(({ name }) => name)).toEqual(['valid_until']);
    expect((await page.get(`${path}/proof/${id}`)).json().state).toBe('verified');
    expect((await page.post(`${path}/proof/${id}/complete`, {})).statusCode).toBe(204);
    const [proven] = await provenAt(place);
    expect(proven).toMatchObject({ name: predicate, from: dayFromNow(0) });
    // The type's own validity, which ends before the claim says.
    expect(proven.until > dayFromNow(360) && proven.until < dayFromNow(370)).toBe(true);
    const { from, until } = proven;
    expect(await standing(page)).toEqual({ mine: true, from, until, ended: null, unconfirmed_since: null });
    expect(await auditAt(place)).toEqual(['reduction_proved']);
  });

  test('makes the next bill lower, and revoking the credential makes the one after whole again', async () => {
    await homes.home('500', { from: -40, until: 65, daily_l: 1_000 });
    const { wallet } = await house.household('500', { from: '2026-01-01' });
    const benefit = await takeBenefit(wallet);
    const page = await house.signedIn(wallet);
    await homes.billRun(dayFromNow(-31), dayFromNow(0));
    expect((await prove(page, wallet)).statusCode).toBe(204);
    clock.ahead_ms = 30 * DAY_ms;
    await house.checks.checkReductions(new Date(clock.now_ms()));
    await homes.billRun(dayFromNow(0), dayFromNow(30));
    await endOf(benefit, 'revoke');
    clock.ahead_ms = 60 * DAY_ms;
    await house.checks.checkReductions(new Date(clock.now_ms()));
    await homes.billRun(dayFromNow(30), dayFromNow(60));
    const { rows } = await pool.query(
      `SELECT payable_won FROM metering.bill WHERE service_point_id = 'sp-500' ORDER BY use_from`,
    );
    expect(rows.map(({ payable_won }) => payable_won)).toEqual([31_000, 15_000, 30_000]);
    expect((await provenAt('sp-500')).map(({ until }) => until)).toEqual([dayFromNow(30)]);
  });

  test('is not possible with a wallet that has no such credential, nor for what the tariff does not offer', async () => {
    made += 1;
    await house.meter(String(1_000 + made));
    const { wallet } = await house.household(String(1_000 + made), { from: '2026-01-01' });
    const page = await house.signedIn(wallet);
    await expect(begin(page, wallet)).rejects.toThrow();
    for (const name of ['three-or-more-children', 'veteran']) {
      const refused = await page.post(`/api/portal/reductions/${name}/proof`, { mode: 'cross_device' });
      expect([refused.statusCode, refused.json().code]).toEqual([404, 'REDUCTION_NOT_OFFERED']);
    }
  });

  test('belongs to the session that began it, and is taken up once', async () => {
    const [one, other] = [await family(), await family()];
    const { id } = await begin(one.page, one.wallet);
    for (const refused of [
      await other.page.get(`${path}/proof/${id}`),
      await other.page.post(`${path}/proof/${id}/complete`, {}),
      await one.page.post(`/api/portal/reductions/three-or-more-children/proof/${id}/complete`, {}),
    ]) {
      expect([refused.statusCode, refused.json().code]).toEqual([404, 'NOT_FOUND']);
    }
    expect((await house.browser().post(`${path}/proof/${id}/complete`, {})).statusCode).toBe(401);
    const answers = await Promise.all([1, 2, 3].map(() => one.page.post(`${path}/proof/${id}/complete`, {})));
    expect(answers.filter(({ statusCode }) => statusCode === 204)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode >= 500)).toHaveLength(0);
    expect(await provenAt(other.place)).toEqual([]);
  });

  test('with a credential that was revoked is refused with the trace', async () => {
    const { page, wallet, benefit, place } = await family();
    await endOf(benefit, 'revoke');
    const begun = (await page.post(`${path}/proof`, { mode: 'cross_device' })).json();
    await expect(wallet.present(begun.authorization_request)).rejects.toMatchObject({ code: 'VERIFIER_REFUSED' });
    const refused = await page.post(`${path}/proof/${begun.request_id}/complete`, {});
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'PRESENTATION_REFUSED']);
    expect(refused.json().trace).toContainEqual(expect.objectContaining({ reason: 'CREDENTIAL_REVOKED' }));
    expect(await provenAt(place)).toEqual([]);
  });

  test('gives the reduction at one home at a time', async () => {
    const [one, other] = [await family(), await family()];
    expect((await prove(one.page, one.wallet)).statusCode).toBe(204);
    const lent = await prove(other.page, one.wallet);
    expect([lent.statusCode, lent.json().code]).toEqual([409, 'REDUCTION_USED_ELSEWHERE']);
    expect(await provenAt(other.place)).toEqual([]);
    expect((await one.page.post(`${path}/end`, {})).statusCode).toBe(204);
    expect((await prove(other.page, one.wallet)).statusCode).toBe(204);
  });

  test('again replaces the proof before; another of the home sees that it counts, and cannot end it', async () => {
    const { page, wallet, place } = await family();
    const { wallet: second } = await house.household(place.slice(3), { from: '2026-01-01', role: 'owner' });
    const otherPage = await house.signedIn(second);
    await prove(page, wallet);
    expect(await standing(otherPage)).toMatchObject({ mine: false, ended: null });
    expect((await otherPage.post(`${path}/end`, {})).statusCode).toBe(404);
    await takeBenefit(second);
    expect((await prove(otherPage, second)).statusCode).toBe(204);
    expect(await standing(otherPage)).toMatchObject({ mine: true, ended: null });
    expect(await provenAt(place)).toHaveLength(1);
    expect(await auditAt(place)).toEqual(['reduction_proved', 'reduction_ended', 'reduction_proved']);
  });
});

describe('the check', () => {
  test.each([
    ['revoked', 'benefit', 'revoke', 'revoked'],
    ['suspended', 'benefit', 'suspend', 'suspended'],
    ['whose water account is revoked', 'account', 'revoke', 'account_ended'],
  ] as const)('ends a reduction %s from that day on', async (_name, which, deed, because) => {
    const home = await family();
    await prove(home.page, home.wallet);
    clock.ahead_ms = 3 * DAY_ms;
    await endOf(home[which], deed);
    clock.ahead_ms = 5 * DAY_ms;
    await house.checks.checkReductions();
    expect((await provenAt(home.place)).map(({ until }) => until)).toEqual([dayFromNow(3)]);
    const { rows } = await pool.query(
      'SELECT ended_because, status_reference, account FROM portal.reduction_proof WHERE service_point = $1',
      [home.place],
    );
    expect(rows).toEqual([{ ended_because: because, status_reference: null, account: null }]);
    expect(await auditAt(home.place)).toEqual(['reduction_proved', 'reduction_ended']);
  });

  test('ends it with the tenancy, which metering knows from the first', async () => {
    const { page, wallet, place } = await family({ from: '2026-01-01', until: dayFromNow(2) });
    await prove(page, wallet);
    expect((await provenAt(place)).map(({ until }) => until)).toEqual([dayFromNow(3)]);
    clock.ahead_ms = 4 * DAY_ms;
    await house.checks.checkReductions();
    expect(await auditAt(place)).toEqual(['reduction_proved', 'reduction_ended']);
    expect((await provenAt(place)).map(({ until }) => until)).toEqual([dayFromNow(3)]);
  });

  test('leaves what still holds, and asks again no sooner than the policy says', async () => {
    const { page, wallet, place } = await family();
    await prove(page, wallet);
    const before = await provenAt(place);
    expect((await house.checks.checkReductions()).checked).toBe(0);
    clock.ahead_ms = reductionPolicy.checkEvery_ms + 60_000;
    const first = await house.checks.checkReductions();
    expect(first.checked).toBeGreaterThan(0);
    expect((await house.checks.checkReductions()).checked).toBe(0);
    expect(await provenAt(place)).toEqual(before);
  });

  test('takes nothing for good that cannot be learnt: a day it says so, then it ends', async () => {
    const { page, wallet, place } = await family();
    await prove(page, wallet);
    // The database was put back to a state that the chain is ahead of: a revocation may be lost.
    house.chain.trouble = 'CHAIN_AHEAD';
    clock.ahead_ms = 2 * 3_600_000;
    expect((await house.checks.checkReductions()).unconfirmed).toBeGreaterThan(0);
    clock.ahead_ms = 0;
    expect((await standing(page)).unconfirmed_since).not.toBeNull();
    clock.ahead_ms = reductionPolicy.unknownFor_ms + 60_000;
    await house.checks.checkReductions();
    const { rows } = await pool.query('SELECT ended_because FROM portal.reduction_proof WHERE service_point = $1', [
      place,
    ]);
    expect(rows).toEqual([{ ended_because: 'unknown' }]);
    expect((await provenAt(place)).map(({ until }) => until)).toEqual([dayFromNow(1)]);
  });

  test('by two copies at once does everything once', async () => {
    const { page, wallet, benefit, place } = await family();
    await prove(page, wallet);
    await endOf(benefit, 'revoke');
    clock.ahead_ms = 2 * DAY_ms;
    await Promise.all([house.checks.checkReductions(), house.checks.checkReductions()]);
    expect(await auditAt(place)).toEqual(['reduction_proved', 'reduction_ended']);
    // Revoked on its first day: it was good for none.
    expect(await provenAt(place)).toEqual([]);
  });
});

describe('what is known of whom', () => {
  test("metering's tables hold no name, DID or claim: neither in their columns nor in their rows", async () => {
    const { page, wallet, benefit, account } = await family();
    await prove(page, wallet);
    const { rows: columns } = await pool.query(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'metering'`,
    );
    expect(columns.length).toBeGreaterThan(50);
    const personal =
      /holder|pseudonym|person|citizen|subject|did\b|claim_|credential_id|given_name|family|birth|children/;
    // A process that holds a session, and the device that staff did something to.
    const ofThings = ['cluster_session.holder', 'staff_action.subject'];
    const found = columns.map(({ name }) => name as string).filter((name) => personal.test(name));
    expect(found.filter((name) => !ofThings.includes(name))).toEqual([]);
    const { rows: tables } = await pool.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'metering' AND table_type = 'BASE TABLE'`,
    );
    const all: string[] = [];
    for (const { name } of tables) {
      const { rows } = await pool.query(`SELECT row_to_json(t)::text AS row FROM metering."${name}" t`);
      all.push(...rows.map(({ row }) => row as string));
    }
    const { rows: links } = await pool.query('SELECT pseudonym FROM portal.link');
    const [held] = await wallet.store.list('credentials');
    expect(held).toBeDefined();
    const keys = (await wallet.store.list('keys')).map(({ id }) => id);
    const unwanted = [
      ...['did:', 'three_or_more', 'children":', '2099-12-31', benefit, account, ...keys],
      ...links.flatMap(({ pseudonym }) => [pseudonym.toString('hex'), pseudonym.toString('base64')]),
    ];
    const text = all.join('\n');
    expect(text).toContain(predicate);
    expect(unwanted.filter((word) => text.includes(word))).toEqual([]);
  });

  test('the portal keeps of the proof a pseudonym, a place, a name and numbers, and no claim', async () => {
    const { page, wallet, place } = await family();
    await prove(page, wallet);
    const { rows } = await pool.query(
      'SELECT row_to_json(t) AS row FROM portal.reduction_proof t WHERE service_point = $1',
      [place],
    );
    expect(Object.keys(rows[0].row).sort()).toEqual(
      [
        ...['account', 'checked_at', 'confirmed_at', 'ended_because', 'expires_date', 'from_date', 'id', 'predicate'],
        ...['pseudonym', 'service_point', 'status_reference', 'until_date'],
      ].sort(),
    );
    expect(JSON.stringify(rows)).not.toMatch(/children|tier|did:/);
  });

  test('is erased at the person’s wish, and the reduction ends', async () => {
    const { page, wallet, place } = await family();
    await prove(page, wallet);
    clock.ahead_ms = 600_000;
    expect((await page.post('/api/portal/forget-me', {})).statusCode).toBe(204);
    expect((await page.get('/api/portal/me')).statusCode).toBe(401);
    const { rows: tables } = await pool.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'portal' AND table_name <> 'audit'`,
    );
    for (const { name } of tables) {
      const { rowCount } = await pool.query(
        `SELECT 1 FROM portal.${name} t WHERE row_to_json(t)::text LIKE '%' || $1 || '%'`,
        [`"${place}"`],
      );
      expect([name, rowCount]).toEqual([name, 0]);
    }
    expect(await provenAt(place)).toEqual([]);
    expect(await auditAt(place)).toEqual(['reduction_proved', 'citizen_forgotten']);
    expect(await standing(await house.signedIn(wallet))).toBeNull();
  });

  test('of a reduction long ended is swept', async () => {
    const { page, wallet, place } = await family();
    await prove(page, wallet);
    await page.post(`${path}/end`, {});
    const count = async () =>
      (await pool.query('SELECT 1 FROM portal.reduction_proof WHERE service_point = $1', [place])).rowCount;
    clock.ahead_ms = (reductionPolicy.keepEnded_days - 1) * DAY_ms;
    await sweepPortal(pool, clock);
    expect(await count()).toBe(1);
    clock.ahead_ms = (reductionPolicy.keepEnded_days + 2) * DAY_ms;
    await sweepPortal(pool, clock);
    expect(await count()).toBe(0);
  });
});
