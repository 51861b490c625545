// The inflow of dma-inflow.csv.gz by zone, its local hours as instants: each file row is an hour, the doubled hour's second
// row the later one.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { FlowSample } from '../../src/metering/balance/water-balance.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { recordedPath } from './recorded-data.ts';

export const inflowDays = new LocalDays('Europe/Rome');
const HOUR = 3_600_000;

/** By the zone's name; null where the file is absent. */
export function recordedInflow(): Map<string, FlowSample[]> | null {
  const path = recordedPath('dma-inflow.csv.gz');
  if (path === null) return null;
  const [header = '', ...rows] = gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/);
  const zones = header.split(',').slice(1);
  const inflow = new Map<string, FlowSample[]>(zones.map((zone) => [zone, []]));
  let previous = '';
  for (const row of rows) {
    const [time = '', ...flows] = row.split(',');
    const start_ms = instantOf(time) + (time === previous ? HOUR : 0);
    previous = time;
    for (const [index, zone] of zones.entries()) {
      const flow = flows[index] ?? '';
      inflow.get(zone)?.push({ start_ms, end_ms: start_ms + HOUR, flow_l_per_s: flow === '' ? null : Number(flow) });
    }
  }
  return inflow;
}

/** `dd/mm/yyyy hh:mm`; the first of a doubled hour. */
function instantOf(time: string): number {
  const day = inflowDays.on(`${time.slice(6, 10)}-${time.slice(3, 5)}-${time.slice(0, 2)}`);
  const hour = Number(time.slice(11, 13));
  const length_h = (day.end_ms - day.start_ms) / HOUR;
  // Clocks change at 02:00 and back at 03:00: on those days the hours after are one less, or one more, from midnight.
  const shift = hour >= 3 ? length_h - 24 : 0;
  return day.start_ms + (hour + shift) * HOUR;
}
