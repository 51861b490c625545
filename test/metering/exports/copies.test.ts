// Copies of days of use and of bills outside the service: complete, never behind for good, and told when they are.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createBillExportService } from '../../../src/metering/exports/bill-export-service.ts';
import { createChangedUseService } from '../../../src/metering/exports/changed-use-service.ts';
import { copyRoutes } from '../../../src/metering/exports/copy-routes.ts';
import { exportedDay } from '../../../src/metering/exports/exported-day.ts';
import { noteChangedDays, trimChangedDays } from '../../../src/metering/readings/changed-days-store.ts';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { insertEstimates } from '../../../src/metering/readings/use-estimate-store.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { inTransaction } from '../../../src/platform/postgres/database.ts';
import { problem } from '../../../src/platform/problem.ts';
import { billedPlaces, type Told } from '../../support/billed-places.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    copyRoutes({
      changes: createChangedUseService(pool, house.days),
      bills: createBillExportService(pool),
      requireKeeper: async ({ headers }) => {
        if (headers.authorization !== 'Bearer operator') throw problem('NOT_SIGNED_IN');
      },
    }),
  ],
});
afterAll(() => server.close());

const headers = { authorization: 'Bearer operator' };
const get = (url: string, accept = 'application/json') => server.inject({ url, headers: { ...headers, accept } });
const linkOf = (answer: { headers: Record<string, unknown> }) =>
  /^<(.+)>; rel="next"$/.exec(String(answer.headers.link))?.[1] ?? null;

interface Day {
  install_id: string;
  service_point: string;
  zone: string;
  meter_serial: string;
  day: string;
  use_l: number | null;
  estimated_l: number;
  unknown_hours: number;
  hours?: { start: string; use_l: number | null; estimated: boolean }[];
}

/** What a utility would keep: its rows by meter and day, and the cursor. */
class Copy {
  readonly rows = new Map<string, Day>();
  cursor: string | null = null;
  readonly query: string;

  constructor(query = '') {
    this.query = query;
  }

  /** @returns whether there is more */
  async page(limit: number): Promise<boolean> {
    const cursor = this.cursor === null ? '' : `&cursor=${this.cursor}`;
    const answer = await get(`/api/utility/use-days?limit=${limit}${this.query}${cursor}`);
    expect(answer.statusCode).toBe(200);
    const { days, next_cursor, more } = answer.json<{ days: Day[]; next_cursor: string; more: boolean }>();
    for (const day of days) {
      expect(day.install_id).toMatch(/^\d+$/);
      this.rows.set(`${day.meter_serial} ${day.day}`, day);
    }
    this.cursor = next_cursor;
    expect(linkOf(answer) !== null).toBe(more);
    return more;
  }

  async keepUp(limit = 1_000): Promise<this> {
    while (await this.page(limit));
    return this;
  }

  /** Rows of days of which nothing is stored stay in a copy that was told of them: as unknown. */
  told(): Day[] {
    const known = [...this.rows.values()].filter(({ use_l, unknown_hours, hours }) =>
      hours === undefined ? use_l !== null || unknown_hours < 24 : hours.some((hour) => hour.use_l !== null),
    );
    return known.sort((one, other) =>
      `${one.meter_serial} ${one.day}`.localeCompare(`${other.meter_serial} ${other.day}`),
    );
  }
}

await house.provision([
  house.place('1'),
  house.place('2', { servicePoint: { id: 'sp-2', zoneId: 'z-2', zoneName: 'Zone 2', usageClass: 'domestic' } }),
  // A maker's serial is whatever the maker prints.
  { ...house.place('=3'), deviceId: 'dev-3', servicePoint: { ...house.place('3').servicePoint } },
]);
await house.tell(house.daily('1', '2026-02-28', '2026-03-05', 0, 1_000));
await house.tell(house.daily('2', '2026-02-28', '2026-03-05', 0, 240));

