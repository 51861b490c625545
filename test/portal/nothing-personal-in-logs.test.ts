// Whatever people and devices send, the log at its most talkative holds nothing of it.
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createCitizenWallet } from '../../simulators/citizen-wallet.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { operatorToken, portalHouse } from '../support/portal-house.ts';

const lines: string[] = [];
const memory = new Writable({
  write: (chunk, _encoding, done) => {
    lines.push(String(chunk));
    done();
  },
});
const logger = createLogger('trace', memory);
const house = await portalHouse(logger);
const { pool, publicUrl } = house;
const place = 'SP-HAEUNDAE-77';

/** What is in the log, of that which must not be. A number only as a whole: a time's digits may hold any other's. */
const found = (secrets: readonly string[]) =>
  secrets.filter((secret) => {
    const isThere = /^\d+$/.test(secret)
      ? (line: string) => new RegExp(`(?<![\\d.])${secret}(?!\\d)`).test(line)
      : (line: string) => line.includes(secret);
    return lines.some(isThere);
  });

test('a whole life of a credential, and every kind of bad request, leaves no trace of anybody in the log', async () => {
  const { entry } = await house.meter('770077');
  const installedAt_ms = entry.installedAt_ms + 86_400_000;
  await house.metering.provisionFleet([
    { ...entry, installedAt_ms, servicePoint: { ...entry.servicePoint, id: place } },
  ]);
  await house.meter('880088');
  const staffToken = await house.staff.createStaffLink();
  const clerk = house.browser();
  await clerk.post('/api/utility/sign-in', { token: staffToken });
  const sent: string[] = [];
  const wallet = createCitizenWallet({
    serviceUrl: publicUrl,
    now_ms: house.clock.now_ms,
    fetch: (input, init) => {
      sent.push(String(input));
      const body = init?.body;
      if (typeof body === 'string') sent.push(body);
      if (body instanceof URLSearchParams) sent.push(...body.values());
      return fetch(input, init);
    },
  });
  const offer = (
    await clerk.post(`/api/utility/service-points/${place}/offers`, {
      type: 'water-account',
      claims: { role: 'occupant', from: '2019-07-13' },
    })
  ).json();
  await wallet.takeOffer(offer.offer_uri, offer.tx_code);
  const { page, request_id, complete } = await house.signInWith(wallet, 'same_device');
  await complete();
  await page.get('/api/portal/meter');
  const [issued] = (await clerk.get(`/api/utility/service-points/${place}/credentials`)).json().credentials;
  await clerk.post(`/api/utility/credentials/${issued.id}/revoke`, { reason: 'moved to Jeju with Kim' });
  await page.get('/api/portal/me');
  await (await house.signInWith(wallet)).complete();

  const secret = 'Hong-Gildong-1988';
  const send = (url: string, payload: string, type = 'application/json') =>
    house.server.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': type, authorization: `Bearer ${secret}` },
    });
  const paths = Object.entries(house.server.swagger().paths ?? {});
  for (const [path, methods] of paths) {
    if (!('post' in (methods ?? {}))) continue;
    const url = path.replaceAll(/\{\w+\}/g, secret);
    for (const [payload, type] of [
      [`{"${secret}": "${secret}"`, 'application/json'],
      [
        JSON.stringify({ [secret]: secret, token: secret, reason: secret, devices: [{ device_id: secret }] }),
        'application/json',
      ],
      [
        `vp_token=${secret}&state=${secret}&response=${secret}&grant_type=${secret}&tx_code=${secret}`,
        'application/x-www-form-urlencoded',
      ],
      [secret, `text/${secret}`],
    ] as const) {
      await send(url, payload, type);
    }
    await house.server.inject({
      url: `${url}?${secret}=${secret}`,
      headers: { cookie: `naru_citizen=${secret}; ${secret}` },
    });
  }
  await house.server.inject(`/${secret}/%ff?name=${secret}`);
  await send('/api/utility/devices', JSON.stringify({ devices: [{ secret }] }));

  // The database refuses a row, and says which.
  await pool.query('ALTER TABLE portal.link ADD CONSTRAINT nobody CHECK (false) NOT VALID');
  const { wallet: other } = await house.household('880088', { from: '2018-06-12' });
  const broken = await house.signInWith(other);
  expect((await broken.complete()).statusCode).toBe(500);
  // A value it can't read, repeated in its message.
  await pool.query(`ALTER TABLE portal.link DROP CONSTRAINT nobody, ALTER COLUMN role TYPE integer USING 0`);
  const unread = await house.signInWith(other);
  expect((await unread.complete()).statusCode).toBe(500);

  const credentials = await Promise.all([wallet, other].map(({ store }) => store.list('credentials')));
  const keys = await Promise.all([wallet, other].map(({ store }) => store.list('keys')));
  const parts = credentials.flat().flatMap((held) => JSON.stringify(held).match(/[\w-]{40,}/g) ?? []);
  expect(parts.length).toBeGreaterThan(5);
  expect(sent.length).toBeGreaterThan(5);
  expect(lines.join('')).toContain('request failed');
  const unwanted = [
    ...[place, 'sp-880088', '770077', '2019-07-13', '2018-06-12', 'occupant', 'Jeju', secret, operatorToken],
    ...[staffToken, offer.tx_code, offer.offer_uri, issued.id, request_id],
    ...[...clerk.cookies.values(), ...page.cookies.values(), ...broken.page.cookies.values()].filter(Boolean),
    ...keys.flat().map(({ id }) => id),
    ...sent.filter((text) => text.length > 8 && !publicUrl.includes(text)),
    ...parts,
  ];
  expect(found(unwanted.filter((text) => text !== ''))).toEqual([]);
});

test('the search finds what is there', () => {
  logger.warn({ reading: 'sp-of-somebody', code: '123456', in_ms: 12.345678, at: 1_795_765_432 }, 'a mistake');
  const sought = ['sp-of-somebody', 'sp-of-nobody', '123456', '345678', '765432'];
  expect(found(sought)).toEqual(['sp-of-somebody', '123456']);
});
