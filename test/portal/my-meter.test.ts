// What a citizen sees of a meter: the days on which the place was theirs, and nothing of anybody else.
import { describe, expect, test } from 'vitest';
import { estimated } from '../support/estimated-use.ts';
import { portalHouse } from '../support/portal-house.ts';

const house = await portalHouse();
const wide = 'from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z';
const seoul = (at: string) => new Date(`${at}+09:00`).toISOString();

/** Signed in at `sp-<serial>` for the period. */
async function citizenOf(serial: string, period: { from: string; until?: string }) {
  return house.signedIn((await house.household(serial, period)).wallet);
}

describe('a period with both ends', () => {
  test('shows the use of its first to its last day in Seoul, whatever span is asked for', async () => {
    await house.meter('10', [
      [seoul('2026-02-28T00:00:00'), 0],
      [seoul('2026-03-01T00:00:00'), 100],
      [seoul('2026-03-02T00:00:00'), 230],
      [seoul('2026-03-03T00:00:00'), 300],
      [seoul('2026-03-04T00:00:00'), 900],
    ]);
    const page = await citizenOf('10', { from: '2026-03-01', until: '2026-03-02' });
    const use = (await page.get(`/api/portal/use?resolution=day&${wide}`)).json();
    expect(use).toEqual({
      time_zone: 'Asia/Seoul',
      resolution: 'day',
      intervals: [
        { start: seoul('2026-03-01T00:00:00'), end: seoul('2026-03-02T00:00:00'), use_l: 130 },
        { start: seoul('2026-03-02T00:00:00'), end: seoul('2026-03-03T00:00:00'), use_l: 70 },
      ],
    });
    const hours = (
      await page.get(`/api/portal/use?resolution=hour&from=2026-02-28T12:00:00Z&to=2026-03-02T18:00:00Z`)
    ).json().intervals;
    expect(hours[0].start).toBe(seoul('2026-03-01T00:00:00'));
    expect(hours.at(-1).end).toBe(seoul('2026-03-03T00:00:00'));
    const outside = await page.get(
      `/api/portal/use?resolution=day&from=${seoul('2026-03-03T00:00:00')}&to=${seoul('2026-03-10T00:00:00')}`,
    );
    expect(outside.json().intervals).toEqual([]);
  });

  test('shows the last reading and the last alarm of the period, not those before or after', async () => {
    await house.meter('11', [
      [seoul('2026-02-28T23:59:59'), 90, ['burst']],
      [seoul('2026-03-01T00:00:00'), 100, ['leak']],
      [seoul('2026-03-02T23:59:00'), 200],
      [seoul('2026-03-03T00:00:00'), 201, ['burst']],
      [seoul('2026-03-05T00:00:00'), 900, ['backflow']],
    ]);
    const ended = (
      await (await citizenOf('11', { from: '2026-03-01', until: '2026-03-02' })).get('/api/portal/meter')
    ).json();
    expect(ended).toMatchObject({
      service_point: 'sp-11',
      address_zone: 'Zone 1',
      meter: { serial: '11', bore_mm: 15, format: 'senml+json' },
      last_reading: { measured_at: seoul('2026-03-02T23:59:00'), register_l: 200, flags: [] },
      last_alarm: { flag: 'leak', measured_at: seoul('2026-03-01T00:00:00') },
    });
    const next = (await (await citizenOf('11', { from: '2026-03-03' })).get('/api/portal/meter')).json();
    expect(next).toMatchObject({ last_reading: { register_l: 900 }, last_alarm: { flag: 'backflow' } });
    const empty = (
      await (await citizenOf('11', { from: '2026-03-04', until: '2026-03-04' })).get('/api/portal/meter')
    ).json();
    expect(empty).toMatchObject({ last_reading: null, last_alarm: null });
  });
});

