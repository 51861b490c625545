// The issuing desk over HTTP: who may offer what, what becomes of offers and credentials, and the trail of all of it.

import { beforeEach, describe, expect, test } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { credentialTypes } from '../../src/identity/credentials/credential-types.ts';
import type { StaffDuty } from '../../src/identity/credentials/staff-duty.ts';
import { portalHouse } from '../support/portal-house.ts';
import { residentRegister } from '../support/register-file.ts';

const house = await portalHouse();
const { pool, clock, publicUrl } = house;
await house.meter('1');

const person = { family_name: '김', given_name: '나루', birth_date: '1990-05-17', address_district: '부산 해운대구' };
const order = { type: 'resident', reference: 'R-1', claims: person };
const walletOf = () => createCitizenWallet({ serviceUrl: publicUrl, now_ms: clock.now_ms });
type Page = ReturnType<typeof house.browser>;

beforeEach(() => {
  clock.ahead_ms = 0;
});

/** A browser that came in by a staff credential of this duty. */
async function staffWith(duty: StaffDuty, until = '2099-12-31', number = 'S-1') {
  const administrator = await house.clerk();
  const claims = { duty, zones: ['haeundae'], until };
  const made = await administrator.post('/api/utility/desk/offers', {
    type: 'utility-staff',
    reference: number,
    claims,
  });
  expect(made.statusCode).toBe(201);
  const wallet = walletOf();
  await wallet.takeOffer(made.json().offer_uri, made.json().tx_code);
  const page = house.browser();
  const started = (await page.post('/api/utility/wallet-sign-in', { mode: 'cross_device' })).json();
  await wallet.present(started.authorization_request);
  const answer = await page.post(`/api/utility/wallet-sign-in/${started.request_id}/complete`, {});
  return { page, answer, wallet, administrator, requestId: started.request_id as string };
}

/** An offer that was taken; the id of the credential it became. */
async function issued(page: Page, reference: string): Promise<string> {
  const made = (await page.post('/api/utility/desk/offers', { ...order, reference })).json();
  await walletOf().takeOffer(made.offer_uri, made.tx_code);
  const { credentials } = (await page.get(`/api/utility/desk/credentials?reference=${reference}&state=valid`)).json();
  return credentials[0].id;
}

async function trail(action: string) {
  const { rows } = await pool.query(
    'SELECT duty, credential_type AS type, offer_id, credential_id, import_id FROM portal.audit WHERE action = $1 ORDER BY id',
    [action],
  );
  return rows;
}

describe('staff with a credential', () => {
  test('come in with the duty and the zones it says', async () => {
    const { page, answer } = await staffWith('resident_clerk');
    expect(answer.statusCode).toBe(204);
    expect(String(answer.headers['set-cookie'])).toMatch(/naru_staff=[\w-]{43}; Max-Age=43200; .*SameSite=Strict/);
    expect((await page.get('/api/utility/me')).json()).toEqual({
      role: 'clerk',
      duty: 'resident_clerk',
      zones: ['haeundae'],
    });
    expect((await trail('signed_in')).at(-1)).toMatchObject({ duty: 'resident_clerk', credential_id: /-/ });
  });

  test('are out at once when it is revoked', async () => {
    const { page, administrator } = await staffWith('meter_operator');
    const { credential_id } = (await trail('signed_in')).at(-1) ?? {};
    expect((await page.get('/api/utility/meters')).statusCode).toBe(200);
    await administrator.post(`/api/utility/credentials/${credential_id}/revoke`, { reason: 'left' });
    const refused = await page.get('/api/utility/meters');
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'CREDENTIAL_REVOKED']);
  });

  test('are out after the day it names', async () => {
    const today = new Date(clock.now_ms() + 9 * 3_600_000).toISOString().slice(0, 10);
    const { page, answer } = await staffWith('meter_operator', today);
    expect(answer.statusCode).toBe(204);
    const midnight_ms = Date.parse(`${today}T15:00:00Z`);
    clock.ahead_ms += midnight_ms - clock.now_ms() + 1_000;
    expect((await page.get('/api/utility/me')).statusCode).toBe(401);
  });

  test('come in by the browser that asked, and once', async () => {
    const { page, requestId } = await staffWith('auditor');
    const other = await house.browser().post(`/api/utility/wallet-sign-in/${requestId}/complete`, {});
    expect([other.statusCode, other.json().code]).toEqual([404, 'NOT_FOUND']);
    const again = await page.post(`/api/utility/wallet-sign-in/${requestId}/complete`, {});
    expect(again.statusCode).toBe(404);
  });

  test('do not come in with a credential of another kind', async () => {
    const { wallet } = await house.household('1', { from: '2026-03-01' });
    const page = house.browser();
    const started = (await page.post('/api/utility/wallet-sign-in', { mode: 'cross_device' })).json();
    await expect(wallet.present(started.authorization_request)).rejects.toBeTruthy();
    const answer = await page.post(`/api/utility/wallet-sign-in/${started.request_id}/complete`, {});
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'PRESENTATION_NOT_READY']);
  });
});

