// The registry's lists: read in whole or not at all, said twice they change nothing, and what was known is never lost.
import { beforeEach, describe, expect, test } from 'vitest';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import type { RegistryList } from '../../../src/metering/meters/registry-list.ts';
import { Problem } from '../../../src/platform/problem.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const clock = { time_ms: Date.UTC(2026, 5, 1), now_ms: () => clock.time_ms };

const zones = `zone_id,zone_name,parent_zone_id
z-a,해운대 1,z-top
z-b,해운대 2,z-top
z-top,해운대,
`;
const places = `service_point,from_at,zone_id,usage_class,households,purpose
sp-1,2025-01-01T00:00:00+09:00,z-a,domestic,2,
sp-2,2025-01-01T00:00:00+09:00,z-a,general,,
in-a,2025-01-01T00:00:00+09:00,z-a,general,,inlet
`;
const heading =
  'service_point,meter_serial,meter_model,bore_mm,dials,from_at,opening_register_l,until_at,closing_register_l';
const installs = `${heading}
sp-1,100,M,15,5,2025-01-01T00:00:00+09:00,0,,
sp-2,200,M,20,6,2025-01-01T00:00:00+09:00,,2025-06-01T00:00:00+09:00,91000
`;

beforeEach(async () => {
  await pool.query(
    'TRUNCATE metering.zone, metering.service_point, metering.meter, metering.touched, metering.registry_import CASCADE',
  );
});

const read = (list: RegistryList, file: string, options: Partial<Parameters<typeof importRegistry>[3]> = {}) =>
  importRegistry({ pool, clock }, list, file, { dryRun: false, ...options });

async function readAll(): Promise<void> {
  await read('zones', zones);
  await read('places', places);
  await read('installs', installs);
}

async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem) || error.code !== 'REGISTRY_LIST_INVALID')
    throw error ?? new Error('nothing was refused');
  return (error.members.problems as { line: number; column: string; problem: string }[]).map(
    ({ line, column, problem }) => `${line} ${column} ${problem}`,
  );
}

async function everything(): Promise<unknown> {
  const tables = ['zone', 'service_point', 'service_point_version', 'meter', 'install', 'zone_inlet'];
  const all = tables.map((table) => pool.query(`SELECT to_jsonb(t) AS row FROM metering.${table} t ORDER BY 1`));
  return (await Promise.all(all)).map(({ rows }) => rows);
}

const installsOf = async () =>
  (
    await pool.query(
      `SELECT service_point_id AS place, serial, from_at::date::text AS from, until_at::date::text AS until,
              opening_register_l AS opened, closing_register_l AS closed
         FROM metering.install JOIN metering.meter USING (meter_id) ORDER BY service_point_id, from_at`,
    )
  ).rows;

