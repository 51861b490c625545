// The file that names a fleet's devices: CSV with a header, one device a line.
import { demoFleet } from './demo-fleet.ts';
import type { Household } from './households.ts';
import { seedOf } from './seeded-chance.ts';

export interface FleetDevice {
  device_id: string;
  secret: string;
  format: string;
  history_format: string | null;
  serial: string;
  bore_mm: number;
  household: Household;
  since_ms: number;
  register_l: number;
  flags: readonly string[];
}

const columns = ['device_id', 'secret', 'format', 'serial'] as const;

/** More than any fleet that one process simulates. */
const mostDevices = 1_000_000;

/** The file for a demonstration fleet: what `parseDevices` reads, and when the fleet began. */
export function demoDevicesCsv(devices: readonly FleetDevice[]): string {
  const lines = devices.map((device) =>
    [device.device_id, device.secret, device.format, device.serial, new Date(device.since_ms).toISOString()].join(','),
  );
  return `${[...columns, 'since'].join(',')}\n${lines.join('\n')}\n`;
}

/** Joins the fleet of that seed with the secrets it was provisioned with. `since_ms`: when it started for the first time. */
export function demoDevices(options: {
  count: number;
  seed: number;
  since_ms: number;
  secretOf: (device_id: string) => string;
}): FleetDevice[] {
  return demoFleet(options).map((meter) => ({
    ...meter,
    secret: options.secretOf(meter.device_id),
    since_ms: options.since_ms,
  }));
}

/**
 * Reads `device_id,secret,format,serial` in any order of columns; `since` (ISO 8601) and others may follow. Devices of
 * the demonstration fleet of `seed` get their own household and register, others get one by their serial.
 * Throws an Error that names the line; never repeats a secret.
 */
export function parseDevices(csv: string, options: { seed: number; now_ms: number }): FleetDevice[] {
  const lines = csv.replace(/^\ufeff/, '').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const header = (lines[0] ?? '').split(',').map((name) => name.trim());
  const missing = columns.filter((name) => !header.includes(name));
  if (missing.length > 0) throw new Error(`line 1: no column ${missing.join(', ')}; write ${columns.join(',')}`);
  if (lines.length - 1 > mostDevices) throw new Error(`more than ${mostDevices} devices`);
  const rows = lines.slice(1).map((line, index) => {
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== header.length) {
      throw new Error(`line ${index + 2}: ${cells.length} cells, the header has ${header.length}`);
    }
    return Object.fromEntries(header.map((name, column) => [name, cells[column] ?? '']));
  });
  const demo = new Map(demoFleet({ count: rows.length, seed: options.seed }).map((meter) => [meter.device_id, meter]));
  return rows.map((row, index) => {
    const { device_id = '', secret = '', format = '', serial = '' } = row;
    if (device_id === '' || secret === '' || !/^\d{1,8}$/.test(serial)) {
      throw new Error(`line ${index + 2}: device_id and secret must not be empty, serial is 1 to 8 digits`);
    }
    const since_ms = row.since === undefined || row.since === '' ? options.now_ms : Date.parse(row.since);
    if (Number.isNaN(since_ms)) throw new Error(`line ${index + 2}: since is not a time; write 2026-03-01T00:00:00Z`);
    const known = demo.get(device_id);
    if (known !== undefined && known.serial === serial) return { ...known, format, secret, since_ms };
    return { ...strangerOf(serial), device_id, secret, format, serial, since_ms };
  });
}

function strangerOf(
  serial: string,
): Pick<FleetDevice, 'history_format' | 'bore_mm' | 'household' | 'register_l' | 'flags'> {
  const seed = seedOf('meter', serial);
  const household = { seed, persons: 1 + (seed % 5), utc_offset_min: 540, leak_l_per_h: 0 };
  return { history_format: null, bore_mm: 15, household, register_l: 100_000 + (seed % 1_000_000), flags: [] };
}
