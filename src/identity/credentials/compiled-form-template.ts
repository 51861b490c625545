// Canonical N-Quads with gaps: made out of the library's answer about a document of probes, filled with real values.
// Source: RDF Dataset Canonicalization (RDFC-1.0), 4.4, 4.6 and 5; RDF 1.1 N-Quads, section 4.
import { createHash } from 'node:crypto';
import type { Leaf } from './compiled-form-shape.ts';

/** Digest that the canonicalisation uses for the hashes of blank nodes. */
export type CanonicalDigest = 'sha256' | 'sha384';

/** The text that stands for the leaf `n` in a document of probes: a valid IRI, and unmistakable as a text. */
export function probe(n: number): string {
  return `${PROBE}${n}`;
}

export const PROBE = 'urn:naru:probe:';

interface Line {
  /** Indices into the terms: the leaves' first, then the blank nodes'. Null where that part is constant. */
  subject: number | null;
  object: number | null;
  /** What comes before the subject's gap, between the two, and after the object's. */
  head: string;
  middle: string;
  tail: string;
}

export interface Template {
  lines: readonly Line[];
  /** How each leaf is written: in angle brackets or in quotes. */
  leaves: readonly ('iri' | 'literal')[];
  blankNodes: number;
}

const LINE =
  /^(<[^<>"\\]*>|_:c14n\d+) (<[^<>"\\]*>) (<[^<>"\\]*>|_:c14n\d+|"(?:[^"\\]|\\.)*"(?:\^\^<[^<>"\\]*>|@[A-Za-z0-9-]+)?) \.$/;
const RDF_TYPE = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
const XSD = 'http://www.w3.org/2001/XMLSchema#';

/**
 * @param nquads the library's canonical form of the document with `probe(n)` in the place of every leaf
 * @param leaves the real leaves: a boolean or an integer is written otherwise than the text that stood for it
 * @returns null where it isn't plain how the canonical form depends on the leaves
 */
export function templateOf(nquads: string, leaves: readonly Leaf[]): Template | null {
  const ways: ('iri' | 'literal' | undefined)[] = leaves.map(() => undefined);
  const blanks = new Map<string, number>();
  const texts = nquads.split('\n');
  if (texts.pop() !== '') return null;
  const lines: Line[] = [];
  for (const text of texts) {
    const [, subject, predicate, object] = LINE.exec(text) ?? [];
    if (subject === undefined || predicate === undefined || object === undefined) return null;
    const subjectGap = gap(subject, leaves.length, ways, blanks);
    const objectGap = gap(object, leaves.length, ways, blanks);
    if (subjectGap === null || objectGap === null || predicate.includes(PROBE)) return null;
    // A type that a leaf names could bring a context with it.
    if (predicate === RDF_TYPE && objectGap.term !== null && objectGap.term < leaves.length) return null;
    const suffix = suffixOf(objectGap, leaves);
    if (suffix === null) return null;
    lines.push({
      subject: subjectGap.term,
      object: objectGap.term,
      head: subjectGap.before,
      middle: `${subjectGap.after} ${predicate} ${objectGap.before}`,
      tail: `${suffix} .\n`,
    });
  }
  const found = ways.filter((way) => way !== undefined);
  // A leaf that does not come back, or comes back as two things, is not understood.
  return found.length === leaves.length ? { lines, leaves: found, blankNodes: blanks.size } : null;
}

interface Gap {
  term: number | null;
  before: string;
  after: string;
}

/** Where a term of the canonical form has its gap; null where a probe is only a part of it. */
function gap(
  term: string,
  leafCount: number,
  ways: ('iri' | 'literal' | undefined)[],
  blanks: Map<string, number>,
): Gap | null {
  if (term.startsWith('_:')) {
    const blank = blanks.get(term) ?? blanks.size;
    blanks.set(term, blank);
    return { term: leafCount + blank, before: '', after: '' };
  }
  if (!term.includes(PROBE)) return { term: null, before: term, after: '' };
  const [, open, text, close] =
    /^(<)([^>]*)(>)$|^(")([^"]*)(".*)$/.exec(term)?.filter((part) => part !== undefined) ?? [];
  const leaf = text?.startsWith(PROBE) ? Number(text.slice(PROBE.length)) : Number.NaN;
  if (open === undefined || close === undefined || !(leaf in ways) || text !== probe(leaf)) return null;
  const way = open === '<' ? 'iri' : 'literal';
  if ((ways[leaf] ?? way) !== way || close.includes(PROBE)) return null;
  ways[leaf] = way;
  return { term: leaf, before: open, after: close };
}

/** What follows an object: the datatype of a boolean or an integer is its own where the context gives it none. */
function suffixOf({ term, after }: Gap, leaves: readonly Leaf[]): string | null {
  const leaf = term === null ? undefined : leaves[term];
  if (leaf === undefined || typeof leaf === 'string') return after;
  if (after === '"') return `"^^<${XSD}${typeof leaf === 'boolean' ? 'boolean' : 'integer'}>`;
  return after.startsWith('"^^') && !after.includes(`${XSD}double`) ? after : null;
}

/**
 * The canonical N-Quads with `leaves` in the gaps; null where these leaves are not ones the template stands for, which
 * is for the library to see to.
 */
export function fillTemplate(template: Template, leaves: readonly Leaf[], digest: CanonicalDigest): string | null {
  const texts = fillStatements(template, leaves, digest);
  // The library sorts by UTF-16 code unit too.
  texts?.sort();
  return texts?.join('') ?? null;
}

/**
 * The statements, each a line, in the template's order; null as for `fillTemplate`.
 *
 * @param relabel gives blank nodes other labels than their canonical ones, `c14n0` and on
 */
export function fillStatements(
  { lines, leaves: ways, blankNodes }: Template,
  leaves: readonly Leaf[],
  digest: CanonicalDigest,
  relabel?: (label: string) => string,
): string[] | null {
  const terms: string[] = [];
  for (let n = 0; n < ways.length; n += 1) {
    const leaf = leaves[n];
    const written = typeof leaf !== 'string' ? String(leaf) : ways[n] === 'iri' ? safeIri(leaf) : escapedLiteral(leaf);
    // The library takes what looks like a label for one where it changes labels.
    if (written === null || (relabel && written.includes('_:'))) return null;
    terms.push(written);
  }
  const labels = blankNodes < 2 ? ['c14n0'].slice(0, blankNodes) : blankLabels(lines, terms, blankNodes, digest);
  if (labels === null) return null;
  for (const label of labels) terms.push(`_:${relabel?.(label) ?? label}`);
  const texts = lines.map((line) => lineText(line, terms));
  // Two equal values of one property: which of them count as one is the library's to say.
  return new Set(texts).size === texts.length ? texts : null;
}

function lineText({ subject, object, head, middle, tail }: Line, terms: readonly string[]): string {
  const first = subject === null ? head : head + terms[subject];
  return object === null ? first + middle + tail : first + middle + terms[object] + tail;
}

/** Labels of several blank nodes, in the order of their first-degree hashes; null where two have the same hash. */
function blankLabels(
  lines: readonly Line[],
  leafTerms: readonly string[],
  count: number,
  digest: CanonicalDigest,
): string[] | null {
  const hashes: string[] = [];
  for (let blank = 0; blank < count; blank += 1) {
    const own = leafTerms.length + blank;
    const terms = [...leafTerms, ...Array.from({ length: count }, (_, n) => (n === blank ? '_:a' : '_:z'))];
    const texts = lines
      .filter(({ subject, object }) => subject === own || object === own)
      .map((line) => lineText(line, terms));
    hashes.push(createHash(digest).update(texts.sort().join('')).digest('hex'));
  }
  const ordered = [...hashes].sort();
  if (new Set(ordered).size !== count) return null;
  return hashes.map((hash) => `c14n${ordered.indexOf(hash)}`);
}

/** An absolute IRI that no context without such terms can read otherwise, and that needs no escape. */
const SAFE_IRI = /^(?:https?:\/\/|did:|urn:)[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;

function safeIri(text: string): string | null {
  return SAFE_IRI.test(text) ? text : null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that N-Quads escapes.
const ESCAPED = /[\u0000-\u001f\u007f"\\]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above, and surrogates, which need a closer look.
const TO_LOOK_AT = /[\u0000-\u001f\u007f"\\\ud800-\udfff]/;
const NAMED: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** As canonical N-Quads have it; null for a text with half of a surrogate pair, which no bytes stand for. */
function escapedLiteral(text: string): string | null {
  if (!TO_LOOK_AT.test(text)) return text;
  if (/\p{Surrogate}/u.test(text)) return null;
  return text.replace(
    ESCAPED,
    (character) => NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}
