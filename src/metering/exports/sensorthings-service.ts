// Answers a SensorThings request: follows its path from entity to entity, and asks, orders, cuts and expands what it leads to.
// Source: OGC 18-088, 9.2 (Resource Path) and 9.3 (Requesting Data)
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Filter, unsupported } from './odata-filter.ts';
import { nextQuery, type QueryOptions } from './odata-options.ts';
import {
  type EntityRow,
  type EntitySet,
  entitySetNames,
  entityTypes,
  installOfDatastream,
  readObservationId,
} from './sensorthings-model.ts';
import { countEntities, type EntityQuestion, listEntities, type ObservedStream } from './sensorthings-store.ts';

/** Which entities of a set are meant. */
interface Place {
  set: EntitySet;
  single: boolean;
  restrict: readonly (readonly [string, string | number])[];
  stream: ObservedStream | null;
}

export type SensorThingsAnswer = { json: unknown } | { text: string };

export interface SensorThings {
  /** @throws NOT_FOUND, REQUEST_INVALID, QUERY_UNSUPPORTED */
  answer(path: string, options: QueryOptions): Promise<SensorThingsAnswer>;
  /** The service's root, with what of the standard it does. Source: OGC 18-088, 9.2.1 */
  root(): object;
}

const REQUIREMENTS = 'http://www.opengis.net/spec/iot_sensing/1.1/req';
/** Those that are met whole; filtering, ordering and expanding are a part of what theirs ask for. */
const conformance = [
  ...['thing', 'location', 'historical-location', 'datastream', 'sensor', 'observed-property', 'observation'].flatMap(
    (one) => [`datamodel/${one}/properties`, `datamodel/${one}/relations`],
  ),
  ...['datamodel/feature-of-interest/properties', 'datamodel/entity-control-information/common-control-information'],
  ...['status-code', 'query-status-code', 'order', 'select', 'top', 'skip', 'count', 'pagination'].map(
    (one) => `request-data/${one}`,
  ),
];

