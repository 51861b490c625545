// The SensorThings face: entities that lead to each other, queries that mean what they say, and refusals in plain words.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { datastreamOf, installOfDatastream } from '../../../src/metering/exports/sensorthings-model.ts';
import { sensorThingsRoot, sensorThingsRoutes } from '../../../src/metering/exports/sensorthings-routes.ts';
import { createSensorThings } from '../../../src/metering/exports/sensorthings-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { packAll } from '../../support/pack-all.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const publicUrl = 'http://naru.example';
const base = `${publicUrl}${sensorThingsRoot}`;
const token = 'token-of-the-operator';
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl, title: 'test', version: '0' },
  routes: [sensorThingsRoutes(createSensorThings(pool, 'Asia/Seoul', base), operatorGuard(token))],
});
afterAll(() => server.close());
await house.provision([
  house.place('1'),
  house.place('2', { servicePoint: { ...house.place('2').servicePoint, zoneId: "o'z", zoneName: 'Zone O' } }),
  house.place('3'),
]);
await house.tell(house.daily('1', '2026-03-01', '2026-03-11', 100, 240));
await house.tell(house.daily('2', '2026-03-01', '2026-03-03', 0, 24));
await house.tell(
  Array.from({ length: 24 }, (_, hour) => ({
    ...{ serial: '3', at: `2026-03-05T${String(hour).padStart(2, '0')}:00`, register_l: hour * 9 },
  })),
);

interface Entity {
  '@iot.id': number | string;
  '@iot.selfLink': string;
  [property: string]: unknown;
}
interface List {
  value: Entity[];
  '@iot.count'?: number;
  '@iot.nextLink'?: string;
}

