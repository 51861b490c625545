// The five lists that a utility's registry comes as, and what their columns may hold.
import { day, identifier, instant, oneOf, shortText, wholeNumber } from '../../platform/csv-cells.ts';
import { type CsvList, type CsvProblem, readCsvList } from '../../platform/csv-list.ts';
import { exceptionNameFault, exceptionValueFault } from '../billing/exception-faults.ts';
import { exceptionKinds } from '../billing/place-exceptions.ts';
import { usageClasses } from './fleet-entry.ts';

export const registryLimits = {
  /** Largest list read at once: a million lines of installs. */
  file_bytes: 134_217_728,
  /** Rows written in one transaction. */
  rowsAtOnce: 2_000,
  /** Problems told at once. */
  problems: 100,
} as const;

/** What passes at a place: billed, used by right without a bill, or into a zone. */
export const purposes = ['billed', 'unbilled', 'inlet'] as const;

const register_l = wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** In the order in which they can be read in: each names things of those before it. */
export const registryLists = {
  zones: {
    key: ['zone_id'],
    needed: { zone_id: identifier, zone_name: shortText(64) },
    wanted: { parent_zone_id: identifier },
  },
  places: {
    key: ['service_point', 'from_at'],
    needed: {
      service_point: identifier,
      from_at: instant,
      zone_id: identifier,
      usage_class: oneOf(usageClasses),
    },
    wanted: {
      households: wholeNumber(1, 10_000),
      purpose: oneOf(purposes),
    },
  },
  installs: {
    key: ['meter_serial', 'meter_model', 'from_at'],
    needed: {
      service_point: identifier,
      meter_serial: shortText(64),
      meter_model: shortText(64),
      bore_mm: wholeNumber(10, 1_000),
      dials: wholeNumber(4, 12),
      from_at: instant,
    },
    wanted: { opening_register_l: register_l, until_at: instant, closing_register_l: register_l },
  },
  inlets: {
    key: ['zone_id', 'service_point', 'from_at'],
    needed: {
      zone_id: identifier,
      service_point: identifier,
      from_at: instant,
      direction: oneOf(['in', 'out']).transform((way) => (way === 'in' ? 1 : -1)),
    },
    wanted: { until_at: instant },
  },
  exceptions: {
    key: ['service_point', 'kind', 'name', 'from_day'],
    needed: {
      service_point: identifier,
      kind: oneOf(exceptionKinds),
      name: shortText(64),
      from_day: day,
      value: shortText(64),
    },
    wanted: { reason: shortText(500) },
  },
} as const;

export type RegistryList = keyof typeof registryLists;
export const registryListNames = Object.keys(registryLists) as RegistryList[];

/** A row as the store takes it: instants in milliseconds since 1970, registers in litres, `line` where it stood. */
export type RegistryRow = { line: number } & Record<string, string | number>;

/** Reads a list; where anything is wrong nothing of it is given. */
export function readRegistryList(
  list: RegistryList,
  file: string,
): Omit<CsvList<never>, 'rows'> & { rows: RegistryRow[] } {
  const { key, needed, wanted } = registryLists[list];
  const { rows, problems } = readCsvList(
    file,
    { needed, wanted },
    {
      mostProblems: registryLimits.problems,
      key: { column: key[0], of: (row) => JSON.stringify(key.map((name) => (row as Record<string, unknown>)[name])) },
    },
  );
  const read = rows.map(({ line, value }) => ({ line, ...(value as Omit<RegistryRow, 'line'>) }));
  const faults = list === 'exceptions' ? exceptionFaultsIn(read).slice(0, registryLimits.problems) : [];
  return faults.length > 0 ? { problems: faults, rows: [] } : { problems, rows: read };
}

/** What a cell may hold goes by its neighbour: `yes`, a class or a number, or `-` where the exception ends. */
function exceptionFaultsIn(rows: readonly RegistryRow[]): CsvProblem[] {
  return rows.flatMap(({ line, kind, name, value }) => {
    const told = [
      { column: 'name', fault: exceptionNameFault(String(kind), String(name)) },
      { column: 'value', fault: value === '-' ? null : exceptionValueFault(String(kind), String(value)) },
    ];
    return told.flatMap(({ column, fault }) => (fault === null ? [] : [{ line, column, ...fault }]));
  });
}
