// A citizen's bills over HTTP: theirs and no others', on paper, and in the wallet as a credential.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import { billedHomes } from '../support/billed-homes.ts';
import { portalHouse } from '../support/portal-house.ts';

const house = await portalHouse();
const homes = billedHomes(house);
const { pool, clock } = house;
const { dayFromNow } = homes;

await homes.home('1', { from: -100, until: 1, daily_l: 500 });
await homes.home('2', { from: -100, until: 1, daily_l: 700 });
await homes.billRun(dayFromNow(-90), dayFromNow(-60));
await homes.billRun(dayFromNow(-60), dayFromNow(-30));
await homes.billRun(dayFromNow(-30), dayFromNow(0));

beforeEach(() => {
  clock.ahead_ms = 0;
});

async function livingAt(serial: string, claims: { from: string; until?: string }) {
  const { wallet } = await house.household(serial, claims);
  return { wallet, page: await house.signedIn(wallet) };
}

async function billIdsAt(place: string): Promise<number[]> {
  const { rows } = await pool.query('SELECT bill_id FROM metering.bill WHERE service_point_id = $1 ORDER BY use_from', [
    place,
  ]);
  return rows.map(({ bill_id }) => bill_id);
}

interface Listed {
  bill_id: number;
  use_from: string;
}

const listed = async (page: Awaited<ReturnType<typeof livingAt>>['page']): Promise<Listed[]> =>
  (await page.get('/api/portal/bills')).json().bills;

