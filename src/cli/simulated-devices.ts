// Meters for `simulate` and `replay` where nobody names any: registered with the Naru that runs on this machine.
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodedFormatNames } from '../../devices/formats.ts';
import { senmlJson } from '../../devices/senml-json.ts';
import { demoDevices, type FleetDevice } from '../../simulators/device-list.ts';
import { encodingFormat } from '../../simulators/telegrams.ts';
import type { Clock } from '../platform/clock.ts';
import { WrongUse } from './command-io.ts';

const AT_ONCE = 500;
/** Serials below belong to the demonstration and to meters that exist; these say that they do not. */
const FIRST_SERIAL = 90_000_000;
const SERIALS_PER_SEED = 100_000;
const SEEDS = 100;
const DAY_ms = 86_400_000;

export interface SimulatedDevicesOptions {
  /** Data folder of the running service: its address and its operator's token are read there. */
  dataDirectory: string;
  /** At most 100,000. */
  count: number;
  seed: number;
  /** Name of the format all send; null for a mix of all that a simulated meter can send. */
  format: string | null;
  clock: Clock;
}

/**
 * The same seed gives the same meters at every call, and their registers go on where they were.
 * @throws WrongUse where no Naru runs on that folder
 */
export async function registerSimulatedDevices(options: SimulatedDevicesOptions): Promise<FleetDevice[]> {
  const { count, seed, format, clock } = options;
  const service = runningService(options.dataDirectory);
  const since_ms = firstRun(join(options.dataDirectory, `simulated-${seed}.json`), clock);
  const secretOf = (deviceId: string) =>
    createHmac('sha256', service.token).update(`naru/simulated-device/1\0${deviceId}`).digest('base64url');
  const devices = demoDevices({ count, seed: seed + 1_000, since_ms, secretOf }).map((device, index): FleetDevice => {
    const device_id = `sim-${seed}-${index + 1}`;
    const serial = String(FIRST_SERIAL + (seed % SEEDS) * SERIALS_PER_SEED + index);
    const name = format ?? encodedFormatNames[index % encodedFormatNames.length] ?? '';
    const history_format = format === null ? historyOf(name) : null;
    return { ...device, format: name, history_format, device_id, serial, secret: secretOf(device_id) };
  });
  for (let at = 0; at < devices.length; at += AT_ONCE)
    await register(service, devices.slice(at, at + AT_ONCE), since_ms);
  return devices;
}

/** What a meter of that format sends stored hours in: where its telegrams carry no time, its modem uses the house format. */
function historyOf(format: string): string {
  return encodingFormat(format).precision_ms === null ? senmlJson.name : format;
}

interface Service {
  url: string;
  token: string;
}

function runningService(folder: string): Service {
  try {
    const { url } = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as { url: string };
    return { url, token: readFileSync(join(folder, 'operator-token'), 'utf8').trim() };
  } catch {
    throw new WrongUse(
      `no demonstration runs on ${folder}, so there are no meters to simulate; start one (npm start), name its folder with --data-dir, or give --devices FILE`,
    );
  }
}

function firstRun(file: string, clock: Clock): number {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ since_ms: clock.now_ms() }));
  return (JSON.parse(readFileSync(file, 'utf8')) as { since_ms: number }).since_ms;
}

async function register({ url, token }: Service, devices: FleetDevice[], since_ms: number): Promise<void> {
  const body = {
    devices: devices.map((device) => ({
      device_id: device.device_id,
      secret: device.secret,
      formats: [...new Set([device.format, ...(device.history_format === null ? [] : [device.history_format])])],
      meter: { serial: device.serial, model: 'simulated', bore_mm: device.bore_mm, dials: 8 },
      service_point: {
        id: `SIM-${device.serial}`,
        zone_id: 'simulated',
        zone_name: '모의',
        usage_class: 'domestic',
      },
      installed_at: new Date(since_ms - DAY_ms).toISOString(),
    })),
  };
  const answer = await fetch(`${url}/api/utility/devices`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  }).catch((error: Error) => {
    throw new WrongUse(`${url} does not answer (${error.message}); is the service running?`);
  });
  if (!answer.ok) throw new Error(`${url} refused to register the meters: ${answer.status} ${await answer.text()}`);
}
