// Finds the lines of a tariff in its own text, so that a bill can show what stands in the file, and where.
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';

export interface TariffLineText {
  /** Counted from 1. */
  at_line: number;
  text: string;
}

/** @param text a tariff that was read without fault @returns by the line's id */
export function tariffLines(text: string, ids: ReadonlySet<string>): Map<string, TariffLineText> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, version: '1.2', schema: 'core' });
  const found = new Map<string, TariffLineText>();
  const components = document.get('components');
  if (!isSeq(components)) return found;
  for (const component of components.items) {
    const lines = isMap(component) ? component.get('lines') : null;
    if (!isSeq(lines)) continue;
    for (const line of lines.items) {
      const id = isMap(line) ? line.get('id') : null;
      if (!isNode(line) || !line.range || typeof id !== 'string' || !ids.has(id)) continue;
      const [start, end] = line.range;
      const { line: at_line, col } = lineCounter.linePos(start);
      found.set(id, { at_line, text: withoutIndent(text.slice(start, end), col - 1) });
    }
  }
  return found;
}

/** The first line of a node begins where it stands; those below it have the indent of the file. */
function withoutIndent(text: string, indent: number): string {
  return text.trimEnd().replaceAll(`\n${' '.repeat(indent)}`, '\n');
}
