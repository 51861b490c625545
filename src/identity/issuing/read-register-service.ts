// Reads a register, a CSV file that comes in pieces, row by row, without holding it whole and without holding others up.
import { setImmediate } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import type { CredentialType } from '../credentials/credential-type.ts';
import { importLimits } from './import-limits.ts';
import {
  fileFault,
  type Heading,
  type ImportRow,
  type RowFault,
  readHeading,
  readRow,
  repeatedKey,
} from './import-row.ts';

export type FilePieces = AsyncIterable<Uint8Array>;

export interface ReadRegister {
  rows: number;
  /** At most `importLimits.faults`, in the order of the lines. Nothing of a file is good where there is one. */
  faults: RowFault[];
}

/** @param take gets the good rows in the order of the file, as long as nothing was wrong */
export async function readRegister(
  type: CredentialType,
  file: FilePieces,
  now_ms: number,
  take: (row: ImportRow) => Promise<void>,
): Promise<ReadRegister> {
  const faults: RowFault[] = [];
  const lines = new Map<string, number>();
  let heading: Heading | null = null;
  let rows = 0;
  try {
    for await (const { cells, line } of recordsOf(file)) {
      if (heading === null) {
        const read = readHeading(type, cells);
        if ('faults' in read) return { rows: 0, faults: read.faults };
        heading = read.heading;
        continue;
      }
      rows += 1;
      if (rows > importLimits.rows) return { rows, faults: [...faults, fileFault('too_long', line)] };
      if (rows % importLimits.rowsBetweenPauses === 0) await setImmediate();
      const read = readRow(type, heading, cells, line, now_ms);
      if ('faults' in read) faults.push(...read.faults);
      else {
        const before = lines.get(read.row.key);
        if (before !== undefined) faults.push(repeatedKey(line, before));
        lines.set(read.row.key, line);
        if (faults.length === 0) await take(read.row);
      }
      if (faults.length >= importLimits.faults) return { rows, faults: faults.slice(0, importLimits.faults) };
    }
  } catch (error) {
    const fault = faultOfFile(error);
    if (fault === null) throw error;
    return { rows, faults: [...faults, fault] };
  }
  return { rows, faults: rows === 0 ? [fileFault('empty')] : faults };
}

class NotUtf8 extends Error {}

/** Its messages quote what stands in the file: the line must do. */
function faultOfFile(error: unknown): RowFault | null {
  if (error instanceof NotUtf8) return fileFault('not_utf8');
  if (!(error instanceof CsvError)) return null;
  const { lines } = error as CsvError & { lines?: number };
  return fileFault('not_csv', lines ?? null);
}

/** The file's records with the line that each begins on. */
async function* recordsOf(file: FilePieces): AsyncGenerator<{ cells: string[]; line: number }> {
  const parser = parse({
    ...{ bom: true, info: true, skip_empty_lines: true, relax_column_count: true },
    max_record_size: 100 * importLimits.cell_chars,
  });
  const feeding = feed(file, parser);
  // Whoever reads the parser hears of it; without a listener here an early end would be nobody's.
  feeding.catch(() => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      // The parser says where a record ends, and counts the empty lines that it leaves out.
      const breaks = record.reduce((count, cell) => count + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
      yield { cells: record, line: info.lines - breaks };
    }
    await feeding;
  } finally {
    parser.destroy();
  }
}

async function feed(file: FilePieces, parser: ReturnType<typeof parse>): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of file) {
      const text = decode(() => decoder.decode(piece, { stream: true }));
      if (parser.destroyed) return;
      if (!parser.write(text)) await new Promise<void>((ready) => onceReady(parser, ready));
    }
    decode(() => decoder.decode());
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
    throw error;
  }
}

function onceReady(parser: ReturnType<typeof parse>, ready: () => void): void {
  parser.once('drain', ready);
  parser.once('close', ready);
}

function decode(text: () => string): string {
  try {
    return text();
  } catch {
    throw new NotUtf8();
  }
}