async function refusals(): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT duty || ' ' || service_point AS entry FROM portal.audit WHERE action = 'bill_refused' ORDER BY id`,
  );
  return rows.map(({ entry }) => entry);
}

describe('the bills', () => {
  test.each([
    ['from before the first', { from: dayFromNow(-200) }, [-30, -60, -90]],
    ['on the first day of one', { from: dayFromNow(-60) }, [-30, -60]],
    ['a day later: of a period shared with others nobody sees the bill', { from: dayFromNow(-59) }, [-30]],
    ['until the last day of one', { from: dayFromNow(-200), until: dayFromNow(-31) }, [-60, -90]],
    ['until the day before that', { from: dayFromNow(-200), until: dayFromNow(-32) }, [-90]],
    ['between', { from: dayFromNow(-59), until: dayFromNow(-31) }, []],
  ])('of who lived there %s are those of their whole days', async (_name, claims, begins) => {
    const { page } = await livingAt('1', claims);
    expect((await listed(page)).map(({ use_from }) => use_from)).toEqual(begins.map(dayFromNow));
  });

  test('show every component with its lines, as they are kept, and the paper', async () => {
    const { page } = await livingAt('1', { from: dayFromNow(-200) });
    const [newest] = await listed(page);
    expect(newest).toMatchObject({ volume_l: 15_000, payable_won: 15_000 });
    const answer = (await page.get(`/api/portal/bills/${newest?.bill_id}`)).json();
    const document = answer.document as BillDocument;
    expect(document.components.map(({ id, amount_won }) => [id, amount_won])).toEqual([['water', 15_000]]);
    expect(answer).toMatchObject({ document_sha256: expect.stringMatching(/^[0-9a-f]{64}$/), in_wallet: false });
    const paper = await page.get(`/api/portal/bills/${newest?.bill_id}/pdf`);
    expect([paper.statusCode, paper.headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(paper.headers['content-disposition']).toMatch(/^attachment; filename="water-bill-\d+\.pdf"$/);
    expect(paper.rawPayload.subarray(0, 5).toString()).toBe('%PDF-');
    const proof = await page.get(`/api/portal/bills/${newest?.bill_id}/proof`);
    expect([proof.statusCode, proof.json().code]).toEqual([409, 'PROOF_PENDING']);
  });

  test("of another household, or of another's time, are as if they were not there, on every way, and that is recorded", async () => {
    const { page } = await livingAt('1', { from: dayFromNow(-60) });
    const [early = 0] = await billIdsAt('sp-1');
    const [others = 0] = await billIdsAt('sp-2');
    const before = (await refusals()).length;
    for (const id of [others, early]) {
      for (const answer of [
        await page.get(`/api/portal/bills/${id}`),
        await page.get(`/api/portal/bills/${id}/pdf`),
        await page.get(`/api/portal/bills/${id}/proof`),
        await page.post(`/api/portal/bills/${id}/offer`, {}),
      ]) {
        expect([answer.statusCode, answer.json().code]).toEqual([404, 'NOT_FOUND']);
        expect(answer.body).not.toContain('sp-2');
      }
    }
    const [four, more] = [Array(4).fill('citizen sp-2'), Array(4).fill('citizen sp-1')];
    expect((await refusals()).slice(before)).toEqual([...four, ...more]);
    const missing = await page.get('/api/portal/bills/999999');
    expect([missing.statusCode, missing.json().code]).toEqual([404, 'NOT_FOUND']);
    for (const path of ['bills', `bills/${early}`, `bills/${early}/pdf`, `bills/${early}/proof`]) {
      expect((await house.browser().get(`/api/portal/${path}`)).statusCode).toBe(401);
    }
  });
});

describe('the bill as a credential', () => {
  async function offered(page: Awaited<ReturnType<typeof livingAt>>['page'], billId: number) {
    return page.post(`/api/portal/bills/${billId}/offer`, {});
  }

  test('is offered, taken, verifies, and says what the bill says', async () => {
    const { page, wallet } = await livingAt('2', { from: dayFromNow(-200) });
    const [bill] = await listed(page);
    const id = bill?.bill_id ?? 0;
    const { document_sha256 } = (await page.get(`/api/portal/bills/${id}`)).json();
    const offer = (await offered(page, id)).json();
    expect(offer.wallet_link).toContain('/#/offer?uri=');
    await wallet.takeOffer(offer.offer_uri, offer.tx_code);
    const verifier = {
      name: { ko: '은행', en: 'Bank' },
      purpose: { ko: '요금을 확인합니다.', en: 'To see a bill.' },
      keeps: { ko: '보관하지 않습니다.', en: 'Not kept.' },
      may_ask: [
        { type: 'water-bill', claims: ['bill_number', 'used_from', 'used_to', 'amount_won', 'document_sha256'] },
      ],
      return_origins: [],
      certificate: null,
      own_client: null,
    };
    await house.identity.verifiers.registerVerifier('bank', verifier, 'command line');
    const request = await house.identity.requests.createPresentationRequest({
      verifier: 'bank',
      credentials: [{ type: 'water-bill', claims: verifier.may_ask[0]?.claims.map((name) => ({ name })) ?? [] }],
      mode: 'cross_device',
    });
    await wallet.present(request.authorization_request);
    const outcome = await house.identity.requests.collectPresentation(request.request_id, 'bank');
    expect(outcome.verified).toBe(true);
    expect(outcome.credentials[0]?.claims).toEqual({
      bill_number: `${dayFromNow(-30).replaceAll('-', '')}-sp-2`,
      ...{ used_from: dayFromNow(-30), used_to: dayFromNow(-1), amount_won: 21_000, document_sha256 },
    });
    expect((await page.get(`/api/portal/bills/${id}`)).json().in_wallet).toBe(true);
  });

  test('is issued once for each bill and person: an offer not taken gives way to the next, one that was ends it', async () => {
    const { page, wallet } = await livingAt('2', { from: dayFromNow(-200) });
    const id = (await listed(page))[1]?.bill_id ?? 0;
    const lapsed = (await offered(page, id)).json();
    const offer = (await offered(page, id)).json();
    await expect(wallet.takeOffer(lapsed.offer_uri, lapsed.tx_code)).rejects.toMatchObject({ code: 'OFFER_GONE' });
    await wallet.takeOffer(offer.offer_uri, offer.tx_code);
    const again = await offered(page, id);
    expect([again.statusCode, again.json().code]).toEqual([409, 'CONFLICT']);
    // Another person of the home has a bill of their own to take.
    const { page: second } = await livingAt('2', { from: dayFromNow(-200) });
    expect((await offered(second, id)).statusCode).toBe(200);
  });

  test('by three presses at once is one offer that can be taken', async () => {
    const { page } = await livingAt('2', { from: dayFromNow(-200) });
    const id = (await listed(page))[2]?.bill_id ?? 0;
    const answers = await Promise.all([1, 2, 3].map(() => offered(page, id)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    const taken = await Promise.allSettled(
      answers.map((answer) => {
        const { offer_uri, tx_code } = answer.json();
        const wallet = createCitizenWallet({ serviceUrl: house.publicUrl, now_ms: clock.now_ms });
        return wallet.takeOffer(offer_uri, tx_code);
      }),
    );
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('is never offered at the desk, where anybody could write one', async () => {
    const clerk = await house.clerk();
    const claims = {
      ...{ bill_number: '1', used_from: '2026-01-01', used_to: '2026-01-31', amount_won: 1 },
      document_sha256: '0'.repeat(64),
    };
    const refused = await clerk.post('/api/utility/desk/offers', { type: 'water-bill', reference: 'R', claims });
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'NOT_ALLOWED']);
  });
});

describe('use compared', () => {
  test('is that of the same days of earlier months, where they were the person’s own', async () => {
    const { page } = await livingAt('1', { from: dayFromNow(-365) });
    const compared = (await page.get('/api/portal/comparison')).json();
    const { from, until, use_l } = compared.this_month;
    const days = (Date.parse(until) - Date.parse(from)) / 86_400_000;
    expect([until, use_l]).toEqual([dayFromNow(0), days * 500]);
    const earlier = (Date.parse(compared.last_month.until) - Date.parse(compared.last_month.from)) / 86_400_000;
    expect(compared.last_month.use_l).toBe(earlier * 500);
    // The month lies before the person's time, or before anything is known.
    expect(compared.last_year.use_l).toBeNull();
    const { page: newcomer } = await livingAt('1', { from });
    expect((await newcomer.get('/api/portal/comparison')).json()).toMatchObject({
      this_month: { use_l },
      last_month: { use_l: null },
    });
  });

  test('with homes alike is told of twenty others and more, and of fewer not', async () => {
    const { page } = await livingAt('1', { from: dayFromNow(-365) });
    const alike = async () => (await page.get('/api/portal/comparison')).json().alike;
    const from = (await page.get('/api/portal/comparison')).json().this_month.from as string;
    const begin = Math.round((Date.parse(from) - Date.parse(dayFromNow(0))) / 86_400_000);
    for (let other = 100; other < 118; other += 1) {
      await homes.home(String(other), { from: begin - 1, until: 1, daily_l: 310 + other });
    }
    // Nineteen others: these and the neighbour. One of whom a day is not known does not count.
    await homes.home('118', { from: begin + 1, until: 1, daily_l: 400 });
    expect(await alike()).toBeNull();
    await homes.home('119', { from: begin - 1, until: 1, daily_l: 1_000 });
    const { homes: count, median_l } = await alike();
    expect(count).toBe(20);
    expect(median_l % 100).toBe(0);
    expect(Math.abs(median_l + begin * 419.5)).toBeLessThanOrEqual(50);
  });
});
