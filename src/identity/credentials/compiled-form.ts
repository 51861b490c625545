// Canonical forms compiled once a shape: the library says what a shape's form is, later documents are filled in.
// A shape that isn't understood, or whose filled form once differed from the library's, is the library's for good.
import { type Leaf, readShape, type Shape, withLeaves } from './compiled-form-shape.ts';
import {
  type CanonicalDigest,
  fillStatements,
  fillTemplate,
  PROBE,
  probe,
  type Template,
  templateOf,
} from './compiled-form-template.ts';

export const compiledFormLimits = {
  /** Shapes kept, the least recently used goes first: a type has a few, by the optional claims it leaves out. */
  shapes: 256,
  /** Documents with other values on which a new template must agree with the library before it is used. */
  checks: 8,
} as const;

/**
 * The canonical N-Quads of a document. Source: RDF Dataset Canonicalization 1.0.
 * Throws where the document isn't JSON-LD all of whose terms its contexts define.
 */
export type Canonize = (document: object, digest: CanonicalDigest) => Promise<string>;

export type Statements = (
  document: object,
  digest: CanonicalDigest,
  relabel: (label: string) => string,
) => { shape: string; texts: string[] } | null;

/** Seen once; being compiled; left to the library; compiled. */
type Known = 'seen' | 'compiling' | 'refused' | Template;

/**
 * @param parts.canonize the library with documents that are bundled and never change
 * @param parts.contexts the bundled contexts by address
 * @param parts.compiles whether documents of these types may be compiled at all: those registered here
 */
export function createCompiledForms(parts: {
  canonize: Canonize;
  contexts: ReadonlyMap<string, object>;
  compiles: (types: readonly unknown[]) => boolean;
}) {
  const { canonize, contexts, compiles } = parts;
  const known = new Map<string, Known>();
  const tame = new Map<string, boolean>();

  function isTame(address: string): boolean {
    const context = contexts.get(address);
    if (context === undefined) return false;
    const answer = tame.get(address) ?? hasPlainTermsOnly(context);
    tame.set(address, answer);
    return answer;
  }

  function remember(key: string, what: Known): void {
    known.delete(key);
    if (known.size >= compiledFormLimits.shapes) known.delete(known.keys().next().value ?? '');
    known.set(key, what);
  }

  function templateFor(
    document: object,
    digest: CanonicalDigest,
  ): { key: string; shape: Shape; template: Template } | null {
    const shape = readShape(document);
    if (shape === null) return null;
    const key = digest + shape.key;
    const template = known.get(key);
    if (typeof template !== 'object') return null;
    remember(key, template);
    return { key, shape, template };
  }

  /** The filled form, synchronously; null where the library has to be asked. */
  function filled(document: object, digest: CanonicalDigest): string | null {
    const found = templateFor(document, digest);
    return found && fillTemplate(found.template, found.shape.leaves, digest);
  }

  /** The statements of a filled form in the template's order, and the shape's key; null where the library has to be asked. */
  const statements: Statements = (document, digest, relabel) => {
    const found = templateFor(document, digest);
    const texts = found && fillStatements(found.template, found.shape.leaves, digest, relabel);
    return found && texts && { shape: found.key, texts };
  };

  /** The canonical form; a shape that comes for the second time is compiled on the way. */
  async function canonicalForm(document: object, digest: CanonicalDigest): Promise<string> {
    const form = filled(document, digest);
    if (form !== null) return form;
    await learn(document, digest);
    return canonize(document, digest);
  }

  /** Takes notice of a document's shape, and compiles it where it comes for the second time. */
  async function learn(document: object, digest: CanonicalDigest): Promise<void> {
    const shape = shapeToLearn(document);
    if (shape === null) return;
    const key = digest + shape.key;
    if (known.get(key) === undefined) remember(key, 'seen');
    else if (known.get(key) === 'seen') {
      remember(key, 'compiling');
      remember(key, (await compile(document, shape, digest).catch(() => null)) ?? 'refused');
    }
  }

  function shapeToLearn(document: object): Shape | null {
    const { '@context': names, type } = document as { '@context'?: unknown; type?: unknown };
    if (!compiles([type].flat()) || !Array.isArray(names)) return null;
    const shape = readShape(document);
    return shape !== null && names.every(isTame) ? shape : null;
  }

  async function compile(document: object, shape: Shape, digest: CanonicalDigest): Promise<Template | null> {
    if (shape.key.includes(PROBE)) return null;
    const probes = shape.leaves.map((_, n) => probe(n));
    const template = templateOf(await canonize(withLeaves(document, probes), digest), shape.leaves);
    if (template === null) return null;
    for (let round = 0; round < compiledFormLimits.checks; round += 1) {
      const leaves = shape.leaves.map((leaf, n) => checkValue(leaf, template.leaves[n] === 'iri', round, n));
      const form = fillTemplate(template, leaves, digest);
      if (form === null || form !== (await canonize(withLeaves(document, leaves), digest))) return null;
    }
    return template;
  }

  return { filled, statements, canonicalForm, learn };
}

const CHECK_TEXTS = [
  '',
  'plain',
  '2026-02-29T24:00:00+09:00',
  '"quoted" \\ back',
  'lines\r\n\ttabs\b\f',
  '\u0000\u0001\u001f\u007f\u0080\u2028',
  '한글 이름',
  '𠮷 😀 \ue000 \ufffd e\u0301',
  '<http://example.org/> "x"^^<y> @ko .',
  'true',
  '-0',
  '1.0E0',
];
const CHECK_IRIS = [
  'https://city.example/a?b=%EA&c#d',
  'did:key:z6Mk-_.~',
  'urn:uuid:0b1c',
  "http://x.example/(a)'!*;,",
];

/** Values of the same kind that differ from leaf to leaf and from round to round. */
function checkValue(leaf: Leaf, iri: boolean, round: number, n: number): Leaf {
  const turn = round * 7 + n * 5;
  if (typeof leaf === 'boolean') return ((round >> (n % 3)) & 1) === 0;
  if (typeof leaf === 'number') return [0, 7, -1, Number.MAX_SAFE_INTEGER - n, -123_456_789][turn % 5] ?? 0;
  const texts = iri ? CHECK_IRIS : CHECK_TEXTS;
  return `${texts[turn % texts.length]}${n}`;
}

/** Keywords and terms that would let an absolute IRI, or a name that no term defines, mean something else. */
const WILD_NAMES = new Set(['@base', '@vocab', '@import', 'did', 'urn', 'http', 'https']);

function hasPlainTermsOnly(context: unknown): boolean {
  if (Array.isArray(context)) return context.every(hasPlainTermsOnly);
  if (typeof context !== 'object' || context === null) return true;
  return Object.entries(context).every(
    ([name, value]) =>
      !WILD_NAMES.has(name) &&
      !name.includes(':') &&
      // A context named inside a context would have to be looked at as well.
      !(name === '@context' && [value].flat().some((inner) => typeof inner === 'string')) &&
      hasPlainTermsOnly(value),
  );
}