describe('a list of the registry', () => {
  test('puts zones below zones, whichever comes first', async () => {
    expect(await read('zones', zones)).toEqual({ rows: 3, before: 0 });
    const { rows } = await pool.query('SELECT zone_id, parent_zone_id FROM metering.zone ORDER BY zone_id');
    expect(rows).toEqual([
      { zone_id: 'z-a', parent_zone_id: 'z-top' },
      { zone_id: 'z-b', parent_zone_id: 'z-top' },
      { zone_id: 'z-top', parent_zone_id: null },
    ]);
  });

  test.each([
    ['itself', 'zone_id,zone_name,parent_zone_id\na,A,a\n', ['2 parent_zone_id makes a circle of zones']],
    [
      'one another',
      'zone_id,zone_name,parent_zone_id\na,A,b\nb,B,c\nc,C,a\n',
      [2, 3, 4].map((line) => `${line} parent_zone_id makes a circle of zones`),
    ],
    [
      'a stranger',
      'zone_id,zone_name,parent_zone_id\na,A,nowhere\n',
      ['2 parent_zone_id names a zone that is not known'],
    ],
  ])('refuses zones below %s, and puts none in', async (_what, file, problems) => {
    expect(await problemsOf(read('zones', file))).toEqual(problems);
    expect((await pool.query('SELECT FROM metering.zone')).rowCount).toBe(0);
  });

  test('keeps what held of a place, and what was thought to hold', async () => {
    await read('zones', zones);
    await read('places', places);
    clock.time_ms += 1_000;
    // From spring on a bath; and a correction of what held from the beginning.
    const change = 'service_point,from_at,zone_id,usage_class,households\n';
    await read('places', `${change}sp-1,2026-03-01T00:00:00+09:00,z-b,bath,\n`);
    await read('places', `${change}sp-1,2025-01-01T00:00:00+09:00,z-a,domestic,3\n`);
    const { rows } = await pool.query(
      `SELECT from_at::date::text AS from, zone_id, usage_class, households FROM metering.service_point_version
        WHERE service_point_id = 'sp-1' ORDER BY from_at, recorded_at`,
    );
    expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
      '2024-12-31 z-a domestic 2',
      '2024-12-31 z-a domestic 3',
      '2026-02-28 z-b bath 1',
    ]);
    const at = async (day: string) =>
      (
        await pool.query(
          `SELECT usage_class, households FROM metering.service_points_at($1) WHERE service_point_id = 'sp-1'`,
          [day],
        )
      ).rows;
    expect(await at('2026-02-01')).toEqual([{ usage_class: 'domestic', households: 3 }]);
    expect(await at('2026-04-01')).toEqual([{ usage_class: 'bath', households: 1 }]);
    expect(await at('2024-04-01')).toEqual([]);
    const [now] = (
      await pool.query(`SELECT zone_id, usage_class FROM metering.service_point WHERE service_point_id = 'sp-1'`)
    ).rows;
    expect(now).toEqual({ zone_id: 'z-b', usage_class: 'bath' });
  });

  test('swaps a meter: the former ends where the next begins, and its closing register can be told later', async () => {
    await readAll();
    await read('installs', `${heading}\nsp-1,101,M,15,5,2026-01-10T00:00:00+09:00,7,,\n`);
    await read('installs', `${heading}\nsp-1,100,M,15,5,2025-01-01T00:00:00+09:00,0,,1234567\n`).then(
      () => expect.unreachable(),
      () => undefined,
    );
    await read(
      'installs',
      `${heading}\nsp-1,100,M,15,5,2025-01-01T00:00:00+09:00,0,2026-01-10T00:00:00+09:00,1234567\n`,
    );
    expect(await installsOf()).toEqual([
      { place: 'sp-1', serial: '100', from: '2024-12-31', until: '2026-01-09', opened: 0, closed: 1_234_567 },
      { place: 'sp-1', serial: '101', from: '2026-01-09', until: null, opened: 7, closed: null },
      { place: 'sp-2', serial: '200', from: '2024-12-31', until: '2025-05-31', opened: null, closed: 91_000 },
    ]);
  });

  test('takes the history of a place in any order', async () => {
    await read('zones', zones);
    await read('places', places);
    const rows = [
      'sp-1,1,M,15,5,2025-01-01T00:00:00Z,,,',
      'sp-1,2,M,15,5,2025-03-01T00:00:00Z,,,',
      'sp-2,1,M,15,5,2025-03-01T00:00:00Z,,,',
      'sp-1,3,M,15,5,2025-05-01T00:00:00Z,,,',
    ];
    await read('installs', `${heading}\n${rows.join('\n')}\n`);
    const inOrder = await installsOf();
    expect(inOrder).toHaveLength(4);
    expect(inOrder.filter(({ until }) => until === null)).toHaveLength(2);
    await pool.query('TRUNCATE metering.install, metering.registry_import CASCADE');
    for (const row of [...rows].reverse()) await read('installs', `${heading}\n${row}\n`);
    expect(await installsOf()).toEqual(inOrder);
  });

  test.each([
    [
      'a place nobody knows',
      'sp-9,1,M,15,5,2025-01-01T00:00:00Z,,,',
      'service_point names a place that is not known; read in the list of places first',
    ],
    [
      'an end before its beginning',
      'sp-1,1,M,15,5,2025-01-02T00:00:00Z,,2025-01-01T00:00:00Z,',
      'until_at is not after from_at',
    ],
    [
      'a closing register without an end',
      'sp-1,1,M,15,5,2025-01-02T00:00:00Z,,,5',
      'closing_register_l is given without until_at',
    ],
    [
      'a meter at two places',
      'sp-1,200,M,20,6,2025-03-01T00:00:00Z,,2025-04-01T00:00:00Z,',
      'from_at the meter stood somewhere at that time already',
    ],
    [
      'two meters at a place',
      'sp-2,7,M,20,6,2025-03-01T00:00:00Z,,2025-04-01T00:00:00Z,',
      'from_at another meter stood at the place at that time',
    ],
    [
      'another closing register',
      'sp-2,200,M,20,6,2025-01-01T00:00:00+09:00,,2025-06-01T00:00:00+09:00,91001',
      'closing_register_l is another register than the one that is known',
    ],
    [
      'another place for the same install',
      'sp-1,200,M,20,6,2025-01-01T00:00:00+09:00,,,',
      'service_point is another than the meter is known to have come to at that instant',
    ],
  ])('refuses %s, by line and column, and changes nothing', async (_what, row, problem) => {
    await readAll();
    const before = await everything();
    expect(await problemsOf(read('installs', `${heading}\n${row}\n`))).toEqual([`2 ${problem}`]);
    expect(await everything()).toEqual(before);
  });

  test('changes nothing when it is said again, and marks for the use job what it moved', async () => {
    await readAll();
    const { rows } = await pool.query('SELECT meter_ids FROM metering.touched');
    expect(rows.flatMap(({ meter_ids }) => meter_ids)).toHaveLength(2);
    const before = await everything();
    // Not the same file, but the same rows: nothing goes by the file's name or hash alone.
    for (const [list, file] of [
      ['zones', zones],
      ['places', places],
      ['installs', installs],
    ] as const) {
      await read(list, `${file}\n`);
    }
    expect(await everything()).toEqual(before);
    expect((await pool.query('SELECT FROM metering.touched')).rowCount).toBe(rows.length);
  });

  test('of a dry run leaves nothing, and finds what contradicts the store', async () => {
    await read('zones', zones, { dryRun: true });
    expect((await pool.query('SELECT FROM metering.zone')).rowCount).toBe(0);
    expect(await problemsOf(read('places', places, { dryRun: true }))).toHaveLength(3);
  });

  test('goes on where it stopped', async () => {
    await read('zones', zones);
    const rows = Array.from(
      { length: 4_500 },
      (_, n) => `p-${n},2025-01-01T00:00:00Z,${n === 4_200 ? 'z-new' : 'z-a'},domestic`,
    );
    const file = `service_point,from_at,zone_id,usage_class\n${rows.join('\n')}\n`;
    expect(await problemsOf(read('places', file))).toEqual([
      '4202 zone_id names a zone that is not known; read in the list of zones first',
    ]);
    expect((await pool.query('SELECT FROM metering.service_point')).rowCount).toBe(4_000);
    await read('zones', 'zone_id,zone_name\nz-new,새 구역\n');
    expect(await read('places', file)).toEqual({ rows: 4_500, before: 4_000 });
    expect((await pool.query('SELECT FROM metering.service_point')).rowCount).toBe(4_500);
  });

  test('of inlets says what flows into a zone and out of another', async () => {
    await readAll();
    const list = 'zone_id,service_point,from_at,direction,until_at\n';
    await read('inlets', `${list}z-a,in-a,2025-01-01T00:00:00Z,in,\nz-b,in-a,2025-01-01T00:00:00Z,out,\n`);
    const { rows } = await pool.query('SELECT zone_id, direction FROM metering.zone_inlet ORDER BY zone_id');
    expect(rows).toEqual([
      { zone_id: 'z-a', direction: 1 },
      { zone_id: 'z-b', direction: -1 },
    ]);
    expect(await problemsOf(read('inlets', `${list}z-a,in-a,2025-05-01T00:00:00Z,in,\n`))).toEqual([
      '2 from_at the place was an inlet of the zone at that time already',
    ]);
    expect(await problemsOf(read('inlets', `${list}z-a,nowhere,2025-05-01T00:00:00Z,sideways,\n`))).toEqual([
      '2 direction is not one of in, out',
    ]);
  });
});