/** @param base address of the service's root, without a slash at its end */
export function createSensorThings(pool: Pool, timeZone: string, base: string): SensorThings {
  function streamOf(datastream_id: number): ObservedStream {
    return { datastream_id, ...installOfDatastream(datastream_id), timeZone };
  }

  function byKey(set: EntitySet, key: string): Place {
    const isText = /^'(?:[^']|'')*'$/.test(key);
    if (isText !== (entityTypes[set].key === 'text') || (!isText && !/^\d{1,10}$/.test(key))) {
      throw problem('REQUEST_INVALID', `path: a key of ${set} is ${isText ? 'a whole number' : "a text in '…'"}`);
    }
    const text = key.slice(1, -1).replaceAll("''", "'");
    if (set === 'Observations') {
      const id = readObservationId(text);
      if (id === null) throw problem('NOT_FOUND');
      const stream = streamOf(id.datastream_id);
      return { set, single: true, stream, restrict: [['phenomenon_at', instantOf(id.at_us)]] };
    }
    const id = isText ? text : Number(key);
    // By what is indexed as well: the id of a datastream is worked out from it.
    const install = set === 'Datastreams' ? [['install_id', installOfDatastream(Number(id)).install_id] as const] : [];
    return { set, single: true, stream: null, restrict: [['id', id], ...install] };
  }

  function questionOf(place: Place, options: Pick<QueryOptions, 'filter' | 'orderBy'>): EntityQuestion {
    const { set, restrict, stream } = place;
    if (set === 'Observations' && stream === null) {
      throw unsupported('path: observations are asked for by their datastream: Datastreams(1)/Observations');
    }
    const { comparable } = entityTypes[set];
    const columnOf = (path: string) => {
      const found = comparable[path === '@iot.id' ? 'id' : path];
      if (found === undefined) {
        throw unsupported(`query: ${set} can be compared and ordered by ${Object.keys(comparable).join(', ')}`);
      }
      return found;
    };
    for (const { path } of options.orderBy) columnOf(path);
    if (options.filter !== null) checkTypes(options.filter, columnOf);
    return { set, stream, restrict, columnOf, filter: options.filter, orderBy: options.orderBy };
  }

  async function only(place: Place): Promise<EntityRow> {
    const [row] = await listEntities(pool, questionOf(place, { filter: null, orderBy: [] }), { top: 1, skip: 0 });
    if (row === undefined) throw problem('NOT_FOUND');
    return row;
  }

  function follow(from: EntitySet, row: EntityRow, name: string): Place | null {
    const way = entityTypes[from].navigation[name];
    if (way === undefined) return null;
    const [theirs, ours] = way.match;
    const value = row[ours] as string | number;
    if (way.set === 'Observations') {
      const stream = theirs === 'datastream_id' ? streamOf(value as number) : null;
      return { set: way.set, single: false, stream, restrict: [] };
    }
    if (way.set === 'Datastreams' && way.single) return byKey('Datastreams', String(value));
    return { set: way.set, single: way.single, stream: null, restrict: [[theirs, value]] };
  }

  const addressOf = (set: EntitySet, id: unknown) =>
    `${base}/${set}(${entityTypes[set].key === 'text' ? `'${encodeURIComponent(String(id).replaceAll("'", "''"))}'` : id})`;

  async function entityOf(
    set: EntitySet,
    row: EntityRow,
    options: QueryOptions | null,
  ): Promise<Record<string, unknown>> {
    const type = entityTypes[set];
    const self = addressOf(set, row.id);
    const whole: Record<string, unknown> = { '@iot.id': row.id, '@iot.selfLink': self, ...type.properties(row) };
    const links = new Map(Object.keys(type.navigation).map((name) => [name, `${self}/${name}`]));
    const wanted = options?.select ?? null;
    const entity: Record<string, unknown> = wanted === null ? whole : {};
    for (const name of wanted ?? []) {
      const property = name === 'id' ? '@iot.id' : name;
      if (Object.hasOwn(whole, property)) entity[property] = whole[property];
      else if (!links.has(name)) throw problem('REQUEST_INVALID', `$select: ${set} have no ${name}`);
    }
    const expanded = new Set(options?.expand.map(({ name }) => name));
    for (const [name, address] of links) {
      if (!expanded.has(name) && (wanted === null || wanted.includes(name))) {
        entity[`${name}@iot.navigationLink`] = address;
      }
    }
    for (const { name, options: inner } of options?.expand ?? []) {
      const place = follow(set, row, name);
      if (place === null) throw problem('REQUEST_INVALID', `$expand: ${set} lead to no ${name}`);
      if (place.single) entity[name] = await entityOf(place.set, await only(place), inner);
      else {
        const page = await pageOf(place, inner);
        entity[name] = page.entities;
        if (page.count !== null) entity[`${name}@iot.count`] = page.count;
        if (page.more) entity[`${name}@iot.nextLink`] = `${self}/${name}?${nextQuery(inner)}`;
      }
    }
    return entity;
  }

  async function pageOf(place: Place, options: QueryOptions) {
    const question = questionOf(place, options);
    const rows = await listEntities(pool, question, { top: options.top + 1, skip: options.skip });
    const entities: Record<string, unknown>[] = [];
    for (const row of rows.slice(0, options.top)) entities.push(await entityOf(place.set, row, options));
    const count = options.count ? await countEntities(pool, question) : null;
    return { entities, count, more: options.top > 0 && rows.length > options.top };
  }

  async function list(place: Place, path: string, options: QueryOptions) {
    const { entities, count, more } = await pageOf(place, options);
    return {
      ...(count === null ? {} : { '@iot.count': count }),
      ...(more ? { '@iot.nextLink': `${base}/${path}?${nextQuery(options)}` } : {}),
      value: entities,
    };
  }

  /** @param rest what stands behind the entity: a property, and its bare value */
  async function propertyOf(
    place: Place,
    row: EntityRow,
    [name = '', value, more]: string[],
  ): Promise<SensorThingsAnswer> {
    const properties = { '@iot.id': row.id, ...entityTypes[place.set].properties(row) };
    const key = (name === 'id' ? '@iot.id' : name) as keyof typeof properties;
    if (!Object.hasOwn(properties, key) || more !== undefined) throw problem('NOT_FOUND');
    if (value === undefined) return { json: { [name]: properties[key] } };
    if (value !== '$value') throw problem('NOT_FOUND');
    const bare = properties[key];
    return { text: typeof bare === 'object' ? JSON.stringify(bare) : String(bare) };
  }

  return {
    root: () => ({
      value: entitySetNames.map((name) => ({ name, url: `${base}/${name}` })),
      serverSettings: { conformance: conformance.map((one) => `${REQUIREMENTS}/${one}`) },
    }),
    answer: async (path, options) => {
      const segments = path.split('/');
      if (segments.length > MOST_SEGMENTS) throw unsupported(`path: it has more than ${MOST_SEGMENTS} parts`);
      const [first = '', ...rest] = segments;
      const [, name = '', key] = SEGMENT.exec(first) ?? [];
      if (!isEntitySet(name)) throw problem('NOT_FOUND');
      let place: Place =
        key === undefined ? { set: name, single: false, restrict: [], stream: null } : byKey(name, key);
      for (const [index, segment] of rest.entries()) {
        if (!place.single) {
          if (segment !== '$ref' || index < rest.length - 1) throw problem('NOT_FOUND');
          const page = await pageOf(place, { ...options, select: null, expand: [] });
          return { json: { value: page.entities.map((one) => ({ '@iot.selfLink': one['@iot.selfLink'] })) } };
        }
        const row = await only(place);
        const [, step = '', stepKey] = SEGMENT.exec(segment) ?? [];
        const next = follow(place.set, row, step);
        if (next === null) return propertyOf(place, row, rest.slice(index));
        if (stepKey === undefined) place = next;
        else {
          const one = byKey(next.set, stepKey);
          place = { ...one, restrict: [...one.restrict, ...next.restrict] };
        }
      }
      if (!place.single) return { json: await list(place, path, options) };
      return { json: await entityOf(place.set, await only(place), options) };
    },
  };
}

const MOST_SEGMENTS = 8;
const SEGMENT = /^([A-Za-z]+)(?:\((.*)\))?$/;

const isEntitySet = (name: string): name is EntitySet => (entitySetNames as readonly string[]).includes(name);

/** @throws REQUEST_INVALID where a value is of another type than the property */
function checkTypes(filter: Filter, columnOf: EntityQuestion['columnOf']): void {
  if (filter.kind !== 'compare') {
    for (const part of filter.kind === 'not' ? [filter.of] : [filter.left, filter.right]) checkTypes(part, columnOf);
    return;
  }
  const { type } = columnOf(filter.path);
  if (type !== filter.literal.type) {
    const wanted = { number: 'a number', text: "a text in '…'", time: 'an instant' }[type];
    throw problem('REQUEST_INVALID', `$filter: ${filter.path} is compared with ${wanted}`);
  }
}

/** To the microsecond. */
function instantOf(at_us: number): string {
  const whole_s = new Date(Math.floor(at_us / 1_000_000) * 1_000).toISOString().slice(0, 19);
  return `${whole_s}.${String(at_us % 1_000_000).padStart(6, '0')}Z`;
}
