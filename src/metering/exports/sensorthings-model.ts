// What the service is in the terms of SensorThings: its entity sets, what can be asked of them, how they hang together, and
// an entity as it is given out.
// Source: OGC 18-088, 8.2 (The Sensing Entities)

/** A row of a set; instants as text. */
export type EntityRow = Record<string, unknown>;

export type ColumnType = 'number' | 'text' | 'time';

interface Navigation {
  set: EntitySet;
  /** One entity, or a list. */
  single: boolean;
  /** Theirs equals ours. */
  match: readonly [theirColumn: string, ourColumn: string];
}

interface EntityType {
  /** Keys are whole numbers or texts in quotes. */
  key: 'number' | 'text';
  /** What $filter and $orderby may name. */
  comparable: Readonly<Record<string, { column: string; type: ColumnType }>>;
  navigation: Readonly<Record<string, Navigation>>;
  properties(row: EntityRow): Record<string, unknown>;
}

export const entitySetNames = [
  ...(['Things', 'Locations', 'HistoricalLocations', 'Datastreams', 'Sensors'] as const),
  ...(['ObservedProperties', 'Observations', 'FeaturesOfInterest'] as const),
] as const;
export type EntitySet = (typeof entitySetNames)[number];

const number = (column: string) => ({ column, type: 'number' as const });
const text = (column: string) => ({ column, type: 'text' as const });
const time = (column: string) => ({ column, type: 'time' as const });

/** Datastreams of an install: its register, and its use by the hour. */
export const observed = { register: 1, hourlyUse: 2 } as const;

const litre = { name: 'litre', symbol: 'L', definition: 'http://qudt.org/vocab/unit/L' };
const words = {
  [observed.register]: {
    name: 'register',
    description: 'What has passed the meter since it was made, in litres, as the meter told it',
  },
  [observed.hourlyUse]: {
    name: 'hourly use',
    description: "What passed the meter within an hour of the utility's time zone, in litres",
  },
} as const;
const wordsOf = (row: EntityRow) => words[row.property_id as 1 | 2];

/** No place is shown: what is known of where a meter stands is its zone. Source: RFC 7946, 3.2 for a feature without a place */
const unlocated = (properties: Record<string, unknown>) => ({ type: 'Feature', geometry: null, properties });

const GEOJSON = 'application/geo+json';
const MEASUREMENT = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement';

