// The homes of daiad-hourly-registers.csv.gz, or of another file of the same columns, as readings with their instants.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { measuredInstant } from '../../src/metering/intake/measured-instant.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import type { RegisterPoint } from '../../src/metering/readings/register-rule.ts';
import { recordedPath } from './recorded-data.ts';

export const homesTimeZone = 'Europe/Madrid';
export const days = new LocalDays(homesTimeZone);

/** By meter, in the file's order; null where the file is absent. */
export function recordedHomes(): Map<string, RegisterPoint[]> | null {
  const path = recordedPath('daiad-hourly-registers.csv.gz');
  if (path === null) return null;
  const homes = new Map<string, RegisterPoint[]>();
  for (const row of gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/).slice(1)) {
    const [meter = '', time = '', register] = row.split(',');
    const points = homes.get(meter) ?? [];
    homes.set(meter, points);
    points.push({ at_ms: instantOf(time), register_l: Number(register) });
  }
  return homes;
}

/** `dd/mm/yyyy hh:mm:ss`. On days of 24 hours it is counted from midnight: the whole file through Temporal takes long. */
function instantOf(time: string): number {
  const date = `${time.slice(6, 10)}-${time.slice(3, 5)}-${time.slice(0, 2)}`;
  const [hour, minute, second] = [time.slice(11, 13), time.slice(14, 16), time.slice(17, 19)];
  const { start_ms, end_ms } = days.on(date);
  if (end_ms - start_ms === 86_400_000) {
    return start_ms + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000;
  }
  const instant = measuredInstant(`${date}T${hour}:${minute}:${second}`, 0, homesTimeZone);
  if (instant === null) throw new Error(`not a time: ${time}`);
  return instant.at_ms;
}
