// Being watched over: consent with contacts, absences, withdrawal that deletes, and what contacts are written.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { loadAlarmKinds } from '../../src/metering/alarms/alarm-kinds-port.ts';
import { openAlarms } from '../../src/metering/alarms/alarm-store.ts';
import { judgeChanged } from '../../src/metering/alarms/judge-alarms-service.ts';
import { createWatching } from '../../src/metering/alarms/watch-service.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { markTouched } from '../../src/metering/readings/touched-store.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import { createMailer } from '../../src/platform/mailer.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { endLostConsents } from '../../src/portal/consent-service.ts';
import { sendContactMail } from '../../src/portal/contact-mail-service.ts';
import { queueContactNews } from '../../src/portal/contact-news-service.ts';
import { mailServer } from '../support/mail-server.ts';
import { portalHouse, timeZone } from '../support/portal-house.ts';

const house = await portalHouse();
const { pool, clock } = house;
const mails = await mailServer();
const mailer = createMailer({ url: mails.url, from: 'naru@city.example' });
afterAll(async () => {
  mailer.close();
  await mails.close();
});
const kinds = await loadAlarmKinds();
const days = new LocalDays(timeZone);
const HOUR = 3_600_000;
const day = (at_ms: number) => days.at(at_ms).date;
const today = () => day(clock.now_ms());

beforeEach(() => {
  mails.received.length = 0;
  mails.state.refuses = false;
});

async function sendAll(): Promise<void> {
  while ((await sendContactMail({ pool, clock, timeZone, mailer })) !== null);
}

const contacts = [
  { email: 'daughter@home.example', called: '어머니 댁' },
  { email: 'neighbour@home.example', called: '앞집' },
];
const count = async (table: string, where = 'true') =>
  (await pool.query(`SELECT FROM ${table} WHERE ${where}`)).rowCount ?? 0;

/** Somebody who lives at `sp-<serial>`, signed in. */
async function resident(serial: string, claims: { from: string; until?: string } = { from: '2026-01-01' }) {
  const { meterId } = await house.meter(serial);
  const { wallet, credentialId } = await house.household(serial, claims);
  return { meterId, credentialId, page: await house.signedIn(wallet) };
}

