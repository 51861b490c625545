// A list of devices as CSV: read into fleet entries with every mistake named by its line and column, and the secrets that
// were made written back. Keys and secrets are never repeated in what is said about a line.
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { deviceLimits } from '../intake/device-limits.ts';
import { shortestSecret_chars } from '../intake/device-secret.ts';
import { type FleetEntry, type ProvisionedDevice, usageClasses } from './fleet-entry.ts';

/** What is wrong with a cell; column null for a whole line. Lines count from 1, the heading's. */
export interface CsvProblem {
  line: number;
  column: string | null;
  problem: string;
}

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not between ${least} and ${most}`);
const text = (most: number) => z.string().min(1, 'is empty').max(most, `is longer than ${most} characters`);
const identifier = z.string().regex(/^[\w.:-]{1,64}$/, 'is not 1 to 64 of A-Z a-z 0-9 _ . : -');

const columns = {
  device_id: identifier,
  formats: text(256)
    .transform((list) => list.split(/[\s|;]+/).filter((name) => name !== ''))
    .refine((list) => list.length >= 1 && list.length <= 8, 'names no format, or more than 8')
    .refine((list) => list.every((name) => name.length <= 32), 'names a format longer than 32 characters'),
  meter_serial: text(32),
  meter_model: text(64),
  bore_mm: wholeNumber(10, 1_000),
  dials: wholeNumber(4, 12),
  service_point: identifier,
  zone_id: identifier,
  zone_name: text(64),
  usage_class: z.enum(usageClasses, `is not one of ${usageClasses.join(', ')}`),
  installed_at: z.iso
    .datetime({ offset: true, error: 'is not an instant such as 2026-03-01T09:00:00+09:00' })
    .transform((instant) => Date.parse(instant)),
};
const optionalColumns = {
  secret: z
    .string()
    .min(shortestSecret_chars, `has fewer than ${shortestSecret_chars} characters; leave it empty to be given one`)
    .max(128, 'is longer than 128 characters')
    .regex(/^[!-~]+$/, 'holds other characters than printable ASCII'),
  payload_key: z
    .string()
    .regex(/^[0-9a-fA-F]{32}$/, 'is not 32 hexadecimal digits')
    .transform((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  opening_register_l: wholeNumber(0, Number.MAX_SAFE_INTEGER),
};
const everyColumn = { ...columns, ...optionalColumns };
type Column = keyof typeof everyColumn;

export const csvColumns = Object.keys(columns);
export const csvOptionalColumns = Object.keys(optionalColumns);

/**
 * Reads a whole list; nothing of it is good where anything is wrong.
 *
 * @param file UTF-8 with a heading, columns in any order, separated by commas; a byte order mark is taken
 * @returns at most `deviceLimits.csvProblems` problems, in the order of the lines
 */
export function readDeviceList(file: string): { entries: FleetEntry[]; problems: CsvProblem[] } {
  let rows: { record: string[]; info: { lines: number } }[];
  try {
    const options = { bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true } as const;
    // With `info` each row comes with its line; the types do not say so.
    rows = parse(file, options) as unknown as typeof rows;
  } catch (error) {
    // Its message repeats what stands in the file: the code and the line must do.
    const { code, lines } = error instanceof CsvError ? (error as CsvError & { lines?: number }) : { code: 'CSV' };
    return { entries: [], problems: [{ line: lines ?? 1, column: null, problem: `is not CSV (${code})` }] };
  }
  const heading = rows[0]?.record ?? [];
  const problems = headingProblems(heading);
  if (problems.length > 0) return { entries: [], problems };
  const entries: FleetEntry[] = [];
  const seen = { device_id: new Map<string, number>() };
  for (const { record, info } of rows.slice(1)) {
    if (problems.length >= deviceLimits.csvProblems) break;
    const read = readLine(heading as Column[], record, info.lines);
    const before = seen.device_id.get(read.entry?.deviceId ?? '');
    if (before !== undefined)
      read.problems.push({ line: info.lines, column: 'device_id', problem: `stands on line ${before} too` });
    problems.push(...read.problems);
    if (read.entry === null) continue;
    seen.device_id.set(read.entry.deviceId, info.lines);
    entries.push(read.entry);
  }
  if (entries.length === 0 && problems.length === 0)
    problems.push({ line: 1, column: null, problem: 'there is no line below the heading' });
  return problems.length > 0
    ? { entries: [], problems: problems.slice(0, deviceLimits.csvProblems) }
    : { entries, problems };
}

function headingProblems(heading: readonly string[]): CsvProblem[] {
  const problem = (column: string | null, text: string) => ({ line: 1, column, problem: text });
  const missing = csvColumns.filter((name) => !heading.includes(name)).map((name) => problem(name, 'is missing'));
  // A file without a heading has keys where the names should be: a stranger's text is not repeated.
  const unknown = heading.flatMap((name, index) =>
    name in everyColumn ? [] : [problem(null, `column ${index + 1} has a name that is not known`)],
  );
  const twice = heading
    .filter((name, index) => name in everyColumn && heading.indexOf(name) !== index)
    .map((name) => problem(name, 'stands there twice'));
  return [...missing, ...unknown, ...twice];
}

function readLine(
  heading: readonly Column[],
  record: readonly string[],
  line: number,
): { entry: FleetEntry | null; problems: CsvProblem[] } {
  if (record.length !== heading.length) {
    const problem = `has ${record.length} cells, and the heading ${heading.length}`;
    return { entry: null, problems: [{ line, column: null, problem }] };
  }
  const problems: CsvProblem[] = [];
  const values: Partial<Record<Column, unknown>> = {};
  for (const [index, column] of heading.entries()) {
    const cell = record[index] ?? '';
    if (cell === '' && column in optionalColumns) continue;
    const read = everyColumn[column].safeParse(cell);
    if (read.success) values[column] = read.data;
    else problems.push({ line, column, problem: read.error.issues[0]?.message ?? 'is wrong' });
  }
  return { entry: problems.length > 0 ? null : entryOf(values as Required<Values>), problems };
}

type Values = { [K in Column]?: z.output<(typeof everyColumn)[K]> };

function entryOf(values: Required<Values>): FleetEntry {
  const given = values as Values;
  return {
    deviceId: values.device_id,
    formats: values.formats,
    meter: {
      serial: values.meter_serial,
      model: values.meter_model,
      bore_mm: values.bore_mm,
      dials: values.dials,
    },
    servicePoint: {
      id: values.service_point,
      zoneId: values.zone_id,
      zoneName: values.zone_name,
      usageClass: values.usage_class,
    },
    installedAt_ms: values.installed_at,
    ...(given.secret !== undefined && { secret: given.secret }),
    ...(given.payload_key !== undefined && { payloadKey: given.payload_key }),
    ...(given.opening_register_l !== undefined && { openingRegister_l: given.opening_register_l }),
  };
}

/** Lines of `device_id,secret` for devices that have a new secret. `heading`: whether they begin the file. */
export function writeSecrets(devices: readonly ProvisionedDevice[], heading: boolean): string {
  const lines = devices.flatMap(({ deviceId, secret }) =>
    secret === null ? [] : [`${cell(deviceId)},${cell(secret)}`],
  );
  return [...(heading ? ['device_id,secret'] : []), ...lines].map((line) => `${line}\n`).join('');
}

/**
 * A cell that no spreadsheet takes for a formula. Ids and secrets hold nothing that needs quotes; the apostrophe stands
 * only before an id that begins with a hyphen, for the secrets made here begin with none.
 */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
