// Reads a $filter: comparisons of properties with values, joined by and, or, not and parentheses. It is a part of OData; what
// is not in it is refused, never ignored.
// Source: OGC 18-088, 9.3.3.5; OData 4.01 Part 2, 5.1.1
import { problem } from '../../platform/problem.ts';

export const comparisons = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];

export type Literal =
  | { type: 'text'; value: string }
  | { type: 'number'; value: number }
  | { type: 'time'; value: string };

export type Filter =
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; of: Filter }
  | { kind: 'compare'; comparison: Comparison; path: string; literal: Literal };

const limits = { characters: 2_000, tokens: 200 } as const;

const TOKEN =
  /\s*(?:(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)|(?<number>-?\d+(?:\.\d+)?)|(?<text>'(?:[^']|'')*')|(?<word>[@A-Za-z_][\w./@]*)|(?<mark>[(),]))/gy;

type Token = { kind: 'time' | 'number' | 'text' | 'word' | 'mark'; text: string };

/** @throws REQUEST_INVALID where it can't be read; QUERY_UNSUPPORTED where OData knows it and this service does not */
export function readFilter(text: string): Filter {
  const tokens = tokensOf(text);
  let at = 0;
  const next = () => tokens[at];
  const isWord = (word: string) => next()?.kind === 'word' && next()?.text === word;
  const isMark = (mark: string) => next()?.kind === 'mark' && next()?.text === mark;

  function either(): Filter {
    let left = both();
    while (isWord('or')) {
      at += 1;
      left = { kind: 'or', left, right: both() };
    }
    return left;
  }

  function both(): Filter {
    let left = one();
    while (isWord('and')) {
      at += 1;
      left = { kind: 'and', left, right: one() };
    }
    return left;
  }

  function one(): Filter {
    if (isWord('not')) {
      at += 1;
      return { kind: 'not', of: one() };
    }
    if (isMark('(')) {
      at += 1;
      const inner = either();
      if (!isMark(')')) throw invalid('a parenthesis is not closed');
      at += 1;
      return inner;
    }
    return comparison();
  }

  function comparison(): Filter {
    const path = next();
    if (path?.kind !== 'word') throw invalid('a comparison begins with a property');
    at += 1;
    if (isMark('(')) throw unsupported(`$filter: the function ${path.text} is not known here`);
    const word = next()?.text ?? '';
    if (!isComparison(word)) {
      if (['add', 'sub', 'mul', 'div', 'mod', 'has', 'in'].includes(word)) {
        throw unsupported(`$filter: the operator ${word} is not known here`);
      }
      throw invalid(`after ${path.text} stands none of ${comparisons.join(', ')}`);
    }
    at += 1;
    const literal = literalOf(next());
    at += 1;
    return { kind: 'compare', comparison: word, path: path.text, literal };
  }

  const filter = either();
  if (at < tokens.length) throw invalid('it goes on where it should end');
  return filter;
}

function tokensOf(text: string): Token[] {
  if (text.length > limits.characters) throw invalid(`it is longer than ${limits.characters} characters`);
  const tokens: Token[] = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    at = found.index + found[0].length;
    const [kind, token] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? ['mark', ''];
    tokens.push({ kind: kind as Token['kind'], text: token ?? '' });
  }
  if (text.slice(at).trim() !== '') throw invalid(`character ${at + 1} can't be read`);
  if (tokens.length > limits.tokens) throw invalid(`it has more than ${limits.tokens} words`);
  return tokens;
}

function literalOf(token: Token | undefined): Literal {
  if (token?.kind === 'text') return { type: 'text', value: token.text.slice(1, -1).replaceAll("''", "'") };
  if (token?.kind === 'number') return { type: 'number', value: Number(token.text) };
  if (token?.kind === 'time') {
    // Without a zone it would be one thing here and another there.
    if (!/(Z|[+-]\d\d:\d\d)$/.test(token.text) || Number.isNaN(Date.parse(token.text))) {
      throw invalid('an instant is written as 2026-03-01T00:00:00Z (a + as %2B)');
    }
    return { type: 'time', value: token.text };
  }
  throw invalid("a comparison ends with a value: 'text', a number or an instant");
}

const isComparison = (word: string): word is Comparison => (comparisons as readonly string[]).includes(word);

const invalid = (detail: string) => problem('REQUEST_INVALID', `$filter: ${detail}`);

export const unsupported = (detail: string) => problem('QUERY_UNSUPPORTED', detail);