describe('each duty', () => {
  test.each([
    ['administrator', credentialTypes.map(({ id }) => id).filter((id) => id !== 'water-bill')],
    ['resident_clerk', ['resident', 'household-benefit']],
    ['water_clerk', ['water-account']],
    ['business_clerk', ['merchant', 'delegated-role']],
    ['meter_operator', []],
    ['auditor', []],
  ] as const)('%s offers %j and no other', async (duty, types) => {
    const { page } = await staffWith(duty);
    const forms = (await page.get('/api/utility/desk/types')).json().types;
    expect(forms.map(({ type }: { type: string }) => type)).toEqual(types);
    for (const { id: type } of credentialTypes.filter(({ id }) => !(types as readonly string[]).includes(id))) {
      const refused = await page.post('/api/utility/desk/offers', { ...order, type });
      expect([type, refused.statusCode, refused.json().code]).toEqual([type, 403, 'NOT_ALLOWED']);
    }
    const audit = await page.get('/api/utility/audit');
    expect(audit.statusCode).toBe(['administrator', 'auditor'].includes(duty) ? 200 : 403);
  });

  test('neither sees, ends nor replaces what is another duty’s', async () => {
    const administrator = await house.clerk();
    const credential = await issued(administrator, 'R-other');
    const offer = (await administrator.post('/api/utility/desk/offers', { ...order, reference: 'R-open' })).json();
    const { page } = await staffWith('business_clerk');
    expect((await page.get('/api/utility/desk/credentials?reference=R-other')).json().credentials).toEqual([]);
    expect((await page.get('/api/utility/desk/offers')).json().offers).toEqual([]);
    const reissue = { credentials: [credential], reason: 'lost', claims: person };
    for (const refused of [
      await page.post(`/api/utility/credentials/${credential}/revoke`, { reason: 'x' }),
      await page.post(`/api/utility/credentials/${credential}/suspend`, { reason: 'x' }),
      await page.post(`/api/utility/credentials/${credential}/resume`),
      await page.post(`/api/utility/desk/offers/${offer.offer_id}/withdraw`),
      await page.post('/api/utility/desk/reissue', reissue),
    ]) {
      expect([refused.statusCode, refused.json().code]).toEqual([403, 'NOT_ALLOWED']);
    }
    expect((await house.identity.credentials.statusOf(credential))?.state).toBe('valid');
    expect((await administrator.post(`/api/utility/desk/offers/${offer.offer_id}/withdraw`)).statusCode).toBe(204);
  });
});

