// The life of one simulated meter: it measures, its radio loses, delays and buffers, and its connection sends.
import type { Clock } from '../src/platform/clock.ts';
import type { FleetDevice } from './device-list.ts';
import { registerWalk } from './meter-register.ts';
import type { DeviceConnection } from './mqtt-device.ts';
import type { Pauses } from './pauses.ts';
import { meterClock_ms, type RadioFaults, telegramFate } from './radio-faults.ts';
import { chanceAt } from './seeded-chance.ts';
import { type EncodingFormat, type Telegram, telegramOf } from './telegrams.ts';

export interface DeviceLife {
  device: FleetDevice;
  connection: DeviceConnection;
  seed: number;
  clock: Clock;
  /** It waits between these after each of its telegrams. */
  pause_ms: { least: number; most: number };
  faults: RadioFaults;
  /** How many past hours it sends after its first live telegram, where its format of history can. */
  backfill_h: number;
  /** Its first live telegram shows the register it began with. */
  firstStart: boolean;
  pauses: Pauses;
  formatNamed(name: string): EncodingFormat;
  /** Resolves when it is acknowledged, or given up. */
  send(connection: DeviceConnection, telegram: Telegram): Promise<void>;
}

const hour_ms = 3_600_000;

export async function liveOf(life: DeviceLife): Promise<void> {
  const { device, seed, clock, faults, pause_ms, pauses } = life;
  const registerOf = registerWalk(device);
  const sending = (format: string, times_ms: readonly number[]) =>
    life.send(life.connection, telegramOf(device, life.formatNamed(format), times_ms, registerOf));
  for (let count = 0; !pauses.isEnding; count += 1) {
    const fate = telegramFate(faults, seed, count);
    if (fate.away_ms > 0 && !(await outage(life, fate.away_ms, sending))) return;
    const measured_ms = [life.firstStart && count === 0 ? wholeSeconds(device.since_ms) : measuredNow_ms(life)];
    if (fate.copies === 2) await sending(device.format, measured_ms);
    if (!(await pauses.pause(fate.delay_ms))) return;
    if (!fate.isLost) await sending(device.format, measured_ms);
    if (count === 0) {
      for (const times_ms of pastHours(life, clock.now_ms())) {
        if (pauses.isEnding) return;
        await sending(device.history_format ?? device.format, times_ms);
      }
    }
    const { least, most } = pause_ms;
    if (!(await pauses.pause(least + chanceAt(seed, count) * (most - least)))) return;
  }
}

/** The link goes away for a while: the connection breaks, the meter measures on, and sends it all afterwards, oldest first. */
async function outage(
  life: DeviceLife,
  away_ms: number,
  sending: (format: string, times_ms: readonly number[]) => Promise<void>,
): Promise<boolean> {
  const { device, connection, pause_ms, clock, pauses } = life;
  const until_ms = clock.now_ms() + away_ms;
  connection.drop(away_ms);
  const measured_ms: number[] = [];
  while (clock.now_ms() < until_ms && measured_ms.length < mostBuffered) {
    measured_ms.push(measuredNow_ms(life));
    if (!(await pauses.pause(Math.min(pause_ms.most, Math.max(1, until_ms - clock.now_ms()))))) return false;
  }
  // A format without a time can't tell later what was measured before: its meter sends its newest register alone.
  const buffered = [...new Set(measured_ms)];
  const format = device.history_format ?? device.format;
  if (life.formatNamed(format).precision_ms === null) return true;
  for (const times_ms of inTelegrams(life, format, buffered)) await sending(format, times_ms);
  return true;
}

/** Readings that a meter keeps while its link is away. */
const mostBuffered = 1_000;

/** Whole seconds: the finest that every format can tell. By the meter's own clock. */
function measuredNow_ms({ faults, seed, clock }: DeviceLife): number {
  return wholeSeconds(meterClock_ms(faults, seed, clock.now_ms()));
}

function wholeSeconds(at_ms: number): number {
  return Math.floor(at_ms / 1_000) * 1_000;
}

/** Hours up to the last full one, oldest first, in as many telegrams as the format needs. */
function pastHours(life: DeviceLife, now_ms: number): number[][] {
  if (life.device.history_format === null) return [];
  const last_ms = Math.floor(now_ms / hour_ms) * hour_ms;
  const hours = Array.from(
    { length: life.backfill_h },
    (_, index) => last_ms - (life.backfill_h - 1 - index) * hour_ms,
  );
  return inTelegrams(life, life.device.history_format, hours);
}

function inTelegrams(life: DeviceLife, format: string, times_ms: readonly number[]): number[][] {
  const most = life.formatNamed(format).format.most_readings ?? 1;
  const telegrams: number[][] = [];
  for (let at = 0; at < times_ms.length; at += most) telegrams.push(times_ms.slice(at, at + most));
  return telegrams;
}
