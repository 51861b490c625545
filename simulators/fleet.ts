// A fleet of simulated meters over real MQTT: each its own connection, real formats, QoS 1, a ledger of what was acknowledged.
import { setMaxListeners } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFormat } from '../devices/formats.ts';
import type { PayloadFormat } from '../devices/payload-format.ts';
import type { Clock } from '../src/platform/clock.ts';
import type { FleetDevice } from './device-list.ts';
import { countLatencies, type LatencySummary } from './latencies.ts';
import { registerWalk } from './meter-register.ts';
import { connectDevice, type DeviceConnection } from './mqtt-device.ts';
import { chanceAt, seedOf } from './seeded-chance.ts';

export interface FleetOptions {
  url: string;
  devices: readonly FleetDevice[];
  clock: Clock;
  seed: number;
  /** Each device waits between these after each of its telegrams. */
  pause_ms: { least: number; most: number };
  /** The fleet runs until this aborts. */
  signal: AbortSignal;
  /** How many past hours the meters that can send them do send, after their first live telegram; 0 for none. */
  backfill_h: number;
  /** True when the meters report for the first time: their first live telegram shows the register they began with. */
  firstStart: boolean;
  /** Share of telegrams that are sent twice, and the most that one is held back. By `seed`. */
  faults?: { duplicates: number; delay_ms: number };
  /** Lines of JSON are appended here, one for each acknowledged telegram. */
  ledgerPath?: string;
  onProgress?: (progress: FleetProgress) => void;
}

interface FleetProgress {
  /** Connections that the broker took, reconnects among them. */
  connects: number;
  sent: number;
  acknowledged: number;
}

export interface FleetSummary extends FleetProgress {
  devices: number;
  /** Readings in the acknowledged telegrams. */
  readings_acknowledged: number;
  /** Why devices were refused, each reason with how often it was heard. */
  refusals: Record<string, number>;
  latency: LatencySummary;
  duration_ms: number;
}

/** One line of the ledger. */
export interface LedgerLine {
  device_id: string;
  serial: string;
  format: string;
  /** ISO 8601 in UTC; null for formats that carry no time. */
  readings: { measured_at: string | null; register_l: number }[];
  acknowledged_at: string;
}

/** Devices begin within this time of each other, so that a start is no thundering herd. */
const startSpread_ms = 5_000;
const hour_ms = 3_600_000;
/** After this a telegram that has no acknowledgement at the end is given up. */
const lastWait_ms = 5_000;
/** More distinct reasons than these are counted together. */
const mostReasons = 20;