export const entityTypes: Readonly<Record<EntitySet, EntityType>> = {
  Things: {
    key: 'number',
    comparable: {
      ...{ id: number('id'), name: text('name') },
      ...{ 'properties/service_point': text('service_point_id'), 'properties/zone': text('zone_id') },
      ...{ 'properties/from': time('from_at'), 'properties/until': time('until_at') },
    },
    navigation: {
      Locations: { set: 'Locations', single: false, match: ['zone_id', 'zone_id'] },
      HistoricalLocations: { set: 'HistoricalLocations', single: false, match: ['install_id', 'install_id'] },
      Datastreams: { set: 'Datastreams', single: false, match: ['install_id', 'install_id'] },
    },
    properties: (row) => ({
      name: row.name,
      description: 'A water meter for the time it stood at a place',
      properties: {
        ...{ service_point: row.service_point_id, zone: row.zone_id, bore_mm: row.bore_mm },
        ...{ from: row.from_at, until: row.until_at },
      },
    }),
  },
  Locations: {
    key: 'text',
    comparable: { id: text('id'), name: text('name') },
    navigation: {
      Things: { set: 'Things', single: false, match: ['zone_id', 'zone_id'] },
      HistoricalLocations: { set: 'HistoricalLocations', single: false, match: ['zone_id', 'zone_id'] },
    },
    properties: (row) => ({
      name: row.name,
      description: 'A zone of the water network',
      ...{ encodingType: GEOJSON, location: unlocated({ zone: row.id }), properties: { parent: row.parent_zone_id } },
    }),
  },
  HistoricalLocations: {
    key: 'number',
    comparable: { id: number('id'), time: time('from_at') },
    navigation: {
      Thing: { set: 'Things', single: true, match: ['install_id', 'install_id'] },
      Locations: { set: 'Locations', single: false, match: ['zone_id', 'zone_id'] },
    },
    properties: (row) => ({ time: row.from_at }),
  },
  Datastreams: {
    key: 'number',
    comparable: {
      ...{ id: number('id'), name: text('name'), 'ObservedProperty/id': number('property_id') },
      ...{ 'Thing/id': number('install_id'), 'Sensor/id': number('meter_id') },
    },
    navigation: {
      Thing: { set: 'Things', single: true, match: ['install_id', 'install_id'] },
      Sensor: { set: 'Sensors', single: true, match: ['meter_id', 'meter_id'] },
      ObservedProperty: { set: 'ObservedProperties', single: true, match: ['property_id', 'property_id'] },
      Observations: { set: 'Observations', single: false, match: ['datastream_id', 'id'] },
    },
    properties: (row) => ({
      ...{ name: row.name, description: wordsOf(row).description },
      ...{ observationType: MEASUREMENT, unitOfMeasurement: litre },
    }),
  },
  Sensors: {
    key: 'number',
    comparable: { id: number('id'), name: text('name'), 'properties/model': text('model') },
    navigation: { Datastreams: { set: 'Datastreams', single: false, match: ['meter_id', 'meter_id'] } },
    properties: (row) => ({
      ...{ name: row.name, description: 'A water meter' },
      ...{ encodingType: 'text/html', metadata: htmlText(`${row.model}, DN ${row.bore_mm}`) },
      properties: { serial: row.serial, model: row.model, bore_mm: row.bore_mm, dials: row.dials },
    }),
  },
  ObservedProperties: {
    key: 'number',
    comparable: { id: number('id') },
    navigation: { Datastreams: { set: 'Datastreams', single: false, match: ['property_id', 'property_id'] } },
    properties: (row) => ({ ...wordsOf(row), definition: 'http://qudt.org/vocab/quantitykind/Volume' }),
  },
  Observations: {
    key: 'text',
    comparable: {
      ...{ phenomenonTime: time('phenomenon_at'), resultTime: time('result_at'), result: number('result') },
    },
    navigation: {
      Datastream: { set: 'Datastreams', single: true, match: ['id', 'datastream_id'] },
      FeatureOfInterest: { set: 'FeaturesOfInterest', single: true, match: ['install_id', 'install_id'] },
    },
    properties: (row) => ({
      // Of an hour it is an interval. Source: OGC 18-088, 8.2.7; ISO 8601, 4.4
      phenomenonTime:
        row.phenomenon_until === null ? row.phenomenon_at : `${row.phenomenon_at}/${row.phenomenon_until}`,
      ...{ resultTime: row.result_at, result: row.result, parameters: row.parameters },
    }),
  },
  FeaturesOfInterest: {
    key: 'number',
    comparable: { id: number('id'), name: text('name') },
    navigation: { Observations: { set: 'Observations', single: false, match: ['install_id', 'install_id'] } },
    properties: (row) => ({
      ...{ name: row.service_point_id, description: 'The water that passes a place', encodingType: GEOJSON },
      feature: unlocated({ service_point: row.service_point_id, zone: row.zone_id }),
    }),
  },
};

function htmlText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Register and use of an install. */
export function datastreamOf(installId: number, property: number): number {
  return (installId - 1) * 2 + property;
}

export function installOfDatastream(id: number): { install_id: number; property_id: number } {
  return { install_id: Math.floor((id - 1) / 2) + 1, property_id: ((id - 1) % 2) + 1 };
}

/** An observation is known by its datastream and its instant, in microseconds since 1970. */
export function readObservationId(id: string): { datastream_id: number; at_us: number } | null {
  const [, datastream, at] = /^([1-9]\d{0,10})-(\d{1,16})$/.exec(id) ?? [];
  return datastream === undefined ? null : { datastream_id: Number(datastream), at_us: Number(at) };
}