describe('a consent', () => {
  test('names contacts, who are told that they were, and metering learns the place and the times alone', async () => {
    const { page } = await resident('c1');
    expect((await page.get('/api/portal/consent')).json()).toEqual({ can_tell: true, consent: null });
    const given = await page.post('/api/portal/consent', { contacts });
    expect(given.json()).toMatchObject({ consent: { contacts, away: [] } });
    await sendAll();
    expect(mails.received.map(({ to }) => to[0]).sort()).toEqual(contacts.map(({ email }) => email));
    expect(mails.received.find(({ to }) => to[0] === 'daughter@home.example')?.text).toContain(
      "'어머니 댁'에 사시는 분",
    );
    const { rows } = await pool.query(`SELECT * FROM metering.watch WHERE service_point_id = 'sp-c1'`);
    expect(rows).toHaveLength(1);
    expect(Object.keys(rows[0]).sort()).toEqual(['from_at', 'service_point_id', 'until_at', 'watch_id']);
  });

  test('is changed without telling anew those who stay, and who is taken out is deleted', async () => {
    const { page } = await resident('c2');
    await page.post('/api/portal/consent', { contacts });
    await sendAll();
    mails.received.length = 0;
    const others = [
      { email: 'daughter@home.example', called: '엄마' },
      { email: 'son@home.example', called: '본가' },
    ];
    expect((await page.post('/api/portal/consent', { contacts: others })).json().consent.contacts).toEqual(others);
    await sendAll();
    expect(mails.received.map(({ to }) => to[0])).toEqual(['son@home.example']);
    expect(await count('portal.audit', `service_point = 'sp-c2' AND action = 'contacts_changed'`)).toBe(1);
  });

  test('that is withdrawn deletes the contacts and what was still to be told, and ends the watch', async () => {
    const { page } = await resident('c3');
    await page.post('/api/portal/consent', { contacts });
    const consent = `consent_id IN (SELECT consent_id FROM portal.consent WHERE service_point = 'sp-c3')`;
    expect([await count('portal.consent_contact', consent), await count('portal.contact_message', consent)]).toEqual([
      2, 2,
    ]);
    expect((await page.post('/api/portal/consent/withdraw', {})).json().consent).toBeNull();
    expect([await count('portal.consent_contact', consent), await count('portal.contact_message', consent)]).toEqual([
      0, 0,
    ]);
    expect(await count('metering.watch', `service_point_id = 'sp-c3' AND until_at IS NULL`)).toBe(0);
    const again = await page.post('/api/portal/consent/withdraw', {});
    expect([again.statusCode, again.json().code]).toEqual([409, 'CONSENT_MISSING']);
    const { rows } = await pool.query(
      `SELECT action, duty FROM portal.audit WHERE service_point = 'sp-c3' AND duty = 'citizen'`,
    );
    expect(rows).toEqual([
      { action: 'consent_given', duty: 'citizen' },
      { action: 'consent_withdrawn', duty: 'citizen' },
    ]);
  });

  test('ends with the account: at its last day, or when it is revoked', async () => {
    const until = day(clock.now_ms() + 40 * 24 * HOUR);
    const { page, credentialId } = await resident('c4', { from: '2026-01-01', until });
    await page.post('/api/portal/consent', { contacts });
    const { rows } = await pool.query<{ until_at: Date }>(
      `SELECT until_at FROM metering.watch WHERE service_point_id = 'sp-c4'`,
    );
    expect(rows[0]?.until_at.getTime()).toBe(days.on(until).end_ms);
    const watching = createWatching(clock);
    expect(await endLostConsents({ pool, clock, watching }, async (id) => id === credentialId)).toBe(1);
    expect(await count('portal.consent', `service_point = 'sp-c4' AND withdrawn_at IS NULL`)).toBe(0);
    expect(await endLostConsents({ pool, clock, watching }, async () => false)).toBe(0);
  });

  test('leaves nothing of a person who wants to be forgotten', async () => {
    const { page } = await resident('c5');
    await page.post('/api/portal/consent', { contacts });
    expect((await page.post('/api/portal/forget-me', {})).statusCode).toBe(204);
    expect(await count('portal.consent', `service_point = 'sp-c5'`)).toBe(0);
    expect(await count('metering.watch', `service_point_id = 'sp-c5' AND until_at IS NULL`)).toBe(0);
  });

  test.each([
    { contacts: [] },
    { contacts: [{ email: 'nobody', called: 'x' }] },
    { contacts: [{ email: 'a@b.example', called: ' ' }] },
    { contacts: Array.from({ length: 4 }, (_, n) => ({ email: `a${n}@b.example`, called: 'x' })) },
  ])('is refused with %j', async (body) => {
    const { page } = await resident(`r${systemRandom.bytes(4).join('')}`);
    expect((await page.post('/api/portal/consent', body)).statusCode).toBe(400);
  });

  test('is nobody else’s to see or to give', async () => {
    for (const url of ['/api/portal/consent', '/api/portal/notices']) {
      expect((await house.browser().get(url)).statusCode).toBe(401);
    }
    for (const url of ['', '/withdraw', '/away', '/away/0b8f5c1e-0000-4000-8000-000000000000/end']) {
      expect(
        (await house.browser().post(`/api/portal/consent${url}`, { contacts, from: today(), until: today() }))
          .statusCode,
      ).toBe(401);
    }
  });
});

describe('an absence', () => {
  test('is set by its first and last day, and ended early; another’s can’t be', async () => {
    const { page } = await resident('a1');
    await page.post('/api/portal/consent', { contacts });
    const until = day(clock.now_ms() + 5 * 24 * HOUR);
    const { consent } = (await page.post('/api/portal/consent/away', { from: today(), until })).json();
    expect(consent.away).toEqual([{ id: expect.any(String), from: today(), until }]);
    const other = await resident('a2');
    await other.page.post('/api/portal/consent', { contacts });
    const path = `/api/portal/consent/away/${consent.away[0].id}/end`;
    expect((await other.page.post(path, {})).statusCode).toBe(404);
    expect((await page.post(path, {})).json().consent.away).toEqual([]);
  });

  test('is refused for days that can’t be, and without a consent', async () => {
    const { page } = await resident('a3');
    expect((await page.post('/api/portal/consent/away', { from: today(), until: today() })).json().code).toBe(
      'CONSENT_MISSING',
    );
    await page.post('/api/portal/consent', { contacts });
    const far = day(clock.now_ms() + 400 * 24 * HOUR);
    for (const [from, until] of [
      [today(), '2020-01-01'],
      ['2020-01-01', '2020-01-02'],
      [today(), far],
      ['x', 'y'],
    ]) {
      expect((await page.post('/api/portal/consent/away', { from, until })).statusCode).toBe(400);
    }
  });
});

