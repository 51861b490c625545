// Reads the query options of a SensorThings request, and those in parentheses behind what is expanded.
// Source: OGC 18-088, 9.3.2 and 9.3.3
import { problem } from '../../platform/problem.ts';
import { type Filter, readFilter, unsupported } from './odata-filter.ts';

export const queryLimits = {
  top: 100,
  mostTop: 1_000,
  /** Where every entity of a page is followed further. */
  mostTopExpanded: 100,
  skip: 10_000_000,
  orderBy: 4,
} as const;

export interface QueryOptions {
  top: number;
  skip: number;
  count: boolean;
  filter: Filter | null;
  orderBy: { path: string; descending: boolean }[];
  /** Properties wanted; null: all. */
  select: string[] | null;
  expand: { name: string; options: QueryOptions }[];
  /** As they were given. */
  given: ReadonlyMap<string, string>;
}

const known = ['$top', '$skip', '$count', '$filter', '$orderby', '$select', '$expand'];

/**
 * @param given by name, each once
 * @throws REQUEST_INVALID, QUERY_UNSUPPORTED
 */
export function readOptions(given: ReadonlyMap<string, string>, level = 0): QueryOptions {
  for (const name of given.keys()) {
    if (known.includes(name)) continue;
    if (name.startsWith('$')) throw unsupported(`${name} is not known here; known are ${known.join(', ')}`);
    throw problem('REQUEST_INVALID', 'query: options begin with $');
  }
  const expand = expandOf(given.get('$expand'), level);
  const most = expand.length > 0 ? queryLimits.mostTopExpanded : queryLimits.mostTop;
  return {
    // A service may give fewer than asked for, with a link to the rest. Source: OGC 18-088, 9.3.3.2
    top: Math.min(wholeNumber(given, '$top', Number.MAX_SAFE_INTEGER) ?? queryLimits.top, most),
    skip: wholeNumber(given, '$skip', queryLimits.skip) ?? 0,
    count: truth(given.get('$count')),
    filter: given.has('$filter') ? readFilter(given.get('$filter') ?? '') : null,
    orderBy: orderOf(given.get('$orderby')),
    select: given.has('$select') ? listOf(given.get('$select') ?? '') : null,
    ...{ expand, given },
  };
}

/** What is asked for next, as a query. */
export function nextQuery({ given, top, skip }: QueryOptions): string {
  const next = new Map([...given, ['$top', String(top)], ['$skip', String(skip + top)]]);
  return [...next].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

function wholeNumber(given: ReadonlyMap<string, string>, name: string, most: number): number | null {
  const text = given.get(name);
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text) || Number(text) > most) {
    throw problem('REQUEST_INVALID', `${name}: it is not a whole number up to ${most}`);
  }
  return Number(text);
}

function truth(text: string | undefined): boolean {
  if (text !== undefined && text !== 'true' && text !== 'false') {
    throw problem('REQUEST_INVALID', '$count: it is neither true nor false');
  }
  return text === 'true';
}

function orderOf(text: string | undefined): QueryOptions['orderBy'] {
  if (text === undefined) return [];
  const wanted = listOf(text).map((one) => {
    const [path = '', direction = 'asc', more] = one.split(/\s+/);
    if (path === '' || more !== undefined || !['asc', 'desc'].includes(direction)) {
      throw problem('REQUEST_INVALID', '$orderby: write properties with asc or desc behind, separated by commas');
    }
    return { path, descending: direction === 'desc' };
  });
  if (wanted.length > queryLimits.orderBy) {
    throw problem('REQUEST_INVALID', `$orderby: there are more than ${queryLimits.orderBy} properties`);
  }
  return wanted;
}

function expandOf(text: string | undefined, level: number): QueryOptions['expand'] {
  if (text === undefined) return [];
  if (level > 0) throw unsupported('$expand: one level is followed');
  return splitOutside(text, ',').map((one) => {
    const [, name = '', inner] = /^\s*([A-Za-z]+(?:\/[A-Za-z/]+)?)\s*(?:\((.*)\))?\s*$/s.exec(one) ?? [];
    if (name === '') throw problem('REQUEST_INVALID', '$expand: write names, with options in parentheses behind them');
    if (name.includes('/')) throw unsupported('$expand: one level is followed');
    const options = new Map<string, string>();
    for (const option of inner === undefined || inner.trim() === '' ? [] : splitOutside(inner, ';')) {
      const [, key = '', value = ''] = /^\s*([$\w]+)=(.*)$/s.exec(option) ?? [];
      if (key === '' || options.has(key))
        throw problem('REQUEST_INVALID', `$expand: the options of ${name} can't be read`);
      options.set(key, value);
    }
    return { name, options: readOptions(options, level + 1) };
  });
}

function listOf(text: string): string[] {
  const list = text.split(',').map((one) => one.trim());
  if (list.includes('')) throw problem('REQUEST_INVALID', 'query: a list has an empty place');
  return list;
}

/** Parts between separators that stand neither in parentheses nor in quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === "'") quoted = !quoted;
    else if (!quoted && character === '(') depth += 1;
    else if (!quoted && character === ')') depth -= 1;
    if (character === separator && depth === 0 && !quoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  if (depth !== 0 || quoted) throw problem('REQUEST_INVALID', '$expand: a parenthesis or a quote is not closed');
  return parts;
}
