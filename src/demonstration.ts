// What a demonstration adds to the service: a fleet of simulated meters on its broker, and an offer for a citizen to try.
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoMeter, demoFleet } from '../simulators/demo-fleet.ts';
import { demoDevices, demoDevicesCsv } from '../simulators/device-list.ts';
import { runFleet } from '../simulators/fleet.ts';
import { walkAsCitizen } from './citizen-walk.ts';
import type { Progress } from './cli/progress.ts';
import type { Desk, Running } from './compose.ts';
import { billFirstDays } from './demonstration-bill.ts';
import type { FleetEntry } from './metering/meters/fleet-entry.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';

const SEED = 1;
const HISTORY_h = 7 * 24;
const HOUR_ms = 3_600_000;
const NOTE_EVERY_ms = 30_000;
/** Each meter reports about once a minute: often enough to watch, slow enough for a laptop. */
const PAUSE = { least: 30_000, most: 60_000 };
const zoneNames: Record<string, string> = {
  Haeundae: '해운대',
  Suyeong: '수영',
  Nam: '남구',
  Dongnae: '동래',
  Yeonje: '연제',
  Saha: '사하',
  Yeongdo: '영도',
  Gangseo: '강서',
};

export interface Demonstration {
  /** Null without the api role. */
  desk: { staffToken: string; walletLink: string; txCode: string } | null;
  /** How the simulated citizen fared; null at later starts. */
  walk: string | null;
  /** One line about the fleet. */
  summary: string;
  stop(): Promise<void>;
}

export interface DemonstrationOptions {
  running: Running;
  meters: number;
  secret: string;
  directory: string;
  clock: Clock;
  progress: Progress;
  logger: Logger;
}

/** When the fleet reported first, and when it was last known to run. */
interface Notes {
  since_ms: number;
  last_ms: number;
}

export async function startDemonstration(options: DemonstrationOptions): Promise<Demonstration> {
  const { running, directory, clock, progress } = options;
  const fleet = demoFleet({ count: options.meters, seed: SEED });
  const notesFile = join(directory, 'demonstration.json');
  const known: Notes | null = existsSync(notesFile) ? JSON.parse(readFileSync(notesFile, 'utf8')) : null;
  const notes: Notes = known ?? { since_ms: clock.now_ms(), last_ms: clock.now_ms() - HISTORY_h * HOUR_ms };
  const secretOf = (deviceId: string) =>
    createHmac('sha256', options.secret).update(`naru/demonstration-device/1\0${deviceId}`).digest('base64url');

  await progress.step(`${fleet.length} meters`, async () => {
    const entries = fleet.map((meter, index) => fleetEntry(meter, index, notes.since_ms, secretOf(meter.device_id)));
    await running.provisionFleet(entries);
  });
  const devices = demoDevices({ count: options.meters, seed: SEED, since_ms: notes.since_ms, secretOf });
  writeFileSync(join(directory, 'demo-devices.csv'), demoDevicesCsv(devices), { mode: 0o600 });

  const since = new Date(notes.since_ms - HISTORY_h * HOUR_ms).toISOString().slice(0, 10);
  const { desk } = running;
  const walk =
    known === null && desk !== null
      ? await progress.step("a citizen's walk", () => walkAsCitizen(running, desk, clock, servicePointId(1), since))
      : null;
  const stopFleet = startFleet(options, devices, notes, notesFile, known === null);
  const stopBills = known === null && running.roles.includes('worker') ? startBills(options, notes) : async () => {};
  const formats = [...new Set(fleet.map(({ format }) => format))].join(', ');
  return {
    walk,
    desk: desk && (await openDesk(running, desk, since)),
    summary: `${fleet.length} in ${formats}; their secrets: ${join(directory, 'demo-devices.csv')}`,
    stop: async () => {
      await stopBills();
      await stopFleet();
    },
  };
}

/** A link for the clerk, and an offer for the first meter of the fleet. */
async function openDesk(running: Running, desk: Desk, from: string): Promise<Demonstration['desk']> {
  const offer = await desk.offerWaterAccount('demonstration', servicePointId(0), { role: 'occupant', from });
  return {
    staffToken: await desk.createStaffLink(),
    walletLink: `${running.walletUrl}/#/offer?uri=${encodeURIComponent(offer.offer_uri)}`,
    txCode: offer.tx_code,
  };
}

/** Bills the first home's week as soon as its meter has told it. */
function startBills({ running, clock, logger }: DemonstrationOptions, { since_ms }: Notes): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const since = since_ms - HISTORY_h * HOUR_ms;
  const billing = billFirstDays(running.billing, {
    servicePoint: servicePointId(0),
    since_ms: since,
    clock,
    signal,
  }).catch((error: Error) => {
    if (!signal.aborted) logger.error({ err: error }, "the demonstration's first bills could not be made");
  });
  return async () => {
    ending.abort();
    await billing;
  };
}

/** Runs the fleet until stopped. What it missed since it last ran, its meters send first, as real modems do. */
function startFleet(
  { running, clock, logger }: DemonstrationOptions,
  devices: ReturnType<typeof demoDevices>,
  notes: Notes,
  notesFile: string,
  firstStart: boolean,
): () => Promise<void> {
  if (running.mqttPort === null) return async () => {};
  const ending = new AbortController();
  const missed_h = Math.min(HISTORY_h, Math.ceil((clock.now_ms() - notes.last_ms) / HOUR_ms));
  const note = (last_ms: number): void => {
    writeFileSync(`${notesFile}.new`, JSON.stringify({ since_ms: notes.since_ms, last_ms } satisfies Notes));
    renameSync(`${notesFile}.new`, notesFile);
  };
  note(notes.last_ms);
  const noting = setInterval(() => note(clock.now_ms()), NOTE_EVERY_ms);
  const fleet = runFleet({
    ...{ devices, clock, firstStart, seed: SEED, pause_ms: PAUSE, backfill_h: missed_h, signal: ending.signal },
    url: `mqtt://127.0.0.1:${running.mqttPort}`,
  }).catch((error: Error) => logger.error({ err: error }, 'the demonstration fleet stopped'));
  return async () => {
    clearInterval(noting);
    note(clock.now_ms());
    ending.abort();
    await fleet;
  };
}

function servicePointId(index: number): string {
  return `SP-${String(index + 1).padStart(5, '0')}`;
}

function fleetEntry(meter: DemoMeter, index: number, since_ms: number, secret: string): FleetEntry {
  const formats = meter.history_format === null ? [meter.format] : [meter.format, meter.history_format];
  return {
    deviceId: meter.device_id,
    secret,
    formats: [...new Set(formats)],
    meter: { serial: meter.serial, model: meter.model, bore_mm: meter.bore_mm, dials: 8 },
    servicePoint: {
      id: servicePointId(index),
      zoneId: meter.zone.toLowerCase(),
      zoneName: zoneNames[meter.zone] ?? meter.zone,
      usageClass: meter.usage_class,
    },
    installedAt_ms: since_ms - (HISTORY_h + 24) * HOUR_ms,
  };
}