describe('a single offer', () => {
  test('is made from the form, taken, and listed until then', async () => {
    const page = await house.clerk();
    const made = await page.post('/api/utility/desk/offers', order);
    expect(made.json()).toMatchObject({ tx_code: /^\d{6}$/, wallet_link: /#\/offer\?uri=openid-credential-offer/ });
    const listed = async () =>
      (await page.get('/api/utility/desk/offers'))
        .json()
        .offers.find(({ id }: { id: string }) => id === made.json().offer_id);
    expect(await listed()).toMatchObject({ type: 'resident', reference: 'R-1', tries_left: 5, import_id: null });
    await walletOf().takeOffer(made.json().offer_uri, made.json().tx_code);
    expect(await listed()).toBeUndefined();
    expect((await trail('offer_made')).at(-1)).toMatchObject({ type: 'resident', offer_id: made.json().offer_id });
  });

  test('says by claim what is wrong, in both languages and without the value', async () => {
    const page = await house.clerk();
    const claims = { ...person, birth_date: '1990-02-30', address_district: '900517-1234567' };
    const refused = (await page.post('/api/utility/desk/offers', { ...order, claims })).json();
    expect(refused).toMatchObject({
      code: 'CLAIMS_INVALID',
      claims: [
        { claim: 'birth_date', fault: 'wrong_form', message: { ko: /날짜/, en: /day/ } },
        { claim: 'address_district', fault: 'resident_number' },
      ],
    });
    expect(JSON.stringify(refused)).not.toMatch(/1990-02-30|900517/);
  });

  test.each([
    ['no reference', { ...order, reference: undefined }],
    ['a reference that is a resident registration number', { ...order, reference: '900517-1234567' }],
    ['a reference that is a name', { ...order, reference: '김나루' }],
  ])('is refused with %s', async (_what, body) => {
    const refused = await (await house.clerk()).post('/api/utility/desk/offers', body);
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('of a water account is for a service point that stands', async () => {
    const page = await house.clerk();
    const claims = { service_point: 'sp-1', usage_class: 'domestic', role: 'owner', from: '2026-03-01' };
    expect((await page.post('/api/utility/desk/offers', { type: 'water-account', claims })).statusCode).toBe(201);
    const nowhere = { type: 'water-account', claims: { ...claims, service_point: 'nowhere' } };
    expect((await page.post('/api/utility/desk/offers', nowhere)).json().code).toBe('SERVICE_POINT_UNKNOWN');
  });
});

describe('an offer that a second person must approve', () => {
  const clerk = async (number: string, duty: StaffDuty = 'resident_clerk') =>
    (await staffWith(duty, '2099-12-31', number)).page;
  const make = async (page: Page, reference: string) =>
    (await page.post('/api/utility/desk/offers', { ...order, reference, needs_approval: true })).json();
  const decide = async (page: Page, id: string, decision: 'approve' | 'refuse') => {
    const answer = await page.post(`/api/utility/desk/approvals/${id}/${decision}`);
    return answer.statusCode === 204 ? 204 : `${answer.statusCode} ${answer.json().code}`;
  };
  const waiting = async (page: Page): Promise<string[]> =>
    (await page.get('/api/utility/desk/approvals')).json().offers.map((one: { offer_id: string }) => one.offer_id);
  const issuedFor = async (page: Page, reference: string) =>
    (await page.get(`/api/utility/desk/credentials?reference=${reference}`)).json().credentials.length;

  test('is listed, approved by another, and taken', async () => {
    const [maker, other] = [await clerk('S-11'), await clerk('S-12')];
    const made = await make(maker, 'R-two');
    expect(await waiting(other)).toContain(made.offer_id);
    expect(await decide(other, made.offer_id, 'approve')).toBe(204);
    expect(await waiting(other)).not.toContain(made.offer_id);
    await walletOf().takeOffer(made.offer_uri, made.tx_code);
    expect(await issuedFor(other, 'R-two')).toBe(1);
    expect((await trail('offer_approved')).at(-1)).toMatchObject({ type: 'resident', offer_id: made.offer_id });
    expect(await decide(other, made.offer_id, 'refuse')).toBe('404 NOT_FOUND');
  });

  test('gives no credential to a wallet that takes it before', async () => {
    const [maker, other] = [await clerk('S-11'), await clerk('S-12')];
    const made = await make(maker, 'R-early');
    // It waits for it.
    expect(await walletOf().takeOffer(made.offer_uri, made.tx_code)).toEqual([]);
    expect([await issuedFor(maker, 'R-early'), await waiting(other)]).toEqual([
      0,
      expect.arrayContaining([made.offer_id]),
    ]);
    expect(await decide(other, made.offer_id, 'refuse')).toBe(204);
  });

  test('is not approved by its maker, in this session or another of the same staff number', async () => {
    const maker = await clerk('S-11');
    const made = await make(maker, 'R-alone');
    for (const page of [maker, await clerk('S-11')]) {
      expect(await decide(page, made.offer_id, 'approve')).toBe('403 SECOND_PERSON_NEEDED');
    }
    expect(await waiting(maker)).toContain(made.offer_id);
    expect(await decide(maker, made.offer_id, 'refuse')).toBe(204);
    await expect(walletOf().takeOffer(made.offer_uri, made.tx_code)).rejects.toBeTruthy();
    expect((await trail('offer_refused')).at(-1)).toMatchObject({ offer_id: made.offer_id });
  });

  test('is neither made nor approved by who came in by a link', async () => {
    const [link, maker] = [await house.clerk(), await clerk('S-11')];
    expect((await make(link, 'R-link')).code).toBe('SECOND_PERSON_NEEDED');
    const made = await make(maker, 'R-link');
    expect(await decide(link, made.offer_id, 'approve')).toBe('403 SECOND_PERSON_NEEDED');
  });

  test('is another duty’s to see and decide', async () => {
    const [maker, stranger] = [await clerk('S-11'), await clerk('S-13', 'water_clerk')];
    const made = await make(maker, 'R-stranger');
    expect(await waiting(stranger)).toEqual([]);
    for (const decision of ['approve', 'refuse'] as const) {
      expect(await decide(stranger, made.offer_id, decision)).toBe('403 NOT_ALLOWED');
    }
    expect(await waiting(maker)).toContain(made.offer_id);
  });

  test('waits no more once it is taken back', async () => {
    const maker = await clerk('S-11');
    const made = await make(maker, 'R-back');
    expect((await maker.post(`/api/utility/desk/offers/${made.offer_id}/withdraw`)).statusCode).toBe(204);
    expect(await waiting(maker)).not.toContain(made.offer_id);
  });
});

describe('a suspension', () => {
  const act = (page: Page, id: string, change: string) =>
    page.post(`/api/utility/credentials/${id}/${change}`, { reason: 'reported lost' });
  const listed = async (page: Page, reference: string, state: string) =>
    (await page.get(`/api/utility/desk/credentials?reference=${reference}&state=${state}`)).json().credentials;

  test('lasts until it is resumed, is listed with its reason, and both are recorded', async () => {
    const { page } = await staffWith('resident_clerk');
    const id = await issued(page, 'R-suspended');
    expect((await act(page, id, 'suspend')).statusCode).toBe(204);
    expect(await listed(page, 'R-suspended', 'valid')).toEqual([]);
    expect(await listed(page, 'R-suspended', 'suspended')).toMatchObject([
      { id, state: 'suspended', reason: 'reported lost' },
    ]);
    expect((await house.identity.credentials.statusOf(id))?.state).toBe('suspended');
    expect((await page.post(`/api/utility/credentials/${id}/resume`)).statusCode).toBe(204);
    expect(await listed(page, 'R-suspended', 'valid')).toMatchObject([{ id, state: 'valid', reason: null }]);
    for (const action of ['credential_suspended', 'credential_resumed']) {
      expect((await trail(action)).filter(({ credential_id }) => credential_id === id)).toMatchObject([
        { duty: 'resident_clerk', type: 'resident' },
      ]);
    }
  });

  test('comes too late, and ends too late, after a revocation', async () => {
    const page = await house.clerk();
    const id = await issued(page, 'R-final');
    await act(page, id, 'suspend');
    await act(page, id, 'revoke');
    for (const change of ['suspend', 'resume']) {
      const refused = await act(page, id, change);
      expect([refused.statusCode, refused.json().code]).toEqual([409, 'CREDENTIAL_STATUS_FINAL']);
    }
    expect(await listed(page, 'R-final', 'revoked')).toMatchObject([{ id, state: 'revoked' }]);
  });

  test('is asked for with a reason', async () => {
    const page = await house.clerk();
    const id = await issued(page, 'R-reason');
    const refused = await page.post(`/api/utility/credentials/${id}/suspend`, { reason: ' ' });
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'REQUEST_INVALID']);
    expect(await listed(page, 'R-reason', 'valid')).toHaveLength(1);
  });

  test('puts staff out until it is resumed', async () => {
    const { page, administrator } = await staffWith('meter_operator');
    const { credential_id } = (await trail('signed_in')).at(-1) ?? {};
    await act(administrator, credential_id, 'suspend');
    expect((await page.get('/api/utility/meters')).json().code).toBe('CREDENTIAL_REVOKED');
    await act(administrator, credential_id, 'resume');
    expect((await page.get('/api/utility/meters')).statusCode).toBe(200);
  });
});

describe('what the wallet said became of a credential [OpenID4VCI 11]', () => {
  const told = async (page: Page, reference: string) =>
    (await page.get(`/api/utility/desk/credentials?reference=${reference}`)).json().credentials[0].wallet;
  const tell = (id: string, event: string, at_ms: number) =>
    pool.query('INSERT INTO identity.credential_events (credential_id, event, noted_at) VALUES ($1, $2, $3)', [
      ...[id, event, new Date(at_ms)],
    ]);

  test('is listed with it and its instant: first that it was taken', async () => {
    const page = await house.clerk();
    const before_ms = clock.now_ms();
    await issued(page, 'R-told');
    const { event, at } = await told(page, 'R-told');
    expect(event).toBe('credential_accepted');
    expect(Date.parse(at)).toBeGreaterThanOrEqual(before_ms);
  });

  test.each(['credential_failure', 'credential_deleted'])('%s after it takes its place', async (event) => {
    const page = await house.clerk();
    const reference = `R-${event}`;
    const at_ms = clock.now_ms() + 60_000;
    await tell(await issued(page, reference), event, at_ms);
    expect(await told(page, reference)).toEqual({ event, at: new Date(at_ms).toISOString() });
  });

  test('is nothing where it said nothing', async () => {
    const page = await house.clerk();
    const id = await issued(page, 'R-silent');
    await pool.query('DELETE FROM identity.credential_events WHERE credential_id = $1', [id]);
    expect(await told(page, 'R-silent')).toBeNull();
  });
});

describe('the lists', () => {
  test('come a page at a time, each entry once', async () => {
    const page = await house.clerk();
    for (let n = 0; n < 5; n += 1) await issued(page, 'R-pages');
    const seen: string[] = [];
    let cursor = '';
    do {
      const answer = (await page.get(`/api/utility/desk/credentials?reference=R-pages&limit=2${cursor}`)).json();
      seen.push(...answer.credentials.map(({ id }: { id: string }) => id));
      cursor = answer.next_cursor === null ? '' : `&cursor=${encodeURIComponent(answer.next_cursor)}`;
    } while (cursor !== '');
    expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
  });

  test.each(["x' OR '1'='1", '2026-01-01T00:00:00.000Z~1'])(
    'do not take a cursor of another’s making: %s',
    async (cursor) => {
      const answer = await (await house.clerk()).get(`/api/utility/desk/offers?cursor=${encodeURIComponent(cursor)}`);
      expect(answer.statusCode).toBe(400);
    },
  );
});

describe('reissue after a loss', () => {
  test('ends the old credentials and offers the new one [fault: phone lost]', async () => {
    const page = await house.clerk();
    const old = [await issued(page, 'R-lost'), ...(await again(page, 'R-lost'))];
    const made = await page.post('/api/utility/desk/reissue', {
      credentials: old,
      reason: 'lost phone',
      claims: person,
    });
    expect(made.statusCode).toBe(201);
    for (const id of old) expect((await house.identity.credentials.statusOf(id))?.state).toBe('revoked');
    await walletOf().takeOffer(made.json().offer_uri, made.json().tx_code);
    const { credentials } = (await page.get('/api/utility/desk/credentials?reference=R-lost&state=valid')).json();
    expect(credentials).toHaveLength(1);
    const replaced = (await trail('credential_replaced')).filter(({ offer_id }) => offer_id === made.json().offer_id);
    expect(replaced.map(({ credential_id }) => credential_id).sort()).toEqual(old.sort());
  });

  test('does neither where the claims are wrong, one is unknown, or one was revoked before', async () => {
    const page = await house.clerk();
    const credential = await issued(page, 'R-kept');
    const stranger = '00000000-0000-4000-8000-000000000000';
    const other = await issued(page, 'R-another');
    const reissue = (credentials: string[], claims: object = person) =>
      page.post('/api/utility/desk/reissue', { credentials, reason: 'lost', claims });
    expect((await reissue([credential], { ...person, birth_date: 'x' })).json().code).toBe('CLAIMS_INVALID');
    expect((await reissue([credential, stranger])).json().code).toBe('CREDENTIAL_UNKNOWN');
    expect((await reissue([credential, other])).json().code).toBe('CONFLICT');
    expect((await house.identity.credentials.statusOf(credential))?.state).toBe('valid');
    expect((await reissue([credential])).statusCode).toBe(201);
    expect((await reissue([credential])).json().code).toBe('CONFLICT');
  });

  test('asked for by ten at once, offers one', async () => {
    const page = await house.clerk();
    const credential = await issued(page, 'R-ten');
    const body = { credentials: [credential], reason: 'lost', claims: person };
    const answers = await Promise.all(Array.from({ length: 10 }, () => page.post('/api/utility/desk/reissue', body)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  async function again(page: Page, reference: string): Promise<string[]> {
    const first = await issued(page, `${reference}-2`);
    await pool.query('UPDATE identity.credential SET reference = $2 WHERE id = $1', [first, reference]);
    return [first];
  }
});

describe('what is done and what is recorded', () => {
  test.each([
    ['an offer', (page: Page) => page.post('/api/utility/desk/offers', { ...order, reference: 'R-atomic' })],
    [
      'a revocation',
      async (page: Page, id: string) => page.post(`/api/utility/credentials/${id}/revoke`, { reason: 'x' }),
    ],
    [
      'a suspension',
      async (page: Page, id: string) => page.post(`/api/utility/credentials/${id}/suspend`, { reason: 'x' }),
    ],
    [
      'a reissue',
      async (page: Page, id: string) =>
        page.post('/api/utility/desk/reissue', { credentials: [id], reason: 'lost', claims: person }),
    ],
    ['an import', (page: Page) => page.csv('/api/utility/imports?type=resident', residentRegister(3))],
  ])('%s is not done where it cannot be recorded', async (_what, act) => {
    const page = await house.clerk();
    const credential = await issued(page, 'R-atomic-credential');
    const state = async () =>
      (
        await pool.query(
          `SELECT (SELECT count(*) FROM identity.offers) AS offers, (SELECT count(*) FROM identity.offer_import) AS imports,
                  (SELECT count(*) FROM identity.credential WHERE revoked_at IS NOT NULL) AS revoked,
                  (SELECT count(*) FROM identity.credential WHERE suspended_at IS NOT NULL) AS suspended`,
        )
      ).rows[0];
    const before = await state();
    await pool.query(
      `CREATE FUNCTION pg_temp_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
       CREATE TRIGGER no_audit BEFORE INSERT ON portal.audit FOR EACH ROW EXECUTE FUNCTION pg_temp_refuse()`,
    );
    try {
      expect((await act(page, credential)).statusCode).toBe(500);
    } finally {
      await pool.query('DROP TRIGGER no_audit ON portal.audit; DROP FUNCTION pg_temp_refuse()');
    }
    expect(await state()).toEqual(before);
  });

  test('is never changed afterwards', async () => {
    await house.clerk();
    await expect(pool.query('DELETE FROM portal.audit')).rejects.toThrow('the audit is never changed');
    await expect(pool.query("UPDATE portal.audit SET action = 'x'")).rejects.toThrow('the audit is never changed');
  });

  test('is read a page at a time, holds no claim, and as a table holds no formula', async () => {
    const page = await house.clerk();
    await pool.query(
      `INSERT INTO portal.audit (at, actor, action, service_point)
       VALUES (now(), sha256('x'), 'offer_made', '=HYPERLINK("http://evil.example")')`,
    );
    await page.post('/api/utility/desk/offers', { ...order, reference: 'R-audit' });
    const first = (await page.get('/api/utility/audit?limit=1')).json();
    expect(first.entries).toMatchObject([{ action: 'offer_made', duty: 'administrator', type: 'resident' }]);
    const next = (await page.get(`/api/utility/audit?limit=1&cursor=${first.next_cursor}`)).json();
    expect(next.entries[0].id).toBeLessThan(first.entries[0].id);
    const table = await page.get('/api/utility/audit.csv');
    expect(table.headers['content-type']).toContain('text/csv');
    expect(table.body).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    expect(table.body).not.toMatch(/나루|1990-05-17/);
    expect(await trail('audit_exported')).not.toHaveLength(0);
  });
});

describe('an import at the desk', () => {
  const workAll = async () => {
    while ((await house.imports.workOff()) !== null);
  };

  test('is checked, begun, watched, and its links and codes are taken as two files', async () => {
    const { page } = await staffWith('resident_clerk');
    const register = residentRegister(3).replaceAll('R-2026', 'R-desk');
    expect((await page.csv('/api/utility/imports/check?type=resident', register)).json()).toEqual({
      rows: 3,
      known: 0,
    });
    const begun = await page.csv('/api/utility/imports?type=resident&valid_days=30', register);
    expect([begun.statusCode, begun.json().state]).toEqual([201, 'waiting']);
    const { id } = begun.json();
    expect((await page.get(`/api/utility/imports/${id}/links.csv`)).json().code).toBe('CONFLICT');
    await workAll();
    expect((await page.get(`/api/utility/imports/${id}`)).json()).toMatchObject({ state: 'done', offered: 3, open: 3 });
    const links = await page.get(`/api/utility/imports/${id}/links.csv`);
    const codes = await page.get(`/api/utility/imports/${id}/codes.csv`);
    expect(links.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-disposition': /naru-links-\w{8}\.csv/,
    });
    const [, link = ''] = links.body.split('\r\n')[1]?.split(',') ?? [];
    const [, code = ''] = codes.body.split('\r\n')[1]?.split(',') ?? [];
    expect(links.body).not.toContain(code);
    await walletOf().takeOffer(link, code);
    expect((await page.csv('/api/utility/imports?type=resident&valid_days=30', register)).json()).toMatchObject({
      id,
      repeated: true,
    });
    for (const action of ['import_started', 'links_downloaded', 'codes_downloaded']) {
      expect((await trail(action)).filter(({ import_id }) => import_id === id)).toMatchObject([
        { duty: 'resident_clerk' },
      ]);
    }
  });

  test('with faults is refused with each of them', async () => {
    const page = await house.clerk();
    const refused = await page.csv(
      '/api/utility/imports?type=resident',
      residentRegister(2).replace('1940-01-01', 'x'),
    );
    expect([refused.statusCode, refused.json()]).toMatchObject([
      400,
      { code: 'IMPORT_INVALID', faults: [{ line: 2, column: 'birth_date', message: { ko: /날짜/ } }] },
    ]);
  });

  test('is another duty’s to see, end and take', async () => {
    const administrator = await house.clerk();
    const register = residentRegister(1).replaceAll('R-2026', 'R-mine');
    const { id } = (await administrator.csv('/api/utility/imports?type=resident', register)).json();
    await workAll();
    const { page } = await staffWith('water_clerk');
    expect((await page.get('/api/utility/imports')).json().imports).toEqual([]);
    for (const refused of [
      await page.get(`/api/utility/imports/${id}`),
      await page.get(`/api/utility/imports/${id}/codes.csv`),
      await page.post(`/api/utility/imports/${id}/cancel`),
      await page.csv('/api/utility/imports?type=resident', register),
    ]) {
      expect(refused.statusCode).toBe(403);
    }
    expect((await administrator.post(`/api/utility/imports/${id}/cancel`)).statusCode).toBe(204);
    expect(await trail('import_cancelled')).toMatchObject([{ import_id: id }]);
  });
});

test.each([
  ['GET', '/api/utility/desk/types'],
  ['GET', '/api/utility/desk/offers'],
  ['GET', '/api/utility/desk/credentials'],
  ['GET', '/api/utility/desk/approvals'],
  ['GET', '/api/utility/imports'],
  ['GET', '/api/utility/audit'],
  ['GET', '/api/utility/audit.csv'],
  ['POST', '/api/utility/desk/offers'],
  ['POST', '/api/utility/imports?type=resident'],
] as const)('%s %s needs a session', async (method, url) => {
  const page = house.browser();
  const answer =
    method === 'GET'
      ? await page.get(url)
      : url.includes('import')
        ? await page.csv(url, 'key')
        : await page.post(url, order);
  expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
});
