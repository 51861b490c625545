// Reads a tariff file, YAML or JSON, and says of each fault what is wrong, in which line, and what to do.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { type Tariff, tariffSchema } from './tariff.ts';
import { faultsOf, type TariffFault } from './tariff-checks.ts';
import { tariffLimits } from './tariff-values.ts';

/** A file with more faults than this is told the first ones. */
const shownFaults = 10;

/**
 * @param text the file's content
 * @param name what a message calls the file
 * @throws TARIFF_INVALID with one line for each fault: `name:line:column path: what, what to do`
 */
export function readTariff(text: string, name: string): Tariff {
  if (text.length > tariffLimits.file_bytes) {
    throw problem('TARIFF_INVALID', `${name}: longer than ${tariffLimits.file_bytes} characters`);
  }
  const counter = new LineCounter();
  const document = parseYaml(text, name, counter);
  const content = contentOf(document, name);
  const parsed = tariffSchema.safeParse(content);
  const faults = parsed.success ? faultsOf(parsed.data) : parsed.error.issues.flatMap((issue) => faultsOfIssue(issue));
  if (parsed.success && faults.length === 0) return parsed.data;
  const told = faults.slice(0, shownFaults).map((fault) => lineOf(fault, name, document, counter));
  const left = faults.length - told.length;
  throw problem('TARIFF_INVALID', [...told, ...(left > 0 ? [`and ${left} more`] : [])].join('\n'));
}

function parseYaml(text: string, name: string, lineCounter: LineCounter): Document {
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: '1.2', schema: 'core' });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault === undefined) return document;
  const { line, col } = lineCounter.linePos(fault.pos[0]);
  throw problem('TARIFF_INVALID', `${name}:${line}:${col} ${fault.message.split('\n')[0]}; mend the YAML there`);
}

function contentOf(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw problem('TARIFF_INVALID', `${name}: its aliases lead nowhere or to too much; write it without them`);
  }
}

function faultsOfIssue(issue: z.core.$ZodIssue): TariffFault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key) }));
    case 'invalid_key':
      return [{ path, message: `the name before the colon: ${issue.issues[0]?.message ?? issue.message}` }];
    case 'invalid_type':
      return [{ path, message: wrongKind(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(key: string): string {
  const comma = 'a comma ends a number; write 1270, not 1,270';
  return /^\d+$/.test(key) ? comma : 'there is no such key; see docs/tariffs.md';
}

/** What to write where YAML gave something of another kind; a schema that says more about itself is left to say it. */
function wrongKind({ expected, message }: z.core.$ZodIssueInvalidType): string {
  if (!message.startsWith('Invalid input')) return message;
  if (message.includes('received undefined')) return 'is missing';
  const write: Partial<Record<string, string>> = {
    object: 'write keys with their values, as in { key: value }',
    record: 'write names with what they stand for, as in { name: value }',
    array: 'write a list, as in [a, b]',
    boolean: 'write true or false',
    string: 'write text, in quotes where it looks like a number',
  };
  return write[expected] ?? message;
}

function lineOf({ path, message }: TariffFault, name: string, document: Document, counter: LineCounter): string {
  const { line, col } = counter.linePos(offsetOf(document, path));
  return `${name}:${line}:${col} ${pathText(path)}: ${message}`;
}

/** Where the value stands, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'the file';
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${part}`)).join('');
}
