// A household's use as files: what a Green Button reader demands of them, and nobody's but the household's own.
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { greenButtonFeed, type MeteredHour } from '../../src/portal/green-button.ts';
import { timeRules } from '../../src/portal/time-rules.ts';
import { portalHouse } from '../support/portal-house.ts';
import { type XmlElement, xmlTree } from '../support/xml-tree.ts';

const HOUR = 3_600_000;
const made_ms = Date.UTC(2026, 5, 1);
const head = (servicePoint = 'sp-1') => ({
  ...{ publicUrl: 'https://naru.example', servicePoint, made_ms, time: timeRules('Asia/Seoul', made_ms) },
});

async function feedOf(days: readonly MeteredHour[][], servicePoint?: string): Promise<XmlElement> {
  let xml = '';
  for await (const piece of greenButtonFeed(head(servicePoint), days)) xml += piece;
  return xmlTree(xml);
}

const childrenOf = (of: XmlElement, name: string) => of.children.filter((child) => child.name === name);
const childOf = (of: XmlElement, name: string) => {
  const [found, ...more] = childrenOf(of, name);
  if (found === undefined || more.length > 0) throw new Error(`<${of.name}> has not one <${name}>`);
  return found;
};
const textOf = (of: XmlElement, ...path: string[]) => path.reduce(childOf, of).text;
const hrefs = (entry: XmlElement, relation: string) =>
  childrenOf(entry, 'link')
    .filter(({ attributes }) => attributes.rel === relation)
    .map(({ attributes }) => attributes.href ?? '');
const resourceOf = (entry: XmlElement) => childOf(entry, 'content').children[0] as XmlElement;
const resourcesOf = (feed: XmlElement, name: string) =>
  childrenOf(feed, 'entry')
    .map(resourceOf)
    .filter((resource) => resource.name === name);

/** Types of the schema: what each holds, in this order; with `!` what has to be there. Source: espiDerived.xsd of ESPI 1.1 */
const schema: Record<string, string[]> = {
  UsagePoint: ['roleFlags', 'ServiceCategory', 'status', 'ServiceDeliveryPoint'],
  ServiceCategory: ['kind!'],
  LocalTimeParameters: ['dstEndRule!', 'dstOffset!', 'dstStartRule!', 'tzOffset!'],
  MeterReading: [],
  ReadingType: [
    ...['accumulationBehaviour', 'commodity', 'consumptionTier', 'currency', 'dataQualifier', 'defaultQuality'],
    ...['flowDirection', 'intervalLength', 'kind', 'phase', 'powerOfTenMultiplier', 'timeAttribute', 'tou', 'uom'],
    ...['cpp', 'interharmonic', 'measuringPeriod', 'argument'],
  ],
  IntervalBlock: ['interval', 'IntervalReading'],
  interval: ['duration!', 'start!'],
  timePeriod: ['duration!', 'start!'],
  IntervalReading: ['cost', 'ReadingQuality', 'timePeriod', 'value', 'consumptionTier', 'tou', 'cpp'],
  ReadingQuality: ['quality!'],
};
const repeated = new Set(['IntervalReading', 'ReadingQuality']);

/** What of the schema a resource breaks. */
function faultsOf(resource: XmlElement): string[] {
  const allowed = schema[resource.name];
  if (allowed === undefined) return resource.children.length === 0 ? [] : [`${resource.name} is of no known type`];
  const names = resource.children.map(({ name }) => name);
  const order = names.map((name) => allowed.findIndex((one) => one.replace('!', '') === name));
  return [
    ...names.filter((_, index) => order[index] === -1).map((name) => `${resource.name} has no ${name}`),
    ...order
      .slice(1)
      .flatMap((place, index) => (place < (order[index] ?? 0) ? [`${names[index + 1]} comes too late`] : [])),
    ...names
      .filter((name, index) => !repeated.has(name) && names.indexOf(name) !== index)
      .map((name) => `two of ${name}`),
    ...allowed
      .filter((one) => one.endsWith('!') && !names.includes(one.slice(0, -1)))
      .map((one) => `${one} is missing`),
    ...resource.children.flatMap(faultsOf),
  ];
}

const hours = (first_ms: number, litres: readonly (number | null)[], estimated: readonly number[] = []) =>
  litres.map((use_l, index) => ({
    ...{ start_ms: first_ms + index * HOUR, end_ms: first_ms + (index + 1) * HOUR, use_l },
    is_estimated: estimated.includes(index),
  }));