test('contacts are written when no water is used, and when it is again; not from missing data', async () => {
  const { meterId, page } = await resident('w1');
  await page.post('/api/portal/consent', { contacts: contacts.slice(0, 1) });
  const month = new Date(clock.now_ms()).toISOString().slice(0, 7);
  await pool.query(
    `DO $$ BEGIN EXECUTE format('CREATE TABLE IF NOT EXISTS metering.reading_test PARTITION OF metering.reading
       FOR VALUES FROM (%L) TO (%L)', '${month}-01'::date, '${month}-01'::date + interval '3 months'); END $$`,
  );
  const begin_ms = days.after(days.at(clock.now_ms())).end_ms;
  const options = { pool, clock, days, kinds, tellContacts: queueContactNews(systemRandom, clock) };
  let register_l = 1_000;
  const tell = async (from_h: number, use: readonly number[]) => {
    for (const [index, use_l] of use.entries()) {
      register_l += use_l;
      await house.putReading(meterId, new Date(begin_ms + (from_h + index) * HOUR).toISOString(), register_l);
    }
    const last_ms = begin_ms + (from_h + use.length) * HOUR;
    await markTouched(pool, [{ meterId, from_ms: begin_ms, to_ms: last_ms }]);
    clock.ahead_ms += last_ms - clock.now_ms();
    while ((await workOffUse(pool, days))?.marks !== 0);
    while ((await judgeChanged(options))?.more !== false);
    await sendAll();
  };
  await sendAll();
  mails.received.length = 0;
  await tell(0, [...Array<number>(24).fill(3), ...Array<number>(23).fill(0)]);
  expect(mails.received.map(({ to }) => to)).toEqual([['daughter@home.example']]);
  const [letter] = mails.received;
  expect(letter?.text).toContain("'어머니 댁'에서");
  expect(letter?.text).toContain(' 05:00부터 물을 쓴 흔적이 없습니다.');
  expect(letter?.raw).not.toContain('sp-w1');
  await tell(47, [0, 9, 0, 0, 0]);
  expect(mails.received).toHaveLength(2);
  expect(mails.received[1]?.text).toContain('Water is used again');
  // Two days of nothing at all: the utility hears that it is unknown, the contacts nothing.
  clock.ahead_ms += 80 * HOUR;
  while ((await judgeChanged(options))?.more !== false);
  await sendAll();
  expect(mails.received).toHaveLength(2);
  expect(
    await count('metering.alarm', `service_point_id = 'sp-w1' AND kind = 'no_use_unknown' AND state = 'open'`),
  ).toBe(1);
  expect(await count('metering.alarm', `service_point_id = 'sp-w1' AND kind = 'silent' AND state = 'open'`)).toBe(1);
});

test('a mail that is not taken is tried again, and not for ever', async () => {
  const { page } = await resident('m1');
  await page.post('/api/portal/consent', { contacts: contacts.slice(0, 1) });
  mails.state.refuses = true;
  for (let tries = 0; tries < 14; tries += 1) {
    await sendAll();
    clock.ahead_ms += 9 * HOUR;
  }
  expect(await count('portal.contact_message', `email = 'daughter@home.example'`)).toBe(0);
});

test('a citizen sees leaks of the time in which the place is theirs, and no others', async () => {
  const from = day(clock.now_ms() - 5 * 24 * HOUR);
  const { page } = await resident('n1', { from });
  const { rows } = await pool.query<{ install_id: number; zone_id: string }>(
    `SELECT install_id, zone_id FROM metering.install JOIN metering.service_point USING (service_point_id) WHERE service_point_id = 'sp-n1'`,
  );
  const [{ install_id, zone_id } = { install_id: 0, zone_id: '' }] = rows;
  const place = { install_id, zone_id, service_point_id: 'sp-n1', grade: 2, times: 1, amount: null } as const;
  const start_ms = days.on(from).start_ms;
  await openAlarms(
    pool,
    [
      { ...place, kind: 'leak', began_ms: start_ms - 48 * HOUR, ended_ms: null },
      { ...place, kind: 'burst', began_ms: start_ms - 90 * HOUR, ended_ms: start_ms - 60 * HOUR },
      { ...place, kind: 'tamper', began_ms: start_ms + HOUR, ended_ms: null },
    ],
    clock.now_ms(),
    () => 0,
  );
  const { notices } = (await page.get('/api/portal/notices')).json();
  expect(notices).toMatchObject([{ kind: 'leak', began_at: new Date(start_ms).toISOString(), ended_at: null }]);
  expect(notices[0].advice.ko).toContain('수도꼭지');
});

test('the tables of metering hold no word of who is watched or told', async () => {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM (
       SELECT row_to_json(w) AS t FROM metering.watch w UNION ALL SELECT row_to_json(a) FROM metering.watch_away a
       UNION ALL SELECT row_to_json(l) FROM metering.alarm l UNION ALL SELECT row_to_json(e) FROM metering.alarm_event e) t`,
  );
  expect(rows[0]?.text.length).toBeGreaterThan(100);
  expect(rows[0]?.text).not.toMatch(/@|어머니|daughter|did:/);
});
