// Reads a JSON-LD document as a shape (what its canonical form's structure depends on) and the values that fill it.
// Anything whose meaning could depend on a value in another way than by standing in its place has no shape here.

export const shapeLimits = {
  depth: 8,
  values: 256,
  key_chars: 8_192,
} as const;

/** A text, a boolean or an integer: what may differ between two documents of one shape. */
export type Leaf = string | boolean | number;

export interface Shape {
  /** Two documents of one key differ in their leaves alone. */
  key: string;
  /** In the order in which they stand in the document. */
  leaves: Leaf[];
}

/** Members whose value decides how other things are read: they belong to the shape, not to what fills it. */
const CONSTANT_MEMBERS = new Set(['type', '@language', 'proofPurpose', 'cryptosuite']);

const MEMBER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** The document's shape; null for a document that is left to the library. */
export function readShape(document: unknown): Shape | null {
  if (!isPlainObject(document)) return null;
  const reading: Reading = { key: '', leaves: [] };
  const { '@context': context, ...rest } = document;
  if (!Array.isArray(context) || !context.every((name) => typeof name === 'string')) return null;
  reading.key = JSON.stringify(context);
  return readObject(rest, reading, 0) && reading.key.length <= shapeLimits.key_chars ? reading : null;
}

/** The same document with other leaves, in the order of `Shape.leaves`. */
export function withLeaves(document: object, leaves: readonly Leaf[]): Record<string, unknown> {
  let next = 0;
  const replace = (value: unknown, name: string): unknown => {
    if (name === '@context' || CONSTANT_MEMBERS.has(name)) return value;
    if (Array.isArray(value)) return value.map((item) => replace(item, name));
    if (isPlainObject(value)) return replaceMembers(value);
    next += 1;
    return leaves[next - 1];
  };
  const replaceMembers = (object: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(object).map(([name, value]) => [name, replace(value, name)]));
  return replaceMembers(document);
}

interface Reading {
  key: string;
  leaves: Leaf[];
}

function readObject(object: Record<string, unknown>, reading: Reading, depth: number): boolean {
  const names = Object.keys(object);
  if (names.length === 0 || depth > shapeLimits.depth) return false;
  if ('@value' in object) return readLanguageValue(object, names, reading);
  reading.key += '{';
  for (const name of names) {
    if (!MEMBER_NAME.test(name)) return false;
    reading.key += `${name}:`;
    if (!(CONSTANT_MEMBERS.has(name) ? readConstant(object[name], reading) : read(object[name], reading, depth))) {
      return false;
    }
  }
  reading.key += '}';
  return true;
}

/**
 * `{"@value": text, "@language": tag}`. With `@direction` the library takes two values that differ in it alone for one,
 * and `@type` may name how the value is written.
 */
function readLanguageValue(object: Record<string, unknown>, names: string[], reading: Reading): boolean {
  const { '@value': value, '@language': language } = object;
  if (names.length !== 2 || typeof value !== 'string' || typeof language !== 'string') return false;
  reading.key += names[0] === '@value' ? '{@value:' : '{@language+@value:';
  if (!readConstant(language, reading)) return false;
  reading.key += ',s}';
  reading.leaves.push(value);
  return true;
}

function read(value: unknown, reading: Reading, depth: number): boolean {
  if (!Array.isArray(value)) return readOne(value, reading, depth);
  reading.key += '[';
  for (const item of value) {
    if (!readOne(item, reading, depth)) return false;
  }
  reading.key += ']';
  return true;
}

function readOne(value: unknown, reading: Reading, depth: number): boolean {
  if (typeof value === 'object') return isPlainObject(value) && readObject(value, reading, depth + 1);
  const kind = kindOf(value);
  if (kind === null || reading.leaves.length >= shapeLimits.values) return false;
  reading.key += `${kind},`;
  reading.leaves.push(value as Leaf);
  return true;
}

/** Numbers other than integers have a canonical form of their own, and so has the negative zero. */
function kindOf(value: unknown): 's' | 'b' | 'i' | null {
  if (typeof value === 'string') return 's';
  if (typeof value === 'boolean') return 'b';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'i' : null;
}

function readConstant(value: unknown, reading: Reading): boolean {
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) return false;
  reading.key += JSON.stringify(value);
  return true;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
