// A list of devices as CSV: read into fleet entries with every mistake named by its line and column, and the secrets that
// were made written back. Keys and secrets are never repeated in what is said about a line.
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { identifier, instant, oneOf, shortText, told, wholeNumber } from '../../platform/csv-cells.ts';
import { type CsvProblem, readCsvList } from '../../platform/csv-list.ts';
import { csvCell, exactCsvLine } from '../../platform/csv-writing.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { shortestSecret_chars } from '../intake/device-secret.ts';
import { type FleetEntry, type ProvisionedDevice, usageClasses } from './fleet-entry.ts';
import { listFault } from './list-faults.ts';

const columns = {
  device_id: identifier,
  formats: shortText(256)
    .transform((list) => list.split(/[\s|;]+/).filter((name) => name !== ''))
    .refine((list) => list.length >= 1 && list.length <= 8, told(listFault('formats_count', { most: 8 })))
    .refine((list) => list.every((name) => name.length <= 32), told(listFault('format_too_long', { most: 32 }))),
  meter_serial: shortText(32),
  meter_model: shortText(64),
  bore_mm: wholeNumber(10, 1_000),
  dials: wholeNumber(4, 12),
  service_point: identifier,
  zone_id: identifier,
  zone_name: shortText(64),
  usage_class: oneOf(usageClasses),
  installed_at: instant,
};
const optionalColumns = {
  secret: shortText(128)
    .refine(
      (text) => text.length >= shortestSecret_chars,
      told(listFault('secret_too_short', { least: shortestSecret_chars })),
    )
    .refine((text) => /^[!-~]+$/.test(text), told(listFault('not_printable'))),
  payload_key: z
    .string()
    .refine((text) => /^[0-9a-fA-F]{32}$/.test(text), told(listFault('not_hexadecimal', { digits: 32 })))
    .transform((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  opening_register_l: wholeNumber(0, Number.MAX_SAFE_INTEGER),
};
export const csvColumns = Object.keys(columns);
export const csvOptionalColumns = Object.keys(optionalColumns);

/** Reads a whole list; nothing of it is good where anything is wrong. */
export function readDeviceList(file: string): { entries: FleetEntry[]; problems: CsvProblem[] } {
  const { rows, problems } = readCsvList(
    file,
    { needed: columns, wanted: optionalColumns },
    { mostProblems: deviceLimits.csvProblems, key: { column: 'device_id', of: (row) => row.device_id } },
  );
  return { entries: rows.map(({ value }) => entryOf(value)), problems };
}

type Values = { [K in keyof typeof columns]: z.output<(typeof columns)[K]> } & {
  [K in keyof typeof optionalColumns]?: z.output<(typeof optionalColumns)[K]>;
};

function entryOf(given: Values): FleetEntry {
  return {
    deviceId: given.device_id,
    formats: given.formats,
    meter: {
      serial: given.meter_serial,
      model: given.meter_model,
      bore_mm: given.bore_mm,
      dials: given.dials,
    },
    servicePoint: {
      id: given.service_point,
      zoneId: given.zone_id,
      zoneName: given.zone_name,
      usageClass: given.usage_class,
    },
    installedAt_ms: given.installed_at,
    ...(given.secret !== undefined && { secret: given.secret }),
    ...(given.payload_key !== undefined && { payloadKey: given.payload_key }),
    ...(given.opening_register_l !== undefined && { openingRegister_l: given.opening_register_l }),
  };
}

/**
 * The same list with a secret in each line that has none.
 *
 * @param file one that `readDeviceList` found nothing wrong with
 * @param known devices that are registered: theirs stays as it is, and their lines without one
 */
export function completeDeviceList(
  file: string,
  known: ReadonlySet<string>,
  newSecret: () => string,
): { list: string; made: number } {
  const [heading = [], ...records]: string[][] = parse(file, { bom: true, trim: true, skip_empty_lines: true });
  const [id, secret] = [heading.indexOf('device_id'), heading.indexOf('secret')];
  const lines = [exactCsvLine(secret < 0 ? [...heading, 'secret'] : heading)];
  let made = 0;
  for (const record of records) {
    const cells = secret < 0 ? [...record, ''] : [...record];
    const at = secret < 0 ? record.length : secret;
    if (cells[at] === '' && !known.has(record[id] ?? '')) {
      cells[at] = newSecret();
      made += 1;
    }
    lines.push(exactCsvLine(cells));
  }
  return { list: lines.join(''), made };
}

/** Lines of `device_id,secret` for devices that have a new secret. `heading`: whether they begin the file. */
export function writeSecrets(devices: readonly ProvisionedDevice[], heading: boolean): string {
  const lines = devices.flatMap(({ deviceId, secret }) =>
    secret === null ? [] : [`${csvCell(deviceId)},${csvCell(secret)}`],
  );
  return [...(heading ? ['device_id,secret'] : []), ...lines].map((line) => `${line}\n`).join('');
}
