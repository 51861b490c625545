// Lists that come as CSV: a heading in any order, each cell read by its column's schema, and every mistake named by line
// and column. What stands in the file is never repeated: a cell may hold a key or a name.
import { CsvError, parse } from 'csv-parse/sync';
import type { z } from 'zod';
import { toldFault } from './csv-cells.ts';
import { csvFault } from './csv-faults.ts';
import type { Fault } from './fault-texts.ts';

/** What is wrong with a cell; column null for a whole line. Lines count from 1, the heading's. */
export interface CsvProblem extends Fault {
  line: number;
  column: string | null;
}

type Columns = Readonly<Record<string, z.ZodType<unknown, string>>>;
/** A column that stands empty or is left out gives no value. */
type Row<Needed extends Columns, Wanted extends Columns> = { [K in keyof Needed]: z.output<Needed[K]> } & {
  [K in keyof Wanted]?: z.output<Wanted[K]>;
};

export interface CsvList<Value> {
  rows: { line: number; value: Value }[];
  problems: CsvProblem[];
}

/**
 * Reads a whole list; no row of it is given where anything is wrong.
 *
 * @param file UTF-8, separated by commas; a byte order mark is taken
 * @param columns `needed` must stand in the heading and be filled; of `wanted` neither
 * @param key two rows with the same one are a mistake of the later; `column` is blamed
 * @returns at most `mostProblems` problems, in the order of the lines
 */
export function readCsvList<Needed extends Columns, Wanted extends Columns>(
  file: string,
  columns: { needed: Needed; wanted: Wanted },
  options: { mostProblems: number; key: { column: string; of(value: Row<Needed, Wanted>): string } },
): CsvList<Row<Needed, Wanted>> {
  const cells = readCells(file);
  if (!Array.isArray(cells)) return { rows: [], problems: [cells] };
  const heading = cells[0]?.record ?? [];
  const problems = headingProblems(heading, columns);
  if (problems.length > 0) return { rows: [], problems };
  const rows: { line: number; value: Row<Needed, Wanted> }[] = [];
  const seen = new Map<string, number>();
  for (const { record, info } of cells.slice(1)) {
    if (problems.length >= options.mostProblems) break;
    const read = readLine(heading, record, info.lines, columns);
    problems.push(...read.problems);
    if (read.problems.length > 0) continue;
    const value = read.values as Row<Needed, Wanted>;
    const key = options.key.of(value);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, info.lines);
    else problems.push({ line: info.lines, column: options.key.column, ...csvFault('repeated', { line: before }) });
    rows.push({ line: info.lines, value });
  }
  if (rows.length === 0 && problems.length === 0) problems.push({ line: 1, column: null, ...csvFault('no_rows') });
  return problems.length > 0 ? { rows: [], problems: problems.slice(0, options.mostProblems) } : { rows, problems };
}

/** Of at least one: the first, and how many more. */
export function firstProblem(problems: readonly CsvProblem[]): string {
  const first = problems[0] === undefined ? '' : problemLine(problems[0]).trimEnd();
  return problems.length > 1 ? `${first}; and ${problems.length - 1} more` : first;
}

/** With a line end: a line of a report. */
export function problemLine({ line, column, problem }: CsvProblem): string {
  return `line ${line}${column === null ? '' : `, ${column}`}: ${problem}\n`;
}

type Cells = { record: string[]; info: { lines: number } }[];

function readCells(file: string): Cells | CsvProblem {
  try {
    const options = { bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true } as const;
    // With `info` each row comes with its line; the types do not say so.
    return parse(file, options) as unknown as Cells;
  } catch (error) {
    // Its message repeats what stands in the file: the code and the line must do.
    const { code, lines } = error instanceof CsvError ? (error as CsvError & { lines?: number }) : { code: 'CSV' };
    return { line: lines ?? 1, column: null, ...csvFault('not_csv', { error: code }) };
  }
}

function headingProblems(heading: readonly string[], columns: { needed: Columns; wanted: Columns }): CsvProblem[] {
  const known = { ...columns.needed, ...columns.wanted };
  const problem = (column: string | null, fault: Fault) => ({ line: 1, column, ...fault });
  const missing = Object.keys(columns.needed)
    .filter((name) => !heading.includes(name))
    .map((name) => problem(name, csvFault('column_missing')));
  // A file without a heading has keys where the names should be: a stranger's text is not repeated.
  const unknown = heading.flatMap((name, index) =>
    Object.hasOwn(known, name) ? [] : [problem(null, csvFault('column_unknown', { place: index + 1 }))],
  );
  const twice = heading
    .filter((name, index) => Object.hasOwn(known, name) && heading.indexOf(name) !== index)
    .map((name) => problem(name, csvFault('column_twice')));
  return [...missing, ...unknown, ...twice];
}

function readLine(
  heading: readonly string[],
  record: readonly string[],
  line: number,
  { needed, wanted }: { needed: Columns; wanted: Columns },
): { values: Record<string, unknown>; problems: CsvProblem[] } {
  if (record.length !== heading.length) {
    const fault = csvFault('cells', { cells: record.length, heading: heading.length });
    return { values: {}, problems: [{ line, column: null, ...fault }] };
  }
  const problems: CsvProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [index, column] of heading.entries()) {
    const cell = record[index] ?? '';
    if (cell === '' && Object.hasOwn(wanted, column)) continue;
    const read = (needed[column] ?? wanted[column])?.safeParse(cell);
    if (read?.success) values[column] = read.data;
    else problems.push({ line, column, ...(read === undefined ? csvFault('wrong') : toldFault(read.error)) });
  }
  return { values, problems };
}
