// The seed of a random run: one that was given with SEED, or a new one, said so that the run can be repeated.
import { randomInt } from 'node:crypto';

export function newSeed(run: string): number {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  process.stdout.write(`${run}: seed ${seed}\n`);
  return seed;
}
