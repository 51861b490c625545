// JSON in the one form whose bytes a hash can be of: members in order, nothing between them. Source: RFC 8785.
import canonicalizeModule from 'canonicalize';

// The package's types describe an ES module; what it exports is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/** @param value what JSON can hold; no number beyond the exact integers and finite doubles */
export function canonicalJson(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('there is nothing to write');
  return text;
}
