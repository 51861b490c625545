// What must hold anywhere inside a credential: its size, the form of texts in a language, and of status entries.
import { readStatusEntry } from './vc-status-entry.ts';
import { vcLimits } from './vc-terms.ts';

const VALUE_MEMBERS = new Set(['@value', '@language', '@direction', '@type']);

/**
 * @returns `member: what is wrong`, null where nothing is
 * Source: VC Data Model 2.0, 11.1; Bitstring Status List 1.0, 3 (a malformed value is an error wherever it stands).
 */
export function problemInside(document: Record<string, unknown>): string | null {
  const open: { value: unknown; path: string; depth: number }[] = Object.entries(document)
    .filter(([name]) => name !== '@context')
    .map(([name, value]) => ({ value, path: name, depth: 1 }));
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path, depth } = next;
    seen += 1;
    if (seen > vcLimits.values) return 'credential: holds more values than are read here';
    if (depth > vcLimits.depth) return `${path}: is nested deeper than is read here`;
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) {
      const wrong = problemOf(value as Record<string, unknown>);
      if (wrong !== null) return `${path}: ${wrong}`;
    }
    for (const [name, inner] of Object.entries(value)) {
      // A context of its own would say anew what its terms mean; the library reads it.
      if (name !== '@context') open.push({ value: inner, path: `${path}/${name}`, depth: depth + 1 });
    }
  }
  return null;
}

function problemOf(value: Record<string, unknown>): string | null {
  if ('@value' in value && Object.keys(value).some((name) => !VALUE_MEMBERS.has(name))) {
    return 'a value object has only @value, @language and @direction';
  }
  if ([value.type].flat().includes('BitstringStatusListEntry')) {
    const entry = readStatusEntry(value);
    if (typeof entry === 'string') return entry;
  }
  return null;
}
