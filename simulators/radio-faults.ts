// What the way from a meter to the broker does to its telegrams, by seed: the same seed, the same losses at the same places.
import { chanceAt, seedOf } from './seeded-chance.ts';

export interface RadioFaults {
  /** Share of telegrams that never leave the meter's street. */
  loss: number;
  /** Share that is sent twice. */
  duplicates: number;
  /** The most that one is held back. */
  delay_ms: number;
  /** Share of telegrams before which the link goes away; what is measured meanwhile is sent when it is back, oldest first. */
  outages: number;
  /** The longest that it stays away. */
  outage_ms: number;
  /** Furthest that a meter's clock is off; each wanders between half of its own share and the whole within a day. */
  clock_ms: number;
  /** Share of devices of which there is a second one, with the same id and secret and a register of its own. */
  clones: number;
}

export const noFaults: RadioFaults = {
  ...{ loss: 0, duplicates: 0, delay_ms: 0, outages: 0, outage_ms: 0, clock_ms: 0, clones: 0 },
};

/** What becomes of a device's telegram number `count`. */
export interface TelegramFate {
  isLost: boolean;
  copies: 1 | 2;
  delay_ms: number;
  /** How long the link is away before it; 0 where it holds. */
  away_ms: number;
}

/** Places in a device's sequence of chances that one telegram takes. */
const chancesEach = 8;

export function telegramFate(faults: RadioFaults, deviceSeed: number, count: number): TelegramFate {
  const seed = seedOf('radio', deviceSeed);
  const chance = (place: number) => chanceAt(seed, chancesEach * count + place);
  return {
    isLost: chance(0) < faults.loss,
    copies: chance(1) < faults.duplicates ? 2 : 1,
    delay_ms: chance(2) * faults.delay_ms,
    away_ms: chance(3) < faults.outages ? (0.25 + 0.75 * chance(4)) * faults.outage_ms : 0,
  };
}

const day_ms = 86_400_000;

/** What the meter's own clock shows at `at_ms`. */
export function meterClock_ms(faults: RadioFaults, deviceSeed: number, at_ms: number): number {
  if (faults.clock_ms === 0) return at_ms;
  const seed = seedOf('clock', deviceSeed);
  const own_ms = (2 * chanceAt(seed, 0) - 1) * faults.clock_ms;
  const turn = 2 * Math.PI * (at_ms / day_ms + chanceAt(seed, 1));
  return at_ms + own_ms * (0.75 + 0.25 * Math.sin(turn));
}

export function isCloned(faults: RadioFaults, deviceSeed: number): boolean {
  return chanceAt(seedOf('clone', deviceSeed), 0) < faults.clones;
}