/** Runs until `signal` aborts, waits a little for what is on its way, and says what became of it all. Throws for a format that is not there. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const { clock, devices } = options;
  // Every device listens for the end.
  setMaxListeners(0, options.signal);
  const formats = new Map(devices.flatMap(formatsOf).map((name) => [name, encodingFormat(name)]));
  const started_ms = clock.now_ms();
  const latencies = countLatencies();
  const progress: FleetProgress = { connects: 0, sent: 0, acknowledged: 0 };
  const refusals: Record<string, number> = {};
  let readings_acknowledged = 0;
  const ledger = options.ledgerPath === undefined ? null : createWriteStream(options.ledgerPath, { flags: 'a' });

  const run: Run = {
    ...options,
    formatNamed: (name) => formats.get(name) ?? encodingFormat(name),
    onConnected: () => {
      progress.connects += 1;
      options.onProgress?.(progress);
    },
    onRefused: (reason) => {
      const known = reason in refusals || Object.keys(refusals).length < mostReasons ? reason : 'other reasons';
      refusals[known] = (refusals[known] ?? 0) + 1;
    },
    async send(connection, line, payload) {
      const sent_ms = clock.now_ms();
      progress.sent += 1;
      try {
        await connection.publish(line.format, payload);
      } catch (error) {
        // Only an ended connection gives up on a publish: not acknowledged, so in no ledger.
        run.onRefused(error instanceof Error ? error.message : String(error));
        return;
      }
      const acknowledged_ms = clock.now_ms();
      latencies.add(acknowledged_ms - sent_ms);
      progress.acknowledged += 1;
      readings_acknowledged += line.readings.length;
      ledger?.write(`${JSON.stringify({ ...line, acknowledged_at: new Date(acknowledged_ms).toISOString() })}\n`);
      options.onProgress?.(progress);
    },
  };

  await Promise.all(devices.map((device, index) => liveOf(run, device, index)));
  if (ledger !== null) {
    ledger.end();
    await finished(ledger);
  }
  return {
    devices: devices.length,
    ...progress,
    readings_acknowledged,
    refusals,
    latency: latencies.summary(),
    duration_ms: clock.now_ms() - started_ms,
  };
}

interface Run extends FleetOptions {
  formatNamed(name: string): PayloadFormat;
  onConnected(): void;
  onRefused(reason: string): void;
  send(connection: DeviceConnection, line: Omit<LedgerLine, 'acknowledged_at'>, payload: Uint8Array): Promise<void>;
}

async function liveOf(run: Run, device: FleetDevice, index: number): Promise<void> {
  const seed = seedOf('fleet-run', run.seed, device.device_id);
  const spread = chanceAt(seed, -1);
  const isFirst = index === 0;
  if (!(await pause(isFirst ? 0 : spread * Math.min(startSpread_ms, run.pause_ms.most), run.signal))) return;
  const connection = connectDevice(run.url, device, {
    spread,
    onConnected: run.onConnected,
    onRefused: run.onRefused,
  });
  const telegrams = reporting(run, device, connection, seed);
  // A publish without acknowledgement must not keep the run from ending.
  const ending = pause(2 ** 31 - 1, run.signal).then(() => sleep(lastWait_ms, undefined, { ref: false }));
  try {
    await Promise.race([telegrams, ending]);
  } finally {
    await connection.end();
  }
}

async function reporting(run: Run, device: FleetDevice, connection: DeviceConnection, seed: number): Promise<void> {
  const registerOf = registerWalk(device);
  const send = (format: string, times_ms: readonly number[]) => {
    const telegram = telegramOf(run, device, format, times_ms, registerOf);
    return run.send(connection, telegram.line, telegram.payload);
  };
  for (let count = 0; !run.signal.aborted; count += 1) {
    const now_ms = run.firstStart && count === 0 ? device.since_ms : run.clock.now_ms();
    // Whole seconds: the finest that every format can tell.
    const measured_ms = [Math.floor(now_ms / 1000) * 1000];
    if (run.faults !== undefined && chanceAt(seed, 3 * count + 1) < run.faults.duplicates) {
      await send(device.format, measured_ms);
    }
    if (run.faults !== undefined && !(await pause(chanceAt(seed, 3 * count + 2) * run.faults.delay_ms, run.signal)))
      return;
    await send(device.format, measured_ms);
    if (count === 0) {
      for (const times_ms of backfillTimes(run, device)) {
        if (run.signal.aborted) return;
        await send(device.history_format ?? device.format, times_ms);
      }
    }
    const { least, most } = run.pause_ms;
    if (!(await pause(least + chanceAt(seed, 3 * count) * (most - least), run.signal))) return;
  }
}

/** Hours up to the last full one, oldest first, in as many telegrams as the format needs. */
function backfillTimes(run: Run, device: FleetDevice): number[][] {
  if (device.history_format === null) return [];
  const most = run.formatNamed(device.history_format).most_readings ?? 1;
  const last_ms = Math.floor(run.clock.now_ms() / hour_ms) * hour_ms;
  const hours = Array.from({ length: run.backfill_h }, (_, index) => last_ms - (run.backfill_h - 1 - index) * hour_ms);
  const telegrams: number[][] = [];
  for (let at = 0; at < hours.length; at += most) telegrams.push(hours.slice(at, at + most));
  return telegrams;
}

function telegramOf(
  run: Run,
  device: FleetDevice,
  formatName: string,
  times_ms: readonly number[],
  registerOf: (at_ms: number) => number,
): { line: Omit<LedgerLine, 'acknowledged_at'>; payload: Uint8Array } {
  const readings = times_ms.map((measured_at_ms) => ({ measured_at_ms, register_l: registerOf(measured_at_ms) }));
  const payload = run.formatNamed(formatName).encode?.({
    meter_id: device.serial,
    bore_mm: device.bore_mm,
    readings,
    flags: device.flags,
    utc_offset_min: device.household.utc_offset_min,
  });
  // Seoul's frame has no clock.
  const hasTime = formatName !== 'seoul-digital';
  return {
    payload: payload ?? new Uint8Array(),
    line: {
      device_id: device.device_id,
      serial: device.serial,
      format: formatName,
      readings: readings.map(({ measured_at_ms, register_l }) => ({
        measured_at: hasTime ? new Date(measured_at_ms).toISOString() : null,
        register_l,
      })),
    },
  };
}

function formatsOf(device: FleetDevice): string[] {
  return device.history_format === null ? [device.format] : [device.format, device.history_format];
}

function encodingFormat(name: string): PayloadFormat {
  const format = findFormat(name);
  if (format?.encode === undefined) throw new Error(`no simulated meter can send the format '${name.slice(0, 40)}'`);
  return format;
}

/** False when the signal cut it short. */
async function pause(duration_ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(duration_ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
