// What simulate and replay have in common on the command line: durations, the broker's address, the list of devices.
import { readFileSync } from 'node:fs';
import { type FleetDevice, parseDevices } from '../../simulators/device-list.ts';
import { WrongUse } from './command-io.ts';

/** `200ms`, `30s`, `5m`, `2h` in milliseconds. Throws WrongUse. */
export function durationOf(option: string, text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const unit_ms = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''];
  if (match === null || unit_ms === undefined) {
    throw new WrongUse(`${option}: '${text.slice(0, 20)}' is no duration; write 200ms, 30s, 5m or 2h`);
  }
  return Number(match[1]) * unit_ms;
}

/** A number between two bounds. Throws WrongUse. */
export function numberBetween(option: string, text: string, least: number, most: number, whole = true): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
    throw new WrongUse(
      `${option}: '${text.slice(0, 20)}' is not a ${whole ? 'whole ' : ''}number from ${least} to ${most}`,
    );
  }
  return value;
}

/** Throws WrongUse for what no MQTT client can open. */
export function brokerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(url.protocol) || url.hostname === '') {
    throw new WrongUse(`--url: '${text.slice(0, 60)}' is not a broker's address; write mqtt://host:1883`);
  }
  return text;
}

/** Throws WrongUse when the file is not there or is no list of devices. */
export function devicesIn(path: string, options: { seed: number; now_ms: number }): FleetDevice[] {
  let csv: string;
  try {
    csv = readFileSync(path, 'utf8');
  } catch {
    throw new WrongUse(
      `--devices: ${path} can't be read; give a CSV of device_id,secret,format,serial (the demonstration writes one into its data folder)`,
    );
  }
  try {
    return parseDevices(csv, options);
  } catch (error) {
    throw new WrongUse(`--devices: ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
