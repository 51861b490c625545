// The tables that exports are given as: their columns, and a line of them. Columns are only ever added, at the end.
import { csvLine } from '../../platform/csv-writing.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import type { ExportedDay } from './exported-day.ts';

/** A table's heading and what it makes of a thing; a thing may be several lines. */
export interface ExportTable<Thing> {
  columns: readonly string[];
  lines(thing: Thing): (string | number | null)[][];
}

/** @param things some at a time: no more of them is in memory */
export async function* csvOf<Thing>(
  table: ExportTable<Thing>,
  things: AsyncIterable<readonly Thing[]> | Iterable<readonly Thing[]>,
): AsyncGenerator<string> {
  yield csvLine(table.columns);
  for await (const some of things) {
    const text = some.flatMap((thing) => table.lines(thing).map(csvLine)).join('');
    if (text !== '') yield text;
  }
}

export const readingsTable: ExportTable<{
  measured_ms: number;
  received_ms: number;
  register_l: number;
  clock: string;
  flags: readonly string[];
}> = {
  columns: ['measured_at', 'register_l', 'received_at', 'clock', 'flags'],
  lines: (one) => [
    [isoInstant(one.measured_ms), one.register_l, isoInstant(one.received_ms), one.clock, one.flags.join(' ')],
  ],
};

export const useTable: ExportTable<{
  start_ms: number;
  end_ms: number;
  use_l: number | null;
  estimated_l?: number;
}> = {
  columns: ['start', 'end', 'use_l', 'estimated_l'],
  lines: (one) => [
    [isoInstant(one.start_ms), isoInstant(one.end_ms), one.use_l, one.use_l === null ? null : (one.estimated_l ?? 0)],
  ],
};

const place = ['install_id', 'service_point', 'zone', 'meter_id', 'meter_serial', 'meter_model'];
const placeOf = (day: ExportedDay) => [
  ...[day.install_id, day.service_point_id, day.zone_id],
  ...[day.meter_id, day.serial, day.model],
];

export const useDaysTable: ExportTable<ExportedDay> = {
  columns: [...place, 'day', 'use_l', 'estimated_l', 'unknown_hours'],
  lines: (day) => [[...placeOf(day), day.day, day.use_l, day.estimated_l, day.unknown_hours]],
};

export const useHoursTable: ExportTable<ExportedDay> = {
  columns: [...place, 'day', 'start', 'use_l', 'estimated'],
  lines: (day) =>
    day.hours.map((hour) => [
      ...[...placeOf(day), day.day, isoInstant(hour.start_ms), hour.use_l],
      hour.is_estimated ? 'true' : 'false',
    ]),
};

export const billsTable: ExportTable<{
  number: string;
  service_point_id: string;
  use_from: string;
  use_until: string;
  billed_on: string;
  due_on: string;
  tariff: string;
  volume_l: number;
  payable_won: number;
  credit_left_won: number;
}> = {
  columns: [
    ...['number', 'service_point', 'use_from', 'use_until', 'billed_on', 'due_on', 'tariff'],
    ...['volume_l', 'payable_won', 'credit_left_won'],
  ],
  lines: (bill) => [
    [
      ...[bill.number, bill.service_point_id, bill.use_from, bill.use_until, bill.billed_on, bill.due_on],
      ...[bill.tariff, bill.volume_l, bill.payable_won, bill.credit_left_won],
    ],
  ],
};