describe('another household', () => {
  test('is not reached by any parameter', async () => {
    await house.meter('20', [[seoul('2026-03-01T00:00:00'), 70_070_077]]);
    await house.meter('21', [[seoul('2026-03-01T00:00:00'), 5]]);
    const page = await citizenOf('21', { from: '2026-01-01' });
    for (const path of ['meter?service_point=sp-20', `use?resolution=day&${wide}&service_point=sp-20`, 'me?id=sp-20']) {
      const answer = await page.get(`/api/portal/${path}`);
      expect(answer.statusCode).toBe(200);
      expect(answer.body).not.toContain('sp-20');
      expect(answer.body).not.toContain('70070077');
    }
    for (const path of ['meters', 'meters/1', 'quarantine', 'me', 'service-points/sp-20/credentials']) {
      expect((await page.get(`/api/utility/${path}`)).statusCode).toBe(401);
    }
  });

  test('lends its meter: what the meter told there, before it came here or after it left, is not shown', async () => {
    const { entry, meterId } = await house.meter('30', [
      [seoul('2026-03-01T12:00:00'), 1_000, ['leak']],
      [seoul('2026-03-20T12:00:00'), 2_000],
      [seoul('2026-04-20T12:00:00'), 3_000, ['burst']],
    ]);
    const at = (id: string, day: string, zone: string) => ({
      ...entry,
      servicePoint: { id, zoneId: zone, zoneName: zone, usageClass: 'domestic' as const },
      installedAt_ms: Date.parse(seoul(`${day}T00:00:00`)),
    });
    await house.metering.provisionFleet([at('sp-31', '2026-03-10', 'second')]);
    const middle = await citizenOf('31', { from: '2026-01-01' });
    expect((await middle.get('/api/portal/meter')).json()).toMatchObject({
      last_reading: { register_l: 3_000 },
      last_alarm: { flag: 'burst' },
    });
    const early = await citizenOf('31', { from: '2026-01-01', until: '2026-03-19' });
    expect((await early.get('/api/portal/meter')).json()).toMatchObject({ last_reading: null, last_alarm: null });

    const { entry: spare } = await house.meter('32');
    await house.metering.provisionFleet([
      {
        ...spare,
        servicePoint: at('sp-31', '2026-04-01', 'second').servicePoint,
        installedAt_ms: Date.parse(seoul('2026-04-01T00:00:00')),
      },
      at('sp-33', '2026-04-01', 'third'),
    ]);
    const after = (await middle.get('/api/portal/meter')).json();
    expect(after.meter.serial).toBe('32');
    expect(after.last_reading).toMatchObject({ register_l: 2_000 });
    expect(after.last_alarm).toBeNull();
    const past = await citizenOf('31', { from: '2026-01-01', until: '2026-03-31' });
    expect((await past.get('/api/portal/meter')).json()).toMatchObject({
      address_zone: 'second',
      meter: { serial: '30' },
      last_reading: { register_l: 2_000 },
    });
    expect(meterId).toBeGreaterThan(0);
  });
});

describe('asking for use', () => {
  test('says of each hour how much of it is estimated, so that the chart can mark it', async () => {
    const { meterId } = await house.meter('43', [
      [seoul('2026-03-01T00:00:00'), 0],
      [seoul('2026-03-01T01:00:00'), 40],
    ]);
    const { rows } = await house.pool.query('SELECT install_id FROM metering.install WHERE meter_id = $1', [meterId]);
    await estimated(house.pool, rows[0].install_id, '2026-03-01', [null, ...Array<number>(23).fill(7)]);
    const page = await citizenOf('43', { from: '2026-03-01' });
    const span = `from=${seoul('2026-03-01T00:00:00')}&to=${seoul('2026-03-01T02:00:00')}`;
    expect((await page.get(`/api/portal/use?resolution=hour&${span}`)).json().intervals).toEqual([
      { start: seoul('2026-03-01T00:00:00'), end: seoul('2026-03-01T01:00:00'), use_l: 40 },
      { start: seoul('2026-03-01T01:00:00'), end: seoul('2026-03-01T02:00:00'), use_l: 7, estimated_l: 7 },
    ]);
  });

  test('refuses a span that runs backwards, is too long, or has no offset', async () => {
    await house.meter('40');
    const page = await citizenOf('40', { from: '2020-01-01' });
    const code = async (query: string) => (await page.get(`/api/portal/use?${query}`)).json().code;
    expect(await code('resolution=day&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z')).toBe('REQUEST_INVALID');
    expect(await code('resolution=day&from=2026-03-01&to=2026-03-02')).toBe('REQUEST_INVALID');
    expect(await code('resolution=hour&from=2020-01-01T00:00:00Z&to=2026-03-01T00:00:00Z')).toBe('SPAN_TOO_LONG');
  });

  test('without a session is refused', async () => {
    for (const path of ['me', 'meter', `use?resolution=day&${wide}`]) {
      expect((await house.browser().get(`/api/portal/${path}`)).statusCode).toBe(401);
    }
  });

  test('where the place has lost its meter, says so', async () => {
    await house.meter('41', [[seoul('2026-03-01T00:00:00'), 1]]);
    const page = await citizenOf('41', { from: '2026-01-01' });
    await house.pool.query(
      `UPDATE metering.install SET until_at = now() - interval '1 hour' WHERE service_point_id = 'sp-41'`,
    );
    expect((await page.get('/api/portal/meter')).json().code).toBe('SERVICE_POINT_UNKNOWN');
  });

  test('shows nothing yet where the period begins tomorrow', async () => {
    await house.meter('42', [[seoul('2026-03-01T00:00:00'), 1]]);
    const page = await citizenOf('42', { from: '2099-01-01' });
    expect((await page.get('/api/portal/meter')).json().last_reading).toBeNull();
    expect((await page.get(`/api/portal/use?resolution=day&${wide}`)).json().intervals).toEqual([]);
  });
});