const midnight_ms = Date.parse('2026-03-01T00:00:00+09:00');

describe('a Green Button file', () => {
  test('holds what the schema demands, in its order [ESPI 1.1]', async () => {
    const feed = await feedOf([hours(midnight_ms, [1, null, 3], [2]), hours(midnight_ms + 24 * HOUR, [4])]);
    const resources = childrenOf(feed, 'entry').map(resourceOf);
    expect(resources.map(({ name, attributes }) => [name, attributes.xmlns])).toEqual(
      ['UsagePoint', 'LocalTimeParameters', 'MeterReading', 'ReadingType', 'IntervalBlock', 'IntervalBlock'].map(
        (name) => [...[name, 'http://naesb.org/espi']],
      ),
    );
    expect(resources.flatMap(faultsOf)).toEqual([]);
    // The check is awake.
    const [block] = resourcesOf(feed, 'IntervalBlock');
    expect(faultsOf({ ...(block as XmlElement), children: [...(block as XmlElement).children].reverse() })).not.toEqual(
      [],
    );
  });

  test('tells water in litres, delivered, by the hour', async () => {
    const feed = await feedOf([hours(midnight_ms, [1])]);
    const [type] = resourcesOf(feed, 'ReadingType');
    const [point] = resourcesOf(feed, 'UsagePoint');
    expect(textOf(point as XmlElement, 'ServiceCategory', 'kind')).toBe('2');
    expect(Object.fromEntries((type as XmlElement).children.map(({ name, text }) => [name, text]))).toEqual({
      ...{
        accumulationBehaviour: '4',
        commodity: '9',
        dataQualifier: '12',
        flowDirection: '1',
        intervalLength: '3600',
      },
      ...{ kind: '58', powerOfTenMultiplier: '-3', uom: '42' },
    });
  });

  test('has each known hour once, marks what is estimated, and leaves out what is not known', async () => {
    const feed = await feedOf([hours(midnight_ms, [null, 7, null, 9], [3]), hours(midnight_ms + 24 * HOUR, [null])]);
    const blocks = resourcesOf(feed, 'IntervalBlock');
    expect(blocks).toHaveLength(1);
    const [block] = blocks as [XmlElement];
    expect([textOf(block, 'interval', 'start'), textOf(block, 'interval', 'duration')]).toEqual([
      ...[String((midnight_ms + HOUR) / 1_000), String(3 * 3_600)],
    ]);
    expect(
      childrenOf(block, 'IntervalReading').map((reading) => [
        textOf(reading, 'timePeriod', 'start'),
        textOf(reading, 'timePeriod', 'duration'),
        textOf(reading, 'value'),
        childrenOf(reading, 'ReadingQuality').map((quality) => textOf(quality, 'quality')),
      ]),
    ).toEqual([
      [String((midnight_ms + HOUR) / 1_000), '3600', '7', []],
      [String((midnight_ms + 3 * HOUR) / 1_000), '3600', '9', ['8']],
    ]);
  });

  test('is an Atom feed whose links lead somewhere and whose ids stay [RFC 4287 4.1]', async () => {
    const feed = await feedOf([hours(midnight_ms, [1])]);
    const entries = childrenOf(feed, 'entry');
    expect([feed.name, feed.attributes.xmlns, textOf(feed, 'author', 'name')]).toEqual([
      ...['feed', 'http://www.w3.org/2005/Atom', 'Naru'],
    ]);
    for (const one of [feed, ...entries]) {
      expect(textOf(one, 'id')).toMatch(
        /^urn:uuid:[a-f0-9]{8}-[a-f0-9]{4}-5[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$/,
      );
      expect(textOf(one, 'title')).not.toBe('');
      expect(textOf(one, 'updated')).toBe('2026-06-01T00:00:00.000Z');
    }
    const ids = entries.map((entry) => textOf(entry, 'id'));
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(entries.flatMap((entry) => [...hrefs(entry, 'self'), ...hrefs(entry, 'up')]));
    expect(entries.flatMap((entry) => hrefs(entry, 'related')).filter((href) => !known.has(href))).toEqual([]);
    const idsOf = async (place: string) =>
      childrenOf(await feedOf([hours(midnight_ms, [1])], place), 'entry').map((entry) => textOf(entry, 'id'));
    expect(await idsOf('sp-1')).toEqual(ids);
    const others = await idsOf('sp-2');
    expect(ids.filter((id) => others.includes(id))).toEqual([]);
  });

  test('escapes whatever a place is called', async () => {
    const feed = await feedOf([], `<a> & "b" \u0001`);
    expect(textOf(childrenOf(feed, 'entry')[0] as XmlElement, 'title')).toBe(`<a> & "b" \uFFFD`);
  });
});

describe('the rules of a time zone', () => {
  // What utilities of the United States have in their files since 2007.
  test.each([
    [
      'America/New_York',
      { tz_offset_s: -18_000, dst_offset_s: 3_600, dst_start_rule: '360E2000', dst_end_rule: 'B40E2000' },
    ],
    [
      'America/Los_Angeles',
      { tz_offset_s: -28_800, dst_offset_s: 3_600, dst_start_rule: '360E2000', dst_end_rule: 'B40E2000' },
    ],
    [
      'Europe/Berlin',
      { tz_offset_s: 3_600, dst_offset_s: 3_600, dst_start_rule: '3E0E2000', dst_end_rule: 'AE0E3000' },
    ],
    ['Asia/Seoul', { tz_offset_s: 32_400, dst_offset_s: 0, dst_start_rule: '00000000', dst_end_rule: '00000000' }],
  ])('of %s are told as ESPI tells them [DstRuleType]', (zone, rules) => {
    expect(timeRules(zone, Date.UTC(2026, 0, 15))).toEqual(rules);
    expect(timeRules(zone, Date.UTC(2026, 6, 15))).toEqual(rules);
  });
});

describe('the files of a household', async () => {
  const house = await portalHouse();
  const seoul = (at: string) => new Date(`${at}+09:00`).toISOString();
  const wide = 'from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z';
  await house.meter('30', [
    [seoul('2026-02-28T00:00:00'), 0],
    [seoul('2026-03-01T00:00:00'), 100],
    [seoul('2026-03-02T00:00:00'), 340],
    [seoul('2026-03-04T00:00:00'), 900],
  ]);
  const page = await house.signedIn((await house.household('30', { from: '2026-03-01', until: '2026-03-01' })).wallet);

  test('hold its own days alone, whatever is asked for', async () => {
    const answer = await page.get(`/api/portal/green-button.xml?${wide}`);
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      ...[200, 'application/atom+xml; charset=utf-8', 'no-store'],
    ]);
    const feed = xmlTree(answer.body);
    const [block, ...more] = resourcesOf(feed, 'IntervalBlock');
    expect(more).toEqual([]);
    const readings = childrenOf(block as XmlElement, 'IntervalReading');
    expect(readings.map((reading) => Number(textOf(reading, 'value')))).toEqual(Array(24).fill(10));
    expect(textOf(block as XmlElement, 'interval', 'start')).toBe(
      String(Date.parse(seoul('2026-03-01T00:00:00')) / 1_000),
    );

    const table = parse((await page.get(`/api/portal/use.csv?${wide}`)).body, { bom: true }) as string[][];
    expect(table[0]).toEqual(['시작 (start, Asia/Seoul)', '끝 (end)', '사용량 L (use)', '추정 L (estimated)']);
    expect(table.slice(1, 3)).toEqual([
      ['2026-03-01 00:00', '2026-03-01 01:00', '10', '0'],
      ['2026-03-01 01:00', '2026-03-01 02:00', '10', '0'],
    ]);
    expect(table).toHaveLength(25);
    const daily = parse((await page.get(`/api/portal/use.csv?${wide}&resolution=day`)).body, {
      bom: true,
    }) as string[][];
    expect(daily.slice(1)).toEqual([['2026-03-01 00:00', '2026-03-02 00:00', '240', '0']]);
  });

  test.each(['/api/portal/green-button.xml', '/api/portal/use.csv'])('are given to nobody else: %s', async (path) => {
    expect((await house.browser().get(`${path}?${wide}`)).statusCode).toBe(401);
    expect((await page.get(`${path}?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z`)).json().code).toBe(
      'REQUEST_INVALID',
    );
    expect((await page.get(`${path}?from=2020-01-01T00:00:00Z&to=2026-03-01T00:00:00Z`)).statusCode).toBe(200);
  });
});
