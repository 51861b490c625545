// The demonstration's meters: who they are, where they stand and who lives behind them, the same for the same seed.
import type { Household } from './households.ts';
import { chanceAt, seedOf } from './seeded-chance.ts';

type UsageClass = 'domestic' | 'general' | 'bath' | 'industrial';

export interface DemoMeter {
  device_id: string;
  format: string;
  /** The format of the modem's stored hours, where its live telegrams carry no time. */
  history_format: string | null;
  serial: string;
  model: string;
  bore_mm: number;
  usage_class: UsageClass;
  zone: string;
  household: Household;
  /** What the register shows when the fleet first starts. */
  register_l: number;
  /** Flags the meter keeps raising. */
  flags: string[];
}

/** Minutes east of UTC: the demonstration's city is Busan. */
const utc_offset_min = 540;

const zones = ['Haeundae', 'Suyeong', 'Nam', 'Dongnae', 'Yeonje', 'Saha', 'Yeongdo', 'Gangseo'] as const;

/** The meter whose frame is known from the field, as the first of the fleet: 225.151 m³. */
const realSeoulMeter = { serial: '23165017', bore_mm: 15, register_l: 225_151, persons: 3 } as const;

const models: Record<string, { history_format: string | null; model: string }> = {
  'seoul-digital': { history_format: 'senml+json', model: 'Seoul digital meter' },
  'senml+json': { history_format: 'senml+json', model: 'Naru NB-IoT meter' },
  wmbus: { history_format: 'wmbus', model: 'OMS radio meter' },
};
const formats = ['seoul-digital', 'senml+json', 'wmbus'] as const;

/** `count`: 1 to 100,000 meters; the first is always the real Seoul meter. */
export function demoFleet(options: { count: number; seed: number }): DemoMeter[] {
  const used = new Set<string>([realSeoulMeter.serial]);
  return Array.from({ length: options.count }, (_, index) => demoMeter(options.seed, index, used));
}

function demoMeter(fleetSeed: number, index: number, used: Set<string>): DemoMeter {
  const seed = seedOf('fleet', fleetSeed, 'meter', index);
  const format = formats[index % formats.length] ?? 'wmbus';
  const { history_format, model } = models[format] ?? { history_format: null, model: format };
  const usage_class = index === 0 ? 'domestic' : usageClassOf(chanceAt(seed, 1));
  const isReal = index === 0;
  const leaks = !isReal && chanceAt(seed, 2) < 0.03;
  const flags = [...(leaks ? ['leak'] : []), ...(!isReal && chanceAt(seed, 3) < 0.02 ? ['battery_low'] : [])];
  return {
    device_id: `demo-${String(index + 1).padStart(5, '0')}`,
    format,
    history_format,
    serial: isReal ? realSeoulMeter.serial : freeSerial(seed, used),
    model,
    bore_mm: isReal ? realSeoulMeter.bore_mm : boreOf(usage_class, chanceAt(seed, 4)),
    usage_class,
    zone: zones[Math.floor(chanceAt(seed, 5) * zones.length)] ?? zones[0],
    household: {
      seed,
      persons: isReal ? realSeoulMeter.persons : personsOf(usage_class, chanceAt(seed, 6)),
      utc_offset_min,
      leak_l_per_h: leaks ? 4 + Math.floor(chanceAt(seed, 7) * 20) : 0,
    },
    // Enough to count a week back from, and up to ten years of a family.
    register_l: isReal ? realSeoulMeter.register_l : 200_000 + Math.floor(chanceAt(seed, 8) * 1_800_000),
    flags,
  };
}

/** Eight digits that begin as meters of that make do, and no other meter of the fleet has. */
function freeSerial(seed: number, used: Set<string>): string {
  for (let index = 100; ; index += 1) {
    const serial = String(20_000_000 + Math.floor(chanceAt(seed, index) * 10_000_000));
    if (used.has(serial)) continue;
    used.add(serial);
    return serial;
  }
}

function usageClassOf(chance: number): UsageClass {
  if (chance < 0.9) return 'domestic';
  if (chance < 0.97) return 'general';
  return chance < 0.985 ? 'bath' : 'industrial';
}

function boreOf(usageClass: UsageClass, chance: number): number {
  if (usageClass === 'domestic') return chance < 0.9 ? 15 : 20;
  if (usageClass === 'general') return chance < 0.5 ? 25 : 32;
  return chance < 0.5 ? 40 : 50;
}

function personsOf(usageClass: UsageClass, chance: number): number {
  if (usageClass === 'domestic') return 1 + Math.floor(chance * 4.6);
  if (usageClass === 'general') return 6 + Math.floor(chance * 20);
  return 30 + Math.floor(chance * 60);
}
