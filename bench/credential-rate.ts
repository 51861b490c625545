// How many of a thing one core does in a second: processor time of this process, not time on the wall, so that neighbours
// on the machine don't count; the contenders take turns, so that a slow minute is everybody's.
import { performance } from 'node:perf_hooks';
import type { Limits } from './credential-content.ts';

export interface Contender {
  /** Key of the ratios. */
  id: string;
  what: string;
  /** Does it once; the value is the contender's own affair. */
  once(): unknown;
}

export interface Rate {
  id: string;
  what: string;
  /** Of each repeat. */
  runs: number[];
  /** Median of them. */
  per_s: number;
}

/** In the order of the contenders. */
export async function measureRates(contenders: readonly Contender[], limits: Limits): Promise<Rate[]> {
  const runs = new Map<string, number[]>(contenders.map(({ id }) => [id, []]));
  for (let repeat = 0; repeat <= limits.repeats; repeat += 1) {
    for (const contender of contenders) {
      const rate = await measureOnce(contender, limits.run_ms);
      // The first warms up.
      if (repeat > 0) runs.get(contender.id)?.push(rate);
    }
  }
  return contenders.map(({ id, what }) => ({ id, what, runs: runs.get(id) ?? [], per_s: median(runs.get(id) ?? []) }));
}

/** Times a second of processor time. */
export async function measureOnce({ once }: Contender, run_ms: number): Promise<number> {
  const end = performance.now() + run_ms;
  const before = process.cpuUsage();
  let done = 0;
  do {
    await once();
    done += 1;
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(before);
  return done / ((user + system) / 1e6);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Median over the repeats of how many times one is as fast as the other: both ran in the same moments. */
export function ratio(rates: readonly Rate[], one: string, other: string): number {
  const runsOf = (id: string) => rates.find((rate) => rate.id === id)?.runs ?? [];
  const others = runsOf(other);
  return median(runsOf(one).map((value, repeat) => value / (others[repeat] ?? Number.NaN)));
}

export function reportRates(verb: string, rates: readonly Rate[], limits: Limits): void {
  console.log(`\nCredentials ${verb} a second and core, medians of ${limits.repeats} turns of ${limits.run_ms} ms\n`);
  for (const { what, per_s } of rates) console.log(`${what.padEnd(52)} ${per_s.toFixed(0).padStart(9)}`);
}