describe('a copy of days of use', () => {
  test.each(['/api/utility/use-days', '/api/utility/use-days.csv', '/api/utility/bills', '/api/utility/bills.csv'])(
    'is given to nobody without a credential: %s',
    async (url) => expect((await server.inject(url)).json().code).toBe('NOT_SIGNED_IN'),
  );

  test('begins with everything that is stored, whatever the page holds', async () => {
    const whole = (await new Copy().keepUp()).told();
    expect(whole.map(({ meter_serial, day, use_l }) => [meter_serial, day, use_l])).toEqual([
      ...['2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'].map((day) => ['1', day, 1_000]),
      ...['2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'].map((day) => ['2', day, 240]),
    ]);
    expect((await new Copy().keepUp(1)).told()).toEqual(whole);
    expect((await new Copy().keepUp(3)).told()).toEqual(whole);
  });

  test('gets what was worked out anew behind it, and nothing where nothing was', async () => {
    const copy = await new Copy('&by=hour').keepUp();
    copy.rows.clear();
    await copy.keepUp();
    expect(copy.rows.size).toBe(0);
    await house.tell([{ serial: '1', at: '2026-03-02T12:00', register_l: 2_900 }]);
    await copy.keepUp();
    expect([...copy.rows.keys()]).toEqual(['1 2026-03-02']);
    const [day] = copy.told();
    expect([day?.use_l, day?.hours?.length, day?.hours?.[0]?.start]).toEqual([1_000, 24, '2026-03-01T15:00:00Z']);
    expect(day?.hours?.slice(0, 12).reduce((sum, { use_l }) => sum + (use_l ?? 0), 0)).toBe(900);
  });

  test('of a zone has its places and no others', async () => {
    const copy = await new Copy('&zone=z-2').keepUp();
    expect(new Set(copy.told().map(({ service_point, zone }) => `${service_point} ${zone}`))).toEqual(
      new Set(['sp-2 z-2']),
    );
    expect((await get('/api/utility/use-days?zone=nowhere')).json().code).toBe('ZONE_UNKNOWN');
    // The cursor of another zone's copy would leave days out.
    expect((await get(`/api/utility/use-days?cursor=${copy.cursor}`)).json().code).toBe('REQUEST_INVALID');
    expect((await get('/api/utility/use-days?cursor=bm90aGluZw')).json().code).toBe('REQUEST_INVALID');
  });

  test('begins with the first day that it wants, and is told of no earlier one', async () => {
    const copy = await new Copy('&since=2026-03-03').keepUp();
    expect(new Set(copy.told().map(({ day }) => day))).toEqual(new Set(['2026-03-03', '2026-03-04']));
    copy.rows.clear();
    await house.tell([{ serial: '2', at: '2026-03-02T12:00', register_l: 600 }]);
    await house.tell([{ serial: '2', at: '2026-03-04T12:00', register_l: 1_080 }]);
    await copy.keepUp();
    expect([...copy.rows.keys()]).toEqual(['2 2026-03-04']);
    const other = await get(`/api/utility/use-days?since=2026-03-01&cursor=${copy.cursor}`);
    expect(other.json().code).toBe('REQUEST_INVALID');
  });

  test('walks through more installs than are looked at in one step', async () => {
    const places = Array.from({ length: 120 }, (_, index) => house.place(`many-${index}`));
    await house.provision(places.map((one) => ({ ...one, servicePoint: { ...one.servicePoint, zoneId: 'z-many' } })));
    for (const serial of ['many-0', 'many-77', 'many-119']) {
      await house.tell(house.daily(serial, '2026-02-01', '2026-02-03', 0, 48));
    }
    for (const limit of [1, 2, 1_000]) {
      const copy = await new Copy('&zone=z-many').keepUp(limit);
      expect([...copy.rows.keys()]).toEqual(
        ['many-0', 'many-77', 'many-119'].flatMap((serial) =>
          ['2026-02-01', '2026-02-02', '2026-02-03'].map((day) => `${serial} ${day}`),
        ),
      );
    }
  });

  test('is told of an estimate, hour by hour, and of its end', async () => {
    const copy = await new Copy('&by=hour').keepUp();
    copy.rows.clear();
    const { rows } = await pool.query<{ install_id: number }>(
      `SELECT install_id FROM metering.install JOIN metering.meter USING (meter_id) WHERE serial = '2'`,
    );
    const install_id = rows[0]?.install_id ?? 0;
    const estimate = {
      ...{ install_id, day: '2026-03-10', method: 'own_profile' as const, method_version: 1, evidence: {} },
      ...{ made_ms: house.at.clock.now_ms(), reason: 'test', actor: null, rule: 'test' },
      hours_l: Array.from({ length: 24 }, (_, hour) => (hour === 23 ? null : 10)),
    };
    await inTransaction(pool, async (transaction) => {
      await insertEstimates(transaction, [estimate]);
      await noteChangedDays(transaction, [{ install_id, day: '2026-03-10' }]);
    });
    await copy.keepUp();
    expect(copy.told()).toMatchObject([{ day: '2026-03-10', use_l: null, estimated_l: 230, unknown_hours: 1 }]);
    expect((await new Copy().keepUp()).told().filter(({ day }) => day === '2026-03-10')).toMatchObject([
      { use_l: null, estimated_l: 230, unknown_hours: 1 },
    ]);
    await inTransaction(pool, async (transaction) => {
      await insertEstimates(transaction, [{ ...estimate, method: 'withdrawn', hours_l: Array(24).fill(null) }]);
      await noteChangedDays(transaction, [{ install_id, day: '2026-03-10' }]);
    });
    await copy.keepUp();
    expect(copy.rows.get('2 2026-03-10')).toMatchObject({ use_l: null, estimated_l: 0, unknown_hours: 24 });
  });

  test('is the same in the end, however readings came and whenever it asked', async () => {
    const hourOf = fc.integer({ min: 0, max: 24 * 12 - 1 });
    const step = fc.oneof(
      fc.record({ tell: fc.array(hourOf, { minLength: 1, maxLength: 6 }) }),
      fc.record({ ask: fc.integer({ min: 1, max: 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
        const copy = new Copy('&by=hour');
        for (const one of steps) {
          if ('tell' in one) {
            await house.tell(
              one.tell.map((hour): Told => {
                const day = house.days.at(house.instant_ms('2026-04-01') + hour * 3_600_000).date;
                return { serial: '=3', at: `${day}T${String(hour % 24).padStart(2, '0')}:00`, register_l: hour * 7 };
              }),
            );
          } else for (let page = 0; page < one.ask && (await copy.page(2)); page += 1);
        }
        await copy.keepUp(2);
        expect(copy.told()).toEqual((await new Copy('&by=hour').keepUp()).told());
      }),
      { numRuns: 12, seed: newSeed('copies') },
    );
  });

  test('is told to begin anew where what it missed is no longer kept, and not before', async () => {
    const behind = await new Copy().keepUp();
    await house.tell(house.daily('2', '2026-03-20', '2026-03-22', 5_000, 10));
    const upToDate = await new Copy().keepUp();
    await inTransaction(pool, (transaction) => trimChangedDays(transaction));
    // Everybody has passed them, but they are not old.
    await behind.page(1);
    const late = behind.cursor;
    await house.tell(house.daily('2', '2026-03-25', '2026-03-27', 6_000, 10));
    await upToDate.keepUp();
    await inTransaction(pool, (transaction) => trimChangedDays(transaction, 0));
    const answer = await get(`/api/utility/use-days?cursor=${late}`);
    expect([answer.statusCode, answer.json().code]).toEqual([410, 'CURSOR_EXPIRED']);
    expect((await get(`/api/utility/use-days.csv?cursor=${late}`)).statusCode).toBe(410);
    await upToDate.keepUp();
    expect(upToDate.told()).toEqual((await new Copy().keepUp()).told());
  });
});

describe('the same as CSV', () => {
  test('has a line a day or an hour, and the cursor to go on from in its Link header', async () => {
    const file = await get('/api/utility/use-days', 'text/csv');
    expect([file.headers['content-type'], file.headers.vary]).toEqual(['text/csv; charset=utf-8', 'Accept']);
    const told = parse(file.body, { columns: true }) as Record<string, string>[];
    const copy = await new Copy().keepUp();
    expect(
      told.map((row) => [row.meter_serial?.replace("'", ''), row.day, row.use_l, row.unknown_hours]).sort(),
    ).toEqual(
      [...copy.rows.values()]
        .map(({ meter_serial, day, use_l, unknown_hours }) => [
          meter_serial,
          day,
          String(use_l ?? ''),
          String(unknown_hours),
        ])
        .sort(),
    );
    const next = linkOf(file) ?? '';
    expect(parse((await get(next, 'text/csv')).body, { columns: true })).toEqual([]);
    await house.tell([{ serial: '1', at: '2026-03-03T18:00', register_l: 3_100 }]);
    const changed = parse((await get(`${next}&by=hour`, 'text/csv')).body, { columns: true }) as Record<
      string,
      string
    >[];
    expect(new Set(changed.map((row) => row.day))).toEqual(new Set(['2026-03-03']));
    expect(changed.reduce((sum, row) => sum + Number(row.use_l), 0)).toBe(1_000);
  });

  test('never holds what a spreadsheet would work out, and begins with a byte order mark where a person opens it', async () => {
    const forPeople = await get('/api/utility/use-days.csv');
    expect(forPeople.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect((await get('/api/utility/use-days', 'text/csv')).rawPayload.subarray(0, 7).toString()).toBe('install');
    expect(forPeople.body).toContain(",'=3,");
    expect(forPeople.body).not.toContain(',=3,');
  });
});

describe('a copy of bills', () => {
  test('has each bill once, goes on from where it was, and is the same as CSV', async () => {
    await house.tell(house.daily('1', '2026-03-05', '2026-05-02', 5_000, 1_000));
    await house.start({});
    await house.bill();
    const first = (await get('/api/utility/bills?limit=1')).json();
    expect(first.bills).toMatchObject([{ service_point: 'sp-1', use_from: '2026-03-01', volume_l: 31_000 }]);
    const rest = (await get(`/api/utility/bills?cursor=${first.next_cursor}`)).json();
    expect([rest.bills, rest.more]).toEqual([[], false]);
    await house.start(house.april);
    await house.bill();
    const later = (await get(`/api/utility/bills?cursor=${rest.next_cursor}`)).json();
    expect(later.bills.map((bill: { use_from: string }) => bill.use_from)).toEqual(['2026-04-01']);
    const file = await get('/api/utility/bills', 'text/csv');
    expect(parse(file.body, { columns: true })).toMatchObject([
      { number: first.bills[0].number, payable_won: String(first.bills[0].payable_won), volume_l: '31000' },
      { number: later.bills[0].number },
    ]);
    expect((await get(linkOf(file) ?? '')).json().bills).toEqual([]);
    expect((await get('/api/utility/bills?cursor=x')).json().code).toBe('REQUEST_INVALID');
  });
});

describe('a day as it is given out', () => {
  const berlin = new LocalDays('Europe/Berlin');
  const stored = {
    ...{ install_id: 1, service_point_id: 's', zone_id: 'z', meter_id: 1, serial: '1', model: 'm' },
    ...{ from_ms: 0, until_ms: null, estimated_l: null },
  };

  test.each([
    ['2026-03-29', 23],
    ['2026-10-25', 25],
    ['2026-06-01', 24],
  ])('has the hours that %s has: %i', (day, hours) => {
    const told = exportedDay(berlin, { ...stored, day, hours_l: Array(hours).fill(2) });
    expect([told.hours.length, told.use_l, told.unknown_hours]).toEqual([hours, hours * 2, 0]);
    expect(new Set(told.hours.map(({ start_ms }) => start_ms)).size).toBe(hours);
  });

  test('has no hours in which the meter stood somewhere else, and no use where one hour is missing', () => {
    const noon_ms = berlin.on('2026-06-01').start_ms + 12 * 3_600_000;
    const half = [...Array<null>(12).fill(null), ...Array<number>(12).fill(5)];
    const told = exportedDay(berlin, { ...stored, from_ms: noon_ms, day: '2026-06-01', hours_l: half });
    expect([told.hours.length, told.use_l, told.unknown_hours]).toEqual([12, 60, 0]);
    const gappy = exportedDay(berlin, { ...stored, day: '2026-06-01', hours_l: half });
    expect([gappy.hours.length, gappy.use_l, gappy.unknown_hours]).toEqual([24, null, 12]);
    const filled = exportedDay(berlin, { ...stored, day: '2026-06-01', hours_l: half, estimated_l: Array(24).fill(1) });
    expect([filled.use_l, filled.estimated_l]).toEqual([72, 12]);
  });
});