describe('a list of exceptions', () => {
  const columns = 'service_point,kind,name,from_day,value,reason\n';
  const entered = async () =>
    (
      await pool.query(
        `SELECT service_point_id AS at, kind, name, from_day::text AS day, value FROM metering.place_exception ORDER BY exception_id`,
      )
    ).rows.map(({ at, kind, name, day, value }) => `${at} ${kind} ${name} ${day} ${value}`);

  test('is read in, said again it changes nothing, and a dry run leaves nothing behind', async () => {
    await readAll();
    const list = `${columns}sp-1,without,sewer,2026-03-01,yes,정화조\nsp-1,count,persons,2026-01-01,4,\nsp-2,class_of,sewer,2026-01-01,bath,\n`;
    expect(await read('exceptions', list, { dryRun: true })).toEqual({ rows: 3, before: 0 });
    expect(await entered()).toEqual([]);
    expect((await pool.query('SELECT FROM metering.place_exception_entered')).rowCount).toBe(0);
    expect(await read('exceptions', list)).toEqual({ rows: 3, before: 0 });
    const first = [
      'sp-1 without sewer 2026-03-01 yes',
      'sp-1 count persons 2026-01-01 4',
      'sp-2 class_of sewer 2026-01-01 bath',
    ];
    expect(await entered()).toEqual(first);
    expect(await read('exceptions', list)).toEqual({ rows: 3, before: 3 });
    await read('exceptions', `${list}sp-1,without,sewer,2026-04-01,-,\n`);
    expect(await entered()).toEqual([...first, 'sp-1 without sewer 2026-04-01 null']);
  });

  test('is refused by line and column where the form is wrong, and nothing of it is read in', async () => {
    await readAll();
    const rows = [
      'sp-1,waives,sewer,2026-03-01,yes,',
      'sp-1,without,Sewer Charge,2026-03-01,yes,',
      'sp-1,without,sewer,2026-02-30,yes,',
      'sp-1,without,sewer,2026-03-01,,',
      'sp-1,without,levy,2026-03-01,yes,',
    ];
    expect(await problemsOf(read('exceptions', columns + rows.join('\n')))).toEqual([
      '2 kind is not one of without, class_of, count',
      '4 from_day is not a day such as 2026-03-01',
      '5 value is empty',
    ]);
    const values = [
      'sp-1,without,Sewer Charge,2026-03-01,yes,',
      'sp-1,without,levy,2026-03-01,no,',
      'sp-1,class_of,sewer,2026-03-01,Bath House,',
      'sp-1,count,persons,2026-03-01,-3,',
      'sp-1,count,households,2026-03-01,3,',
      'sp-1,count,months,2026-03-01,3,',
      'sp-1,count,persons,2026-03-02,3.5,',
    ];
    expect(await problemsOf(read('exceptions', columns + values.join('\n')))).toEqual([
      '2 name is not a name of a tariff: a-z, 0-9, - and _, a letter first',
      '3 value is neither yes nor -',
      '4 value is neither the name of a class nor -',
      '5 value is neither a number with up to three decimals nor -',
      '6 name is no count of its own: households stand in the list of places',
      '7 name is no count of its own: every bill has it',
    ]);
    const twice = 'sp-1,without,sewer,2026-03-01,yes,\nsp-1,without,sewer,2026-03-01,-,\n';
    expect(await problemsOf(read('exceptions', columns + twice))).toEqual(['3 service_point stands on line 2 too']);
    expect(await entered()).toEqual([]);
  });

  test('stops at the part with a place that is not known, and goes on there when it is', async () => {
    await readAll();
    const more = Array.from({ length: 2_001 }, (_, at) => `p-${at},2025-01-01T00:00:00+09:00,z-a,domestic,,`);
    const placesOf = (rows: string[]) => `${places.split('\n')[0]}\n${rows.join('\n')}\n`;
    await read('places', placesOf(more.slice(0, 2_000)));
    const list = columns + more.map((_, at) => `p-${at},without,sewer,2026-03-01,yes,`).join('\n');
    expect(await problemsOf(read('exceptions', list))).toEqual([
      '2002 service_point names a place that is not known; read in the list of places first',
    ]);
    expect(await entered()).toHaveLength(2_000);
    await read('places', placesOf(more.slice(2_000)));
    expect(await read('exceptions', list)).toEqual({ rows: 2_001, before: 2_000 });
    expect(await entered()).toHaveLength(2_001);
  });
});
