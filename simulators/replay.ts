// Plays recorded registers to the broker as if their meters stood here: as SenML, each meter through its own device.
import { setTimeout as sleep } from 'node:timers/promises';
import { senmlJson } from '../devices/senml-json.ts';
import type { Clock } from '../src/platform/clock.ts';
import type { FleetDevice } from './device-list.ts';
import { countLatencies, type LatencySummary } from './latencies.ts';
import { connectDevice, type DeviceConnection } from './mqtt-device.ts';
import type { RecordedRegister } from './recorded-registers.ts';

export interface ReplayOptions {
  url: string;
  /** In the order of the file's meters, unless a device's serial or id is the meter's name. */
  devices: readonly FleetDevice[];
  rows: AsyncIterable<RecordedRegister>;
  clock: Clock;
  /** 3600: an hour of the record in a second. Null: as fast as it is acknowledged. */
  speed: number | null;
  /** Consecutive registers of a meter in one telegram. */
  perTelegram: number;
  signal: AbortSignal;
  onProgress?: (progress: { sent: number; acknowledged: number }) => void;
}

export interface ReplaySummary {
  meters: number;
  /** Meters of the file that no device was left for. */
  meters_without_device: number;
  registers: number;
  sent: number;
  acknowledged: number;
  latency: LatencySummary;
  duration_ms: number;
}

/** Telegrams on their way at once, over all devices. */
const mostInFlight = 500;
/** A replay against the clock needs the whole record in order of time. */
const mostTimedRows = 5_000_000;

/** Resolves when every register is acknowledged, or `signal` aborted. Throws an Error when the broker refuses a device. */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const { clock } = options;
  const started_ms = clock.now_ms();
  const latencies = countLatencies();
  const counts = { registers: 0, sent: 0, acknowledged: 0 };
  let refusal: string | null = null;
  // One controller that both end; AbortSignal.any can lose its sources to the garbage collector on Node 20.
  const stopping = new AbortController();
  const { signal } = stopping;
  if (options.signal.aborted) stopping.abort();
  options.signal.addEventListener('abort', () => stopping.abort(), { once: true });
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const players = playersOf(options, (device_id, reason) => {
    refusal ??= `the broker refuses the device ${device_id}: ${reason}`;
    stopping.abort();
  });
  const flying = new Set<Promise<void>>();

  const send = async (player: Player, rows: readonly RecordedRegister[]): Promise<void> => {
    while (flying.size >= mostInFlight && !signal.aborted) await Promise.race([...flying, ended]);
    const payload = senmlJson.encode?.({
      meter_id: player.device.serial,
      bore_mm: player.device.bore_mm,
      readings: rows,
      flags: [],
      utc_offset_min: 0,
    });
    const sent_ms = clock.now_ms();
    counts.sent += 1;
    const flight = player.connection
      .publish(senmlJson.name, payload ?? new Uint8Array())
      .then(() => {
        latencies.add(clock.now_ms() - sent_ms);
        counts.acknowledged += 1;
        options.onProgress?.(counts);
      })
      .catch(() => undefined)
      .finally(() => flying.delete(flight));
    flying.add(flight);
  };

  try {
    const rows = options.speed === null ? options.rows : paced(options, options.speed);
    for await (const row of rows) {
      if (signal.aborted) break;
      const player = players.of(row.meter);
      if (player === null) continue;
      counts.registers += 1;
      player.waiting.push(row);
      if (player.waiting.length >= options.perTelegram) await send(player, player.waiting.splice(0));
    }
    for (const player of players.all()) {
      if (player.waiting.length > 0 && !signal.aborted) await send(player, player.waiting.splice(0));
    }
    await Promise.race([Promise.all(flying), ended]);
  } finally {
    await Promise.all(players.all().map((player) => player.connection.end()));
  }
  if (refusal !== null) throw new Error(refusal);
  return {
    meters: players.all().length,
    meters_without_device: players.without(),
    ...counts,
    latency: latencies.summary(),
    duration_ms: clock.now_ms() - started_ms,
  };
}

interface Player {
  device: FleetDevice;
  connection: DeviceConnection;
  waiting: RecordedRegister[];
}

function playersOf(
  options: ReplayOptions,
  onRefused: (device_id: string, reason: string) => void,
): {
  of(meter: string): Player | null;
  all(): Player[];
  without(): number;
} {
  const byMeter = new Map<string, Player | null>();
  const named = new Map(
    options.devices.flatMap((device) => [[device.serial, device] as const, [device.device_id, device] as const]),
  );
  const free = new Set(options.devices);
  const deviceFor = (meter: string): FleetDevice | undefined => {
    const own = named.get(meter);
    return own !== undefined && free.has(own) ? own : [...free.values()][0];
  };
  return {
    of(meter) {
      const known = byMeter.get(meter);
      if (known !== undefined) return known;
      const device = deviceFor(meter);
      if (device !== undefined) free.delete(device);
      const player =
        device === undefined
          ? null
          : {
              device,
              connection: connectDevice(options.url, device, {
                spread: (byMeter.size % 10) / 10,
                onConnected: () => undefined,
                onRefused: (reason, byBroker) => {
                  if (byBroker) onRefused(device.device_id, reason);
                },
              }),
              waiting: [],
            };
      byMeter.set(meter, player);
      return player;
    },
    all: () => [...byMeter.values()].filter((player) => player !== null),
    without: () => [...byMeter.values()].filter((player) => player === null).length,
  };
}

/** In the order of their times, each when its time has come on a clock that runs `speed` times as fast. */
async function* paced(options: ReplayOptions, speed: number): AsyncGenerator<RecordedRegister> {
  const rows: RecordedRegister[] = [];
  for await (const row of options.rows) {
    if (rows.length === mostTimedRows)
      throw new Error(`more than ${mostTimedRows} registers; replay them without --speed`);
    rows.push(row);
  }
  rows.sort((one, two) => one.measured_at_ms - two.measured_at_ms);
  const first_ms = rows[0]?.measured_at_ms ?? 0;
  const start_ms = options.clock.now_ms();
  for (const row of rows) {
    const wait_ms = (row.measured_at_ms - first_ms) / speed - (options.clock.now_ms() - start_ms);
    if (wait_ms > 5) {
      try {
        await sleep(wait_ms, undefined, { signal: options.signal });
      } catch {
        return;
      }
    }
    yield row;
  }
}
