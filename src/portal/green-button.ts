// A household's use as a Green Button file: an Atom feed of ESPI resources, as other programs for households read it.
// Source: NAESB REQ.21 (ESPI) 1.1, its schema espiDerived.xsd; RFC 4287 for the feed
import { createHash } from 'node:crypto';
import { element, opening, type Xml } from '../platform/xml-writing.ts';
import type { TimeRules } from './time-rules.ts';

/** An hour; `use_l` null where it is not known. */
export interface MeteredHour {
  start_ms: number;
  end_ms: number;
  use_l: number | null;
  is_estimated: boolean;
}

export interface GreenButtonHead {
  /** Under which the service is known; makes the feed's ids its own. */
  publicUrl: string;
  servicePoint: string;
  made_ms: number;
  time: TimeRules;
}

const ESPI = { xmlns: 'http://naesb.org/espi' };
const BASE = 'espi/1_1/resource';

/** Codes of the schema's enumerations. */
const codes = {
  /** ServiceKind: water. */
  water: 2,
  /** AccumulationKind: what passed from the interval's beginning to its end. */
  deltaData: 4,
  /** CommodityKind: drinking water. */
  potableWater: 9,
  /** DataQualifierKind: none. */
  normal: 12,
  /** FlowDirectionKind: to the household. */
  forward: 1,
  /** MeasurementKind: volume. */
  volume: 58,
  /** UnitSymbolKind: m3; with the multiplier 10^-3, litres. */
  cubicMetre: 42,
  milli: -3,
  /** QualityOfReading: made by a machine from what was used at other times. */
  estimated: 8,
} as const;

/**
 * @param days the hours of a local day each; an hour that is not known is left out, and so is a day without any
 * @returns the feed in pieces, a day at a time
 */
export async function* greenButtonFeed(
  head: GreenButtonHead,
  days: AsyncIterable<readonly MeteredHour[]> | Iterable<readonly MeteredHour[]>,
): AsyncGenerator<string> {
  const stamp = isoOf(head.made_ms);
  const idOf = (path: string) => `urn:uuid:${uuidOf(`${head.publicUrl}/${BASE}/${head.servicePoint}/${path}`)}`;
  const entry = (path: string, up: string, related: readonly string[], title: string, resource: Xml): string =>
    element(
      'entry',
      {},
      element('id', {}, idOf(path)),
      link('self', path),
      link('up', up),
      ...related.map((one) => link('related', one)),
      element('title', {}, title),
      element('content', { type: 'application/xml' }, resource),
      element('published', {}, stamp),
      element('updated', {}, stamp),
    ).xml;

  yield `<?xml version="1.0" encoding="UTF-8"?>\n${opening('feed', { xmlns: 'http://www.w3.org/2005/Atom' })}`;
  yield [
    element('id', {}, idOf('Batch')).xml,
    element('title', {}, '수돗물 사용량 · Water use').xml,
    element('updated', {}, stamp).xml,
    element('author', {}, element('name', {}, 'Naru')).xml,
    link('self', 'Batch').xml,
  ].join('');
  yield entry(
    ...([
      'UsagePoint/1',
      'UsagePoint',
      ['UsagePoint/1/MeterReading', 'LocalTimeParameters/1'],
      head.servicePoint,
    ] as const),
    element('UsagePoint', ESPI, element('ServiceCategory', {}, element('kind', {}, codes.water))),
  );
  yield entry('LocalTimeParameters/1', 'LocalTimeParameters', [], 'Local time', timeParameters(head.time));
  yield entry(
    ...(['UsagePoint/1/MeterReading/1', 'UsagePoint/1/MeterReading'] as const),
    ...([['UsagePoint/1/MeterReading/1/IntervalBlock', 'ReadingType/1'], 'Hourly use'] as const),
    element('MeterReading', ESPI),
  );
  yield entry('ReadingType/1', 'ReadingType', [], 'Litres in an hour', readingType());
  for await (const day of days) {
    const known = day.filter(({ use_l }) => use_l !== null);
    const first = known[0];
    if (first === undefined) continue;
    const path = `UsagePoint/1/MeterReading/1/IntervalBlock`;
    yield entry(`${path}/${first.start_ms / 1_000}`, path, [], isoOf(first.start_ms), intervalBlock(known));
  }
  yield '</feed>\n';
}

/** The elements of a type in the schema's order: it is a sequence. */
function sequence(values: Readonly<Record<string, string | number>>): Xml[] {
  return Object.entries(values).map(([name, value]) => element(name, {}, value));
}

function timeParameters({ tz_offset_s, dst_offset_s, dst_start_rule, dst_end_rule }: TimeRules): Xml {
  return element(
    ...(['LocalTimeParameters', ESPI] as const),
    ...sequence({
      dstEndRule: dst_end_rule,
      dstOffset: dst_offset_s,
      dstStartRule: dst_start_rule,
      tzOffset: tz_offset_s,
    }),
  );
}

function readingType(): Xml {
  return element(
    ...(['ReadingType', ESPI] as const),
    ...sequence({
      accumulationBehaviour: codes.deltaData,
      commodity: codes.potableWater,
      dataQualifier: codes.normal,
      flowDirection: codes.forward,
      intervalLength: 3_600,
      kind: codes.volume,
      powerOfTenMultiplier: codes.milli,
      uom: codes.cubicMetre,
    }),
  );
}

/** The span of a block is from its first reading to its last: hours in between that are not known have none. */
function intervalBlock(hours: readonly MeteredHour[]): Xml {
  const start_ms = hours[0]?.start_ms ?? 0;
  const end_ms = hours.at(-1)?.end_ms ?? start_ms;
  return element('IntervalBlock', ESPI, element('interval', {}, ...period(start_ms, end_ms)), ...hours.map(reading));
}

function reading({ start_ms, end_ms, use_l, is_estimated }: MeteredHour): Xml {
  const quality = is_estimated ? [element('ReadingQuality', {}, element('quality', {}, codes.estimated))] : [];
  return element(
    ...(['IntervalReading', {}] as const),
    ...quality,
    element('timePeriod', {}, ...period(start_ms, end_ms)),
    element('value', {}, use_l ?? 0),
  );
}

const period = (start_ms: number, end_ms: number) =>
  sequence({ duration: (end_ms - start_ms) / 1_000, start: start_ms / 1_000 });

const link = (relation: string, path: string) => element('link', { rel: relation, href: `${BASE}/${path}` });

const isoOf = (at_ms: number) => new Date(at_ms).toISOString();

const URL_NAMESPACE = '6ba7b8119dad11d180b400c04fd430c8';

/** The same for the same name, so that a program that reads the file again knows what it has. Source: RFC 9562, 5.5 */
function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(Buffer.from(URL_NAMESPACE, 'hex')).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