const ask = (path: string) => server.inject({ url: path, headers: { authorization: `Bearer ${token}` } });
/** By path or by an address that the service gave. */
async function get<Answer = List>(path: string): Promise<Answer> {
  const answer = await ask(path.startsWith(base) ? path.slice(publicUrl.length) : `${sensorThingsRoot}/${path}`);
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.body}`);
  return answer.json<Answer>();
}
async function refusalOf(path: string): Promise<[number, string]> {
  const answer = await ask(`${sensorThingsRoot}/${path}`);
  return [answer.statusCode, answer.json().code];
}
const idsOf = ({ value }: List) => value.map((one) => one['@iot.id']);

const { value: things } = await get('Things?$orderby=name');
const [one, two, three] = things as [Entity, Entity, Entity];
const registerOf = (thing: Entity) => datastreamOf(Number(thing['@iot.id']), 1);
const useOf = (thing: Entity) => datastreamOf(Number(thing['@iot.id']), 2);

describe('the service', () => {
  test('is there for nobody without the credential', async () => {
    for (const path of ['', '/', '/Things', '/Datastreams(1)/Observations']) {
      expect((await server.inject(`${sensorThingsRoot}${path}`)).json().code).toBe('NOT_SIGNED_IN');
    }
    const written = await server.inject({ method: 'POST', url: `${sensorThingsRoot}/Things`, payload: {} });
    expect(written.statusCode).toBe(401);
  });

  test('names its sets and the requirements that it meets [18-088 9.2.1]', async () => {
    const root = (await ask(sensorThingsRoot)).json();
    expect(root.value.map((set: { name: string }) => set.name)).toEqual([
      ...['Things', 'Locations', 'HistoricalLocations', 'Datastreams', 'Sensors', 'ObservedProperties', 'Observations'],
      'FeaturesOfInterest',
    ]);
    expect(root.value[0].url).toBe(`${base}/Things`);
    expect(root.serverSettings.conformance).toContain(
      'http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/top',
    );
    expect(root.serverSettings.conformance.join()).not.toContain('create-update-delete');
  });

  test('can only be read', async () => {
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await server.inject({ method, headers, url: `${sensorThingsRoot}/Things(1)`, payload: {} });
      expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([
        405,
        'GET, HEAD',
        'METHOD_REFUSED',
      ]);
    }
  });
});

describe('entities', () => {
  test('lead to each other by the links that they give [18-088 8.2, 9.2]', async () => {
    const seen = new Set<string>();
    const next = things.map((thing) => thing['@iot.selfLink']);
    for (let address = next.pop(); address !== undefined; address = next.pop()) {
      if (seen.has(address)) continue;
      seen.add(address);
      const answer = await get<List | Entity>(address);
      const entities = Array.isArray(answer.value) ? (answer as List).value.slice(0, 2) : [answer as Entity];
      for (const entity of entities) {
        expect(await get<Entity>(entity['@iot.selfLink'])).toEqual(entity);
        for (const [name, link] of Object.entries(entity)) {
          const isAnswered = !entity['@iot.selfLink'].includes('/FeaturesOfInterest(');
          if (name.endsWith('@iot.navigationLink') && isAnswered) next.push(link as string);
        }
      }
    }
    const kinds = [...seen].map((address) => address.slice(base.length + 1).replace(/\(.*?\)/, '()'));
    expect(new Set(kinds.filter((kind) => !kind.includes('/'))).size).toBeLessThanOrEqual(8);
    expect(kinds).toEqual(
      expect.arrayContaining(['Things()/Datastreams', 'Datastreams()/Observations', 'Observations()/Datastream']),
    );
  });

  test('have what their tables demand [18-088 8.2.1 to 8.2.8]', async () => {
    expect(one).toMatchObject({
      name: '1 @ sp-1',
      description: expect.any(String),
      properties: { service_point: 'sp-1', zone: 'zone-1', bore_mm: 13, from: '2025-12-31T15:00:00Z', until: null },
    });
    expect((await get(`Things(${one['@iot.id']})/Locations`)).value).toMatchObject([
      {
        '@iot.id': 'zone-1',
        name: 'Zone 1',
        encodingType: 'application/geo+json',
        location: { type: 'Feature', geometry: null },
      },
    ]);
    expect((await get(`Things(${one['@iot.id']})/Datastreams`)).value).toMatchObject(
      ['1 @ sp-1, register', '1 @ sp-1, hourly use'].map((name, index) => ({
        ...{ '@iot.id': datastreamOf(Number(one['@iot.id']), index + 1), name },
        observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
        unitOfMeasurement: { name: 'litre', symbol: 'L', definition: 'http://qudt.org/vocab/unit/L' },
      })),
    );
    const sensor = await get<Entity>(`Datastreams(${registerOf(one)})/Sensor`);
    expect(sensor).toMatchObject({ encodingType: 'text/html', metadata: 'test, DN 13', properties: { serial: '1' } });
    expect(await get(`Datastreams(${useOf(one)})/ObservedProperty`)).toMatchObject({
      name: 'hourly use',
      definition: expect.any(String),
    });
    // A quote in a key is written twice. Source: OData 4.01 Part 2, 4.3.1
    expect(await get(`Locations('o''z')`)).toMatchObject({
      '@iot.id': "o'z",
      '@iot.selfLink': `${base}/Locations('o''z')`,
    });
  });

  test('hold no name of a person and no address of a home', async () => {
    const all = JSON.stringify(
      await Promise.all(['Things', 'Locations', 'Sensors', 'FeaturesOfInterest'].map((set) => get(set))),
    );
    expect(all).not.toMatch(/did:|"coordinates"/);
  });

  test('of an observed meter keep their numbers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.constantFrom(1, 2), (install_id, property_id) => {
        expect(installOfDatastream(datastreamOf(install_id, property_id))).toEqual({ install_id, property_id });
      }),
      { seed: newSeed('datastreams') },
    );
  });
});

describe('observations', () => {
  test('of a register are what the meter told, with when it came', async () => {
    const list = await get(`Datastreams(${registerOf(one)})/Observations?$count=true`);
    expect(list['@iot.count']).toBe(11);
    expect(list.value.map(({ result }) => result)).toEqual(Array.from({ length: 11 }, (_, day) => 100 + day * 240));
    expect(list.value[0]).toMatchObject({
      ...{ phenomenonTime: '2026-02-28T15:00:00Z', resultTime: expect.stringMatching(/^2026-06-/) },
      parameters: { flags: [], clock: 'absolute' },
    });
    expect(await get(String(list.value[3]?.['@iot.selfLink']))).toEqual(list.value[3]);
  });

  test('stay what they are when the readings have been packed', async () => {
    const path = `Datastreams(${registerOf(three)})/Observations?$count=true&$filter=result%20gt%20100`;
    const before = await get(path);
    expect(before.value).toHaveLength(12);
    expect(await packAll(pool, house.at.clock)).toBe(24);
    expect(await get(path)).toEqual(before);
    expect(await get(String(before.value[2]?.['@iot.selfLink']))).toEqual(before.value[2]);
  });

  test('of use are hours, each an interval, and none where nothing is known', async () => {
    const list = await get(`Datastreams(${useOf(two)})/Observations?$count=true&$top=3`);
    expect([list['@iot.count'], list.value.map(({ result }) => result)]).toEqual([48, [1, 1, 1]]);
    expect(list.value[0]).toMatchObject({
      ...{
        phenomenonTime: '2026-02-28T15:00:00Z/2026-02-28T16:00:00Z',
        resultTime: null,
        parameters: { estimated: false },
      },
    });
    expect(await get(String(list.value[1]?.['@iot.selfLink']))).toEqual(list.value[1]);
  });

  test('are filtered as the filter says, however it is written [18-088 9.3.3.5]', async () => {
    const path = `Datastreams(${registerOf(one)})/Observations`;
    const { value: all } = await get(path);
    type Test = { text: string; holds(entity: Entity): boolean };
    const compare = (left: number, comparison: string, right: number) =>
      ({
        eq: left === right,
        ne: left !== right,
        gt: left > right,
        ge: left >= right,
        lt: left < right,
        le: left <= right,
      })[comparison];
    const operator = fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le');
    const leaf: fc.Arbitrary<Test> = fc.oneof(
      fc.tuple(operator, fc.integer({ min: 90, max: 2_600 })).map(([op, value]) => ({
        ...{
          text: `result ${op} ${value}`,
          holds: (entity: Entity) => compare(entity.result as number, op, value) === true,
        },
      })),
      fc.tuple(operator, fc.integer({ min: 0, max: 12 })).map(([op, day]) => {
        const at = `2026-03-${String(day + 1).padStart(2, '0')}T00:00:00+09:00`;
        const holds = (entity: Entity) =>
          compare(Date.parse(String(entity.phenomenonTime)), op, Date.parse(at)) === true;
        return { text: `phenomenonTime ${op} ${at}`, holds };
      }),
    );
    const { tree } = fc.letrec<{ tree: Test }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc.tuple(tie('tree'), tie('tree'), fc.constantFrom('and', 'or')).map(([left, right, word]) => ({
          text: `(${left.text}) ${word} (${right.text})`,
          holds: (entity: Entity) =>
            word === 'and' ? left.holds(entity) && right.holds(entity) : left.holds(entity) || right.holds(entity),
        })),
        tie('tree').map((inner) => ({ text: `not (${inner.text})`, holds: (entity: Entity) => !inner.holds(entity) })),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async ({ text, holds }) => {
        const found = await get(`${path}?$filter=${encodeURIComponent(text)}`);
        expect(found.value).toEqual(all.filter(holds));
      }),
      { numRuns: 40, seed: newSeed('filters') },
    );
    // `and` binds closer than `or`. Source: OData 4.01 Part 2, 5.1.1.16
    const mixed = await get(`${path}?$filter=result eq 100 or result gt 100 and result lt 400`);
    expect(mixed.value.map(({ result }) => result)).toEqual([100, 340]);
  });

  test('come in pages whose links give each once, in the order asked for [18-088 9.3.3.6]', async () => {
    const seen: unknown[] = [];
    let address: string | undefined =
      `Datastreams(${registerOf(one)})/Observations?$orderby=result desc&$top=4&$filter=${encodeURIComponent('result ge 340')}`;
    let pages = 0;
    while (address !== undefined) {
      const list: List = await get(address);
      seen.push(...list.value.map(({ result }) => result));
      [address, pages] = [list['@iot.nextLink'], pages + 1];
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, day) => 2_500 - day * 240));
    expect(pages).toBe(3);
  });

  test('end where there are no more, and none are given where none are wanted', async () => {
    const path = `Datastreams(${registerOf(one)})/Observations`;
    expect(await get(`${path}?$top=0&$count=true`)).toEqual({ '@iot.count': 11, value: [] });
    expect(await get(`${path}?$skip=100`)).toEqual({ value: [] });
  });
});

describe('what is asked for', () => {
  test('is given and no more [18-088 9.3.2.2 $select]', async () => {
    expect(await get(`Things(${one['@iot.id']})?$select=name,Datastreams`)).toEqual({
      name: '1 @ sp-1',
      'Datastreams@iot.navigationLink': `${one['@iot.selfLink']}/Datastreams`,
    });
    expect((await get(`Datastreams(${registerOf(one)})/Observations?$select=result&$top=1`)).value).toEqual([
      { result: 100 },
    ]);
    expect((await get('Things?$select=id')).value).toEqual(things.map((thing) => ({ '@iot.id': thing['@iot.id'] })));
  });

  test('is expanded by one level, with options of its own [18-088 9.3.2.1 $expand]', async () => {
    const [stream] = (
      await get(
        `Datastreams?$filter=Thing/id eq ${one['@iot.id']} and ObservedProperty/id eq 1&$expand=Thing,Observations($top=1;$orderby=phenomenonTime desc;$count=true)`,
      )
    ).value as [Entity];
    expect(stream.Thing).toEqual(one);
    expect(stream.Observations).toMatchObject([{ result: 2_500 }]);
    expect(stream['Observations@iot.count']).toBe(11);
    expect((await get(String(stream['Observations@iot.nextLink']))).value).toMatchObject([{ result: 2_260 }]);
    expect(stream).not.toHaveProperty('Thing@iot.navigationLink');
    expect(stream).toHaveProperty('Sensor@iot.navigationLink');
  });

  test('may be a property, its bare value, or the addresses alone [18-088 9.2.5 to 9.2.8]', async () => {
    expect(await get(`Datastreams(${registerOf(one)})/Thing/name`)).toEqual({ name: '1 @ sp-1' });
    expect((await ask(`${sensorThingsRoot}/Things(${one['@iot.id']})/name/$value`)).body).toBe('1 @ sp-1');
    expect(await get(`Things(${one['@iot.id']})/Datastreams/$ref`)).toEqual({
      value: [registerOf(one), useOf(one)].map((id) => ({ '@iot.selfLink': `${base}/Datastreams(${id})` })),
    });
    expect(await get(`Things(${one['@iot.id']})/Datastreams(${useOf(one)})`)).toMatchObject({ '@iot.id': useOf(one) });
  });

  test('is filtered by text, and by what holds a quote', async () => {
    expect(idsOf(await get(`Things?$filter=${encodeURIComponent("properties/zone eq 'o''z'")}`))).toEqual([
      two['@iot.id'],
    ]);
    expect(idsOf(await get(`Things?$filter=${encodeURIComponent(`name eq ''' OR 1=1 --'`)}`))).toEqual([]);
  });

  test.each([
    ['Nothings', 404, 'NOT_FOUND'],
    ['Things(999999)', 404, 'NOT_FOUND'],
    ['Things(1)/Nothing', 404, 'NOT_FOUND'],
    ['Things(1)/name/more', 404, 'NOT_FOUND'],
    [`Things(1)/Datastreams(${datastreamOf(2, 1)})`, 404, 'NOT_FOUND'],
    ["Things('1')", 400, 'REQUEST_INVALID'],
    ['Locations(1)', 400, 'REQUEST_INVALID'],
    ["Observations('x')", 404, 'NOT_FOUND'],
    ['Things?$top=-1', 400, 'REQUEST_INVALID'],
    ['Things?$skip=x', 400, 'REQUEST_INVALID'],
    ['Things?$count=maybe', 400, 'REQUEST_INVALID'],
    ['Things?$top=1&$top=2', 400, 'REQUEST_INVALID'],
    ['Things?top=1', 400, 'REQUEST_INVALID'],
    ['Things?$select=nothing', 400, 'REQUEST_INVALID'],
    ['Things?$expand=Nothing', 400, 'REQUEST_INVALID'],
    ['Things?$expand=Datastreams(', 400, 'REQUEST_INVALID'],
    ['Things?$filter=id eq', 400, 'REQUEST_INVALID'],
    ['Things?$filter=(id eq 1', 400, 'REQUEST_INVALID'],
    ['Things?$filter=id eq 1 1', 400, 'REQUEST_INVALID'],
    ['Things?$filter=id%20eq%20%27one%27', 400, 'REQUEST_INVALID'],
    ['Things?$filter=id is 1', 400, 'REQUEST_INVALID'],
    ['Things?$filter=id eq %24%24', 400, 'REQUEST_INVALID'],
    ['Things?$filter=properties/from ge 2026-03-01T00:00:00', 400, 'REQUEST_INVALID'],
    ['Things?$orderby=name sideways', 400, 'REQUEST_INVALID'],
    ['Things?$filter=nothing eq 1', 501, 'QUERY_UNSUPPORTED'],
    ['Things?$filter=startswith(name,%271%27)', 501, 'QUERY_UNSUPPORTED'],
    ['Things?$filter=id add 1 eq 2', 501, 'QUERY_UNSUPPORTED'],
    ['Things?$expand=Datastreams/Observations', 501, 'QUERY_UNSUPPORTED'],
    ['Things?$expand=Datastreams($expand=Observations)', 501, 'QUERY_UNSUPPORTED'],
    ['Things?$resultFormat=dataArray', 501, 'QUERY_UNSUPPORTED'],
    ['Observations', 501, 'QUERY_UNSUPPORTED'],
  ])('is refused by its standing status code: %s [18-088 9.3.1]', async (path, status, code) => {
    expect(await refusalOf(path)).toEqual([status, code]);
  });
});
