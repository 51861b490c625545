// A fleet of simulated meters over real MQTT: each its own connection, real formats, QoS 1, a ledger of what was acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../src/platform/clock.ts';
import type { FleetDevice } from './device-list.ts';
import { liveOf } from './fleet-device.ts';
import { openFleetLedger } from './fleet-ledger.ts';
import { countLatencies, type LatencySummary } from './latencies.ts';
import { connectDevice, type DeviceConnection } from './mqtt-device.ts';
import { type Pauses, pausesUntil } from './pauses.ts';
import { isCloned, noFaults, type RadioFaults } from './radio-faults.ts';
import { chanceAt, seedOf } from './seeded-chance.ts';
import { type EncodingFormat, encodingFormat, type Telegram } from './telegrams.ts';

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
  /** What the way to the broker does to telegrams, by `seed`; what is left out does not happen. */
  faults?: Partial<RadioFaults>;
  /** A line of JSON is appended here for each telegram; see fleet-ledger.ts. */
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
  /** Devices of which there was a second one. */
  cloned: number;
  /** Readings in the acknowledged telegrams. */
  readings_acknowledged: number;
  /** Why devices were refused, each reason with how often it was heard. */
  refusals: Record<string, number>;
  latency: LatencySummary;
  duration_ms: number;
}

/** Devices begin within this time of each other, larger fleets within more, so that a start is no thundering herd. */
const startSpread_ms = 5_000;
const startsPerSecond = 500;
/** After this a telegram that has no acknowledgement at the end is given up. */
const lastWait_ms = 5_000;
/** More distinct reasons than these are counted together. */
const mostReasons = 20;

/** Runs until `signal` aborts, waits a little for what is on its way, and says what became of it all. Throws for a format that is not there. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const { clock, devices } = options;
  const formats = new Map(devices.flatMap(formatsOf).map((name) => [name, encodingFormat(name)]));
  const faults = { ...noFaults, ...options.faults };
  const started_ms = clock.now_ms();
  const latencies = countLatencies();
  const progress: FleetProgress = { connects: 0, sent: 0, acknowledged: 0 };
  const refusals: Record<string, number> = {};
  let readings_acknowledged = 0;
  const ledger = openFleetLedger(options.ledgerPath);

  const run: Run = {
    ...options,
    faults,
    pauses: pausesUntil(options.signal),
    formatNamed: (name) => formats.get(name) ?? encodingFormat(name),
    onConnected: () => {
      progress.connects += 1;
      options.onProgress?.(progress);
    },
    onRefused: (reason) => {
      const known = reason in refusals || Object.keys(refusals).length < mostReasons ? reason : 'other reasons';
      refusals[known] = (refusals[known] ?? 0) + 1;
    },
    async send(device, connection, { format, payload, readings }) {
      const sent_ms = clock.now_ms();
      progress.sent += 1;
      const payload_hex = Buffer.from(payload).toString('hex');
      const line = { device_id: device.device_id, serial: device.serial, format, readings, payload_hex };
      try {
        await connection.publish(format, payload);
      } catch (error) {
        // Only an ended connection gives up on a publish: whether it is stored, nobody was told.
        run.onRefused(error instanceof Error ? error.message : String(error));
        ledger.write({ ...line, acknowledged_at: null });
        return;
      }
      const acknowledged_ms = clock.now_ms();
      latencies.add(acknowledged_ms - sent_ms);
      progress.acknowledged += 1;
      readings_acknowledged += readings.length;
      ledger.write({ ...line, acknowledged_at: new Date(acknowledged_ms).toISOString() });
      options.onProgress?.(progress);
    },
  };

  const clones = devices.filter((device) => isCloned(faults, seedOfDevice(run, device)));
  await Promise.all([
    ...devices.map((device, index) => deviceOf(run, device, index === 0)),
    ...clones.map((device) => deviceOf(run, cloneOf(device), false, true)),
  ]);
  await ledger.close();
  return {
    devices: devices.length,
    cloned: clones.length,
    ...progress,
    readings_acknowledged,
    refusals,
    latency: latencies.summary(),
    duration_ms: clock.now_ms() - started_ms,
  };
}

interface Run extends FleetOptions {
  faults: RadioFaults;
  pauses: Pauses;
  formatNamed(name: string): EncodingFormat;
  onConnected(): void;
  onRefused(reason: string): void;
  send(device: FleetDevice, connection: DeviceConnection, telegram: Telegram): Promise<void>;
}

async function deviceOf(run: Run, device: FleetDevice, isFirst: boolean, isClone = false): Promise<void> {
  const own = seedOfDevice(run, device);
  const seed = isClone ? seedOf('clone', own) : own;
  const spread = chanceAt(seed, -1);
  const herd_ms = Math.max(startSpread_ms, (run.devices.length / startsPerSecond) * 1_000);
  if (!(await run.pauses.pause(isFirst ? 0 : spread * Math.min(herd_ms, run.pause_ms.most)))) return;
  const { onConnected, onRefused } = run;
  const connection = connectDevice(run.url, device, { spread, onConnected, onRefused });
  const telegrams = liveOf({
    ...run,
    ...{ device, connection, seed },
    send: (over, telegram) => run.send(device, over, telegram),
  });
  // A publish without acknowledgement must not keep the run from ending.
  const ending = run.pauses.ending.then(() => sleep(lastWait_ms, undefined, { ref: false }));
  try {
    await Promise.race([telegrams, ending]);
  } finally {
    await connection.end();
    await telegrams;
  }
}

function seedOfDevice(run: FleetOptions, device: FleetDevice): number {
  return seedOf('fleet-run', run.seed, device.device_id);
}

/** The same identity in another house. */
function cloneOf(device: FleetDevice): FleetDevice {
  const household = { ...device.household, seed: seedOf('clone', device.household.seed) };
  return { ...device, household, register_l: device.register_l + 1_000 };
}

function formatsOf(device: FleetDevice): string[] {
  return device.history_format === null ? [device.format] : [device.format, device.history_format];
}
